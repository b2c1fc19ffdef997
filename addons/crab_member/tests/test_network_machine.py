from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tests.machine import Machine
from odoo.addons.crab_dealer.models.crab_dealer import TYPES_OF_LEVEL

from .common import MemberCase

RATIOS = st.sampled_from((-0.5, 0, 0.5, 0.55, 0.6, 0.6001, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.5))
PLACES = st.integers(0, 30)


class Network(Machine):
    """Random changes of the network and of member levels next to a small model that says which must be refused."""

    @initialize()
    def start(self):
        self.dealers = {}  # id → [parent id, level, ratio, is open]
        self.levels = {level.id: level.ratio for level in self.case.Level.search([])}

    # ------------------------------------------------------------------ the model

    def ceiling(self):
        return min(self.levels.values())

    def fits(self, parent, level, ratio, children=()):
        """Whether a dealer may stand there with that ratio."""
        if not 0 < ratio < self.ceiling():
            return False
        if parent and not (self.dealers[parent][1] < level and self.dealers[parent][2] < ratio):
            return False
        return all(self.dealers[child][1] > level and self.dealers[child][2] > ratio for child in children)

    def children(self, dealer):
        return [child for child, place in self.dealers.items() if place[0] == dealer]

    def below(self, dealer):
        found = [dealer]
        for one in found:
            found += self.children(one)
        return set(found)

    def pick(self, place):
        return sorted(self.dealers)[place % len(self.dealers)]

    # ------------------------------------------------------------------ steps

    @rule(level=st.sampled_from("123"), place=PLACES, ratio=RATIOS)
    def add(self, level, place, ratio):
        parent = self.pick(place) if level != "1" and self.dealers else None
        if level != "1" and not parent:
            return
        record = self.case.env["crab.dealer"].browse(parent)
        expected = self.fits(parent, level, ratio) and (not parent or self.dealers[parent][3])
        made = self.attempt(lambda: self.case._new_dealer(f"N{len(self.dealers)}", level, ratio, record))
        assert bool(made) == expected, (level, parent, ratio)
        if made:
            self.dealers[made.id] = [parent, level, ratio, True]

    @precondition(lambda self: self.dealers)
    @rule(place=PLACES, ratio=RATIOS)
    def change_ratio(self, place, ratio):
        dealer = self.pick(place)
        parent, level, before, _is_open = self.dealers[dealer]
        expected = ratio != before and self.fits(parent, level, ratio, self.children(dealer))
        done = self.attempt(lambda: self.case.env["crab.dealer"].browse(dealer)._set_ratio(ratio, "x"))
        assert bool(done) == expected, (self.dealers[dealer], ratio)
        if done:
            self.dealers[dealer][2] = ratio

    @precondition(lambda self: self.dealers)
    @rule(place=PLACES, to=PLACES, level=st.sampled_from("123"), ratio=st.none() | RATIOS)
    def move(self, place, to, level, ratio):
        dealer, parent = self.pick(place), self.pick(to) if level != "1" else None
        before = self.dealers[dealer]
        after = before[2] if ratio is None else ratio
        expected = (
            before[3]
            and (not parent or (self.dealers[parent][3] and parent not in self.below(dealer)))
            and (parent, level, after) != tuple(before[:3])
            and self.fits(parent, level, after, self.children(dealer))
        )
        records = self.case.env["crab.dealer"]
        done = self.attempt(
            lambda: records.browse(dealer)._relocate(
                records.browse(parent), level=level, dealer_type=TYPES_OF_LEVEL[level][0], ratio=ratio, reason="x"
            )
        )
        assert bool(done) == expected, (before, parent, level, ratio)
        if done:
            self.dealers[dealer][:3] = [parent, level, after]

    @precondition(lambda self: self.dealers)
    @rule(place=PLACES)
    def close_or_reopen(self, place):
        dealer = self.pick(place)
        record = self.case.env["crab.dealer"].browse(dealer)
        is_open = self.dealers[dealer][3]
        assert self.attempt(lambda: record._close("x") if is_open else record._reopen("x"))
        self.dealers[dealer][3] = not is_open

    @rule(place=PLACES, ratio=RATIOS)
    def change_level(self, place, ratio):
        level = sorted(self.levels)[place % len(self.levels)]
        highest = max((dealer[2] for dealer in self.dealers.values()), default=0)
        highest = max(highest, *self.case.fixed_ratios)
        expected = ratio != self.levels[level] and 0 < ratio <= 1 and ratio > highest
        done = self.attempt(lambda: self.case.Level.browse(level)._set_ratio(ratio, "x"))
        assert bool(done) == expected, (ratio, highest)
        if done:
            self.levels[level] = ratio

    # ------------------------------------------------------------------ what is always true

    @invariant()
    def the_database_is_the_model(self):
        records = self.case.env["crab.dealer"].browse(sorted(getattr(self, "dealers", ())))
        records.invalidate_recordset()
        for record in records:
            parent, level, ratio, is_open = self.dealers[record.id]
            assert (record.parent_id.id or None, record.level, record.ratio) == (parent, level, ratio)
            assert (record.state == "active") == is_open
            chain = [record.id]
            while self.dealers[chain[-1]][0]:
                chain.append(self.dealers[chain[-1]][0])
            assert record._ancestors().ids == chain
            assert record.level1_id.id == chain[-1]
            assert record.network_count == len(self.below(record.id)) - 1
            assert record.ratio_ids[0].ratio == ratio


class TestNetworkMachine(MemberCase):
    @covers("HQ-06", "own < lower < member", "history kept", via="service")
    def test_the_order_of_the_network_holds_whatever_is_tried(self):
        self.fixed_ratios = self.env["crab.dealer"].search([]).mapped("ratio")
        Network.run(self, examples=12, steps=25)
