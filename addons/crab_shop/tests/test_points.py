from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.errors import RestrictViolation

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import CENT
from odoo.addons.crab_base.tools.subject import Subject

from .common import ShopCase


class TestPoints(ShopCase):
    def _received(self, *lines, member=None):
        order = self._paid(list(lines), member)
        self._ship(order)
        order._crab_receive()
        return order

    def _entries(self, order):
        return self.env["crab.point.entry"].search([("order_id", "=", order.id)], order="id")

    def _points(self, member=None):
        self.env.invalidate_all()
        return (member or self.member).crab_points

    def test_full_yuan_with_the_confirmed_receipt(self):
        order = self._paid([(self.thousand, 1, "0.01")])
        self._refund(order, (0, "0.50"))
        self._ship(order)
        self.assertFalse(self._entries(order), "neither payment nor shipping gives points")
        order._crab_receive()
        order._crab_receive()
        self.env["crab.point.entry"]._follow(order)
        entry = self._entries(order)
        self.assertEqual((entry.points, entry.kind, entry.member_id), (949, "received", self.member))
        self.assertEqual(self._points(), 949)

    def test_refunds_take_back_what_is_no_longer_due(self):
        order = self._received((self.thousand, 2))
        refund = self._refund(order, (0, "0.01"))
        self._refund(order, (0, "0.01"))
        self._refund(order, (1, None))
        self.assertEqual(self._entries(order).mapped("points"), [1900, -1, -950])
        self.assertEqual(self._entries(order)[1].refund_id, refund, "0.02 yuan cost one point, not two")
        self._refund(order, (1, None))
        self.assertEqual((sum(self._entries(order).mapped("points")), self._points()), (0, 0))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(1, 94_999), max_size=5))
    def test_any_refunds_leave_what_one_of_their_sum_would(self, fens):
        with self.env.cr.savepoint() as savepoint:
            order, left = self._received((self.thousand, 1)), Decimal(950)
            for fen in fens:
                amount = min(fen * CENT, left)
                if amount:
                    self._refund(order, (0, amount))
                    left -= amount
                self.assertEqual(sum(self._entries(order).mapped("points")), int(left))
            if left:
                self._refund(order, (1, left))
            self.assertEqual(sum(self._entries(order).mapped("points")), 0)
            savepoint.rollback()
        self.env.invalidate_all()

    def test_points_of_merged_members_count_for_whom_they_became(self):
        known = self._new_member("Known")
        order = self._received((self.thousand, 1))
        self._received((self.thousand, 1), member=known)
        self.assertEqual(self._points(known), 1000)
        self.member.account_id._merge_into(known.account_id)
        self.assertEqual((self._points(known), self._entries(order).member_id), (1950, self.member))
        self.assertEqual(self.env["crab.point.entry"]._statement(self._subject(known))["balance"], 1950)
        self._refund(order, (1, None))
        self.assertEqual(self._points(known), 1000)

    def test_a_list_of_members_takes_one_query_for_points(self):
        members = self.member | self._new_member("Other")
        self._received((self.thousand, 1))
        self.env.invalidate_all()
        members.mapped("id")
        with self.assertQueryCount(1):
            members.mapped("crab_points")

    def test_members_see_their_own_points_page_by_page(self):
        other = self._new_member("Other")
        orders = [self._received((self.thousand, 1)) for _n in range(3)]
        foreign = self._received((self.thousand, 1), member=other)
        points, subject = self.env["crab.point.entry"], self._subject(self.member)
        page = points._statement(subject, limit=2)
        self.assertEqual(page["balance"], 2850)
        rest = points._statement(subject, page["next"], limit=2)
        self.assertEqual((page["entries"] + rest["entries"]).order_id.ids, [order.id for order in reversed(orders)])
        self.assertIsNone(rest["next"])
        self.assertNotIn(foreign, (page["entries"] + rest["entries"]).order_id)
        strangers = [self._subject(self.dealer3), self._subject(self.staff), Subject("member", 0), Subject("user", 2)]
        for stranger in strangers:
            shown = points._statement(stranger)
            self.assertEqual((shown["balance"], len(shown["entries"])), (0, 0))
        with self._refused("does not exist", UserError):
            points._statement(subject, cursor="no cursor")

    def test_rows_are_only_added(self):
        entry = self._entries(self._received((self.thousand, 1)))
        for statement in (
            "UPDATE crab_point_entry SET points = 9 WHERE id = %s",
            "DELETE FROM crab_point_entry WHERE id = %s",
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(RestrictViolation), self.env.cr.savepoint():
                self.env.cr.execute(statement, [entry.id])
        admin = self._new_user("point-admin", "admin")
        for method, args in (
            ("create", [{"member_id": self.member.id, "points": 5}]),
            ("write", [entry.ids, {"points": 5}]),
            ("unlink", [entry.ids]),
        ):
            with self._refused("", (AccessError, UserError)):
                call_kw(self.env["crab.point.entry"].with_user(admin), method, args, {})

    @covers("HQ-23", "spend and invited members", via="web")
    def test_roles_open_the_entries_from_the_member(self):
        order = self._received((self.thousand, 1))
        service = self._new_user("point-service", "customer_service")
        action = self.member.with_user(service).action_crab_points()
        self.assertEqual(self.env[action["res_model"]].with_user(service).search(action["domain"]).order_id, order)
