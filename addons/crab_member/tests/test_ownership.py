from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import MemberCase


class TestOwnership(MemberCase):
    def test_invited_by_a_dealer_its_staff_or_a_member(self):
        invited = self.Member._attribute
        self.assertEqual(invited(self.dealer2), {"dealer_id": self.dealer2.id, "staff_id": False, "inviter_id": False})
        self.assertEqual(
            invited(self.staff), {"dealer_id": self.dealer2.id, "staff_id": self.staff.id, "inviter_id": False}
        )
        member = self._new_member(staff_id=self.staff.id)
        self.assertEqual(member.dealer_id, self.dealer2)
        self.assertEqual(invited(member), {"dealer_id": self.dealer2.id, "staff_id": False, "inviter_id": member.id})
        self.assertEqual(invited(None), {"dealer_id": False, "staff_id": False, "inviter_id": False})
        below = self._new_member(inviter_id=member.id)
        self.assertEqual((below.dealer_id, below.staff_id.id), (self.dealer2, False))

    @covers("HQ-22", "change owner dealer and staff", via="web")
    def test_head_office_changes_the_owner(self):
        members = self._new_member(dealer_id=self.dealer1.id) | self._new_member()
        admin = self._new_user("owner-admin", "admin")
        wizard = Form(
            self.env["crab.member.change.owner"]
            .with_user(admin)
            .with_context(**members.action_change_owner()["context"])
        )
        wizard.staff_id = self.staff
        self.assertEqual(wizard.dealer_id, self.dealer2)
        wizard.reason = "asked for"
        wizard.save().action_apply()
        self.assertEqual(members.dealer_id, self.dealer2)
        self.assertEqual(members.staff_id, self.staff)
        newest = members[0].ownership_ids[0]
        self.assertEqual(
            (newest.from_dealer_id, newest.to_dealer_id, newest.to_staff_id, newest.reason, newest.author),
            (self.dealer1, self.dealer2, self.staff, "asked for", "owner-admin"),
        )
        self.assertEqual(members.mapped("ownership_count"), [2, 1])
        with self._refused("have this owner already", UserError):
            self.env["crab.member.change.owner"].create(
                {"member_ids": members.ids, "dealer_id": self.dealer2.id, "staff_id": self.staff.id, "reason": "again"}
            ).action_apply()
        members._set_owner(self.dealer2.browse(), self.staff.browse(), "nobody's")
        self.assertFalse(members.dealer_id)

    def test_wrong_owners_are_refused(self):
        member = self._new_member()
        with self._refused("does not work for", UserError):
            member._set_owner(self.dealer1, self.staff, "wrong")
        with self._refused("Enter a reason", UserError):
            member._set_owner(self.dealer1, self.staff.browse(), "")
        with self._refused("does not work for"):
            self._new_member(dealer_id=self.dealer1.id, staff_id=self.staff.id)
        self.dealer1._close("gone")
        with self._refused("is closed", UserError):
            member._set_owner(self.dealer1, self.staff.browse(), "closed")
        self.assertFalse(member.ownership_ids)

    def test_owner_level_and_inviter_change_by_buttons_only(self):
        member = self._new_member(dealer_id=self.dealer1.id)
        for values in (
            {"dealer_id": self.dealer2.id},
            {"level_id": self.gold.id},
            {"inviter_id": False},
            {"state": "closed"},
            {"account_id": self.dealer1.account_id.id},
            {"number": "X"},
        ):
            with self.subTest(values=values), self._refused("use the buttons", UserError):
                member.write(values)

    def test_history_is_only_added_to(self):
        line = self._new_member(dealer_id=self.dealer1.id).ownership_ids
        with self._refused("only added to", UserError):
            line.write({"reason": "x"})
        with self._refused("only added to", UserError):
            line.unlink()

    def test_nobody_is_invited_in_a_circle(self):
        first = self._new_member()
        second = self._new_member(inviter_id=first.id)
        with self._refused("invited by somebody"):
            first._write_guarded({"inviter_id": second.id})
        with self._refused("invites himself|not_own_inviter|invited by somebody"):
            first._write_guarded({"inviter_id": first.id})
            self.env.flush_all()

    def test_dealer_with_members_keeps_them(self):
        self._new_member(dealer_id=self.dealer3.id)
        self.assertEqual(self.dealer3.member_count, 1)
        self.assertEqual(self.Member.search_count(self.dealer3.action_open_members()["domain"]), 1)
        with self._refused("has a history", UserError):
            self.dealer3.unlink()
