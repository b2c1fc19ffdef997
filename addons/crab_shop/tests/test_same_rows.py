from decimal import Decimal

from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.timezone import business_date

from . import same_rows
from .common import ADDRESS, ShopCase


class TestSameRows(ShopCase):
    """What is written by SQL is what the ORM would have written, column for column."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls._new_card("T-CARD", 500.0, cls.thousand, crab_state="on_sale")
        cls._stock_cards(cls.card)

    def _both(self, lines, **values):
        with same_rows.twins(self.env) as twins:
            order = self._place(lines, **values)
        return order, twins[order]

    def _assert_same(self, ours, theirs, *same, differing=()):
        found = same_rows.differences(ours, theirs, same)
        self.assertEqual({key: values for key, values in found.items() if key[1] not in differing}, {})

    def _assert_same_orders(self, order, twin):
        lines = tuple(zip(order.order_line, twin.order_line, strict=True))
        # create has no way to name the line of a discount that is made with it
        twin.order_line.filtered(lambda line: line.crab_role == "discount").crab_discount_of_id = twin.order_line[0]
        self._assert_same(order, twin)
        for chatter in ("message_ids", "message_follower_ids", "activity_ids"):
            self.assertEqual(len(order[chatter]), len(twin[chatter]), chatter)
        self._assert_same(order.order_line, twin.order_line, (order, twin), *lines)

    def test_nothing_else_would_be_checked_done_or_computed(self):
        """Whoever adds to this teaches ``crab.shop`` first."""
        self.assertLessEqual(same_rows.constraints(self.env), same_rows.CONSTRAINTS)
        self.assertLessEqual(same_rows.steps(self.env), same_rows.STEPS)
        self.assertLessEqual(same_rows.followers(self.env), same_rows.FOLLOWERS)

    def test_partner_of_another_company_is_refused(self):
        partner = self.member.partner_id
        partner.company_id = self.env["res.company"]._crab_company("group")
        with self.assertRaisesRegex(UserError, "compan"), self.cr.savepoint():
            self._place([(self.thousand, 1)])
        partner.company_id = False
        self._place([(self.thousand, 1)])

    def test_placed_and_paid_order(self):
        rule = {"first": 2, "first_price": 12, "next": 3, "next_price": 5.5}
        self.env["crab.freight.template"].create({"name": "T", "is_default": True, "rule_ids": [(0, 0, rule)]})
        order, twin = self._both(
            [(self.thousand, 2, Decimal("150.50")), (self.package2, 3)],
            note="Please ring",
            wish_date=business_date(),
            key="same-rows",
        )
        self._assert_same_orders(order, twin)
        transaction = self._start(order)
        values = self.env["payment.transaction"]._crab_start_values(
            order, transaction.provider_id, transaction.payment_method_id
        )
        made = self.env["payment.transaction"].create({**values, "sale_order_ids": [(6, 0, twin.ids)]})
        self._assert_same(transaction, made)
        transaction._set_done()
        transaction._post_process()
        same_rows.confirm(twin, transaction)
        self._assert_same_orders(order, twin)
        delivery = self._delivery(order)
        twin_delivery = same_rows.make_delivery(order)
        self._assert_same(delivery, twin_delivery)
        self._assert_same(delivery.line_ids, twin_delivery.line_ids, (delivery, twin_delivery))

    def test_order_of_cards(self):
        order, twin = self._both([(self.card, 2)])
        self._assert_same_orders(order, twin)

    def test_order_in_another_language_by_a_subject(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        member = self.member.with_context(lang="zh_CN")
        self.thousand.with_context(lang="zh_CN").name = "一千"
        with same_rows.twins(self.env) as twins:
            order = self.Shop._place(member, [(self.thousand.product_variant_id, 1, 0)], address=ADDRESS)
        self.assertEqual(order.order_line.name, "一千")
        self._assert_same_orders(order, twins[order])

    def test_many_orders_at_once(self):
        lines = [(self.thousand.product_variant_id, 1, 0)]
        requests = [
            {"member": self.member, "lines": lines, "address": ADDRESS, "wish_date": None, "key": key, "note": None}
            for key in ("many-1", "many-2", None)
        ]
        with same_rows.twins(self.env) as twins:
            orders = self.Shop._place_all(requests)
        self.assertEqual(len(orders), 3)
        for order in orders:
            self._assert_same_orders(order, twins[order])
        again = self.Shop._place_all(requests[:2])
        self.assertEqual(again, orders[:2])
