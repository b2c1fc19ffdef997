import io
from decimal import Decimal

import python_calamine
from freezegun import freeze_time

from odoo.addons.crab_api.tests.test_files import picture
from odoo.addons.crab_base.tests.common import covers

from .common import DealerApiCase

CARD = {"bank_name": "ICBC", "bank_account": "6222 0200 1111 2222", "bank_holder": "Holder"}


class TestEarnings(DealerApiCase):
    """A member of dealer3 (0.80) pays 950 for 1000: dealer3 earns 150, dealer2 (0.70) 100, dealer1 (0.60) 100."""

    def _credited(self, *wishes):
        order = self._paid([(self.thousand, 1)])
        self._ship(order)
        order._crab_receive()
        self.env["crab.earning"]._credit_orders(order)
        return order

    def _summary(self, dealer):
        summary = self._get(dealer, "/dealer/earnings/summary")
        names = ("total", "not_credited", "credited", "asked_for", "withdrawn", "withdrawable")
        return [str(Decimal(summary[name]).normalize() + 0) for name in names]

    @covers("CH-17", "total, withdrawable, withdrawn", "not yet credited", via="api")
    @covers("CH-31", "earnings from online distribution", via="api")
    def test_the_summary_follows_the_money(self):
        self.assertEqual(self._summary(self.dealer3), ["0"] * 6)
        self._paid([(self.thousand, 1)])
        self.assertEqual(self._summary(self.dealer3), ["150", "150", "0", "0", "0", "0"])
        self._credited()
        summary = self._get(self.dealer3, "/dealer/earnings/summary")
        self.assertEqual((summary["total"], summary["withdrawable"]), ("300.00", "150.00"))
        self.assertEqual(summary["actions"], ["withdraw"])
        self.assertEqual(summary["today"], "300.00")
        online = {sales["kind"]: (sales["sold"], sales["earned"]) for sales in summary["online"]}
        self.assertEqual(online["package"], ("1900.00", "300.00"))
        online = {sales["kind"]: sales for sales in self._get(self.dealer1, "/dealer/earnings/summary")["online"]}
        self.assertEqual((online["package"]["sold"], online["package"]["earned"]), ("0.00", "200.00"))

    @covers("CH-17", "total, withdrawable, withdrawn", via="api")
    def test_the_last_days_are_those_of_shanghai(self):
        moments = ("2026-10-14 15:59:59", "2026-10-14 16:00:00", "2026-10-20 15:59:59", "2026-10-20 16:00:00")
        for moment in moments:  # of the 14th, 15th, 20th and 21st
            with freeze_time(moment):
                order = self._credited()
        with freeze_time("2026-10-21 02:00:00"):
            self._refund(order, (0, 95))
            summary = self._get(self.dealer3, "/dealer/earnings/summary")
        found = [(one["day"], one["earned"]) for one in summary["days"]]
        some = {"2026-10-15": "150.00", "2026-10-20": "150.00", "2026-10-21": "135.00"}
        self.assertEqual(found, [(f"2026-10-{day}", some.get(f"2026-10-{day}", "0.00")) for day in range(15, 22)])
        self.assertEqual(summary["today"], "135.00")

    @covers("CH-19", "each earning with its order", via="api")
    def test_each_earning_with_its_order_and_its_explanation(self):
        order = self._credited()
        self._refund(order, (0, 95))
        self._paid([(self.thousand, 1)])
        items = self._get(self.dealer3, "/dealer/earnings")["items"]
        self.assertEqual(
            [(item["kind"], item["amount"], item["state"]) for item in items],
            [("share", "150.00", "pending"), ("refund", "-15.00", "credited"), ("share", "150.00", "credited")],
        )
        self.assertEqual((items[2]["order"]["name"], items[2]["order"]["is_own_member"]), (order.name, True))
        self.assertEqual(self.assertPages(self.dealer3, "/dealer/earnings"), items)
        self.assertEqual(len(self._get(self.dealer3, "/dealer/earnings", order=order.name)["items"]), 2)
        self.assertEqual(len(self._get(self.dealer3, "/dealer/earnings", state="pending")["items"]), 1)
        self.assertEqual(len(self._get(self.dealer3, "/dealer/earnings", kind="refund")["items"]), 1)
        why = self._get(self.dealer3, f"/dealer/earnings/{items[2]['id']}/explanation")
        names = ("paid", "refunded", "before", "own_price", "after", "share", "given_back", "net", "ratio")
        self.assertEqual(
            [why[name] for name in names],
            ["950.00", "95.00", "950.00", "800.00", "800.00", "150.00", "15.00", "135.00", "0.80"],
        )
        item = self._get(self.dealer1, "/dealer/earnings", order=order.name)["items"][-1]
        self.assertFalse(item["order"]["is_own_member"])
        why = self._get(self.dealer1, f"/dealer/earnings/{item['id']}/explanation")
        self.assertEqual(
            [why[name] for name in ("before", "after", "share", "net")], ["700.00", "600.00", "100.00", "90.00"]
        )
        self._get(self.dealer2, f"/dealer/earnings/{item['id']}/explanation", 404)

    def test_earnings_take_the_same_queries_however_many(self):
        for _number in range(4):
            self._paid([(self.thousand, 1)])
        self.assertSameQueries(self.dealer3, "/dealer/earnings")

    # ------------------------------------------------------------------ statement

    def test_the_statement_of_a_month(self):
        with freeze_time("2026-09-30 15:59:59"):  # the last second of September in Shanghai
            self._credited()
        with freeze_time("2026-09-30 16:00:00"):
            order = self._credited()
        with freeze_time("2026-10-21 02:00:00"):
            self._refund(order, (0, 95))
        statement = self._get(self.dealer3, "/dealer/earnings/statement", month="2026-10")
        names = ("opening", "shares", "given_back", "withdrawn", "closing", "count")
        self.assertEqual([statement[name] for name in names], ["150.00", "150.00", "-15.00", "0.00", "285.00", 2])
        response = self._client(self.dealer3).get("/dealer/earnings/statement.xlsx", params={"month": "2026-10"})
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(response.content))
        rows = book.get_sheet_by_index(0).to_python()
        self.assertEqual((rows[3][4], rows[-1][4]), (150, 285))
        for month in ("2026-13", "2026", "x", "2026-1"):
            with self.subTest(month=month):
                self._get(self.dealer3, "/dealer/earnings/statement", 422, month=month)
        empty = self._get(self.z, "/dealer/earnings/statement", month="2026-10")  # without an account
        self.assertEqual((empty["closing"], empty["count"]), ("0.00", 0))

    # ------------------------------------------------------------------ withdrawals

    @covers("CH-18", "withdraw to a bank card", "back office changes the state", via="api")
    @covers("CH-18", "rejection returns the money", via="api")
    def test_a_withdrawal_is_asked_for_decided_and_paid(self):
        self._credited()
        for values in ({"amount": "150.01"}, {"amount": "0"}, {"amount": "1.001"}, {"amount": "-1"}, {"amount": "x"}):
            with self.subTest(values=values):
                self._post(self.dealer3, "/dealer/withdrawals", {**CARD, **values}, 422)
        self._post(self.dealer3, "/dealer/withdrawals", {**CARD, "amount": "1", "bank_account": "ABCDEFGHIJKLMN"}, 422)
        asked = self._post(self.dealer3, "/dealer/withdrawals", {**CARD, "amount": "100"}, key="w")
        self.assertEqual(self._post(self.dealer3, "/dealer/withdrawals", {**CARD, "amount": "100"}, key="w"), asked)
        self._post(self.dealer3, "/dealer/withdrawals", {**CARD, "amount": "50"}, 409, key="w")
        self.assertEqual((asked["state"], asked["amount"], asked["bank_account"]), ("requested", "100.00", "**** 2222"))
        self.assertEqual(self._summary(self.dealer3), ["150", "0", "150", "100", "0", "50"])
        withdrawal = self.env["crab.withdrawal"].search([("public_id", "=", asked["id"])]).with_user(self.finance)
        self.assertEqual(withdrawal.bank_account, "6222020011112222")
        withdrawal.action_reject("wrong card")
        seen = self._get(self.dealer3, f"/dealer/withdrawals/{asked['id']}")
        self.assertEqual((seen["state"], seen["reject_reason"], seen["actions"]), ("rejected", "wrong card", []))
        self.assertEqual(self._summary(self.dealer3), ["150", "0", "150", "0", "0", "150"])
        again = self._post(self.dealer3, "/dealer/withdrawals", {**CARD, "amount": "150"})
        withdrawal = self.env["crab.withdrawal"].search([("public_id", "=", again["id"])]).with_user(self.finance)
        withdrawal.action_approve()
        withdrawal.bank_reference = "B-1"
        withdrawal.action_mark_paid()
        [seen] = self._get(self.dealer3, "/dealer/withdrawals", state="paid")["items"]
        self.assertEqual((seen["id"], seen["bank_reference"]), (again["id"], "B-1"))
        self.assertEqual(self._summary(self.dealer3), ["150", "0", "150", "0", "150", "0"])
        self.assertEqual(len(self.assertPages(self.dealer3, "/dealer/withdrawals")), 2)

    def _picture(self, who):
        """The id of an uploaded picture."""
        files = {"file": ("invoice.png", picture(), "image/png")}
        return self._call(who, "post", "/files", 201, files=files)["id"]

    def test_the_dealers_invoice(self):
        self.env["ir.config_parameter"].set_param("crab_profit.invoice_needed", "True")
        self._credited()
        asked = self._post(self.dealer3, "/dealer/withdrawals", {**CARD, "amount": "100"})
        self.assertEqual((asked["needs_invoice"], asked["actions"]), (True, ["attach_invoice"]))
        path = f"/dealer/withdrawals/{asked['id']}/invoice"
        picture = self._picture(self.dealer3)
        self._call(self.dealer3, "put", path, 404, json={"picture": self._picture(self.dealer2), "number": "1"})
        self._call(self.dealer2, "put", path, 404, json={"picture": self._picture(self.dealer2), "number": "1"})
        self._call(self.dealer3, "put", path, 422, json={"picture": picture, "number": " "})
        seen = self._call(self.dealer3, "put", path, json={"picture": picture, "number": "I-7", "date": "2026-11-01"})
        self.assertEqual((seen["needs_invoice"], seen["has_invoice"], seen["invoice_number"]), (False, True, "I-7"))
        withdrawal = self.env["crab.withdrawal"].search([("public_id", "=", asked["id"])])
        self.assertTrue(withdrawal.invoice)
        withdrawal.with_user(self.finance).action_reject("no")
        self._call(self.dealer3, "put", path, 422, json={"picture": self._picture(self.dealer3), "number": "2"})
