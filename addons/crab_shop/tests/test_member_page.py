import json

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from .common import ShopCase


class TestMemberPage(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls._new_user("page-service", "customer_service")

    def _page(self, member=None):
        self.env.invalidate_all()
        return Form((member or self.member).with_user(self.service))

    @covers("HQ-23", "spend and invited members", via="web")
    def test_what_was_paid_is_added_up_by_kind(self):
        order = self._paid([(self.thousand, 2)])
        self._place([(self.thousand, 1)])
        self._refund(order, (0, 100))
        page = self._page()
        self.assertEqual((page.crab_spent, page.crab_order_count, page.crab_package_count), (1800, 1, 1))
        self.assertEqual((page.crab_physical_card_count, page.crab_ecard_count), (0, 0))
        self.assertEqual(page.crab_last_order_at, fields.Datetime.to_string(order.create_date))
        action = self.member.with_user(self.service).action_crab_orders()
        self.assertEqual(len(self.env["sale.order"].with_user(self.service).search(action["domain"])), 2)

    @covers("HQ-23", "basics and charts", via="web")
    def test_charts_of_the_last_twelve_months(self):
        self._paid([(self.thousand, 1)])
        self._new_member("Invited", inviter_id=self.member.id)
        page = self._page()
        for chart in (page.crab_order_chart, page.crab_invited_chart):
            bars = json.loads(chart)[0]["values"]
            self.assertEqual(len(bars), 12)
            self.assertEqual((bars[-1]["label"], bars[-1]["value"]), (f"{business_date():%Y-%m}", 1))
            self.assertFalse(sum(bar["value"] for bar in bars[:-1]))

    def test_merged_members_are_added_up(self):
        known = self._new_member("Known")
        self._paid([(self.thousand, 1)])
        self.member.account_id._merge_into(known.account_id)
        self.assertEqual(self._page(known).crab_spent, 950)

    def test_a_list_of_members_takes_one_query_for_orders(self):
        members = self.member | self._new_member("Other")
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            members.mapped("crab_order_count")

    def test_other_roles_do_not_see_what_members_spend(self):
        with self._refused("", AccessError):
            self.member.with_user(self._new_user("page-warehouse", "warehouse")).read(["crab_spent"])
