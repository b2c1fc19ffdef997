from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from .common import MemberCase


class TestUpgrade(MemberCase):
    def _upgrade(self, members, figures):
        """Run with figures as the shop would give them: ``{member: (spend, orders)}``."""
        asked = []

        def upgrade_figures(_self, _members, since):
            asked.append(since)
            return {member.id: (Decimal(spend), orders) for member, (spend, orders) in figures.items()}

        with patch.object(type(self.Member), "_upgrade_figures", upgrade_figures):
            risen = members._upgrade_due()
        return risen, asked

    @covers("HQ-21", "automatic upgrade", "levels only rise by themselves", via="service")
    def test_highest_level_whose_conditions_are_met(self):
        low, middle, high = (self._new_member() for _i in range(3))
        members = low | middle | high
        risen, _asked = self._upgrade(members, {low: ("1999.99", 2), middle: ("2000.00", 2), high: ("8000", 0)})
        self.assertEqual(risen, middle | high)
        self.assertEqual(members.mapped("level_id"), self.base | self.silver | self.gold)
        risen, _asked = self._upgrade(members, {})
        self.assertFalse(risen, "nobody falls")
        self.assertEqual(high.level_id, self.gold)
        line = high.level_history_ids[0]
        self.assertEqual((line.from_level_id, line.to_level_id, line.is_automatic), (self.base, self.gold, True))

    def test_all_conditions(self):
        self.gold.condition_mode = "all"
        self.silver.min_spend = 0
        member = self._new_member()
        for _i in range(2):
            self._new_member(inviter_id=member.id)
        self.assertFalse(self._upgrade(member, {member: ("8000", 2)})[0])
        self.assertEqual(self._upgrade(member, {member: ("8000", 3)})[0], member)

    def test_invitations_count_in_the_period(self):
        self.gold.write({"min_spend": 0, "min_orders": 0, "period_days": 30})
        self.silver.min_spend = 0
        member = self._new_member()
        old = business_date() - timedelta(days=31)
        self._new_member(inviter_id=member.id)
        self._new_member(inviter_id=member.id, registered_date=old)
        risen, asked = self._upgrade(member, {})
        self.assertFalse(risen)
        self.assertEqual(asked, [business_date() - timedelta(days=30)])
        self._new_member(inviter_id=member.id, registered_date=old + timedelta(days=1))
        self.assertEqual(self._upgrade(member, {})[0], member)

    def test_level_without_conditions_is_reached_by_nobody(self):
        (self.silver | self.gold).write({"min_spend": 0, "min_orders": 0, "min_invitations": 0})
        member = self._new_member()
        self.assertFalse(self._upgrade(member, {member: ("1000000", 99)})[0])

    def test_closed_members_and_archived_levels_stay_out(self):
        closed, member = self._new_member(), self._new_member()
        closed._close("gone")
        self.gold.action_archive()
        risen, _asked = self._upgrade(closed | member, {closed: ("9000", 9), member: ("9000", 9)})
        self.assertEqual(risen, member)
        self.assertEqual(member.level_id, self.silver)

    @covers("HQ-21", "automatic upgrade", via="web")
    def test_nightly_run_reaches_everybody(self):
        members = self.Member.browse([self._new_member().id for _i in range(25)])
        inviter = members[0]
        self.gold.write({"min_spend": 0, "min_orders": 0})
        members[1:3]._write_guarded({"inviter_id": inviter.id})
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crab_member.cron_upgrade").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(members[3].level_id, self.base)
        seen = Form(inviter.with_user(self._new_user("upgrade-service", "customer_service")))
        self.assertEqual(seen.level_id, self.gold)
        self.assertEqual([line["is_automatic"] for line in seen.level_history_ids], [True, False])

    @covers("HQ-21", "levels only rise by themselves", via="web")
    def test_head_office_moves_a_member_down(self):
        member = self._new_member(level_id=self.gold.id)
        admin = self._new_user("level-mover", "admin")
        wizard = Form(
            self.env["crab.member.change.level"]
            .with_user(admin)
            .with_context(**member.action_change_level()["context"])
        )
        wizard.level_id = self.base
        wizard.reason = "returned everything"
        wizard.save().action_apply()
        self.assertEqual(member.level_id, self.base)
        self.assertEqual(member.level_history_ids[0].author, "level-mover")
        with self._refused("have this level already", UserError):
            self.env["crab.member.change.level"].create(
                {"member_ids": member.ids, "level_id": self.base.id, "reason": "again"}
            ).action_apply()
        self.assertFalse(member._set_level(self.base, "x", is_automatic=True))
