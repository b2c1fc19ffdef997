from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import MissingError, UserError
from odoo.service.model import call_kw

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject

from .common import ProfitCase

CENT = Decimal("0.01")


class TestEarning(ProfitCase):
    def _sums(self, order):
        rows = self.env["crab.earning"]._read_group([("order_id", "=", order.id)], ["dealer_id"], ["amount:sum"])
        return {dealer: dec(amount) for dealer, amount in rows}

    def _receive_and_credit(self, order):
        self._ship(order)
        order._crab_receive()
        self.env["crab.earning"]._credit_orders(order)

    @covers("CH-17", "total, withdrawable, withdrawn", "not yet credited", via="service")
    def test_pending_until_received_and_the_after_sales_days_are_over(self):
        order = self._paid([(self.thousand, 1)])
        account = self.env["crab.earning.account"]._open_for(self.dealer3)
        self.assertEqual((account.pending, account.credited, account.balance), (150, 0, 0))
        self._ship(order)
        order._crab_receive()
        self.assertEqual(order.crab_credit_due_at, order.crab_received_at + timedelta(days=7))
        self._credit_due(after=0)
        self.assertEqual((account.pending, account.credited), (150, 0))
        for _again in range(2):
            self._credit_due(after=8)
        self.assertEqual((account.pending, account.credited, account.balance, account.total), (0, 150, 150, 150))
        self.assertBooksEqual()

    def test_a_full_refund_leaves_exactly_zero(self):
        order = self._paid([(self.package2, 3, 100), (self.package1, 2)])
        self._refund(order, (1, None), (2, None))
        self._refund(order, (0, 33.33))
        self._refund(order, (2, None))
        self.assertEqual(set(self._sums(order).values()), {Decimal(0)})
        self.assertEqual(order.crab_state, "closed")
        self.assertBooksEqual()

    def test_after_crediting_a_refund_takes_from_the_account_which_may_become_negative(self):
        order = self._paid([(self.thousand, 1)])
        self._receive_and_credit(order)
        account = self.env["crab.earning.account"]._open_for(self.dealer3)
        withdrawal = self.env["crab.withdrawal"]._request(
            self._subject(self.dealer3),
            Decimal(150),
            {"bank_name": "ICBC", "bank_account": "6222020011112222", "bank_holder": "Holder"},
        )
        withdrawal.action_approve()
        withdrawal.bank_reference = "R-1"
        withdrawal.action_mark_paid()
        self._refund(order, (1, None))
        self.assertEqual((account.credited, account.withdrawn, account.balance), (0, 150, -150))
        with self._refused("can be withdrawn", UserError):
            self.env["crab.withdrawal"]._request(
                self._subject(self.dealer3),
                Decimal("0.01"),
                {"bank_name": "ICBC", "bank_account": "6222020011112222", "bank_holder": "Holder"},
            )
        self.assertBooksEqual()

    def test_staff_follow_their_dealer_with_the_ratio_of_the_order(self):
        member = self._new_member(dealer_id=self.dealer2.id, staff_id=self.staff.id, level_id=self.gold.id)
        order = self._paid([(self.thousand, 1)], member)
        self.staff.commission_ratio = 0.5
        mine = self.env["crab.staff.earning"]._for_subject(self._subject(self.staff))
        self.assertEqual(mine.mapped("amount"), [25.0])
        self._refund(order, (0, 475))
        mine = self.env["crab.staff.earning"]._for_subject(self._subject(self.staff))
        self.assertEqual(sum(mine.mapped("amount")), 12.5)

    @covers("CH-19", "each earning with its order", via="service")
    def test_nobody_sees_what_others_earn(self):
        self._receive_and_credit(self._paid([(self.thousand, 1)]))
        earnings, accounts = self.env["crab.earning"], self.env["crab.earning.account"]
        for dealer, amount in ((self.dealer3, 150), (self.dealer2, 100), (self.dealer1, 100)):
            with self.subTest(dealer=dealer):
                subject = self._subject(dealer)
                self.assertEqual(earnings._for_subject(subject).mapped("amount"), [amount])
                self.assertEqual(accounts._for_subject(subject).dealer_id, dealer)
                others = earnings.search([("dealer_id", "!=", dealer.id)])
                self.assertFalse(earnings._for_subject(subject, [("id", "in", others.ids)]))
                with self.assertRaises(MissingError):
                    earnings._get_for_subject(subject, others.ids)
                with self.assertRaises(MissingError):
                    accounts._get_for_subject(subject, accounts.search([("dealer_id", "!=", dealer.id)]).ids)
        platform = earnings.search([("dealer_id", "=", False)])
        self.assertTrue(platform)
        strangers = [self._subject(self.member), self._subject(self.staff), Subject("user", self.env.uid)]
        strangers += [Subject("system", 1), Subject("dealer", 2**31 - 1), Subject("member", self.dealer3.id)]
        self.dealer2._close("closed")
        for subject in [*strangers, self._subject(self.dealer2)]:
            with self.subTest(subject=subject):
                self.assertFalse(earnings._for_subject(subject))
                self.assertFalse(accounts._for_subject(subject))

    def test_rows_are_only_added(self):
        order = self._paid([(self.thousand, 1)])
        with self._refused("append-only"):
            self.env.cr.execute("UPDATE crab_earning SET amount = 1 WHERE order_id = %s", [order.id])
        with self._refused("append-only"):
            self.env.cr.execute("DELETE FROM crab_earning WHERE order_id = %s", [order.id])
        with self._refused("never changed", UserError):
            self.env["crab.earning"].search([("order_id", "=", order.id)]).write({"amount": 1})

    def test_rows_from_before_a_column_are_given_it_and_stay_append_only(self):
        order = self._paid([(self.thousand, 1)])
        execute = self.env.cr.execute
        execute("ALTER TABLE crab_earning ALTER COLUMN public_id DROP NOT NULL")
        execute("ALTER TABLE crab_earning DISABLE TRIGGER USER")
        execute("UPDATE crab_earning SET public_id = NULL")
        execute("ALTER TABLE crab_earning ENABLE TRIGGER USER")
        self.env.invalidate_all()
        self.env["crab.earning"]._init_column("public_id")
        public_ids = self.env["crab.earning"].search([("order_id", "=", order.id)]).mapped("public_id")
        self.assertEqual(len(set(public_ids)), 4)
        self.assertTrue(all(public_ids))
        with self._refused("append-only"):
            execute("UPDATE crab_earning SET amount = 1 WHERE order_id = %s", [order.id])

    @settings(max_examples=15)
    @given(parts=st.lists(st.integers(1, 100000), min_size=1, max_size=6))
    def test_any_sequence_of_partial_refunds_gives_back_what_one_refund_would(self, parts):
        with self.env.cr.savepoint() as savepoint:
            order = self._paid([(self.package2, 2, 77.77)])
            line = self._goods(order)
            shares = {dealer: amount for dealer, amount in self._sums(order).items() if dealer}
            left = dec(line.crab_paid)
            for part in parts:
                amount = min(Decimal(part) * CENT, left)
                if amount:
                    self._refund(order, (0, amount))
                    left -= amount
            total, paid = dec(line.crab_refunded), dec(line.crab_paid)
            sums = self._sums(order)
            for dealer, share in shares.items():
                back = (share * total / paid).quantize(CENT, ROUND_HALF_UP)
                self.assertEqual(sums[dealer], share - back)
            self.assertEqual(sum(sums.values()), paid - total)
            savepoint.rollback()
        self.env.invalidate_all()

    @covers("HQ-09", "sales of physical cards, e-cards, goods", "earnings from each", via="web")
    def test_the_dealers_form_shows_what_was_sold_and_earned_online(self):
        finance = self._new_user("earning-finance", "finance")
        order = self._paid([(self.thousand, 2)])
        self._paid([(self.thousand, 1)], self._new_member(dealer_id=self.dealer2.id, level_id=self.gold.id))
        self._place([(self.thousand, 1)])
        self._refund(order, (1, None))
        dealers = self.env["crab.dealer"].with_user(finance)
        arch = call_kw(dealers, "get_views", [[(False, "form")]], {})["views"]["form"]["arch"]
        names = [f"online_{what}_{kind}" for kind in ("package", "ecard") for what in ("sold", "earned")]
        for name in names:
            self.assertIn(f'name="{name}"', arch)
        ids = (self.dealer3 | self.dealer2 | self.dealer1).ids
        rows = call_kw(dealers, "web_read", [ids, {name: {} for name in names}], {})
        self.assertEqual(
            [[row[name] for name in names] for row in rows], [[950, 150, 0, 0], [950, 350, 0, 0], [0, 200, 0, 0]]
        )
