from collections import OrderedDict
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from odoo.exceptions import UserError

from .common import WalletCase

AMOUNTS = st.decimals("0.01", "3000", places=2)


class TestWalletMachine(WalletCase):
    """Any order of charges, returns, top-ups, grants, repayments and reversals against a model of three lines."""

    def test_any_history_keeps_figures_debts_and_ledger_right(self):
        case = self
        cr = self.env.cr
        serial = iter(range(10**6))

        class Machine(RuleBasedStateMachine):
            def __init__(self):
                super().__init__()
                self.savepoint = cr.savepoint()
                self.stored, self.limit = Decimal(0), Decimal(0)
                self.debts = OrderedDict()  # order -> [charged and not given back, repaid]
                self.charged = {}  # order -> what can still come back
                self.documents = []
                self.dealer = case.z

            def teardown(self):
                self.savepoint.close(rollback=True)

            # --- the model

            @property
            def used(self):
                return sum((owed - repaid for owed, repaid in self.debts.values()), Decimal(0))

            def repay(self, amount):
                for debt in self.debts.values():
                    part = min(amount, debt[0] - debt[1])
                    debt[1] += part
                    amount -= part

            def unrepay(self, amount):
                for debt in reversed(self.debts.values()):
                    part = min(amount, debt[1])
                    debt[1] -= part
                    amount -= part

            def attempt(self, possible, func):
                """The product must agree on whether it is possible, and change nothing when it is not."""
                if possible:
                    return func()
                with case._own_transactions_here(), case.assertRaises(UserError), cr.savepoint():
                    func()
                return None

            # --- what can happen

            @rule(amount=AMOUNTS)
            def charge(self, amount):
                order = case.env["res.partner"].create({"name": f"order {next(serial)}"})
                stored = min(amount, self.stored)
                possible = amount - stored <= self.limit - self.used
                parts = self.attempt(
                    possible,
                    lambda: case.Wallet._charge(self.dealer, amount, order, "activation", f"charge:{order.id}"),
                )
                if possible:
                    case.assertEqual(parts, {"stored": stored, "credit": amount - stored})
                    self.stored -= stored
                    self.charged[order] = amount
                    if amount > stored:
                        self.debts[order] = [amount - stored, Decimal(0)]

            @precondition(lambda self: self.charged)
            @rule(data=st.data())
            def give_back(self, data):
                order = data.draw(st.sampled_from(list(self.charged)))
                amount = data.draw(st.decimals("0.01", self.charged[order], places=2))
                debt = self.debts.get(order, [Decimal(0), Decimal(0)])
                credit = min(amount, debt[0] - debt[1])
                parts = case.Wallet._give_back(
                    self.dealer, amount, order, "card_return", f"return:{next(serial)}", credit_first={order: amount}
                )
                case.assertEqual(parts, {"stored": amount - credit, "credit": credit})
                debt[0] -= credit
                self.stored += amount - credit
                self.charged[order] -= amount
                if not self.charged[order]:
                    del self.charged[order]

            @rule(kind=st.sampled_from(["topup", "credit_grant", "repayment"]), amount=AMOUNTS)
            def document(self, kind, amount):
                possible = kind != "repayment" or amount <= self.used
                document = self.attempt(
                    possible, lambda: case.Document._open(self.dealer, kind, amount, f"document:{next(serial)}")
                )
                if not possible:
                    return
                self.documents.append((document, kind, amount))
                if kind == "topup":
                    self.stored += amount
                elif kind == "credit_grant":
                    self.limit += amount
                else:
                    self.repay(amount)

            @precondition(lambda self: self.documents)
            @rule(data=st.data())
            def reverse(self, data):
                index = data.draw(st.integers(0, len(self.documents) - 1))
                document, kind, amount = self.documents[index]
                possible = amount <= (self.stored if kind == "topup" else self.limit - self.used)
                self.attempt(possible, lambda: document._reverse("test"))
                if not possible:
                    return
                del self.documents[index]
                if kind == "topup":
                    self.stored -= amount
                elif kind == "credit_grant":
                    self.limit -= amount
                else:
                    self.unrepay(amount)

            # --- what must always hold

            @invariant()
            def figures_and_ledger_agree(self):
                settled = sum((repaid for _owed, repaid in self.debts.values()), Decimal(0))
                expected = tuple(float(figure) for figure in (self.stored, self.limit, self.used, settled))
                case.assertEqual(case._figures(self.dealer), expected)
                owed = {debt.document_id: debt.unsettled for debt in case._wallet(self.dealer, "credit").debt_ids}
                case.assertEqual(owed, {order.id: float(debt[0] - debt[1]) for order, debt in self.debts.items()})
                case._assert_sound()

        run_state_machine_as_test(
            Machine, settings=settings(max_examples=12, stateful_step_count=18, deadline=None, database=None)
        )
