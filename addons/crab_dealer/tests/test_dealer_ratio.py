from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from ..models.crab_dealer import ratio_words
from .common import DealerCase


class TestDealerRatio(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("ratio-admin", "admin")

    def _change(self, dealer, ratio, reason="Agreed"):
        """As head office in the web client."""
        action = dealer.with_user(self.admin).action_change_ratio()
        form = Form(self.env[action["res_model"]].with_user(self.admin).with_context(**action["context"]))
        form.ratio = ratio
        form.reason = reason
        form.save().action_apply()

    @covers(
        "HQ-06",
        "platform sets level 1's ratio",
        "level 1 sets its direct level 2 and 3",
        "level 2 sets its level 3",
        "history kept",
        via="web",
    )  # fmt: skip
    def test_change_at_each_level_is_kept(self):
        for dealer, before, after in (
            (self.a, 0.60, 0.62),
            (self.b, 0.70, 0.68),
            (self.d, 0.75, 0.78),
            (self.c, 0.80, 0.9),
        ):
            with self.subTest(level=dealer.level):
                self._change(dealer, after, "Season 2026")
                self.assertEqual(dealer.ratio, after)
                line = dealer.ratio_ids[0]
                self.assertEqual((line.ratio_before, line.ratio, line.reason), (before, after, "Season 2026"))
                self.assertEqual(
                    (line.actor_kind, line.actor_id, line.author), ("user", self.admin.id, self.admin.name)
                )
                self.assertEqual(len(dealer.ratio_ids), 2)

    @covers("HQ-06", "own < lower < member", "refusal names who breaks the order", via="web")
    def test_order_is_kept_and_the_refusal_names_who_breaks_it(self):
        members = self.env["crab.dealer"]._ratio_ceiling_name()
        cases = [
            (self.a, 0.70, "TB"),
            (self.a, 0.95, "TB"),
            (self.b, 0.60, "TA"),
            (self.b, 0.5, "TA"),
            (self.b, 0.80, "TC"),
            (self.c, 0.70, "TB"),
            (self.c, 1.0, members),
            (self.c, 0, members),
            (self.c, -0.5, members),
            (self.z, 0.65, "TY"),
        ]
        for dealer, ratio, named in cases:
            before = dealer.ratio
            with (
                self.subTest(dealer=dealer.code, ratio=ratio),
                self.assertRaisesRegex(UserError, named),
                self.env.cr.savepoint(),
            ):
                self._change(dealer, ratio)
            self.assertEqual(dealer.ratio, before)
            self.assertEqual(len(dealer.ratio_ids), 1, "a refusal leaves no history line")

    def test_every_child_that_breaks_the_order_is_named(self):
        with self.assertRaises(ValidationError) as caught:
            self.a._set_ratio(0.77, "x")
        self.assertIn("TB", str(caught.exception))
        self.assertIn("TD", str(caught.exception))
        self.assertNotIn("TC", str(caught.exception))

    def test_closed_dealers_count_in_the_order(self):
        self.b._close("test")
        with self.assertRaisesRegex(ValidationError, "TB"):
            self.a._set_ratio(0.72, "x")

    def test_the_member_ceiling_is_a_hook(self):
        from unittest.mock import patch

        model = type(self.env["crab.dealer"])
        with (
            patch.object(model, "_ratio_ceiling", lambda self: 0.85),
            patch.object(model, "_ratio_ceiling_name", lambda self: "Gold"),
        ):
            with self.assertRaisesRegex(ValidationError, "Gold: 85 %"), self.env.cr.savepoint():
                self.c._set_ratio(0.85, "x")
            self.c._set_ratio(0.8499, "x")

    def test_messages_say_ratios_as_people_do(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        cases = [
            (0.6, "60 %", "6 折"),
            (0.65, "65 %", "6.5 折"),
            (0.7125, "71.25 %", "7.125 折"),
            (1, "100 %", "10 折"),
        ]
        for ratio, english, chinese in cases:
            self.assertEqual(ratio_words(self.env(context={}), ratio), english)
            self.assertEqual(ratio_words(self.env(context={"lang": "zh_CN"}), ratio), chinese)
        refused = "TB.*6 折.*TA.*6 折"
        with self.assertRaisesRegex(ValidationError, refused), self.env.cr.savepoint():
            self.b.with_context(lang="zh_CN")._set_ratio(0.6, "x")

    def test_reason_and_change_are_needed(self):
        wrong = [(0.75, ""), (0.75, "  "), (0.75, None), (0.70, "same")]
        for ratio, reason in [*wrong, *((ratio, "x") for ratio in (float("nan"), float("inf"), 1e300, 95, -1))]:
            with self.subTest(ratio=ratio, reason=reason), self.assertRaises(UserError), self.env.cr.savepoint():
                self.b._set_ratio(ratio, reason)

    def test_history_is_only_added_to(self):
        line = self.b.ratio_ids
        for attempt in (lambda: line.write({"ratio": 0.1}), line.unlink):
            with self.assertRaises(UserError):
                attempt()
        for role in ("admin", "finance", "auditor"):
            user = self._new_user(f"history-{role}", role)
            self.assertTrue(line.with_user(user).has_access("read"))
            for operation in ("write", "create", "unlink"):
                self.assertFalse(line.with_user(user).has_access(operation))

    @covers("CH-34", "direct children only", "between own ratio and the children's", "below the member ratio")
    def test_a_dealer_sets_its_direct_children_only(self):
        dealers = self.env["crab.dealer"]
        dealers._set_ratio_for_subject(self._subject(self.a), self.b.id, 0.66, "deal")
        dealers._set_ratio_for_subject(self._subject(self.a), self.d.id, 0.85, "deal")
        dealers._set_ratio_for_subject(self._subject(self.b), self.c.id, 0.95, "deal")
        self.assertEqual((self.b.ratio, self.d.ratio, self.c.ratio), (0.66, 0.85, 0.95))
        self.assertEqual((self.b.ratio_ids[0].actor_kind, self.b.ratio_ids[0].author), ("dealer", self.a.display_name))
        for subject, dealer in ((self.a, self.c), (self.a, self.a), (self.b, self.b)):
            with self.subTest(subject=subject.code, dealer=dealer.code), self.assertRaises(AccessError):
                dealers._set_ratio_for_subject(self._subject(subject), dealer.id, 0.85, "x")
        for subject, dealer in (
            (self.b, self.a),
            (self.b, self.d),
            (self.a, self.y),
            (self.z, self.b),
            (self.c, self.b),
        ):
            with self.subTest(subject=subject.code, dealer=dealer.code), self.assertRaises(MissingError):
                dealers._set_ratio_for_subject(self._subject(subject), dealer.id, 0.85, "x")
        for ratio in (0.60, 0.95, 1.0, 0, -1):
            with self.subTest(ratio=ratio), self.assertRaises(UserError), self.env.cr.savepoint():
                dealers._set_ratio_for_subject(self._subject(self.a), self.b.id, ratio, "x")
        self.assertEqual(self.b.ratio, 0.66)

    @covers("CH-34", "direct children only")
    def test_nobody_else_sets_ratios(self):
        dealers = self.env["crab.dealer"]
        staff = self._new_staff(self.a)
        with self.assertRaises(AccessError):
            dealers._set_ratio_for_subject(self._subject(staff), self.a.id, 0.5, "x")
        with self.assertRaises(MissingError):
            dealers._set_ratio_for_subject(self._subject(staff), self.b.id, 0.5, "x")
        with self.assertRaises(MissingError):
            dealers._set_ratio_for_subject(Subject("member", self.a.id), self.b.id, 0.75, "x")
        for role in ("finance", "card_keeper", "warehouse", "customer_service", "auditor"):
            user = self._new_user(f"ratio-{role}", role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                dealers.with_user(user)._set_ratio_for_subject(Subject("user", user.id), self.a.id, 0.5, "x")
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["crab.dealer.ratio.change"].with_user(user).create(
                    {"dealer_id": self.a.id, "ratio": 0.5, "reason": "x"}
                )
        self.b._close("test")
        with self.assertRaises(UserError):
            dealers._set_ratio_for_subject(self._subject(self.a), self.b.id, 0.75, "x")
