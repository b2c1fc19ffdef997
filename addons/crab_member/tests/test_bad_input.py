from odoo.exceptions import UserError
from odoo.tests import Form

from .common import MemberCase

SCRIPT = "<script>alert(1)</script>"
HARMLESS = "&lt;script&gt;alert(1)&lt;/script&gt;"


class TestBadInput(MemberCase):
    """Whatever is typed into a form or a wizard: a message, or harmless text."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("bad-input", "admin")
        cls.member = cls._new_member("Plain", dealer_id=cls.dealer1.id)

    def _wizard(self, model, **context):
        return Form(self.env[model].with_user(self.admin).with_context(**context))

    def test_ratios_that_are_none(self):
        for ratio in (0, -0.5, 1.0001, 95, 1e300):
            form = self._wizard("crab.member.level.change.ratio", default_level_id=self.gold.id)
            self.assertEqual(form.ratio, 0.95, "the present ratio to begin with")
            self.assertEqual(form.highest_dealer_id, self.dealer3)
            form.ratio, form.reason = ratio, "x"
            with self.subTest(ratio=ratio), self._refused("above 0 and at most 1", UserError):
                form.save().action_apply()
        self.assertEqual((self.gold.ratio, len(self.gold.ratio_ids)), (0.95, 1))

    def test_conditions_that_are_none(self):
        for values in (
            {"min_spend": -1},
            {"min_orders": -1},
            {"min_invitations": -1},
            {"period_days": -1},
            {"period_days": 36501},
        ):
            with self.subTest(values=values), self._refused("never negative|conditions_positive"):
                self.gold.with_user(self.admin).web_save(values, {})

    def test_empty_reasons_and_nothing_to_do(self):
        chosen = {"default_member_ids": self.member.ids}
        for model, values, message in (
            ("crab.member.change.owner", {"dealer_id": self.dealer2, "reason": "  "}, "Enter a reason"),
            ("crab.member.change.owner", {"dealer_id": self.dealer1, "reason": "x"}, "this owner already"),
            ("crab.member.change.level", {"level_id": self.gold, "reason": "  "}, "Enter a reason"),
            ("crab.member.change.level", {"level_id": self.base, "reason": "x"}, "this level already"),
            ("crab.member.close", {"reason": "  "}, "Enter a reason"),
        ):
            form = self._wizard(model, **chosen)
            for field, value in values.items():
                form[field] = value
            with self.subTest(model=model, message=message), self._refused(message, UserError):
                form.save().action_apply()

    def test_wizards_without_members(self):
        for model in ("crab.member.change.owner", "crab.member.change.level", "crab.member.close"):
            values = {"member_ids": [(6, 0, [])], "reason": "x"}
            if model == "crab.member.change.level":
                values["level_id"] = self.gold.id
            with self.subTest(model=model), self._refused("Choose members", UserError):
                self.env[model].with_user(self.admin).create(values).action_apply()

    def test_owners_that_do_not_fit(self):
        other = self._new_dealer("T-A5", "1", 0.5)
        closed = self._new_dealer("T-A6", "1", 0.5)
        closed._close("gone")
        wizards = self.env["crab.member.change.owner"].with_user(self.admin)
        for values, message in (
            ({"dealer_id": closed.id}, "is closed"),
            ({"dealer_id": other.id, "staff_id": self.staff.id}, "does not work for"),
            ({"staff_id": self.staff.id}, "does not work for"),
        ):
            with self.subTest(values=values), self._refused(message, UserError):
                wizards.create({"member_ids": self.member.ids, "reason": "x", **values}).action_apply()
        self.assertEqual(self.member.dealer_id, self.dealer1)

    def test_scripts_stay_text(self):
        self.member.with_user(self.admin).web_save({"name": SCRIPT, "note": SCRIPT}, {})
        form = self._wizard("crab.member.close", default_member_ids=self.member.ids)
        form.reason = SCRIPT
        form.save().action_apply()
        bodies = "".join(str(body) for body in self.member.message_ids.mapped("body"))
        self.assertIn(HARMLESS, bodies)
        self.assertNotIn("<script", bodies)
        self.assertEqual(self.member.name, SCRIPT, "shown as text by the web client")

    def test_a_context_from_outside_is_no_reason_to_fail(self):
        for reason in ({"a": 1}, ["x"], 5, "", None, True):
            with self.subTest(reason=reason):
                values = {"name": "Ctx", "phone": self._phone()}
                member = self.Member.with_user(self.admin).with_context(crab_reason=reason).create(values)
                self.assertEqual(member.level_history_ids.reason, "Registered")

    def test_what_follows_from_the_rest_is_not_given(self):
        partner = self.env["res.partner"].create({"name": "Somebody else"})
        values = {"state": "closed", "partner_id": partner.id, "invite_code": "MINE", "merged_into_id": self.member.id}
        forged = self.Member.with_user(self.admin).create({"name": "Forged", "phone": self._phone(), **values})
        self.assertEqual((forged.state, forged.merged_into_id.id), ("active", False))
        self.assertEqual(forged.partner_id, forged.account_id.partner_id)
        self.assertNotEqual(forged.invite_code, "MINE")
        for field, value in {**values, "public_id": "x", "number": "x", "account_id": 1}.items():
            with self.subTest(field=field), self._refused("use the buttons", UserError):
                forged.with_user(self.admin).write({field: value})
