from unittest.mock import patch

from odoo.exceptions import MissingError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import MemberCase


class TestLeaving(MemberCase):
    """Closing the own account, and erasing a person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._new_member("Zhang San", dealer_id=cls.dealer2.id)
        cls.subject = cls._subject(cls.member)

    def _open(self, *items):
        return patch.object(type(self.Member), "_open_items", lambda _members: list(items))

    @covers("MB-31", "close account")
    def test_a_member_closes_its_own_account(self):
        generation = self.member.account_id.token_generation
        self.Member._close_for_subject(self.subject)
        self.assertEqual((self.member.state, self.member.account_id.state), ("closed", "closed"))
        self.assertGreater(self.member.account_id.token_generation, generation)
        with self._refused("does not exist", MissingError):
            self.Member._close_for_subject(self.subject)
        self.member._reopen("came back")
        self.assertEqual(self.member.account_id.state, "live")

    @covers("MB-31", "close account")
    def test_what_runs_ends_first_and_what_would_be_lost_is_confirmed(self):
        with self._open(("Orders", 2, False), ("Refunds", 1, False), ("Cards", 3, True)):
            with self._refused("Orders: 2; Refunds: 1", UserError):
                self.Member._close_for_subject(self.subject, is_confirmed=True)
        with self._open(("Cards", 3, True)):
            with self._refused("Cards: 3", UserError):
                self.Member._close_for_subject(self.subject)
            self.assertEqual(self.member.state, "active")
            self.Member._close_for_subject(self.subject, is_confirmed=True)
        self.assertEqual(self.member.state, "closed")

    def test_nobody_else_closes_it(self):
        other = self._new_member("Other")
        strangers = [self._subject(self.dealer2), self._subject(self.staff), Subject("user", self.member.id)]
        for stranger in [*strangers, Subject("dealer", self.member.id), Subject("member", 0)]:
            with self._refused("does not exist", MissingError):
                self.Member._close_for_subject(stranger)
        self.Member._close_for_subject(self._subject(other))
        self.assertEqual((self.member.state, other.state), ("active", "closed"))

    def test_erased_members_keep_their_place_without_their_name(self):
        invited = self._new_member("Invited", inviter_id=self.member.id)
        self.member.write({"note": "Zhang San is deaf", "tag_ids": [(0, 0, {"name": "VIP"})]})
        self.member.message_post(body="Zhang San called")
        self._subject(self.member).bind(self.env["crab.member.ownership"])._log(
            [{"member_id": self.member.id, "to_dealer_id": self.dealer1.id, "reason": "x"}]
        )
        self.member.account_id.with_context(tracking_disable=False)._erase_person("asked")
        self.env.flush_all()
        self.env.cr.precommit.run()  # where tracking would write
        self.env.invalidate_all()
        self.assertEqual((self.member.state, self.member.phone), ("closed", False))
        self.assertEqual(self.member.name, f"Erased person {self.member.account_id.id}")
        self.assertFalse(self.member.note or self.member.tag_ids or self.member.message_ids)
        self.assertEqual(invited.inviter_id, self.member)
        self.assertEqual(self.member.dealer_id, self.dealer2)
        authors = self.member.ownership_ids.mapped("author")
        self.assertIn(self.member.display_name, authors)
        self.assertFalse([author for author in authors if "Zhang" in author])
        with self._refused("stays closed", UserError):
            self.member._reopen("came back")

    def test_what_runs_keeps_a_person_from_being_erased(self):
        with self._open(("Orders", 2, False)), self._refused("Orders: 2", UserError):
            self.member.account_id._erase_person("asked")
        self.assertEqual((self.member.name, self.member.state), ("Zhang San", "active"))
        with self._open(("Cards", 3, True)):
            context = self.member.account_id.action_erase()["context"]
            self.assertEqual(self.env["crab.account.erase"].with_context(**context).new({}).warning, "Cards: 3")

    def test_dealers_and_staff_end_their_roles_first(self):
        for account, name in ((self.dealer1.account_id, "Dealer T-A1"), (self.staff.account_id, "Staff")):
            with self._refused(f"stands for .*{name}", UserError):
                account._erase_person("asked")
        self.staff.active = False
        self.staff.account_id._erase_person("asked")
        self.assertEqual(self.staff.name, f"Erased person {self.staff.account_id.id}")
