from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.payment_wechatpay.models.payment_transaction import PaymentTransaction

from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestOrders(MemberApiCase):
    def _given(self, *lines, **values):
        lines = [{"product_id": product.public_id, "quantity": quantity} for product, quantity in lines]
        return {"lines": lines, "receiver": self.receiver, **values}

    def _new(self, *lines, key=KEY, client=None, **values):
        return self._ok((client or self.mine).post("/orders", json=self._given(*lines, **values), key=key), 201)

    def _record(self, answer):
        return self.env["sale.order"].search([("public_id", "=", answer["id"])])

    @covers("MB-08", "buy now and add to cart", via="api")
    @covers("MB-22", "list and detail", via="api")
    def test_an_order_is_quoted_placed_and_shown(self):
        day = business_date() + timedelta(days=3)
        given = self._given((self.thousand, 2), (self.package1, 1), delivery_date=str(day))
        quote = self._ok(self.mine.post("/orders/quote", json=given))
        self.assertEqual([line["amount"] for line in quote["lines"]], ["1900.00", "283.10"])
        self.assertEqual((quote["total"], quote["currency"], quote["needs_address"]), ("2183.10", "CNY", True))
        self.assertIn(str(day), quote["delivery_dates"])
        order = self._ok(self.mine.post("/orders", json={**given, "note": "Ring twice"}, key=KEY), 201)
        self.assertEqual((order["total"], order["state"], order["kind"]), ("2183.10", "to_pay", "package"))
        self.assertEqual((order["delivery_date"], order["note"]), (str(day), "Ring twice"))
        self.assertEqual(order["receiver"]["district"], self.district.name)
        self.assertTrue(order["can_pay"] and order["can_cancel"])
        self.assertFalse(order["can_confirm_receipt"] or order["can_review"] or order["can_ask_aftersale"])
        self.assertIn("not paid", order["why_not"]["aftersale"])
        self.assertEqual(self._ok(self.mine.get(f"/orders/{order['id']}")), order)
        self.assertEqual(self._record(order).crab_member_id, self.member)

    def test_sent_again_it_is_the_same_order(self):
        given = self._given((self.thousand, 1))
        first = self._ok(self.mine.post("/orders", json=given, key=KEY), 201)
        self.assertEqual(self._ok(self.mine.post("/orders", json=given, key=KEY), 201)["id"], first["id"])
        self._refused_as(self.mine.post("/orders", json=self._given((self.thousand, 2)), key=KEY), 409)
        self.assertNotEqual(self._ok(self.mine.post("/orders", json=given, key=OTHER_KEY), 201)["id"], first["id"])
        self.assertNotEqual(self._ok(self.theirs.post("/orders", json=given, key=KEY), 201)["id"], first["id"])
        self._refused_as(self.mine.post("/orders", json=given), 422, code="invalid")

    @covers("MB-12", "never mixed with packages", "buy now without cart", via="api")
    def test_what_cannot_be_ordered_is_refused_and_nothing_is_kept(self):
        self._stock_cards(self.printed)
        before = self.env["sale.order"].search_count([("crab_member_id", "=", self.member.id)])
        yesterday = str(business_date() - timedelta(days=1))
        wrong = (
            (self._given((self.thousand, 1), (self.printed, 1)), 422, "separately"),
            (self._given((self.thousand, 5000)), 422, "not enough stock"),
            (self._given((self.thousand, 1), (self.thousand, 1)), 422, "once"),
            (self._given((self.thousand, 1), delivery_date=yesterday), 422, "do not deliver on this day"),
            (self._given((self.thousand, 1), delivery_date="2099-01-01"), 422, "do not deliver on this day"),
            ({"lines": [{"product_id": "none", "quantity": 1}], "receiver": self.receiver}, 404, "product"),
            ({"lines": self._given((self.thousand, 1))["lines"]}, 422, "Receiver"),
            ({"receiver": self.receiver}, 422, "what you order"),
            (self._given((self.thousand, 1), address_id="none", receiver=None), 404, "address"),
            (self._given((self.thousand, 1), total="1.00"), 422, ""),
            (self._given((self.thousand, 0)), 422, ""),
        )
        for given, status, text in wrong:
            self._refused_as(self.mine.post("/orders", json=given, key=OTHER_KEY), status, text)
        self.assertEqual(self.env["sale.order"].search_count([("crab_member_id", "=", self.member.id)]), before)

    def test_the_address_book_serves_orders(self):
        mine = self._ok(self.mine.post("/member/addresses", json=self.receiver, key=KEY), 201)["id"]
        given = {"lines": self._given((self.thousand, 1))["lines"], "address_id": mine}
        self.assertEqual(
            self._ok(self.mine.post("/orders", json=given, key=KEY), 201)["receiver"]["street"], "Example road 1"
        )
        self._refused_as(self.theirs.post("/orders", json=given, key=KEY), 404, "address")
        self._refused_as(
            self.mine.post("/orders", json={**given, "receiver": self.receiver}, key=OTHER_KEY), 422, "both"
        )

    @covers("MB-22", "four kinds of orders", "states", "list and detail", via="api")
    @covers("MB-12", "status query", via="api")
    def test_lists_by_kind_and_state(self):
        self._stock_cards(self.printed)
        unpaid = self._place([(self.thousand, 1)])
        shipped = self._shipped()
        received = self._received()
        printed = self._paid([(self.printed, 1)])
        ecards = self._bought()
        self._ask(received, (1, None))
        redeemed = self.env["crab.redemption"]._redeem_held(
            self._who(self.member),
            self._active_numbers(1, member=self.member),
            {**self.receiver, "district_id": self.district.id},
        )

        def listed(**params):
            return {one["id"] for one in self._pages(self.mine, "/orders", **params)}

        self.assertEqual(listed(), {order.public_id for order in unpaid | shipped | received | printed | ecards})
        self.assertEqual(listed(kind="package"), {order.public_id for order in unpaid | shipped | received})
        self.assertEqual(listed(kind="physical_card"), {printed.public_id})
        self.assertEqual(listed(kind="ecard"), {ecards.public_id})
        self.assertEqual(listed(state="to_pay"), {unpaid.public_id})
        self.assertEqual(listed(state="to_ship"), {printed.public_id})
        self.assertEqual(listed(state="to_receive"), {shipped.public_id})
        self.assertEqual(listed(state="to_review"), {received.public_id})
        self.assertEqual(listed(state="aftersale"), {received.public_id})
        self.assertEqual(listed(state="done"), {ecards.public_id})
        self.assertEqual([one["id"] for one in self._pages(self.mine, "/redemptions")], [redeemed.name])
        self.assertEqual(self._pages(self.theirs, "/orders"), [])
        self._refused_as(self.mine.get("/orders", params={"state": "other"}), 422)
        self._refused_as(self.mine.get("/orders", params={"cursor": "other"}), 404)

    def test_a_longer_list_takes_no_more_queries(self):
        for number in range(8):
            (self._received if number % 2 else self._shipped)((self.thousand, 1), (self.package1, 1))
        counts = []
        for limit in (2, 2, 8):
            before = self.env.cr.sql_log_count
            self._ok(self.mine.get("/orders", params={"limit": limit}))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])

    @covers("MB-23", "pay and cancel unpaid", via="api")
    def test_unpaid_orders_are_cancelled(self):
        order = self._new((self.thousand, 2))
        before = self._available(self.thousand)
        for _again in range(2):
            got = self._ok(self.mine.post(f"/orders/{order['id']}/cancel"))
            self.assertEqual(
                (got["state"], got["can_pay"], got["close_reason"]), ("closed", False, "Cancelled by the member.")
            )
        self.assertEqual(self._available(self.thousand), before + 2)
        paid = self._paid([(self.thousand, 1)])
        self._refused_as(self.mine.post(f"/orders/{paid.public_id}/cancel"), 422, "not possible")

    @covers("MB-23", "track parcels", "confirm receipt", via="api")
    def test_parcels_are_tracked_and_received(self):
        order = self._paid([(self.thousand, 1)])
        path = f"/orders/{order.public_id}"
        self._refused_as(self.mine.post(f"{path}/confirm-receipt"), 422, "not possible")
        [parcel] = self._ok(self.mine.get(f"{path}/tracking"))["parcels"]
        self.assertEqual((parcel["state"], parcel["carrier"]), ("waiting", None))
        delivery = self._delivery(order)
        delivery._ship("SF", {delivery.id: "SF123"})
        [parcel] = self._ok(self.mine.get(f"{path}/tracking"))["parcels"]
        self.assertEqual((parcel["state"], parcel["carrier"], parcel["tracking_number"]), ("shipped", "SF", "SF123"))
        before = self._ok(self.mine.get(path))
        self.assertTrue(before["can_confirm_receipt"] and before["can_extend_receipt"])
        later = self._ok(self.mine.post(f"{path}/extend-receipt"))
        self.assertGreater(later["receive_before"], before["receive_before"])
        self.assertFalse(later["can_extend_receipt"])
        self._refused_as(self.mine.post(f"{path}/extend-receipt"), 422, "before")
        for _again in range(2):
            got = self._ok(self.mine.post(f"{path}/confirm-receipt"))
            self.assertEqual((got["state"], got["can_review"]), ("to_review", True))

    @covers("MB-12", "address and payment", "status query", via="api")
    def test_physical_cards_come_with_their_numbers(self):
        self._stock_cards(self.printed, 3)
        order = self._record(self._new((self.printed, 2)))
        self._pay(order)
        sale = order.crab_card_order_ids
        free = self.env["crab.card"].search(
            [("product_id", "=", self.printed.product_variant_id.id), ("holder_kind", "=", "platform")], limit=2
        )
        sale._link_cards(free.ids)
        sale.action_send()
        got = self._ok(self.mine.get(f"/orders/{order.public_id}"))
        self.assertEqual((got["state"], got["cards"], len(got["parcels"])), ("to_receive", [], 1))
        got = self._ok(self.mine.post(f"/orders/{order.public_id}/confirm-receipt"))
        self.assertEqual({card["number"] for card in got["cards"]}, set(free.mapped("number")))
        self.assertTrue(all(card["is_mine"] for card in got["cards"]))

    @covers("MB-13", "browse and buy e-cards", "numbers appear at once, active", via="api")
    def test_ecards_come_with_the_payment(self):
        given = {"lines": [{"product_id": self.ecard.public_id, "quantity": 2}]}
        self.assertFalse(self._ok(self.mine.post("/orders/quote", json=given))["needs_address"])
        order = self._record(self._ok(self.mine.post("/orders", json=given, key=KEY), 201))
        self._pay(order)
        got = self._ok(self.mine.get(f"/orders/{order.public_id}"))
        self.assertEqual([card["state"] for card in got["cards"]], ["active", "active"])
        numbers = {one["id"] for one in self._pages(self.mine, "/member/cards")}
        self.assertEqual(numbers, {card["number"] for card in got["cards"]})

    @covers("MB-13", "audit first when switched on", via="api")
    def test_ecards_wait_for_the_audit(self):
        self._audit()
        order = self._bought()
        got = self._ok(self.mine.get(f"/orders/{order.public_id}"))
        self.assertEqual((got["state"], got["cards"]), ("to_audit", []))
        order.with_user(self._role("finance")).action_crab_approve_ecards()
        self.assertEqual(len(self._ok(self.mine.get(f"/orders/{order.public_id}"))["cards"]), 1)

    # ------------------------------------------------------------------ paying

    def _set_up_wechat(self):
        provider = self.env["payment.provider"].search(
            [("code", "=", "wechatpay"), ("company_id", "=", self.sales.id)], limit=1
        )
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'test', wechatpay_appid = 'wx-app' WHERE id = %s", [provider.id]
        )
        provider.invalidate_recordset()
        provider.with_context(active_test=False).payment_method_ids.active = True
        self.env["crab.account.openid"].sudo().create(
            {"account_id": self.member.account_id.id, "app": "wx-app", "openid": "o-mine"}
        )

    @covers("MB-11", "JSAPI payment with asynchronous confirmation", "closing and retrying are safe", via="api")
    @covers("MB-23", "pay and cancel unpaid", via="api")
    def test_paying_begins_once_and_again(self):
        self._set_up_wechat()
        order = self._new((self.thousand, 1))
        asked = []

        def prepay(transaction, trade_type, openid=None, client_ip=None):
            asked.append((transaction.id, trade_type, openid))
            return {"package": "prepay_id=1", "timeStamp": 1}

        with patch.object(PaymentTransaction, "_wechatpay_prepay", prepay):
            first = self._ok(self.mine.post(f"/orders/{order['id']}/pay", json={}))
            again = self._ok(self.mine.post(f"/orders/{order['id']}/pay", json={"trade_type": "jsapi"}))
            self._refused_as(self.theirs.post(f"/orders/{order['id']}/pay", json={}), 404)
        self.assertEqual(first, again)
        self.assertEqual((first["amount"], first["parameters"]["package"]), ("950.00", "prepay_id=1"))
        self.assertEqual(asked, [(asked[0][0], "jsapi", "o-mine")] * 2, "the same payment, by the member's own WeChat")
        transaction = self.env["payment.transaction"].browse(asked[0][0])
        self.assertEqual((transaction.crab_order_id, transaction.amount), (self._record(order), 950))
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(self._ok(self.mine.get(f"/orders/{order['id']}"))["state"], "to_ship")
        with patch.object(PaymentTransaction, "_wechatpay_prepay", prepay):
            self._refused_as(self.mine.post(f"/orders/{order['id']}/pay", json={}), 422, "not possible")

    def test_what_cannot_be_paid_is_said(self):
        order = self._new((self.thousand, 1))
        path = f"/orders/{order['id']}/pay"
        self._refused_as(self.mine.post(path, json={"trade_type": "cash"}), 422, code="invalid")
        self.env["payment.provider"].search([("code", "=", "wechatpay")]).state = "disabled"
        self._refused_as(self.mine.post(path, json={}), 422, "not set up")

    # ------------------------------------------------------------------ fapiao

    def test_a_fapiao_is_asked_for_once_there_is_something_for_it(self):
        order = self._paid([(self.thousand, 1)])
        path = f"/orders/{order.public_id}"
        given = {
            "kind": "company",
            "title": "Example Ltd.",
            "tax_number": "91310000MA1K000000",
            "email": "a@example.com",
        }
        got = self._ok(self.mine.get(path))
        self.assertFalse(got["can_ask_fapiao"])
        self.assertIn("shipped", got["why_not"]["fapiao"])
        self._refused_as(self.mine.post(f"{path}/fapiao", json=given, key=KEY), 422, "left for a fapiao")
        self._ship(order)
        self.assertTrue(self._ok(self.mine.get(path))["can_ask_fapiao"])
        self._refused_as(
            self.mine.post(f"{path}/fapiao", json={**given, "tax_number": "1"}, key=KEY), 422, "tax number"
        )
        for _again in range(2):
            got = self._ok(self.mine.post(f"{path}/fapiao", json=given, key=OTHER_KEY), 201)
            [fapiao] = got["fapiao"]
            self.assertEqual((fapiao["state"], fapiao["amount"], fapiao["file"]), ("asked", "950.00", None))
        self.assertFalse(got["can_ask_fapiao"])
        self._refused_as(self.theirs.post(f"{path}/fapiao", json=given, key=KEY), 404)
