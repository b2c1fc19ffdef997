"""Earnings, refunds and withdrawals under real parallel connections: nothing twice, nothing lost, to the cent."""

from decimal import Decimal

import pytest
from everything import shop_order
from world import World, new_dealer, refusals

import harness

CARD = {"bank_name": "银行", "bank_account": "622202001111222233", "bank_holder": "持卡人"}
ROUNDS = 4


class Earnings(World):
    """Members of a level-3 dealer (0.60, 0.70, 0.80) at 0.95 of 1000; its staff get a tenth."""

    def __init__(self, registry):
        super().__init__(registry)
        self.serial = 0
        self.run(self._make_members)

    def _make_members(self, env):
        self.finance_id = harness.make_users(env, ("finance",))["finance"]
        level = env["crab.member.level"].create({"name": "并发", "ratio": 0.95})
        template = env["product.product"].browse(self.package_id).product_tmpl_id
        template.crab_settlement_price = 500
        template.action_crab_put_on_sale()
        self.level_id = level.id

    def seller(self):
        """A new level 3 below ``W-B`` with a staff member and a member of both; their ids."""
        self.serial += 1
        serial = self.serial

        def make(env):
            dealer = new_dealer(
                env, f"EAR{serial}", level="3", dealer_type="small_merchant", ratio=0.8, parent_id=self.below_id
            )
            staff = env["crab.dealer.staff"].create(
                {"dealer_id": dealer.id, "name": "店员", "phone": f"1360000{serial:04}", "commission_ratio": 0.1}
            )
            member = env["crab.member"].create(
                {"name": "会员", "phone": f"1360001{serial:04}", "level_id": self.level_id, "dealer_id": dealer.id}
            )
            member._set_owner(dealer, staff, "介绍")
            return dealer.id, staff.id, member.id

        return self.run(make)

    def order(self, member_id, until="received", credited=False):
        def make(env):
            product = env["product.product"].browse(self.package_id)
            order = shop_order(env, env["crab.member"].browse(member_id), product, until, quantity=1)
            if credited:
                env["crab.earning"]._credit_orders(order)
            return order.id

        return self.run(make)

    def at_once(self, *calls):
        return harness.run_parallel(self.registry, len(calls), lambda env, number: calls[number](env))

    def account(self, dealer_id):
        """credited, asked for, withdrawn, withdrawable"""

        def read(env):
            account = env["crab.earning.account"].search([("dealer_id", "=", dealer_id)])
            return account.credited, account.frozen, account.withdrawn, account.balance

        return self.run(read)

    def earned(self, order_id):
        """``{dealer id or False: Decimal}`` of an order, refunds taken off."""

        def read(env):
            rows = env["crab.earning"]._read_group([("order_id", "=", order_id)], ["dealer_id"], ["amount:sum"])
            return {dealer.id: round(Decimal(str(amount)), 2) for dealer, amount in rows}

        return self.run(read)

    def assert_books(self):
        def check(env):
            assert not [row for row in env["crab.ledger.check"]._compare() if row["difference"]]
            assert not env["crab.ledger.check"]._findings()

        self.run(check)


@pytest.fixture(scope="module")
def earnings(module_registry):
    return Earnings(module_registry)


def request(dealer_id, amount, key=None):
    from odoo.addons.crab_base.tools.subject import Subject

    return lambda env: env["crab.withdrawal"]._request(Subject("dealer", dealer_id), Decimal(amount), CARD, key=key).id


def refund(order_id, amount, key=None):
    def call(env):
        order = env["sale.order"].browse(order_id)
        goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
        return env["crab.refund"]._refund(order, [(goods, 0, Decimal(amount))], "少发", key=key).id

    return call


def credit(order_id):
    """What the hourly job does with this order."""

    def call(env):
        env["sale.order"].browse(order_id).crab_credit_due_at = "2026-01-01 00:00:00"
        env["crab.earning"]._cron_credit()
        return True

    return call


@harness.covers("CH-18", "withdraw to a bank card", via="service")
def test_two_withdrawals_racing_for_one_balance(earnings):
    for _round in range(ROUNDS):
        dealer_id, _staff, member_id = earnings.seller()
        earnings.order(member_id, credited=True)
        results = earnings.at_once(request(dealer_id, 100), request(dealer_id, 100))
        [refused] = refusals(results)
        assert "50.00" in str(refused)
        assert earnings.account(dealer_id) == (150, 100, 0, 50)
    earnings.assert_books()


def test_a_withdrawal_sent_20_times_at_once_is_one(earnings):
    dealer_id, _staff, member_id = earnings.seller()
    earnings.order(member_id, credited=True)
    results = earnings.at_once(*[request(dealer_id, 40, key="same")] * 20)
    assert not refusals(results)
    assert len(set(results)) == 1
    assert earnings.account(dealer_id) == (150, 40, 0, 110)


@harness.covers("HQ-67", "approve and reject with reason", via="service")
def test_paying_and_rejecting_at_once_lets_one_of_them_win(earnings):
    for _round in range(ROUNDS):
        dealer_id, _staff, member_id = earnings.seller()
        earnings.order(member_id, credited=True)
        [withdrawal_id] = earnings.at_once(request(dealer_id, 60))

        def prepare(env, withdrawal_id=withdrawal_id):
            withdrawal = env["crab.withdrawal"].browse(withdrawal_id)
            withdrawal.action_approve()
            withdrawal.bank_reference = "BANK"

        earnings.run(prepare)

        def act(name, *args, withdrawal_id=withdrawal_id):
            def call(env):
                getattr(env["crab.withdrawal"].browse(withdrawal_id).with_user(earnings.finance_id), name)(*args)
                return name

            return call

        results = earnings.at_once(act("action_mark_paid"), act("action_mark_paid"), act("action_reject", "错"))
        refused = refusals(results)
        if "action_reject" in results:
            assert len(refused) == 2 and earnings.account(dealer_id) == (150, 0, 0, 150)
        else:
            assert len(refused) == 1 and earnings.account(dealer_id) == (150, 0, 60, 90)
    earnings.assert_books()


def test_refund_and_crediting_racing(earnings):
    """Whichever comes first: half of the share is credited in the end, and in the account."""
    for _round in range(ROUNDS):
        dealer_id, staff_id, member_id = earnings.seller()
        order_id = earnings.order(member_id)
        results = earnings.at_once(refund(order_id, 475), credit(order_id), credit(order_id))
        assert not refusals(results)
        assert earnings.run(credit(order_id))  # an order that was being refunded waited for the next run
        assert earnings.earned(order_id)[dealer_id] == 75
        assert earnings.account(dealer_id) == (75, 0, 0, 75)
        figures = earnings.run(lambda env, s=staff_id: env["crab.dealer.staff"].browse(s)._earning_figures()[s])
        assert (figures["total"], figures["pending"]) == (Decimal("7.50"), 0)
    earnings.assert_books()


def test_the_same_refund_20_times_at_once_gives_back_once(earnings):
    for until in ("paid", "received"):
        dealer_id, _staff, member_id = earnings.seller()
        order_id = earnings.order(member_id, until, credited=until == "received")
        results = earnings.at_once(*[refund(order_id, 95, key="same")] * 20)
        assert not refusals(results)
        assert len(set(results)) == 1
        assert earnings.earned(order_id)[dealer_id] == 135
        assert sum(earnings.earned(order_id).values()) == 855
    earnings.assert_books()


def test_refunds_of_one_line_at_once_never_give_back_more_than_was_paid(earnings):
    dealer_id, _staff, member_id = earnings.seller()
    order_id = earnings.order(member_id, credited=True)
    results = earnings.at_once(*[refund(order_id, "333.33")] * 8)
    assert len(refusals(results)) == 6
    back = (Decimal(150) * Decimal("666.66") / 950).quantize(Decimal("0.01"))
    assert earnings.earned(order_id)[dealer_id] == 150 - back
    assert earnings.account(dealer_id)[0] == float(150 - back)
    earnings.assert_books()


@harness.covers("CH-05", "marked settled by hand", via="service")
def test_two_settlements_with_one_person_at_once_never_settle_more_than_is_due(earnings):
    from odoo.addons.crab_base.tools.subject import Subject

    for _round in range(ROUNDS):
        dealer_id, staff_id, member_id = earnings.seller()
        earnings.order(member_id, credited=True)

        def settle(env, dealer_id=dealer_id, staff_id=staff_id):
            subject = Subject("dealer", dealer_id)
            return env["crab.staff.settlement"]._settle_for_subject(subject, staff_id, Decimal(10)).number

        results = earnings.at_once(settle, settle, settle)
        [refused, _other] = refusals(results)
        assert "5.00" in str(refused)
        assert [result for result in results if not isinstance(result, Exception)] == [1]
