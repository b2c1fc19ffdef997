from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import MemberCase


class TestLevel(MemberCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("level-admin", "admin")

    @covers("HQ-21", "name, conditions, ratio", via="web")
    def test_administrator_makes_a_level_and_changes_its_ratio(self):
        form = Form(self.Level.with_user(self.admin))
        form.name = " T platinum "
        form.ratio = 0.9
        form.min_spend = 30000
        form.min_orders = 5
        form.condition_mode = "all"
        form.period_days = 365
        level = form.save()
        self.assertEqual((level.name, level.is_automatic), ("T platinum", True))
        wizard = Form(
            self.env["crab.member.level.change.ratio"]
            .with_user(self.admin)
            .with_context(**level.action_change_ratio()["context"])
        )
        wizard.ratio = 0.91
        wizard.reason = "season"
        wizard.save().action_apply()
        self.assertEqual(level.ratio, 0.91)
        self.assertEqual(
            level.ratio_ids.mapped(lambda line: (line.ratio_before, line.ratio, line.author)),
            [(0.9, 0.91, "level-admin"), (0, 0.9, "level-admin")],
        )

    def test_ratio_changes_by_its_button_only(self):
        with self._refused("Use the buttons", UserError):
            self.silver.ratio = 0.9
        with self._refused("Enter a reason", UserError):
            self.silver._set_ratio(0.9, " ")
        with self._refused("already has", UserError):
            self.silver._set_ratio(0.98, "same")

    def test_level_above_one_or_zero_is_refused(self):
        for ratio in (0, -0.5, 1.01):
            with self.subTest(ratio=ratio), self._refused("ratio"):
                self.Level.create({"name": f"T {ratio}", "ratio": ratio})

    @covers("HQ-06", "own < lower < member", "refusal names who breaks the order", via="service")
    def test_a_level_stays_above_every_dealer(self):
        with self._refused("T-C1", ValidationError):
            self.Level.create({"name": "T low", "ratio": 0.8})
        with self._refused("T-C1", ValidationError):
            self.silver._set_ratio(0.8, "too low")
        self.assertEqual(self.silver.ratio, 0.98)
        self.silver._set_ratio(0.81, "fits")
        self.silver.write({"active": False})
        self.dealer3._set_ratio(0.9, "below gold")
        with self._refused("T-C1", ValidationError):
            self.silver.active = True

    @covers("HQ-06", "own < lower < member", "refusal names who breaks the order", via="service")
    def test_a_dealer_stays_below_every_level(self):
        self.assertEqual(self.env["crab.dealer"]._ratio_ceiling(), 0.95)
        with self._refused("T gold", ValidationError):
            self.dealer3._set_ratio(0.95, "as members")
        with self._refused("T gold", ValidationError):
            self._new_dealer("T-A2", "1", 0.96)

    def test_many_wrong_dealers_are_named_in_part(self):
        for number in range(22):
            self._new_dealer(f"T-X{number:02}", "1", 0.9)
        with self.assertRaises(ValidationError) as caught:
            self.silver._set_ratio(0.85, "too low")
        lines = str(caught.exception).splitlines()
        self.assertEqual((len(lines), lines[-1]), (22, "…"))

    def test_there_is_one_base_level(self):
        with self._refused("base level"):
            self.base.unlink()
        with self._refused("default_active|cannot be archived"):
            self.base.action_archive()
            self.env.flush_all()
        self.silver.action_make_default()
        self.assertEqual(self.Level._default(), self.silver)
        self.assertFalse(self.base.is_default)
        self.assertEqual(self._new_member().level_id, self.silver)

    def test_a_level_with_members_is_kept(self):
        self._new_member(level_id=self.silver.id)
        with self._refused("still has members", ValidationError):
            self.silver.action_archive()
        with self._refused("is kept", UserError):
            self.silver.unlink()
        self.gold.unlink()
        self.assertFalse(self.gold.exists())

    def test_names_are_unique(self):
        with self._refused("name_uniq|has this name"):
            self.Level.create({"name": "T silver", "ratio": 0.97})
