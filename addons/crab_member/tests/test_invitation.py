import base64
import io

from PIL import Image

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import MemberCase


class TestInvitation(MemberCase):
    def _join(self, token, phone=None):
        [account] = self.env["crab.account"]._get_or_create([{"name": "New", "phone": phone or self._phone()}])
        return self.Member._sign_up(account, token)

    @covers("HQ-21", "invitation link and QR per level", "signed token", via="web")
    def test_head_office_gives_out_a_levels_link(self):
        form = Form(self.gold.with_user(self._new_user("inviter-admin", "admin")))
        token = form.invite_link.split("=")[-1]
        self.assertTrue(self.gold.invite_qr)
        member = self._join(token)
        self.assertEqual((member.level_id, member.dealer_id.id), (self.gold, False))

    @covers("HQ-21", "dealer or staff issue only opened levels", via="service")
    @covers(
        "MB-01", "a level's invitation link registers a member of that level", "member belongs to the inviter's dealer"
    )
    @covers("MB-01", "staff invitation also names the staff member")
    def test_dealers_and_staff_invite_to_opened_levels(self):
        dealer, staff = self._subject(self.dealer2), self._subject(self.staff)
        for subject in (dealer, staff):
            with self._refused("has not opened", AccessError):
                self.Level._invitation_for_subject(subject, self.gold)
        self.gold.write({"is_open_to_dealers": True})
        token = self.Level._invitation_for_subject(dealer, self.gold)["token"]
        self.assertEqual((self._join(token).level_id, self._join(token).dealer_id), (self.gold, self.dealer2))
        with self._refused("has not opened", AccessError):
            self.Level._invitation_for_subject(staff, self.gold)
        self.gold.write({"is_open_to_staff": True})
        member = self._join(self.Level._invitation_for_subject(staff, self.gold)["token"])
        self.assertEqual((member.dealer_id, member.staff_id), (self.dealer2, self.staff))
        self.gold.write({"is_open_to_dealers": False})
        with self._refused("has not opened", UserError):
            self._join(token)

    @covers("HQ-21", "dealer or staff issue only opened levels", "invitation link and QR per level", via="web")
    @covers("CH-32", "dealer's own member-invitation link and QR", "each staff member's own link and QR")
    @covers("CH-32", "who registers belongs to the dealer", "who registers by staff belongs to the staff member too")
    def test_head_office_opens_a_level_and_hands_out_the_links_of_dealers_and_staff(self):
        admin, service = self._new_user("opener", "admin"), self._new_user("hands-out", "customer_service")

        def open_wizard(inviter):
            action = inviter.with_user(service).action_level_invitation()
            return Form(self.env[action["res_model"]].with_user(service).with_context(**action["context"]))

        for inviter, toggle in ((self.dealer2, "is_open_to_dealers"), (self.staff, "is_open_to_staff")):
            with self.subTest(inviter=inviter._name):
                form = open_wizard(inviter)
                self.assertEqual((form.level_id, list(form.open_level_ids)), (self.base, [self.base]))
                with self._refused("has not opened", AccessError):
                    form.level_id = self.gold
                with Form(self.gold.with_user(admin)) as level:
                    setattr(level, toggle, True)
                form = open_wizard(inviter)
                self.assertIn(self.gold, list(form.open_level_ids))
                for level in (self.base, self.gold):
                    form.level_id = level
                    member = self._join(form.invite_link.split("=")[-1])
                    self.assertEqual(
                        (member.level_id, member.dealer_id, member.staff_id.id),
                        (level, self.dealer2, inviter.id if inviter == self.staff else False),
                    )
                wizard = form.save()
                picture = Image.open(io.BytesIO(base64.b64decode(wizard.invite_qr)))
                self.assertEqual(picture.format, "PNG")
                url = wizard.action_download_qr()["url"]
                self.assertIn(f"/web/content/crab.member.invitation/{wizard.id}/invite_qr", url)
                with Form(self.gold.with_user(admin)) as level:
                    setattr(level, toggle, False)
                self.assertNotIn(self.gold, list(open_wizard(inviter).open_level_ids))
                wizard.invalidate_recordset()
                with self._refused("has not opened", AccessError):
                    wizard.read(["invite_link"])

    def test_links_are_handed_out_by_who_sees_the_inviter(self):
        rep, stranger = self._new_user("link-rep", "sales_rep"), self._new_user("link-stranger", "sales_rep")
        self.dealer1.user_id = rep
        wizards = self.env["crab.member.invitation"]
        for values in ({"dealer_id": self.dealer3.id}, {"staff_id": self.staff.id}):
            with self.subTest(values=values):
                self.assertTrue(wizards.with_user(rep).create(values).invite_link)
                with self._refused("", AccessError):
                    wizards.with_user(stranger).create(values).read(["invite_link"])
                with self._refused("", AccessError):
                    wizards.with_user(self._new_user(f"link-{list(values)}", "warehouse")).create(values)

    def test_the_link_of_a_level_is_not_for_every_role(self):
        """Whoever has it gets the level's price."""
        for role in ("finance", "card_keeper", "warehouse", "auditor", "sales_rep", "department_manager"):
            level = self.gold.with_user(self._new_user(f"level-{role}", role))
            with self.subTest(role=role):
                self.assertEqual(level.web_read({"name": {}, "ratio": {}})[0]["name"], "T gold")
                for field in ("invite_link", "invite_code", "invite_qr"):
                    with self.assertRaises(AccessError):
                        level.read([field])
                with self.assertRaises(AccessError):
                    level.search([("invite_code", "=like", "A%")])
                self.assertNotIn("invite_link", level.get_view(view_type="form")["arch"])

    @covers("HQ-21", "a member's own QR gives the base level", via="web")
    @covers("MB-21", "own invitation QR", "the chain stays with the inviter's dealer")
    def test_a_member_invites_to_the_base_level(self):
        member = self._new_member(staff_id=self.staff.id, level_id=self.gold.id)
        self.gold.write({"is_open_to_dealers": True, "is_open_to_staff": True})
        with self._refused("has not opened", AccessError):
            self.Level._invitation_for_subject(self._subject(member), self.gold)
        shown = Form(member.with_user(self._new_user("qr-service", "customer_service"))).invite_link.split("=")[-1]
        for token in (
            shown,
            self.Level._invitation_for_subject(self._subject(member))["token"],
            member.invite_code,
            member.invite_code.lower(),
        ):
            invited = self._join(token)
            self.assertEqual(
                (invited.level_id, invited.dealer_id, invited.staff_id.id, invited.inviter_id),
                (self.base, self.dealer2, False, member),
            )
        self.assertEqual(member.invited_count, 4)

    @covers("HQ-21", "signed token", via="service")
    def test_changed_tokens_are_refused(self):
        self.gold.is_open_to_dealers = True
        token = self.Level._invitation_for_subject(self._subject(self.dealer2), self.gold)["token"]
        level, inviter, signature = token.split(".")
        forged = [
            f"{level}.D{self.dealer1.invite_code}.{signature}",
            f"{self.silver.invite_code}.{inviter}.{signature}",
            f"{level}.{inviter}.{signature[:-1]}",
            f"{level}.{inviter}.",
            f"{level}.{inviter}",
            f"{level}.H.{signature}",
            f"{token}.x",
            "x" * 5000,
            "é.ü.ß",
            "\x00",
            ".",
            "..",
            "%",
            self.gold.invite_code,
            12,
            None,
            {"a": 1},
        ]
        for bad in forged:
            with self.subTest(token=bad), self._refused("not valid", UserError):
                self.Level._read_token(bad)
        self.gold.action_new_invite_code()
        with self._refused("not valid", UserError):
            self.Level._read_token(token)

    def test_closed_inviters_invite_nobody(self):
        member = self._new_member()
        tokens = [self.dealer2.invite_code, self.staff.invite_code]
        self.dealer2._close("gone")
        member._close("gone")
        for token in (*tokens, member.invite_code):
            with self._refused("not valid", UserError):
                self._join(token)
        for subject in (
            self._subject(self.dealer2),
            self._subject(self.staff),
            self._subject(member),
            Subject("dealer", 0),
        ):
            with self._refused("not valid", AccessError):
                self.Level._invitation_for_subject(subject)

    def test_the_code_of_a_merged_member_invites_for_whom_it_became(self):
        member, known = self._new_member(), self._new_member(dealer_id=self.dealer1.id)
        member.account_id._merge_into(known.account_id)
        invited = self._join(member.invite_code)
        self.assertEqual((invited.inviter_id, invited.dealer_id), (known, known.dealer_id))

    def test_first_touch_wins(self):
        phone = self._phone()
        first = self._join(self.dealer1.invite_code, phone)
        again = self._join(self.dealer2.invite_code, phone)
        self.assertEqual(first, again)
        self.assertEqual(again.dealer_id, self.dealer1)
        self.assertEqual(len(again.ownership_ids), 1)
        first._close("gone")
        first.account_id.sudo()._set_live()
        with self._refused("is closed", UserError):
            self._join(self.dealer1.invite_code, phone)

    def test_nobodys_member(self):
        member = self._join(None)
        self.assertEqual((member.level_id, member.dealer_id.id), (self.base, False))
