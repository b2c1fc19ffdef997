import io
from datetime import timedelta
from decimal import Decimal

import python_calamine

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_shop.tests.common import ShopCase


class TestSimulation(ShopCase):
    """A past period shared again with another ratio or tree, before that is applied."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("simulation-finance", "finance")
        cls.other = cls._new_dealer("T-Z1", "1", 0.50)
        cls.order = cls._paid([(cls.thousand, 2)])
        cls._paid([(cls.package2, 3, 77.77)], cls._new_member(dealer_id=cls.dealer2.id, level_id=cls.silver.id))

    def _simulate(self, *changes, **values):
        """``{dealer: (before, after)}`` as finance sees it after pressing the button; False is the platform."""
        form = Form(self.env["crab.profit.simulation"].with_user(self.finance))
        for name, value in values.items():
            form[name] = value
        for change in changes:
            with form.change_ids.new() as line:
                for name, value in change.items():
                    line[name] = value
        self.simulation = form.save()
        self.simulation.action_replay()
        found = {row.dealer_id: (dec(row.before), dec(row.after)) for row in self.simulation.result_ids}
        for row in self.simulation.result_ids:
            self.assertEqual(dec(row.difference), dec(row.after) - dec(row.before))
        before, after = (sum(column) for column in zip(*found.values(), strict=True))
        self.assertEqual(before, after)
        return found

    def _gains(self, *changes, **values):
        gains = {dealer: after - before for dealer, (before, after) in self._simulate(*changes, **values).items()}
        return {dealer.with_env(self.env): gain for dealer, gain in gains.items() if gain}

    def _net(self, dealer):
        rows = self.env["crab.earning"].search([("dealer_id", "=", dealer.id)])
        return sum(dec(row.amount) for row in rows)

    def test_with_the_present_ratio_nothing_is_gained_or_lost(self):
        self._refund(self.order, (0, Decimal("33.33")))
        found = self._simulate({"dealer_id": self.dealer3, "has_ratio": True, "ratio": 0.80})
        self.assertEqual({before for before, _after in found.values()}, {after for _before, after in found.values()})
        self.assertEqual(found[self.dealer1][0], self._net(self.dealer1))
        self.assertEqual(found[self.env["crab.dealer"]][0], self._net(self.env["crab.dealer"]))
        self.assertEqual(self.simulation.line_count, 2)
        self.assertFalse(self.simulation.warning)

    def test_another_ratio_moves_the_difference_between_neighbours(self):
        gains = self._gains({"dealer_id": self.dealer3, "has_ratio": True, "ratio": 0.85})
        self.assertEqual(gains, {self.dealer3: -100, self.dealer2: 100})

    def test_a_moved_dealer_feeds_its_new_chain(self):
        gains = self._gains({"dealer_id": self.dealer3, "has_parent": True, "parent_id": self.other})
        self.assertEqual(
            gains, {self.dealer1: -200, self.dealer2: -200, self.other: 600, self.env["crab.dealer"]: -200}
        )

    def test_moved_directly_below_the_level_1_it_had(self):
        gains = self._gains({"dealer_id": self.dealer3, "has_parent": True, "parent_id": self.dealer1})
        self.assertEqual(gains, {self.dealer1: 200, self.dealer2: -200})

    def test_ratio_and_tree_together_and_what_was_refunded_stays_so(self):
        self._refund(self.order, (1, None))
        gains = self._gains(
            {"dealer_id": self.dealer3, "has_parent": True, "parent_id": self.other},
            {"dealer_id": self.other, "has_ratio": True, "ratio": 0.65},
        )
        self.assertEqual(gains, {self.dealer1: -100, self.dealer2: -100, self.other: 150, self.env["crab.dealer"]: 50})

    def test_it_equals_what_is_really_earned_after_the_change(self):
        expected = self._simulate({"dealer_id": self.dealer2, "has_ratio": True, "ratio": 0.75})
        self.dealer2._set_ratio(0.75, "for good")
        start = self.env["crab.earning"].search([], limit=1, order="id desc").id
        self._paid([(self.thousand, 2)])
        self._paid([(self.package2, 3, 77.77)], self._new_member(dealer_id=self.dealer2.id, level_id=self.silver.id))
        rows = self.env["crab.earning"]._read_group([("id", ">", start)], ["dealer_id"], ["amount:sum"])
        self.assertEqual(
            {dealer: dec(amount) for dealer, amount in rows}, {d: after for d, (_b, after) in expected.items()}
        )

    def test_other_periods_are_left_out(self):
        past = fields.Date.today() - timedelta(days=60)
        form = Form(self.env["crab.profit.simulation"].with_user(self.finance))
        form.from_date = form.to_date = past
        with form.change_ids.new() as line:
            line.dealer_id, line.has_ratio, line.ratio = self.dealer3, True, 0.85
        simulation = form.save()
        simulation.action_replay()
        self.assertEqual((simulation.line_count, simulation.result_ids.mapped("before")), (0, [0]))

    def test_nothing_is_touched(self):
        self.env.flush_all()

        def state():
            tables = ("crab_earning", "crab_price_chain", "crab_dealer", "sale_order", "sale_order_line")
            self.env.cr.execute(
                " UNION ALL ".join(f"SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {t} t" for t in tables)
            )
            return self.env.cr.fetchall()

        before = state()
        self._simulate({"dealer_id": self.dealer3, "has_parent": True, "parent_id": self.other})
        self.env.flush_all()
        self.assertEqual(state(), before)

    def test_what_a_real_change_would_refuse_is_said(self):
        self._simulate({"dealer_id": self.dealer3, "has_ratio": True, "ratio": 0.65})
        self.assertIn("would not be below", self.simulation.warning)

    def test_changes_that_make_no_sense(self):
        for message, *changes in (
            ("Enter a new ratio",),
            ("Enter a new ratio", {"dealer_id": self.dealer3}),
            ("between 0 and 1", {"dealer_id": self.dealer3, "has_ratio": True, "ratio": 1.01}),
            ("between 0 and 1", {"dealer_id": self.dealer3, "has_ratio": True, "ratio": -0.1}),
            ("above itself", {"dealer_id": self.dealer1, "has_parent": True, "parent_id": self.dealer3}),
            ("above itself", {"dealer_id": self.dealer1, "has_parent": True, "parent_id": self.dealer1}),
            ("each dealer once", *[{"dealer_id": self.dealer3, "has_ratio": True, "ratio": 0.8}] * 2),
        ):
            with self.subTest(message=message, changes=changes), self._refused(message, UserError):
                self._simulate(*changes)
        with self._refused("ends before", UserError):
            self._simulate(
                {"dealer_id": self.dealer3, "has_ratio": True, "ratio": 0.8},
                from_date="2026-02-01",
                to_date="2026-01-01",
            )

    def test_excel_and_rights(self):
        self._simulate({"dealer_id": self.dealer3, "has_ratio": True, "ratio": 0.85})
        self.simulation.action_excel()
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(self.simulation._workbook()))
        rows = book.get_sheet_by_index(0).to_python()
        self.assertIn(["T-C1", self.dealer3.display_name, 300, 200, -100], rows)
        self.assertEqual(rows[-1][-1], 0)
        for role in ("auditor", "customer_service", "sales_rep", "warehouse"):
            user = self._new_user(f"simulation-{role}", role)
            with self.subTest(role=role), self._refused("", AccessError):
                self.env["crab.profit.simulation"].with_user(user).create({})
