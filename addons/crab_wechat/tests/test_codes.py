import base64
import json

from odoo.exceptions import AccessError, MissingError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import WechatCase


class TestCodes(WechatCase):
    def scene(self):
        """What the newest picture leads to."""
        return json.loads(self.received("picture")[-1]["body"])["scene"]

    @covers("HQ-04", "code to download", via="web")
    @covers("IF-04", "mini-program codes")
    def test_the_programs_own_code_is_saved(self):
        service = self._new_user("wechat-service", "customer_service")
        action = self.program.with_user(service).action_download_wxacode()
        self.assertEqual(action["url"].partition("?")[0], f"/web/content/crab.wechat.app/{self.program.id}/wxacode")
        self.assertEqual(base64.b64decode(self.program.with_user(service).wxacode)[:4], b"\x89PNG")
        self.program.with_user(service).action_download_wxacode()
        self.assertEqual(len(self.received("picture")), 1, "fetched once")

    @covers("MB-21", "own invitation QR")
    def test_invitations_of_all_kinds(self):
        admin = self._new_user("wechat-admin", "admin")
        invitation = self.env["crab.dealer.invitation"].create(
            {"dealer_id": self.dealer1.id, "level": "3", "ratio": 0.7}
        )
        for record, kind in (
            (self.member, "i"),
            (self.dealer2, "i"),
            (self.staff, "i"),
            (invitation, "d"),
        ):
            with self.subTest(record._name):
                record = record.with_user(admin)
                self.assertFalse(record.crab_wxacode)
                record.action_download_wxacode()
                record.invalidate_recordset()
                self.assertEqual(base64.b64decode(record.crab_wxacode)[:4], b"\x89PNG")
                self.assertEqual(self.scene(), f"{kind}={record.invite_code}")

    @covers("MB-21", "the chain stays with the inviter's dealer")
    def test_a_scene_stands_for_a_signed_token(self):
        level = self.gold
        level.is_open_to_staff = True
        subject = Subject("staff", self.staff.id)
        token = level._invitation_for_subject(subject, level)["token"]
        self.assertGreater(len(token), 32)
        self.Scene._picture("invite", token)
        scene = self.scene()
        self.assertLessEqual(len(scene), 32)
        for text in (scene, scene.partition("=")[2], f" {scene} "):
            self.assertEqual(self.Level._read_token(text), (level, self.staff))
        account = self.Account.create({"name": "New", "phone": "13700000001"})
        member = self.Member._sign_up(account, scene)
        self.assertEqual((member.level_id, member.dealer_id, member.staff_id), (level, self.dealer2, self.staff))
        for text in ("W%%%%%%%%%%%%", "W____________", "WAAAAAAAAAAAA", "i=", "\0", "x=1", 5):
            with self.subTest(text), self.assertRaises(UserError):
                self.Level._read_token(text)

    def test_the_wizard_of_levels(self):
        self.gold.is_open_to_dealers = True
        service = self._new_user("wechat-service", "customer_service")
        wizard = (
            self.env["crab.member.invitation"]
            .with_user(service)
            .create({"dealer_id": self.dealer2.id, "level_id": self.gold.id})
        )
        wizard.action_download_wxacode()
        wizard.invalidate_recordset()
        self.assertTrue(wizard.crab_wxacode)
        self.assertEqual(self.Level._read_token(self.scene()), (self.gold, self.dealer2))

    def test_a_level_is_invited_to_by_customer_service_only(self):
        self.gold.with_user(self._new_user("wechat-service", "customer_service")).action_download_wxacode()
        self.assertEqual(self.Level._read_token(self.scene()), (self.gold, None))
        with self.assertRaises(AccessError):
            self.gold.with_user(self._new_user("wechat-keeper", "card_keeper")).action_download_wxacode()

    @covers("IF-04", "share with path and picture")
    def test_a_gift_is_shared(self):
        order = self._bought(1)
        gift = self.env["crab.card.gift"]._give(self.subject, self._numbers(order).id)
        shared = self.Scene._link("gift", gift.token)
        self.assertTrue(shared["link"].startswith("https://wxaurl.cn/"))
        scene = shared["path"].partition("?scene=")[2].replace("%3D", "=")
        self.assertTrue(shared["path"].startswith("pages/launch/index?"))
        taken = self.env["crab.card.gift"]._claim(Subject("member", self.friend.id), scene)
        self.assertEqual(taken, gift)
        with self.assertRaises(MissingError):
            self.env["crab.card.gift"]._by_token("WAAAAAAAAAAAA")
        self.assertEqual(self.Scene._link("gift", gift.token), shared, "asked for once")
        self.assertEqual(len(self.received("link")), 1)

    def test_another_version_has_other_pictures(self):
        self.member.action_download_wxacode()
        self.program.env_version = "trial"
        self.member.action_download_wxacode()
        self.member.action_download_wxacode()
        self.assertEqual(len(self.received("picture")), 2)

    def test_what_wechat_refuses_is_said_and_nothing_kept(self):
        self.sandbox.ctl("settings", pages=["pages/other"])
        with self.assertRaisesRegex(UserError, "published version"):
            self.member.action_download_wxacode()
        self.sandbox.ctl("settings", pages=None)
        self.sandbox.ctl("fault", on="picture", do="lose")
        with self.assertRaisesRegex(UserError, "try again"):
            self.member.action_download_wxacode()
        self.member.action_download_wxacode()
        self.assertTrue(self.member.crab_wxacode)
        self.assertEqual(len(self.Scene.search([("token", "=", self.member.invite_code)])), 1)

    def test_33_characters_are_refused_by_wechat(self):
        with self.assertRaisesRegex(UserError, "does not take"):
            self.Scene._call(self.program, "picture", "x" * 33, "pages/launch/index")
