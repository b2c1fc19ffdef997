from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import MemberCase


class TestTagRules(MemberCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Tag = cls.env["crab.member.tag"]
        cls.in_network = cls._new_member("In network", dealer_id=cls.dealer3.id, level_id=cls.gold.id)
        cls.of_top = cls._new_member("Of the top", dealer_id=cls.dealer1.id)
        cls.of_nobody = cls._new_member("Of nobody", level_id=cls.gold.id)
        cls.members = cls.in_network | cls.of_top | cls.of_nobody
        cls.service = cls._new_user("tag-service", "customer_service")

    def _rule(self, **values):
        return self.Tag.create({"name": "By rule", "is_by_rule": True, **values})

    def _holders(self, tag, field="tag_ids"):
        self.env.invalidate_all()
        return self.members.filtered(lambda member: tag in member[field])

    @covers("HQ-23", "tags", via="web")
    def test_a_rule_gives_and_takes_what_was_given_by_hand_stays(self):
        with Form(self.Tag.with_user(self.service)) as form:
            form.name = "Network of A1"
            form.is_by_rule = True
            form.rule_dealer_id = self.dealer1
        tag = form.record.sudo()
        self.of_nobody.with_user(self.service).tag_ids = [(4, tag.id)]
        for _again in range(2):
            tag.with_user(self.service).action_apply()
        self.assertEqual(self._holders(tag), self.members)
        self.assertEqual(self._holders(tag, "rule_tag_ids"), self.in_network | self.of_top)
        page = Form(self.in_network.with_user(self.service))
        self.assertEqual(page.rule_tag_ids[:], tag)
        tag.rule_dealer_id = self.dealer3
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.in_network | self.of_nobody)
        self.in_network._set_owner(self.dealer1, self.staff.browse(), "moved")
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.of_nobody, "given by hand, it stays")

    def test_all_conditions_are_to_be_met(self):
        tag = self._rule(rule_level_ids=[(6, 0, self.gold.ids)], rule_dealer_id=self.dealer1.id)
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.in_network)

    def test_a_rule_that_is_switched_off_takes_back_what_it_gave(self):
        tag = self._rule(rule_level_ids=[(6, 0, self.gold.ids)])
        tag._apply_rules()
        self.of_top.tag_ids = [(4, tag.id)]
        tag.is_by_rule = False
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.of_top)

    def test_closed_members_are_left_out_and_merged_ones_hand_on_what_is_theirs(self):
        tag, by_hand = self._rule(rule_level_ids=[(6, 0, self.gold.ids)]), self.Tag.create({"name": "By hand"})
        tag._apply_rules()
        self.in_network.tag_ids = [(4, by_hand.id)]
        self.of_nobody._close("gone")
        self.in_network.account_id._merge_into(self.of_top.account_id)
        self.assertEqual(self.of_top.tag_ids, by_hand)
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.of_top, "with the level of whom it was merged with")

    @covers("HQ-23", "tags", via="web")
    def test_what_is_taken_off_by_hand_stays_off_until_the_rule_changes(self):
        tag = self._rule(rule_dealer_id=self.dealer1.id)
        tag._apply_rules()
        with Form(self.in_network.with_user(self.service)) as form:
            form.tag_ids.clear()
        for _night in range(2):
            tag._apply_rules()
            self.assertEqual(self._holders(tag), self.of_top)
            self.assertEqual(self._holders(tag, "rule_tag_ids"), self.of_top)
        owner = self.in_network.dealer_id
        for dealer in (self.dealer1.browse(), owner):  # it leaves the network and comes back
            self.in_network._set_owner(dealer, self.staff.browse(), "moved")
            tag._apply_rules()
        self.assertEqual(self._holders(tag), self.of_top)
        tag.name = "Another name"
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.of_top)
        self.of_top.with_user(self.service).tag_ids = [(3, tag.id)]  # and nobody noted it yet
        tag.with_user(self.service).rule_level_ids = self.gold | self.of_top.level_id
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.in_network | self.of_top)

    def test_what_is_given_by_hand_again_is_the_users(self):
        tag = self._rule(rule_dealer_id=self.dealer1.id)
        tag._apply_rules()
        for command in (3, 4):
            self.in_network.with_user(self.service).tag_ids = [(command, tag.id)]
            if command == 3:
                tag._apply_rules()
        tag.is_by_rule = False
        tag._apply_rules()
        self.assertEqual(self._holders(tag), self.in_network)

    def test_counting_gives_nothing(self):
        tag = self._rule(rule_dealer_id=self.dealer1.id)
        said = tag.with_user(self.service).action_count()["params"]["message"]
        self.assertIn("2 members meet the rule", said)
        self.assertFalse(self._holders(tag))

    def test_a_rule_needs_a_condition(self):
        with self._refused("at least one condition", ValidationError):
            self._rule()
        tag = self._rule(rule_dealer_id=self.dealer1.id)
        with self._refused("at least one condition", ValidationError):
            tag.rule_dealer_id = False

    def test_nobody_writes_by_hand_what_rules_gave(self):
        tag = self.Tag.create({"name": "By hand"})
        with self._refused("use the buttons", UserError):
            self.of_top.with_user(self.service).write({"rule_tag_ids": [(4, tag.id)]})
        member = self.Member.with_user(self.service).create(
            {"name": "New", "phone": self._phone(), "rule_tag_ids": [(4, tag.id)]}
        )
        self.assertFalse(member.rule_tag_ids)

    @covers("HQ-23", "tags", via="web")
    def test_nightly_run_applies_every_rule(self):
        tag = self._rule(rule_level_ids=[(6, 0, self.gold.ids)])
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crab_member.cron_apply_rules").method_direct_trigger()
        self.assertEqual(self._holders(tag), self.in_network | self.of_nobody)
        action = tag.with_user(self.service).action_open_members()
        found = self.Member.with_user(self.service).search(action["domain"])
        self.assertEqual((found & self.members, tag.member_count), (self.in_network | self.of_nobody, len(found)))
