from decimal import Decimal

from psycopg2 import errors

from odoo.exceptions import UserError
from odoo.tests import mute_logger

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tests.common import covers

from .common import WalletCase


class TestCharge(WalletCase):
    @covers("HQ-11", "stored value first, then credit")
    def test_stored_value_first_then_credit(self):
        self.assertEqual(self._charge(6000), {"stored": Decimal(5000), "credit": Decimal(1000)})
        self.assertEqual(self._figures(), (0, 10000, 1000, 0))
        self.assertEqual(self._charge("0.01", 1), {"stored": Decimal(0), "credit": Decimal("0.01")})
        self._assert_sound()

    @covers("HQ-11", "not covered: nothing below is activated")
    def test_limit_10000_used_8000_stored_5000_does_not_pay_12000_but_6000(self):
        self._charge(13000)
        self.Document._open(self.a, "topup", Decimal(5000), "again")
        self.assertEqual(self._figures(), (5000, 10000, 8000, 0))
        with (
            self._own_transactions_here(),
            self.assertRaisesRegex(UserError, r"TA Dealer TA cannot pay 12,000.00.* 5,000.00 missing.*top up"),
        ):
            self._charge(12000, 1)
        self.assertEqual(self._figures(), (5000, 10000, 8000, 0))
        self.assertEqual(self._charge(6000, 1), {"stored": Decimal(5000), "credit": Decimal(1000)})
        self._assert_sound()

    def test_the_same_key_gives_the_first_answer_and_another_content_is_refused(self):
        first = self._charge(6000)
        self.assertEqual(self._charge(6000), first)
        self.assertEqual(self._figures(), (0, 10000, 1000, 0))
        for amount, order in ((6001, 0), (6000, 1)):
            with self.assertRaises(IdempotencyConflict) as caught:
                self._charge(amount, order, key="order:0")
            self.assertEqual(caught.exception.http_status, 409)
        given = self._return(6000, credit_first={self.orders[0]: Decimal(6000)})
        self.assertEqual(self._return(6000, credit_first={self.orders[0]: Decimal(6000)}), given)
        self.assertEqual(self._figures(), (5000, 10000, 0, 0))
        self._assert_sound()

    @covers("HQ-11", "only level 1 has accounts")
    def test_only_level_1_can_be_charged(self):
        self.assertFalse(self._wallet(self.b, "stored"))
        for dealer in (self.b, self.c, self.d):
            with self.assertRaisesRegex(UserError, "only level 1"):
                self._charge(1, dealer=dealer)

    def test_amounts_that_cannot_be_booked_are_refused(self):
        for amount in ("-1", "0.001", "0.005", "NaN", "Infinity", "1e30", "10000000000", "much"):
            with self.assertRaisesRegex(UserError, "can be booked"):
                self.Wallet._charge(self.a, amount, self.orders[0], "activation", "odd")
        self.assertEqual(self._charge(0), {"stored": 0, "credit": 0})
        self.assertEqual(self._figures(), (5000, 10000, 0, 0))

    def test_b2b_is_never_paid_from_credit(self):
        with self._own_transactions_here(), self.assertRaisesRegex(UserError, "5,000.01.*0.01 missing"):
            self.Wallet._charge(self.a, Decimal("5000.01"), self.orders[0], "b2b_order", "b2b")
        self.assertEqual(self.Wallet._charge(self.a, Decimal(5000), self.orders[0], "b2b_order", "b2b")["credit"], 0)

    def test_each_charge_has_one_entry_in_the_ledger(self):
        self._charge(6000)
        self.env.cr.flush()
        move = self.env["account.move"].search(
            [("crab_document_model", "=", "res.partner"), ("crab_document_id", "=", self.orders[0].id)]
        )
        booked = {line.account_id.code: line.balance for line in move.with_company(self.group).line_ids}
        self.assertEqual(booked, {"220301": 5000, "112202": 1000, "220501": -6000})
        self.assertEqual((move.state, move.ref, move.company_id), ("posted", "DD0000", self.group))
        self.assertEqual(move.line_ids.filtered("partner_id").partner_id, self.a.partner_id)

    def test_returns_reduce_the_orders_own_unrepaid_credit_first(self):
        self.Document._open(self.z, "credit_grant", Decimal(1), "z")
        self._charge(6000, 0)  # 5000 stored, 1000 credit
        self._charge(2000, 1)  # 2000 credit
        self._charge(500, 2)  # 500 credit
        self.assertEqual(self._debts(), [("DD0000", 1000), ("DD0001", 2000), ("DD0002", 500)])
        self.Document._open(self.a, "repayment", Decimal(1500), "repay")  # settles 0 and a quarter of 1
        self.assertEqual(self._debts(), [("DD0001", 1500), ("DD0002", 500)])
        given = self._return(1800, credit_first={self.orders[1]: Decimal(1800)})
        self.assertEqual(given, {"stored": Decimal(300), "credit": Decimal(1500)})
        self.assertEqual(self._debts(), [("DD0002", 500)])
        given = self._return(900, 10, credit_first={self.orders[0]: Decimal(600), self.orders[2]: Decimal(300)})
        self.assertEqual(given, {"stored": Decimal(600), "credit": Decimal(300)})
        self.assertEqual(self._figures(), (900, 10000, 200, 1500))
        self._assert_sound()

    def test_what_goes_back_without_its_orders_is_stored_value(self):
        self._charge(6000, 0)
        self.assertEqual(self._return(700), {"stored": Decimal(700), "credit": Decimal(0)})
        self.assertEqual(self._debts(), [("DD0000", 1000)])
        with self.assertRaisesRegex(UserError, "More would go back"):
            self._return(1, 9, credit_first={self.orders[0]: Decimal(2)})
        self._assert_sound()

    def test_a_return_under_the_same_key_for_other_orders_is_refused(self):
        self._charge(6000, 0)
        self._charge(2000, 1)
        self._return(500, credit_first={self.orders[0]: Decimal(500)})
        for other in ({self.orders[1]: Decimal(500)}, {self.orders[0]: Decimal(499)}, {}):
            with self.assertRaises(IdempotencyConflict):
                self._return(500, credit_first=other)
        self.assertEqual(self._debts(), [("DD0000", 500), ("DD0001", 2000)])
        self._assert_sound()

    def test_a_kind_never_moves_money_the_other_way(self):
        for door, kind in (("_charge", "topup"), ("_charge", "repayment"), ("_give_back", "activation")):
            with self.assertRaises(ValueError):
                getattr(self.Wallet, door)(self.a, Decimal(1), self.orders[0], kind, "wrong way")

    @covers("CH-29", "store delivery returns", "reversals in", "B2B 订货消耗", "reversal of a store settlement")
    def test_other_kinds_go_through_the_generic_door_once_per_key(self):
        kinds = {"delivery_goods": 300, "delivery_service": 20, "b2b_refund": 100, "settlement_reversal": -320}
        vals = [
            {
                "dealer": self.a,
                "wallet": "stored",
                "kind": kind,
                "amount": Decimal(abs(amount)),
                "document": self.orders[0],
                "key": kind,
            }
            for kind, amount in kinds.items()
        ]
        entries = self.Wallet._post(vals)
        self.assertEqual([(entry.kind, entry.amount) for entry in entries], list(kinds.items()))
        self.assertEqual(entries[-1].balance_after, 5100)
        self.assertEqual(self.Wallet._post(vals), entries)
        with self.assertRaisesRegex(UserError, "0.01 is missing"):
            self.Wallet._post([{**vals[-1], "amount": Decimal("5100.01"), "key": "too much"}])
        self.assertEqual(self._figures()[0], 5100)
        self.assertEqual(len(self._differences()), 1, "whoever posts such entries books them")

    @mute_logger("odoo.sql_db")
    def test_the_database_itself_refuses_wrong_figures(self):
        self._charge(6000)
        stored, credit = self._wallet(self.a, "stored"), self._wallet(self.a, "credit")
        entry = stored.entry_ids[:1]
        debt = credit.debt_ids
        statements = [
            ("UPDATE crab_wallet SET balance = -0.01 WHERE id = %s", stored.id, errors.CheckViolation),
            ("UPDATE crab_wallet SET credit_used = 1 WHERE id = %s", stored.id, errors.CheckViolation),
            ("UPDATE crab_wallet SET credit_used = credit_used + 1 WHERE id = %s", credit.id, errors.CheckViolation),
            (
                "UPDATE crab_wallet SET credit_used = -1, balance = credit_limit + 1 WHERE id = %s",
                credit.id,
                errors.CheckViolation,
            ),
            (
                "UPDATE crab_wallet SET kind = 'credit', dealer_id = dealer_id WHERE id = %s",
                stored.id,
                errors.UniqueViolation,
            ),
            ("UPDATE crab_wallet_debt SET settled = 1 WHERE id = %s", debt.id, errors.CheckViolation),
            (
                "INSERT INTO crab_wallet_entry (wallet_id, dealer_id, company_id, wallet_kind, kind, amount, amount_in,"
                " amount_out, balance_after, idempotency_key, fingerprint, sequence, happened_at, hash)"
                " SELECT wallet_id, dealer_id, company_id, wallet_kind, kind, 0.005, 0.005, 0, 1, 'half', '', 99,"
                " now(), '' FROM crab_wallet_entry WHERE id = %s",
                entry.id,
                errors.CheckViolation,
            ),
            ("UPDATE crab_wallet_entry SET amount = 1 WHERE id = %s", entry.id, errors.RestrictViolation),
            ("DELETE FROM crab_wallet_entry WHERE id = %s", entry.id, errors.RestrictViolation),
            (
                "INSERT INTO crab_wallet_entry (wallet_id, dealer_id, company_id, wallet_kind, kind, amount, amount_in,"
                " amount_out, balance_after, idempotency_key, fingerprint, sequence, happened_at, hash)"
                " SELECT wallet_id, dealer_id, company_id, wallet_kind, kind, 1, 1, 0, 1, idempotency_key, '', 99,"
                " now(), '' FROM crab_wallet_entry WHERE id = %s",
                entry.id,
                errors.UniqueViolation,
            ),
        ]
        for statement, record_id, error in statements:
            with self.subTest(statement), self.assertRaises(error), self.env.cr.savepoint():
                self.env.cr.execute(statement, [record_id])
        self.Document._open(self.a, "repayment", Decimal(10), "repay")
        with self.assertRaises(errors.RestrictViolation), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE crab_wallet_settlement SET amount = 1")

    def test_the_check_finds_a_wallet_that_was_changed_behind_its_door(self):
        self.env.cr.execute(
            "UPDATE crab_wallet SET balance = balance + 1 WHERE id = %s", [self._wallet(self.a, "stored").id]
        )
        self.env["crab.ledger.check"]._run()
        check = self.env["crab.ledger.check"].search([], limit=1)
        self.assertEqual(check.state, "different")
        self.assertIn("TA Dealer TA", check.findings)
