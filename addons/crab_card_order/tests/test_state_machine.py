from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from odoo.addons.crab_base.tests.machine import Machine

from .common import OrderCase

COUNT = 12
PRICE = Decimal(600)
STORED, LIMIT = Decimal(3000), Decimal(3000)


class Documents(Machine):
    """Random documents by random actors next to a small model of what should be true."""

    @initialize()
    def start(self):
        # what should be true: card id → [state, holder, document in transit]
        self.numbers = {card.id: ["inactive", None, None] for card in self.case.cards}
        self.charged = {}
        self.orders = []

    def _pick(self, first, size):
        return self.case.cards[first : first + size]

    def _fits(self, order):
        kind, sender, ids = order["kind"], order["sender"], order["ids"]
        states = ("inactive", "active") if kind == "return" else ("inactive",)
        return all(
            self.numbers[i][0] in states and self.numbers[i][1] == sender and not self.numbers[i][2] for i in ids
        )

    @rule(
        kind=st.sampled_from(("issue", "transfer", "activation", "return")),
        who=st.sampled_from("abcd"),
        to=st.sampled_from("abcd"),
        first=st.integers(0, COUNT - 1),
        size=st.integers(1, 5),
    )
    def submit(self, kind, who, to, first, size):
        cards = self._pick(first, size)
        who, to = getattr(self.case, who), getattr(self.case, to)
        order = {
            "kind": kind,
            "sender": None if kind == "issue" else who,
            "ids": cards.ids,
            "open": set(cards.ids),
        }
        if kind == "issue":
            allowed, values = to == self.case.a, {"receiver_dealer_id": to.id}
            order["receiver"] = to
        elif kind == "transfer":
            allowed, values = to.parent_id == who, {"sender_dealer_id": who.id, "receiver_dealer_id": to.id}
            order["receiver"] = to
        else:
            allowed, values = True, {"sender_dealer_id": who.id}
            order["receiver"] = who.parent_id or None
        expected = allowed and self._fits(order)
        made = self.attempt(lambda: self.case._document(kind, cards, **values))
        assert bool(made) == expected, (kind, who.code, to.code, first, size)
        if made:
            order["record"] = made
            for card_id in cards.ids:
                self.numbers[card_id][2] = made.id
            self.orders.append(order)

    def _open_order(self, index, *kinds):
        running = [order for order in self.orders if order["open"] and (not kinds or order["kind"] in kinds)]
        return running[index % len(running)] if running else None

    def _free(self, order, card_ids):
        for card_id in card_ids:
            self.numbers[card_id][2] = None
            order["open"].discard(card_id)

    @precondition(lambda self: self.orders)
    @rule(index=st.integers(0, 50), count=st.integers(1, 5))
    def receive(self, index, count):
        order = self._open_order(index, "issue", "transfer", "return")
        if not order:
            return
        arrived = sorted(order["open"])[:count]
        numbers = self.case.Card.browse(arrived).mapped("number")
        order["record"].with_user(self.case.keeper).action_receive(numbers)
        for card_id in arrived:
            self.numbers[card_id][0] = "inactive"
            self.numbers[card_id][1] = order["receiver"]
            if order["kind"] == "return":
                self.charged.pop(card_id, None)
        self._free(order, arrived)

    @precondition(lambda self: self.orders)
    @rule(index=st.integers(0, 50))
    def execute(self, index):
        order = self._open_order(index, "activation")
        if not order:
            return
        cost = PRICE * len(order["ids"])
        available = STORED + LIMIT - sum(self.charged.values(), Decimal(0))
        done = self.attempt(lambda: order["record"].with_user(self.case.keeper).action_execute())
        assert bool(done) == (cost <= available), (cost, available)
        if done:
            for card_id in order["ids"]:
                self.numbers[card_id][0] = "active"
                self.charged[card_id] = PRICE
            self._free(order, list(order["open"]))

    @precondition(lambda self: self.orders)
    @rule(index=st.integers(0, 50), how=st.sampled_from(("action_reject", "action_cancel", "action_close")))
    def undo(self, index, how):
        order = self._open_order(index)
        if not order:
            return
        partly = len(order["open"]) < len(order["ids"])
        allowed = {"action_reject": True, "action_cancel": not partly, "action_close": partly}[how]
        arguments = [] if how == "action_cancel" else ["reason"]
        done = self.attempt(lambda: getattr(order["record"].with_user(self.case.keeper), how)(*arguments))
        assert bool(done) == allowed, (how, order["kind"], partly)
        if done:
            self._free(order, list(order["open"]))

    @precondition(lambda self: self.orders)
    @rule(
        index=st.integers(0, 50),
        step=st.sampled_from(("action_submit", "action_receive", "action_execute", "action_cancel")),
    )
    def press_again(self, index, step):
        """A step on a document that is finished changes nothing, whether it is refused or ignored."""
        finished = [order for order in self.orders if not order["open"]]
        if finished:
            order = finished[index % len(finished)]
            self.attempt(lambda: getattr(order["record"].with_user(self.case.keeper), step)())

    @invariant()
    def agrees(self):
        if not hasattr(self, "numbers"):
            return
        self.case.env.invalidate_all()
        for card in self.case.cards:
            state, holder, transit = self.numbers[card.id]
            seen = (card.state, card.dealer_id.id or None, card.transit_id or None)
            assert seen == (state, holder and holder.id, transit), (card.number, seen, state, holder, transit)
            assert Decimal(str(card.charged_amount)) == self.charged.get(card.id, Decimal(0)), card.number
            assert card.origin_dealer_id == (self.case.a if holder else self.case.a.browse()), card.number
        stored, used = self.case._money(self.case.a)
        assert stored - used == STORED - sum(self.charged.values(), Decimal(0)), (stored, used, self.charged)
        assert stored >= 0 and 0 <= used <= LIMIT


class TestStateMachine(OrderCase):
    """Every number and the money are what a small model says, whatever documents run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(COUNT)
        cls._fund(cls.a, STORED, LIMIT)

    def test_random_documents_keep_numbers_and_money_right(self):
        Documents.run(self, examples=15, steps=25)
        self._intact()
        self.assertBalanced()
