from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers

from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestAftersales(MemberApiCase):
    def _given(self, quantity=1, **values):
        line = {"product_id": self.thousand.public_id, "quantity": quantity}
        return {"kind": "refund", "reason": "quality", "lines": [line], **values}

    @covers("MB-24", "ask with reason and pictures", "follow and cancel the request", via="api")
    def test_a_request_is_asked_followed_and_cancelled(self):
        order = self._received()
        path = f"/orders/{order.public_id}/after-sales"
        self.assertTrue(self._ok(self.mine.get(f"/orders/{order.public_id}"))["can_ask_aftersale"])
        given = self._given(text="Two were dead", pictures=[self._upload()])
        made = self._ok(self.mine.post(path, json=given, key=KEY), 201)
        self.assertEqual((made["state"], made["amount_asked"], len(made["pictures"])), ("to_merchant", "950.00", 1))
        self.assertEqual(self._ok(self.mine.post(path, json=given, key=KEY), 201)["id"], made["id"])
        self._refused_as(self.mine.post(path, json=self._given(2), key=KEY), 409)
        self._refused_as(self.mine.post(path, json=self._given(), key=OTHER_KEY), 422, "still open")
        seen = self._ok(self.mine.get(f"/orders/{order.public_id}"))
        self.assertEqual((seen["aftersale"], seen["aftersale_ids"]), ("to_merchant", [made["id"]]))
        self.assertFalse(seen["can_ask_aftersale"])
        self.assertEqual([one["id"] for one in self._pages(self.mine, "/after-sales", is_open=True)], [made["id"]])
        one = f"/after-sales/{made['id']}"
        for client_call in (self.theirs.get, lambda path: self.theirs.post(f"{path}/cancel")):
            self._refused_as(client_call(one), 404)
        for _again in range(2):
            self.assertEqual(self._ok(self.mine.post(f"{one}/cancel"))["state"], "cancelled")
        self.assertEqual(self._pages(self.mine, "/after-sales", is_open=True), [])
        self.assertEqual(len(self._pages(self.mine, "/after-sales")), 1)
        self.assertEqual(self._pages(self.theirs, "/after-sales"), [])
        reasons = self._ok(self.mine.get("/after-sales/reasons"))["items"]
        self.assertIn({"reason": "quality", "label": "Dead or of bad quality"}, reasons)

    def test_goods_are_sent_back(self):
        order = self._received()
        made = self._ok(
            self.mine.post(f"/orders/{order.public_id}/after-sales", json=self._given(kind="return"), key=KEY), 201
        )
        one = f"/after-sales/{made['id']}"
        parcel = {"carrier": "SF", "tracking_number": "SF1"}
        self._refused_as(self.mine.post(f"{one}/parcel", json=parcel), 422)
        self._approve(self.env["crab.aftersale"].search([("public_id", "=", made["id"])]))
        got = self._ok(self.mine.get(one))
        self.assertEqual((got["state"], got["can_send_back"]), ("to_buyer", True))
        self._refused_as(self.theirs.post(f"{one}/parcel", json=parcel), 404)
        got = self._ok(self.mine.post(f"{one}/parcel", json=parcel))
        self.assertEqual((got["state"], got["tracking_number"]), ("to_merchant", "SF1"))

    def test_what_cannot_be_asked_for_is_refused(self):
        order = self._received()
        unpaid = self._place([(self.thousand, 1)])
        self._refused_as(
            self.mine.post(f"/orders/{unpaid.public_id}/after-sales", json=self._given(), key=KEY), 422, "not paid"
        )
        path = f"/orders/{order.public_id}/after-sales"
        self._refused_as(self.theirs.post(path, json=self._given(), key=KEY), 404)
        wrong = (
            (self._given(3), 422),
            (self._given(lines=[]), 422),
            (self._given(lines=[{"product_id": self.package2.public_id, "quantity": 1}]), 404),
            (self._given(lines=[{"product_id": self.thousand.public_id, "amount": "1900.01"}]), 422),
            (self._given(lines=[{"product_id": self.thousand.public_id, "amount": "-1"}]), 422),
            (self._given(reason="hunger"), 422),
            (self._given(pictures=["none"]), 404),
        )
        for body, status in wrong:
            self._refused_as(self.mine.post(path, json=body, key=KEY), status)
        self.assertFalse(order.crab_aftersale_ids)
