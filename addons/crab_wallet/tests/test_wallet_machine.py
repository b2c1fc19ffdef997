from collections import OrderedDict
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.machine import Machine

from .common import WalletCase

ZERO = Decimal(0)
AMOUNTS = st.decimals("0.01", "3000", places=2)


class WalletMachine(Machine):
    """A dealer's two accounts against a model of a few lines."""

    def __init__(self):
        super().__init__()
        self.dealer = self.case.z
        self.stored, self.limit = ZERO, ZERO
        self.debts = OrderedDict()  # order -> [charged and not given back, repaid]
        self.charged = {}  # order -> what can still come back
        self.documents = []
        self.delivered = ZERO
        self.calls = []  # what was done, to do it again
        self.serial = 0

    # === The model === #

    @property
    def used(self):
        return sum((owed - repaid for owed, repaid in self.debts.values()), ZERO)

    def _next(self, prefix):
        self.serial += 1
        return f"{prefix}:{self.serial}"

    def _move_repaid(self, debts, amount, sign):
        """Repaying takes from what is owed, undoing it from what is repaid."""
        for debt in debts:
            part = min(amount, debt[0] - debt[1] if sign > 0 else debt[1])
            debt[1] += sign * part
            amount -= part

    def _do(self, possible, func):
        """The product must agree on whether it is possible, and change nothing when it is not."""
        if possible:
            self.calls.append((func, func()))
            return self.calls[-1][1]
        with self.case._own_transactions_here(), self.case.assertRaises(UserError), self.env.cr.savepoint():
            func()
        return None

    def _given_back(self, order, amount, credit):
        if credit:
            self.debts[order][0] -= credit
        self.charged[order] -= amount
        if not self.charged[order]:
            del self.charged[order]

    # === What can happen === #

    @rule(amount=AMOUNTS, kind=st.sampled_from(["activation", "b2b_order"]))
    def charge(self, amount, kind):
        order = self.env["res.partner"].create({"name": self._next("order")})
        stored = min(amount, self.stored)
        usable = self.limit - self.used if kind == "activation" else ZERO
        possible = amount - stored <= usable
        parts = self._do(
            possible, lambda: self.case.Wallet._charge(self.dealer, amount, order, kind, f"charge:{order.id}")
        )
        if not possible:
            return
        self.case.assertEqual(parts, {"stored": stored, "credit": amount - stored})
        self.stored -= stored
        if kind == "b2b_order":
            self.delivered -= amount
            return
        self.charged[order] = amount
        if amount > stored:
            self.debts[order] = [amount - stored, ZERO]

    @precondition(lambda self: self.charged)
    @rule(data=st.data())
    def give_back_by_order(self, data):
        """What comes back of several orders reduces the unrepaid credit of each, the rest is stored value."""
        orders = data.draw(st.lists(st.sampled_from(list(self.charged)), unique=True, min_size=1, max_size=3))
        amounts = {order: data.draw(st.decimals("0.01", self.charged[order], places=2)) for order in orders}
        total, key = sum(amounts.values()), self._next("return")
        parts = self._do(
            True,
            lambda: self.case.Wallet._give_back(
                self.dealer, total, self.case.orders[11], "card_return", key, credit_first=amounts
            ),
        )
        credit_back = ZERO
        for order, amount in amounts.items():
            debt = self.debts.get(order, [ZERO, ZERO])
            credit = min(amount, debt[0] - debt[1])
            credit_back += credit
            self._given_back(order, amount, credit)
        self.case.assertEqual(parts, {"stored": total - credit_back, "credit": credit_back})
        self.stored += total - credit_back

    @precondition(lambda self: self.charged)
    @rule(data=st.data())
    def give_back_to_stored_value(self, data):
        """Without the orders nothing of their debts is touched."""
        order = data.draw(st.sampled_from(list(self.charged)))
        amount = data.draw(st.decimals("0.01", self.charged[order], places=2))
        key = self._next("return")
        parts = self._do(
            True, lambda: self.case.Wallet._give_back(self.dealer, amount, self.case.orders[10], "card_return", key)
        )
        self.case.assertEqual(parts, {"stored": amount, "credit": ZERO})
        self._given_back(order, amount, ZERO)
        self.stored += amount

    @rule(kind=st.sampled_from(["topup", "credit_grant", "repayment"]), amount=AMOUNTS)
    def document(self, kind, amount):
        possible = kind != "repayment" or amount <= self.used
        key = self._next("document")
        document = self._do(possible, lambda: self.case.Document._open(self.dealer, kind, amount, key))
        if not possible:
            return
        self.documents.append((document, kind, amount))
        if kind == "topup":
            self.stored += amount
        elif kind == "credit_grant":
            self.limit += amount
        else:
            self._move_repaid(self.debts.values(), amount, 1)

    @precondition(lambda self: self.used)
    @rule()
    def repay_all(self):
        self.document("repayment", self.used)

    @precondition(lambda self: self.documents)
    @rule(data=st.data())
    def reverse(self, data):
        index = data.draw(st.integers(0, len(self.documents) - 1))
        document, kind, amount = self.documents[index]
        possible = amount <= (self.stored if kind == "topup" else self.limit - self.used)
        self._do(possible, lambda: document._reverse("test"))
        if not possible:
            return
        del self.documents[index]
        if kind == "topup":
            self.stored -= amount
        elif kind == "credit_grant":
            self.limit -= amount
        else:
            self._move_repaid(reversed(self.debts.values()), amount, -1)

    @rule(amount=AMOUNTS, kind=st.sampled_from(["delivery_goods", "settlement_reversal"]))
    def settle_deliveries(self, amount, kind):
        """Kinds without a door of their own: the caller books them, so the ledger does not know them here."""
        sign = 1 if kind == "delivery_goods" else -1
        possible = sign > 0 or amount <= self.stored
        vals = {
            "dealer": self.dealer,
            "wallet": "stored",
            "kind": kind,
            "amount": amount,
            "document": self.case.orders[9],
            "key": self._next(kind),
        }
        self._do(possible, lambda: self.case.Wallet._post([vals]))
        if possible:
            self.stored += sign * amount
            self.delivered += sign * amount

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def repeat(self, data):
        """The same call again gives the first answer and changes nothing, as the invariant then shows."""
        func, result = data.draw(st.sampled_from(self.calls))
        self.case.assertEqual(func(), result)

    # === What always holds === #

    @invariant()
    def figures_and_ledger_agree(self):
        settled = sum((repaid for _owed, repaid in self.debts.values()), ZERO)
        expected = tuple(float(figure) for figure in (self.stored, self.limit, self.used, settled))
        self.case.assertEqual(self.case._figures(self.dealer), expected)
        owed = {debt.document_id: debt.unsettled for debt in self.case._wallet(self.dealer, "credit").debt_ids}
        self.case.assertEqual(owed, {order.id: float(debt[0] - debt[1]) for order, debt in self.debts.items()})
        self.case.assertFalse(self.case.Wallet._inconsistent())
        self.case.assertFalse(self.case.Entry._verify_chain(self.case.Wallet.search([]).ids))
        differences = [result["difference"] for result in self.case._differences()]
        self.case.assertEqual(differences, [-self.delivered] if self.delivered else [])
        self.case.assertFalse(self.case.env["crab.ledger.check"]._findings())


class TestWalletMachine(WalletCase):
    def test_any_history_keeps_figures_debts_and_ledger_right(self):
        WalletMachine.run(self, examples=12, steps=18)
