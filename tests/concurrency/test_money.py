"""Wallets, their documents and the daily batches under real parallel connections: nothing twice, nothing lost."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from world import new_dealer, refusals

import harness

ROUNDS = 4
DAY = date(2026, 9, 1)


class Money:
    """A level-1 dealer per round, finance and two administrators."""

    def __init__(self, registry):
        self.registry = registry
        self.serial = 0
        self.finance, self.boss, self.other = self.run(self._make_users)

    def run(self, func, **kwargs):
        return harness.in_transaction(self.registry, func, **kwargs)

    def _make_users(self, env):
        env["res.company"]._crab_company("group").crab_wallet_approval_amount = 50000
        users = harness.make_users(env, ("finance", "admin"))
        other = env["res.users"].browse(users["admin"]).copy({"login": "second_admin"})
        return users["finance"], users["admin"], other.id

    def dealer(self, stored=0, credit=0):
        """A new dealer with money; its id."""
        self.serial += 1
        code = f"MON{self.serial}"

        def make(env):
            dealer = new_dealer(env, code, level="1", dealer_type="city_partner", ratio=0.6)
            for kind, amount in (("topup", stored), ("credit_grant", credit)):
                if amount:
                    env["crab.wallet.document"]._open(dealer, kind, Decimal(amount), f"{code}:{kind}")
            return dealer.id

        return self.run(make)

    def document(self, dealer_id, kind, amount, confirmed=False):
        """A document that finance entered; its id."""

        def make(env):
            self.serial += 1
            document = env["crab.wallet.document"].with_user(self.finance)
            document = document._prepare_open(
                [(env["crab.dealer"].browse(dealer_id), kind, Decimal(amount), f"doc:{self.serial}")], True
            )
            if confirmed:
                document.action_confirm()
            return document.id

        return self.run(make)

    def debt(self, dealer_id, amount):
        """An order that took ``amount`` from credit; its id."""

        def charge(env):
            order = env["res.partner"].create({"name": "order"})
            dealer = env["crab.dealer"].browse(dealer_id)
            env["crab.wallet"]._charge(dealer, Decimal(amount), order, "activation", f"order:{order.id}")
            return order.id

        return self.run(charge)

    def at_once(self, *calls):
        """Run the calls in parallel; an exception stands in place of its result."""
        return harness.run_parallel(self.registry, len(calls), lambda env, number: calls[number](env))

    def figures(self, dealer_id):
        """Stored value, limit, unsettled, settled."""

        def read(env):
            wallets = {w.kind: w for w in env["crab.wallet"].search([("dealer_id", "=", dealer_id)])}
            credit = wallets["credit"]
            return wallets["stored"].balance, credit.credit_limit, credit.credit_used, credit.settled

        return self.run(read)

    def state(self, document_id):
        def read(env):
            document = env["crab.wallet.document"].browse(document_id)
            return document.state, env["crab.wallet.entry"].search_count(document.action_entries()["domain"])

        return self.run(read)

    def assert_sound(self):
        def check(env):
            wrong = [row for row in env["crab.ledger.check"]._compare() if row["difference"]]
            assert not wrong, wrong
            assert not env["crab.ledger.check"]._findings()
            assert not env["crab.wallet.entry"]._verify_chain()

        self.run(check)


@pytest.fixture(scope="module")
def money(module_registry):
    return Money(module_registry)


def confirm(document_id):
    return lambda env: env["crab.wallet.document"].browse(document_id).action_confirm()


def approve(document_id, user_id):
    return lambda env: bool(env["crab.wallet.document"].browse(document_id).with_user(user_id).validate_tier() or 1)


def test_a_document_confirmed_by_ten_clicks_at_once_has_one_entry(money):
    dealer_id = money.dealer()
    document_id = money.document(dealer_id, "topup", 700)
    assert money.at_once(*[confirm(document_id)] * 10) == [True] * 10
    assert money.state(document_id) == ("done", 1)
    assert money.figures(dealer_id)[0] == 700
    money.assert_sound()


def test_approving_and_cancelling_at_once_lets_one_of_them_win(money):
    dealer_id, expected = money.dealer(), 0
    for _round in range(ROUNDS):
        document_id = money.document(dealer_id, "topup", 60000, confirmed=True)
        results = money.at_once(
            approve(document_id, money.boss),
            approve(document_id, money.other),
            lambda env, document_id=document_id: env["crab.wallet.document"].browse(document_id).action_cancel(),
        )
        assert len(refusals(results)) == 2
        state, entries = money.state(document_id)
        assert (state, entries) in (("done", 1), ("cancelled", 0))
        assert (state == "cancelled") == (results[2] is True)
        expected += 60000 * entries
        assert money.figures(dealer_id)[0] == expected
    money.assert_sound()


def test_reversing_a_top_up_and_spending_it_at_once_lets_one_of_them_win(money):
    for _round in range(ROUNDS):
        dealer_id = money.dealer()
        document_id = money.document(dealer_id, "topup", 1000, confirmed=True)

        def charge(env, dealer_id=dealer_id):
            dealer = env["crab.dealer"].browse(dealer_id)
            return env["crab.wallet"]._charge(dealer, Decimal(600), dealer.partner_id, "activation", "spend")

        def reverse(env, document_id=document_id):
            env["crab.wallet.document"].browse(document_id)._reverse("bounced")
            return True

        results = money.at_once(charge, reverse, reverse)
        refused = refusals(results)
        stored = money.figures(dealer_id)[0]
        if stored == 400:
            assert len(refused) == 2 and "600.00" in str(refused[0])
            assert money.state(document_id) == ("done", 1)
        else:
            assert (stored, len(refused)) == (0, 1)
            assert money.state(document_id) == ("reversed", 2)
    money.assert_sound()


def test_two_repayments_at_once_never_repay_more_than_is_owed(money):
    for _round in range(ROUNDS):
        dealer_id = money.dealer(credit=5000)
        for amount in (400, 600):
            money.debt(dealer_id, amount)
        results = money.at_once(*[confirm(money.document(dealer_id, "repayment", 600)) for _n in range(3)])
        assert len(refusals(results)) == 2
        assert money.figures(dealer_id) == (0, 5000, 400, 600)
    money.assert_sound()


def test_repaying_and_returning_one_order_at_once_settles_its_debt_once(money):
    for _round in range(ROUNDS):
        dealer_id = money.dealer(credit=5000)
        order_id = money.debt(dealer_id, 1000)

        def give_back(env, dealer_id=dealer_id, order_id=order_id):
            order, dealer = env["res.partner"].browse(order_id), env["crab.dealer"].browse(dealer_id)
            return env["crab.wallet"]._give_back(
                dealer, Decimal(1000), dealer.partner_id, "card_return", "return", credit_first={order: Decimal(1000)}
            )

        results = money.at_once(confirm(money.document(dealer_id, "repayment", 1000)), give_back)
        if refusals(results):
            assert results[1] == {"stored": 0, "credit": 1000}
            assert money.figures(dealer_id) == (0, 5000, 0, 0)
        else:
            assert results[1] == {"stored": 1000, "credit": 0}
            assert money.figures(dealer_id) == (1000, 5000, 0, 1000)
    money.assert_sound()


def test_a_dealer_that_leaves_level_1_cannot_be_charged_at_the_same_time(money):
    parent_id = money.dealer()
    for _round in range(ROUNDS):
        dealer_id = money.dealer(credit=1000)

        def move(env, dealer_id=dealer_id):
            dealer, parent = env["crab.dealer"].browse([dealer_id, parent_id])
            dealer._relocate(parent, level="2", dealer_type="distributor", ratio=0.7, reason="grown together")
            return "moved"

        def charge(env, dealer_id=dealer_id):
            dealer = env["crab.dealer"].browse(dealer_id)
            env["crab.wallet"]._charge(dealer, Decimal(10), dealer.partner_id, "activation", "late")
            return "charged"

        results = money.at_once(move, charge, charge)
        refused = refusals(results)
        level = money.run(lambda env, dealer_id=dealer_id: env["crab.dealer"].browse(dealer_id).level)
        assert (level, len(refused)) in (("1", 1), ("2", 2)), results
        assert money.figures(dealer_id)[2] == (10 if level == "1" else 0)
    money.assert_sound()


def _facts(env, count, day=DAY):
    company = env["res.company"]._crab_company("group")
    fact = {
        "kind": "redemption_shipped",
        "company_id": company.id,
        "amount_net": Decimal("1.00"),
        "amount_cost": Decimal("0.50"),
        "business_date": day,
        "document_model": "res.company",
        "document_id": company.id,
    }
    return env["crab.ledger.fact"]._record([fact] * count)


def _post(env, day=DAY):
    return env["crab.ledger.batch"]._post_day(env["res.company"]._crab_company("group"), day).ids


def _batches(env, day=DAY):
    batches = env["crab.ledger.batch"].search([("business_date", "=", day), ("state", "=", "posted")])
    facts = env["crab.ledger.fact"].search([("business_date", "=", day)])
    for batch in batches:
        own = facts.filtered(lambda fact, batch=batch: fact.batch_id == batch)
        assert (batch.fact_count, batch.amount_net) == (len(own), sum(own.mapped("amount_net")))
        assert batch.move_id.state == "posted"
    assert not facts.filtered("batch_id").batch_id - batches
    return sum(batches.mapped("fact_count")), len(facts.filtered(lambda fact: not fact.batch_id))


def test_the_daily_batch_run_four_times_at_once_posts_each_fact_once(money):
    money.run(lambda env: _facts(env, 200) and True)
    results = money.at_once(*[_post] * 4)
    assert not refusals(results)
    assert sum(map(len, results)) == 1
    assert money.run(_batches) == (200, 0)


def test_facts_that_arrive_during_the_batch_are_in_it_or_wait(money):
    day = date(2026, 9, 2)

    def record(env):
        return len(_facts(env, 20, day))

    results = money.at_once(*[record, lambda env: _post(env, day)] * 5)
    assert not refusals(results)
    posted, waiting = money.run(lambda env: _batches(env, day))
    assert posted + waiting == 100
    money.run(lambda env: _post(env, day))
    assert money.run(lambda env: _batches(env, day)) == (100, 0)
    money.assert_sound()


def test_a_batch_reversed_while_the_day_is_posted_keeps_each_fact_once(money):
    day = date(2026, 9, 3)
    money.run(lambda env: _facts(env, 30, day) and True)
    [batch_id] = money.run(lambda env: _post(env, day))

    def reverse(env):
        env["crab.ledger.batch"].browse(batch_id).action_reverse()
        return []

    results = money.at_once(reverse, lambda env: _post(env, day), reverse, lambda env: _post(env, day))
    assert len(refusals(results)) == 1
    posted, waiting = money.run(lambda env: _batches(env, day))
    assert posted + waiting == 30
    money.run(lambda env: _post(env, day))
    assert money.run(lambda env: _batches(env, day)) == (30, 0)
    money.assert_sound()


def _supplies(env, count, day):
    group, sales = (env["res.company"]._crab_company(role) for role in ("group", "sales"))
    product = env["product.product"].search([], limit=1)
    goods = [(product, 1, Decimal("10.90"), str(uuid.uuid4())) for _ in range(count)]
    facts = env["crab.ledger.fact"]._supply_facts(
        group, sales, goods, document_model="res.company", document_id=group.id, reference="SO1"
    )
    env["crab.ledger.fact"]._record([{**fact, "business_date": day} for fact in facts])
    return count


@harness.covers("ERP-76", "counter-documents and entries", via="service")
def test_the_invoice_between_the_companies_made_four_times_at_once_is_one(money):
    day = date(2026, 9, 4)
    money.run(lambda env: _supplies(env, 50, day))
    results = money.at_once(*[lambda env: env["crab.ledger.batch"]._post_supply(day).ids] * 4)
    assert not refusals(results)
    assert sorted(map(len, results)) == [0, 0, 0, 2]
    [batch_ids] = filter(None, results)
    totals = money.run(lambda env: env["crab.ledger.batch"].browse(batch_ids).move_id.mapped("amount_total"))
    assert totals == [545, 545]
    money.assert_sound()


def test_goods_supplied_during_the_invoice_are_in_it_or_wait_for_the_next(money):
    day, after = date(2026, 9, 5), date(2026, 9, 6)
    results = money.at_once(
        *[lambda env: _supplies(env, 20, day), lambda env: len(env["crab.ledger.batch"]._post_supply(day))] * 4
    )
    assert not refusals(results)

    def read(env):
        for late in (day, after):
            env["crab.ledger.batch"]._post_supply(late)
        facts = env["crab.ledger.fact"].search([("kind", "=", "supplied"), ("business_date", "=", day)])
        invoices = facts.batch_id.move_id
        assert len(invoices) <= 2 and not facts.filtered(lambda fact: not fact.batch_id)
        return len(facts), round(sum(invoices.mapped("amount_total")), 2)

    assert money.run(read) == (80, 872)
    money.assert_sound()
