import base64
from decimal import Decimal

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, LockError, MissingError, UserError
from odoo.service.model import call_kw
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_shop.tests.common import ShopCase

CARD = {"bank_name": "ICBC", "bank_account": "6222 0200 1111 2222", "bank_holder": "Holder"}


class TestWithdrawal(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("shop-finance", "finance")
        cls.env["crab.earning.account"]._credit({cls.dealer2.id: Decimal("500.00")})
        cls.account = cls.env["crab.earning.account"]._open_for(cls.dealer2)

    def _request(self, amount, dealer=None, key=None, card=None):
        return self.env["crab.withdrawal"]._request(
            self._subject(dealer or self.dealer2), Decimal(amount), CARD if card is None else card, key=key
        )

    def _figures(self):
        return (self.account.frozen, self.account.withdrawn, self.account.balance)

    @covers(
        "CH-18",
        "withdraw to a bank card",
        "back office changes the state",
        "rejection returns the money",
        via="service",
    )
    def test_asked_approved_paid_or_rejected(self):
        first, second = self._request(200), self._request(300)
        self.assertEqual(self._figures(), (500, 0, 0))
        first.with_user(self.finance).action_approve()
        with self._refused("bank reference", UserError):
            first.with_user(self.finance).action_mark_paid()
        first.with_user(self.finance).bank_reference = "B-1"
        first.with_user(self.finance).action_mark_paid()
        first.with_user(self.finance).action_mark_paid()
        self.assertEqual(self._figures(), (300, 200, 0))
        with self._refused("reason", UserError):
            second.with_user(self.finance).action_reject()
        second.with_user(self.finance).action_reject("wrong card")
        second.with_user(self.finance).action_reject("wrong card")
        self.assertEqual(self._figures(), (0, 200, 300))
        with self._refused("not possible", UserError):
            second.with_user(self.finance).action_approve()
        self.env["crab.ledger"]._post_pending()
        self.assertEqual(first.move_id.line_ids.sorted("balance").mapped("balance"), [-200, 200])

    def test_what_cannot_be_asked_for(self):
        for amount in ("500.01", "0", "-1", "0.001"):
            with self.subTest(amount=amount), self._refused("", UserError):
                self._request(amount)
        for card in ({}, {**CARD, "bank_account": "123"}, {**CARD, "bank_holder": " "}):
            with self.subTest(card=card), self._refused("bank card", UserError):
                self._request(1, card=card)
        self.assertEqual(self._figures(), (0, 0, 500))

    def test_a_repeated_request_is_one(self):
        first = self._request(100, key="k")
        self.assertEqual(self._request(100, key="k"), first)
        with self._refused("other content", LockError):
            self._request(101, key="k")
        self.assertEqual(self._figures(), (100, 0, 400))

    def _found(self, *domain):
        rows = call_kw(
            self.env["crab.withdrawal"].with_user(self.finance), "web_search_read", [list(domain), {"name": {}}], {}
        )
        return {row["id"] for row in rows["records"]}

    def _typed(self, name, text):
        """What finance finds when ``text`` is typed into the search box for this field."""
        views = call_kw(self.env["crab.withdrawal"].with_user(self.finance), "get_views", [[(False, "search")]], {})
        node = etree.fromstring(views["views"]["search"]["arch"]).xpath(f"//field[@name='{name}']")[0]
        if node.get("filter_domain"):
            return self._found(*safe_eval(node.get("filter_domain"), {"self": text}))
        return self._found((name, node.get("operator") or ("=" if isinstance(text, float) else "ilike"), text))

    @covers("HQ-67", "search", via="web")
    def test_search_by_dealer_state_amount_bank_card_and_time(self):
        self.env["crab.earning.account"]._credit({self.dealer1.id: Decimal("90.00")})
        one = self._request(100)
        other = self._request("33.33", self.dealer1, card={**CARD, "bank_account": "955880000011112222"})
        self.assertEqual(self._typed("name", one.name), {one.id})
        self.assertEqual(self._typed("dealer_id", "T-B1"), {one.id})
        self.assertEqual(self._typed("dealer_id", "T-A1"), {one.id, other.id}, "with its network")
        self.assertEqual(self._typed("amount", 33.33), {other.id})
        self.assertEqual(self._typed("bank_account", "95588"), {other.id})
        self.assertEqual(self._typed("bank_account", "Hold"), {one.id, other.id})
        other.action_approve()
        self.assertEqual(self._found(("state", "=", "approved")), {other.id})
        views = call_kw(self.env["crab.withdrawal"].with_user(self.finance), "get_views", [[(False, "search")]], {})
        self.assertIn('date="requested_at"', views["views"]["search"]["arch"])

    @covers("HQ-67", "approve and reject with reason", "paid with bank reference", "invoice and export", via="web")
    @covers("HQ-15", "dealer's invoice recorded", via="web")
    def test_finance_approves_records_the_invoice_pays_and_exports(self):
        paid, rejected = (self._request(amount).with_user(self.finance) for amount in (120, 80))
        call_kw(paid.browse(), "action_approve", [(paid | rejected).ids], {})
        dialog = Form(self.env["crab.withdrawal.reject"].with_user(self.finance).with_context(active_id=rejected.id))
        dialog.reason = "card does not match"
        call_kw(dialog.save().browse(), "action_confirm", [dialog.record.ids], {})
        with Form(paid) as form:
            form.bank_reference = "B-7"
            form.invoice = base64.b64encode(b"%PDF-1.4 invoice")
            form.invoice_number = "25312000000012345678"
            form.invoice_date = "2026-10-31"
        call_kw(paid.browse(), "action_mark_paid", [paid.ids], {})
        self.assertEqual((paid.state, paid.decided_by_id), ("paid", self.finance))
        self.assertEqual((rejected.state, rejected.reject_reason), ("rejected", "card does not match"))
        self.assertEqual(self._figures(), (0, 120, 380))
        self.assertEqual(self._typed("invoice_number", "12345678"), {paid.id})
        export = call_kw(
            paid.browse(), "export_data", [(paid | rejected).ids, ["name", "amount", "bank_account", "state"]], {}
        )
        self.assertEqual(
            export["datas"],
            [
                [paid.name, 120.0, "6222020011112222", "Paid"],
                [rejected.name, 80.0, "6222020011112222", "Rejected"],
            ],
        )
        with self._refused("closed", UserError):
            paid.write({"invoice_number": "other"})

    def test_what_the_bank_sends_back_can_be_withdrawn_again(self):
        withdrawal = self._request(200).with_user(self.finance)
        withdrawal.action_approve()
        withdrawal.bank_reference = "B-8"
        withdrawal.action_mark_paid()
        paid_at = fields.Datetime.subtract(fields.Datetime.now(), months=1)
        withdrawal.sudo().paid_at = paid_at

        def dialog(**context):
            wizard = self.env["crab.withdrawal.reject"].with_user(self.finance)
            form = Form(wizard.with_context(active_id=withdrawal.id, **context))
            form.reason = "wrong name"
            return form.save()

        with self._refused("not possible", UserError):
            dialog().action_confirm()  # opened to reject it, before it was paid
        returned = dialog(default_is_returned=True)
        returned.action_confirm()
        returned.action_confirm()
        self.assertEqual(withdrawal.state, "rejected")
        self.assertEqual(withdrawal.reject_reason, "Returned by the bank: wrong name")
        self.assertEqual(self._figures(), (0, 0, 500))
        self.env["crab.ledger"]._post_pending()
        moves = withdrawal.move_id | withdrawal.return_move_id
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        for _account, lines in moves.line_ids.grouped("account_id").items():
            self.assertEqual(sum(lines.mapped("balance")), 0)
        with self._refused("", AccessError):
            withdrawal.with_user(self._new_user("withdrawal-return", "auditor")).action_returned("no")
        with self._refused("closed", UserError):
            withdrawal.bank_reference = "B-9"
        # the month in which it was paid still says so, the one in which it came back says that
        for month, amounts in ((business_date(paid_at), [-200]), (business_date(), [-200, 200])):
            statement = self.env["crab.earning.statement"].new({"account_id": self.account.id, "month": month})
            self.assertEqual([row[3] for row in statement._rows() if row[1] == "withdrawal"], amounts)

    def test_the_invoice_is_needed_where_it_is_asked_for(self):
        self.env["ir.config_parameter"].set_param("crab_profit.invoice_needed", "True")
        withdrawal = self._request(100).with_user(self.finance)
        withdrawal.action_approve()
        withdrawal.bank_reference = "B-2"
        with self._refused("invoice", UserError):
            withdrawal.action_mark_paid()
        withdrawal.invoice = b"aW52b2ljZQ=="
        withdrawal.action_mark_paid()
        self.assertEqual(withdrawal.state, "paid")

    def test_who_may_not_decide_or_edit(self):
        withdrawal = self._request(100)
        with self._refused("", AccessError):  # before anything is said about what is missing
            withdrawal.with_user(self._new_user("withdrawal-reader", "auditor")).action_mark_paid()
        withdrawal.action_approve()
        withdrawal.bank_reference = "B-3"
        for role in ("warehouse", "sales_rep", "department_manager", "customer_service", "card_keeper", "auditor"):
            user = self._new_user(f"withdrawal-{role}", role)
            for step, args in (("action_approve", ()), ("action_mark_paid", ()), ("action_reject", ("no",))):
                with self.subTest(role=role, step=step), self._refused("", AccessError):
                    getattr(withdrawal.with_user(user), step)(*args)
            with self.subTest(role=role), self._refused("", AccessError):
                withdrawal.with_user(user).write({"bank_reference": "mine"})
        for values in ({"amount": 1}, {"bank_account": "1" * 16}, {"state": "paid"}, {"account_id": 1}):
            with self.subTest(values=values), self._refused("", AccessError):
                withdrawal.with_user(self.finance).write(values)
        with self._refused("", AccessError):
            self.env["crab.withdrawal"].with_user(self.finance).create({"account_id": self.account.id, "amount": 1})
        with self._refused("kept", UserError):
            withdrawal.unlink()
        self.assertEqual((withdrawal.state, withdrawal.bank_reference), ("approved", "B-3"))

    def test_nobody_reaches_the_withdrawals_or_the_money_of_another_dealer(self):
        withdrawal = self._request(100)
        requests = self.env["crab.withdrawal"]
        for stranger in (self.dealer1, self.dealer3, self.member, self.staff):
            with self.subTest(stranger=stranger):
                subject = self._subject(stranger)
                self.assertFalse(requests._for_subject(subject, [("account_id", "=", self.account.id)]))
                with self.assertRaises(MissingError):
                    requests._get_for_subject(subject, withdrawal.ids)
        self.assertEqual(requests._for_subject(self._subject(self.dealer2)), withdrawal)
        # whoever asks is asking for its own account: a dealer with nothing gets nothing, the rest has none
        for dealer in (self.dealer1, self.dealer3):
            with self.subTest(dealer=dealer), self._refused("At most 0.00", UserError):
                self._request(1, dealer)
        subjects = [self._subject(self.staff), self._subject(self.member), Subject("member", self.dealer2.id)]
        for subject in [*subjects, Subject("staff", self.dealer2.id), Subject("system", 1), Subject("user", 2)]:
            with self.subTest(subject=subject), self.assertRaises(MissingError):
                requests._request(subject, Decimal(1), CARD)
        self.dealer2._close("closed")
        with self.assertRaises(MissingError):
            self._request(1)
        self.assertEqual(self._figures(), (100, 0, 400))

    def test_a_key_is_the_dealers_own(self):
        self.env["crab.earning.account"]._credit({self.dealer1.id: Decimal("90.00")})
        self.assertNotEqual(self._request(10, key="k"), self._request(10, self.dealer1, key="k"))
