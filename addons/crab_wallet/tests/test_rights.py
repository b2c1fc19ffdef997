from decimal import Decimal

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import WalletCase

MODELS = ("crab.wallet", "crab.wallet.entry", "crab.wallet.debt", "crab.wallet.settlement", "crab.wallet.document")


class TestRights(WalletCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Wallet._charge(cls.a, Decimal(6000), cls.orders[0], "activation", "order")
        cls.Document._open(cls.a, "repayment", Decimal(10), "repay")
        cls.Document._open(cls.z, "topup", Decimal(77), "z")

    def test_roles_without_money_read_nothing(self):
        for role in ("card_keeper", "warehouse", "customer_service"):
            user = self._new_user(f"wallet_{role}", role)
            for model in MODELS:
                for method in ("search_read", "search_count", "formatted_read_group"):
                    args = ([], ["__count"]) if method == "formatted_read_group" else ([],)
                    with self.assertRaises(AccessError):
                        getattr(self.env[model].with_user(user), method)(*args)
            with self.assertRaises(AccessError):
                self.a.with_user(user).read(["stored_value"])
            with self.assertRaises(AccessError):
                self.env["crab.wallet.statement"].with_user(user).create({"dealer_id": self.a.id})
            Form(self.a.with_user(user))  # the dealer's form opens without the figures

    def test_nobody_writes_wallets_entries_and_debts(self):
        for role in ("finance", "admin", "auditor", "sales_rep", "department_manager"):
            user = self._new_user(f"wallet_w_{role}", role)
            for model in MODELS[:-1]:
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(self.env[model].with_user(user).has_access(operation), (role, model, operation))
        for record in (self._wallet(self.a, "stored").entry_ids[:1], self.Entry.sudo().search([], limit=1)):
            with self.assertRaises(UserError):
                record.sudo().write({"amount": 1})
            with self.assertRaises(UserError):
                record.sudo().unlink()

    def test_an_auditor_reads_everything_and_changes_nothing(self):
        user = self._new_user("wallet_auditor", "auditor")
        for model in MODELS:
            self.assertTrue(self.env[model].with_user(user).search([]))
        document = self.Document.with_user(user).search([], limit=1)
        for attempt in (
            lambda: document.write({"note": "x"}),
            lambda: document.action_confirm(),
            lambda: document.action_cancel(),
            lambda: document._reverse("x"),
            lambda: document.unlink(),
            lambda: self.Document.with_user(user).create({"dealer_id": self.a.id, "amount": 1}),
            lambda: (
                self.env["crab.wallet.document.reverse"]
                .with_user(user)
                .create({"document_id": document.id, "reason": "x"})
            ),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_a_sales_rep_sees_the_money_of_its_dealers_only(self):
        rep, manager = self._new_user("wallet_rep", "sales_rep"), self._new_user("wallet_manager", "department_manager")
        self.a.user_id = rep
        rep.crab_manager_id = manager
        for user in (rep, manager):
            for model in MODELS:
                self.assertEqual(self.env[model].with_user(user).search([]).dealer_id, self.a, (user.login, model))
            with self.assertRaises(AccessError):
                self._wallet(self.z, "stored").with_user(user).read(["balance"])
            with self.assertRaises(AccessError):
                self.Document.with_user(user).search([], limit=1).action_confirm()
            statement = self.env["crab.wallet.statement"].with_user(user).create({"dealer_id": self.a.id})
            self.assertEqual(statement._data()["closing"], 0)
            foreign = self.env["crab.wallet.statement"].with_user(user).create({"dealer_id": self.z.id})
            with self.assertRaises(UserError):
                foreign.action_excel()
        stranger = self._new_user("wallet_rep2", "sales_rep")
        self.assertFalse(self.Wallet.with_user(stranger).search([]))
        statement.action_excel()
        for reader in (stranger, self.finance):
            with self.assertRaises(AccessError):
                statement.with_user(reader).read(["file"])

    def test_a_user_of_the_sales_company_sees_no_wallets(self):
        user = self._new_user("wallet_sales", "finance", companies=self.sales)
        for model in MODELS:
            self.assertFalse(self.env[model].with_user(user).search([]))

    @covers("CH-11", "level 1 only", "balance", "movements")
    @covers("CH-12", "level 1 only", "movements", "debt", "remaining credit")
    @covers("CH-29", "level 1 only", "平台充值", "卡激活消耗", "filter by kind")
    @covers("CH-30", "level 1 only", "平台充值额度", "卡激活消耗", "debt settlement records")
    def test_a_level_1_dealer_sees_its_own_accounts(self):
        subject = self._subject(self.a)
        figures = {"stored": 0, "limit": 10000, "unsettled": 990, "settled": 10, "available": 9010}
        self.assertEqual(self.Wallet._figures(subject), figures)
        kinds = self.Entry._for_subject(subject, order="id").mapped("kind")
        self.assertEqual(kinds, ["topup", "credit_grant", "activation", "activation", "repayment"])
        activations = self.Entry._for_subject(subject, [("wallet_kind", "=", "stored"), ("kind", "=", "activation")])
        self.assertEqual(activations.amount, -5000)
        self.assertEqual(self.env["crab.wallet.debt"]._for_subject(subject).unsettled, 990)
        self.assertEqual(self.env["crab.wallet.settlement"]._for_subject(subject).amount, 10)
        self.assertEqual(
            set(self.Document._for_subject(subject).mapped("kind")), {"topup", "credit_grant", "repayment"}
        )

    def test_nobody_else_sees_them(self):
        staff = self._new_staff(self.a)
        subjects = [self._subject(dealer) for dealer in (self.b, self.c, self.d)] + [
            self._subject(staff),
            Subject("member", 1),
            Subject("dealer", 0),
        ]
        for subject in subjects:
            self.assertEqual(self.Wallet._figures(subject), {})
            for model in MODELS:
                self.assertFalse(self.env[model]._for_subject(subject, [(1, "=", 1)]), (subject, model))
        own = self._subject(self.z)
        for model in MODELS:
            self.assertLessEqual(set(self.env[model]._for_subject(own).dealer_id.ids), set(self.z.ids))
            with self.assertRaises(MissingError):
                self.env[model]._get_for_subject(own, self.env[model].search([("dealer_id", "=", self.a.id)]).ids)
        self.a._close("gone")
        self.assertEqual(self.Wallet._figures(self._subject(self.a)), {})
