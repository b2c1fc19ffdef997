from lxml import etree

from odoo.service.model import call_kw
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import MemberCase

ROLES = ("admin", "finance", "card_keeper", "warehouse", "customer_service", "auditor", "sales_rep")


class TestDealerForm(MemberCase):
    """What head office sees of a dealer's members, from the dealer's and the staff member's form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls._new_member("Own", dealer_id=cls.dealer2.id) | cls._new_member("By staff", staff_id=cls.staff.id)
        cls.chain = cls._new_member("Invited", inviter_id=cls.own[0].id)
        cls._new_member("Of the dealer below", dealer_id=cls.dealer3.id)
        cls.closed = cls._new_member("Gone", dealer_id=cls.dealer2.id)
        cls.closed._close("gone")

    def _listed(self, action, user):
        columns = {"number": {}, "name": {}, "phone": {}, "registered_date": {}}
        return call_kw(self.Member.with_user(user), "web_search_read", (action["domain"], columns), {})["records"]

    @covers("HQ-09", "members", via="web")
    def test_members_of_a_dealer_open_from_its_form(self):
        expected = self.own | self.chain | self.closed
        for role in ROLES:
            user = self._new_user(f"dealer-form-{role}", role)
            if role == "sales_rep":
                self.dealer1.user_id = user
            with self.subTest(role=role):
                form = Form(self.dealer2.with_user(user))
                self.assertEqual(form.member_count, 4)
                action = self.dealer2.with_user(user).action_open_members()
                rows = self._listed(action, user)
                self.assertEqual({row["id"] for row in rows}, set(expected.ids))
                self.assertTrue(all(row["phone"] and row["registered_date"] for row in rows))

    def test_members_of_a_staff_member_are_those_it_invited_directly(self):
        self._new_member("Invited by a member of staff's", inviter_id=self.own[1].id)
        user = self._new_user("staff-form", "customer_service")
        self.assertEqual(Form(self.staff.with_user(user)).member_count, 1)
        rows = self._listed(self.staff.with_user(user).action_open_members(), user)
        self.assertEqual([row["id"] for row in rows], self.own[1].ids)

    def test_the_forms_have_the_buttons(self):
        """Network, staff, members and links stand on the form whatever else is installed."""
        user = self._new_user("form-buttons", "admin")
        for model, expected in (
            ("crab.dealer", {"network_count", "staff_count", "ratio_count", "invitation_count", "member_count"}),
            ("crab.dealer.staff", {"member_count"}),
        ):
            arch = etree.fromstring(self.env[model].with_user(user).get_view(view_type="form")["arch"])
            shown = set(arch.xpath("//div[@name='button_box']//field/@name"))
            self.assertLessEqual(expected, shown)
            self.assertTrue(arch.xpath("//button[@name='action_level_invitation']"))
