from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import covers

from .common import AftersaleCase


class TestReturn(AftersaleCase):
    """Goods come back: the parcel, the stock, the books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for template, settlement, cost in ((cls.thousand, 500, 400), (cls.package1, 150, 120.5)):
            template.crab_settlement_price = settlement
            template.product_variant_id.with_company(cls.group).standard_price = cost

    def _sent_back(self, order, *wishes, **granted):
        request = self._ask(order, *wishes, kind="return")
        self._approve(request, **granted)
        self.Aftersale._send_back(self.subject, request.public_id, "SF", "SF9")
        return request

    def _stock(self, template):
        product = template.product_variant_id.with_company(self.group)
        product.invalidate_recordset()
        return product.qty_available, round(product.total_value, 2)

    @covers("MB-24", "follow and cancel the request")
    @covers("HQ-46", "after-sales", via="web")
    def test_a_return_goes_from_the_merchant_to_the_buyer_and_back(self):
        before = self._stock(self.thousand)
        order = self._received((self.thousand, 3))
        delivery = self._delivery(order)
        request = self._ask(order, (2, None), kind="return", reason="wrong")
        self._approve(request)
        self.assertEqual((request.state, order.crab_aftersale), ("to_buyer", "to_buyer"))
        self.assertEqual(request.send_before, request.approved_at + timedelta(days=7))
        self._unchanged(order)
        for tracking in (" SF8 ", "SF9"):  # corrected while it is on its way
            self.Aftersale._send_back(self.subject, request.public_id, "SF", tracking)
        self.assertEqual((request.state, request.tracking_reference), ("to_merchant", "SF9"))
        self._unchanged(order)
        self._wizard(request, "action_receive", condition="stock")
        self.assertEqual((request.state, request.condition, order.crab_amount_refunded), ("done", "stock", 1900))
        self.assertEqual(self._events(request), ["asked", "approved", "sent", "done"])
        self.assertEqual(self._stock(self.thousand), (before[0] - 1, before[1] - 400))
        self.assertEqual(self._available(self.thousand), 999)
        self.assertEqual(delivery.line_ids.order_quantity_back, 2)
        facts = self._facts(request)
        self.assertEqual(facts["shop_supplied", "group"], (0, 0, -800))
        self.assertEqual(facts["supplied", "group"], facts["received", "sales"])
        self.assertEqual(round(sum(facts["supplied", "group"]), 2), -1000)
        self.assertBooksEqual()

    def test_damaged_goods_are_not_sold_again_and_stay_a_cost(self):
        before = self._stock(self.thousand)
        order = self._received((self.thousand, 2))
        request = self._sent_back(order, (1, None))
        self._wizard(request, "action_receive", condition="damaged")
        self.assertEqual((request.state, order.crab_amount_refunded), ("done", 950))
        self.assertEqual(self._stock(self.thousand), (before[0] - 2, before[1] - 800))
        self.assertEqual(self._available(self.thousand), 998)
        self.assertFalse(self._facts(request))
        self.assertBooksEqual()

    def test_all_slices_of_a_line_give_back_exactly_what_was_booked(self):
        self.package1.product_variant_id.with_company(self.group).standard_price = 33.335
        order = self._received((self.package1, 3))
        booked = self._facts(self._delivery(order))["shop_supplied", "group"][2]
        self.assertEqual(booked, 100.01)
        given = []
        for _piece in range(3):
            request = self._sent_back(order, (1, None))
            request._receive("stock")
            given.append(-self._facts(request)["shop_supplied", "group"][2])
        self.assertEqual(round(sum(given), 2), booked)
        self.assertEqual(order.crab_amount_refunded, order.amount_total)
        self.assertBooksEqual()

    def test_goods_come_back_on_a_day_without_supplies(self):
        order = self._received((self.thousand, 1))
        self.assertBooksEqual()  # that day is invoiced
        self._sent_back(order, (1, None))._receive("stock")
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        with freeze_time(tomorrow):
            self.assertBooksEqual()
        supplies = [("kind", "in", ("supplied", "received"))]
        batches = self.env["crab.ledger.batch"].search(supplies, order="id desc", limit=2)
        self.assertEqual(set(batches.move_id.mapped("move_type")), {"out_refund", "in_refund"})
        self.assertEqual(set(batches.move_id.mapped("amount_total")), {500})

    def test_parts_of_packages_come_back(self):
        part = self._new_product("T-PART", "package", 10.0).product_variant_id
        bundle = self._new_product("T-BUNDLE", "package", 100.0, crab_state="on_sale")
        self.env["crab.package.part"].create({"package_tmpl_id": bundle.id, "product_id": part.id, "quantity": 4})
        self.env["product.product"]._crab_adjust_stock({part: 20})
        order = self._received((bundle, 2))
        self.assertEqual(part.with_company(self.group).qty_available, 12)
        self._sent_back(order, (1, None))._receive("stock")
        part.invalidate_recordset()
        self.assertEqual(part.with_company(self.group).qty_available, 16)
        self.assertBooksEqual()

    def test_two_lines_of_one_delivery_with_the_same_goods_come_back_one_after_the_other(self):
        part = self._new_product("T-SHARED", "package", 10.0).product_variant_id
        part.with_company(self.group).standard_price = 5
        bundles = [self._new_product(f"T-BUNDLE{count}", "package", 100.0, crab_state="on_sale") for count in (2, 3)]
        self.env["crab.package.part"].create(
            [
                {"package_tmpl_id": bundle.id, "product_id": part.id, "quantity": count}
                for bundle, count in zip(bundles, (2, 3), strict=True)
            ]
        )
        self.env["product.product"]._crab_adjust_stock({part: 50})
        before = self._stock(part.product_tmpl_id)
        order = self._received((bundles[0], 2), (bundles[1], 1))
        left = self._delivery(order).picking_id.move_ids.filtered(lambda move: move.product_id == part)
        self.assertEqual(sum(left.mapped("quantity")), 7)
        for wishes, stock in ((((1, None), (1, None)), before[0] - 2), (((1, None), None), before[0])):
            request = self._sent_back(order, *wishes)
            request._receive("stock")
            self.assertEqual(self._stock(part.product_tmpl_id)[0], stock)
        back = left.returned_move_ids
        self.assertEqual((sum(back.mapped("quantity")), set(back.mapped("state"))), (7, {"done"}))
        self.assertEqual(self._stock(part.product_tmpl_id), before)
        self.assertBooksEqual()

    def test_goods_of_two_parcels_come_back_to_both(self):
        self._setting("split_shipping", True)
        order = self._paid([(self.thousand, 3)])
        [line] = self._goods(order)
        part = self._delivery(order)._split_order({line: 1})
        part._ship("SF")
        self._ship(order)
        self._sent_back(order, (3, None))._receive("stock")
        self.assertEqual(sorted(self._delivery(order).line_ids.mapped("order_quantity_back")), [1, 2])
        self.assertEqual(self._available(self.thousand), 1000)
        self.assertBooksEqual()

    def test_only_shipped_pieces_are_sent_back(self):
        order = self._paid([(self.thousand, 2)])
        with self._refused("only pieces that were shipped", UserError):
            self._ask(order, (1, None), kind="return")
        self._ship(order)
        with self._refused("only pieces that were shipped", UserError):
            self._ask(order, (0, 100), kind="return")
        with self._refused("Cards are not sent back", UserError):
            self._ask(self._bought(1), (1, None), kind="return")

    def test_no_more_comes_back_than_was_shipped(self):
        order = self._received((self.thousand, 1))
        request = self._sent_back(order, (1, None))
        request._receive("stock")
        line = self._goods(order)
        with self._refused("more would come back than was shipped", UserError):
            self.env["crab.delivery"]._take_back(order, {line: 1}, request)
        self.assertEqual(self._available(self.thousand), 1000)

    def test_a_return_is_received_after_its_approval_only(self):
        request = self._ask(self._received(), (1, None), kind="return")
        with self._refused("has to be approved first", UserError):
            request._receive("stock")
        with self._refused("this step is not possible", UserError):
            request._send("SF", "SF1")
        with self._refused("Enter carrier and tracking number", UserError):
            request._send("SF", " ")
        request._approve()
        with self._refused("Choose where the goods go", UserError):
            request._receive("eaten")
        request._receive("stock")  # it came without its number
        self.assertEqual(request.state, "done")
        with self._refused("this step is not possible", UserError):
            request._send("SF", "SF1")

    def test_an_empty_parcel_is_rejected_and_a_sent_one_cancelled(self):
        order = self._received()
        request = self._sent_back(order, (1, None))
        self._wizard(request, "action_reject", reason="The parcel was empty")
        self.assertEqual(request.state, "rejected")
        request = self._sent_back(order, (1, None))
        self.Aftersale._cancel_for_subject(self.subject, request.public_id)
        self.assertEqual(request.state, "cancelled")
        self._unchanged(order)

    def test_what_is_not_sent_back_in_time_is_closed_and_no_longer_holds_the_earnings(self):
        late, sent, early = (self._received((self.thousand, 1)) for _ in range(3))
        unsent = self._ask(late, (1, None), kind="return")
        unsent._approve()
        on_its_way = self._sent_back(sent, (1, None))
        self.env["ir.config_parameter"].set_param("crab_shop_aftersale.send_days", "9")
        patient = self._ask(early, (1, None), kind="return")
        patient._approve()
        self._run_job("crab.aftersale", "_cron_close_unsent", after=8)
        self.assertEqual(
            [request.state for request in (unsent, on_its_way, patient)], ["cancelled", "to_merchant", "to_buyer"]
        )
        self.assertEqual((unsent.end_reason, late.crab_aftersale), ("Not sent back in time.", False))
        self.assertEqual(self._events(unsent), ["asked", "approved", "expired"])
        self._credit_due(after=9)
        self.assertEqual([bool(order.crab_credited_at) for order in (late, sent, early)], [True, False, False])
