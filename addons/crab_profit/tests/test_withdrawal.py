from decimal import Decimal

from odoo.exceptions import AccessError, LockError, MissingError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_shop.tests.common import ShopCase

CARD = {"bank_name": "ICBC", "bank_account": "6222 0200 1111 2222", "bank_holder": "Holder"}


class TestWithdrawal(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("shop-finance", "finance")
        cls.warehouse = cls._new_user("shop-warehouse", "warehouse")
        cls.env["crab.earning.account"]._credit({cls.dealer2.id: Decimal("500.00")})
        cls.account = cls.env["crab.earning.account"]._open_for(cls.dealer2)

    def _request(self, amount, dealer=None, key=None, card=None):
        return self.env["crab.withdrawal"]._request(
            self._subject(dealer or self.dealer2), Decimal(amount), CARD if card is None else card, key=key
        )

    def _figures(self):
        return (self.account.frozen, self.account.withdrawn, self.account.balance)

    @covers("CH-18", "withdraw to a bank card", "a rejected one returns the money", via="service")
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

    def test_strangers(self):
        withdrawal = self._request(100)
        with self._refused("", AccessError):
            withdrawal.with_user(self.warehouse).action_approve()
        with self._refused("", AccessError):
            withdrawal.with_user(self.finance).write({"amount": 1})
        with self._refused("", AccessError):
            self.env["crab.withdrawal"].with_user(self.finance).create({"account_id": self.account.id, "amount": 1})
        for stranger in (self.dealer1, self.dealer3, self.member, self.staff):
            with self.subTest(stranger=stranger), self.assertRaises(MissingError):
                self.env["crab.withdrawal"]._get_for_subject(self._subject(stranger), withdrawal.ids)
        with self.assertRaises(MissingError):
            self.env["crab.withdrawal"]._request(self._subject(self.staff), Decimal(1), CARD)
