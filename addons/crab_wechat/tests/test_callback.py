import time

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers

from .common import WechatCase


@tagged("post_install", "-at_install")
class TestCallback(WechatCase, HttpCase):
    """What WeChat sends is signed and encrypted by the sandbox's own code, and its answers are opened by it."""

    def setUp(self):
        super().setUp()
        self.env.flush_all()
        self.sandbox.ctl("settings", callback=f"{self.base_url()}/wechat/callback")
        self.Event = self.env["crab.wechat.event"]
        self.start = self.Event.search([], limit=1).id or 0

    def send(self, **values):
        self.env.flush_all()
        with self.allow_requests(all_requests=True), mute_logger("odoo.http"):
            answers = self.sandbox.ctl("send", **values)
        self.env.invalidate_all()
        return answers

    def events(self):
        return self.Event.search([("id", ">", self.start)], order="id")

    def test_the_address_is_verified(self):
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            self.assertEqual(self.sandbox.ctl("verify"), {"status": 200, "right": True})
            self.assertEqual(self.sandbox.ctl("verify", wrong=True), {"status": 403, "right": False})

    @covers("MB-29", "opens WeChat customer service")
    def test_messages_of_members_are_passed_on_to_customer_service(self):
        for as_json in (False, True):
            with self.subTest(as_json=as_json):
                [answer] = self.send(as_json=as_json, MsgId=str(100 + as_json), FromUserName="o-asks")
                self.assertEqual(answer["status"], 200)
                self.assertLess(answer["seconds"], 5)
                reply = answer["reply"]
                self.assertEqual(reply["MsgType"], "transfer_customer_service")
                self.assertEqual((reply["ToUserName"], reply["FromUserName"]), ("o-asks", "gh_sandbox"))
        self.assertEqual(self.events().mapped("state"), ["passed_on", "passed_on"])

    def test_what_comes_again_counts_once_and_is_answered_alike(self):
        answers = self.send(times=3, MsgId="77")
        self.assertEqual({answer["reply"]["MsgType"] for answer in answers}, {"transfer_customer_service"})
        self.assertEqual(self.events().mapped("count"), [3])
        event = {
            "ToUserName": "gh",
            "FromUserName": "o-1",
            "CreateTime": int(time.time()),
            "MsgType": "event",
            "Event": "user_enter_tempsession",
        }
        answers = self.send(message=event, times=2)
        self.assertEqual([answer["text"] for answer in answers], ["success"] * 2)
        [noted] = self.events()[1:]
        self.assertEqual((noted.event, noted.state, noted.count), ("user_enter_tempsession", "noted", 2))

    def test_what_is_not_wechats_is_refused_and_noted(self):
        reasons = {
            "wrong_signature": "signature",
            "wrong_app": "app",
            "wrong_key": "key",
            "stale": "stale",
            "unsigned": "signature",
            "plain": "form",
        }
        for variant, reason in reasons.items():
            for as_json in (False, True):
                with self.subTest(variant, as_json=as_json):
                    [answer] = self.send(variant=variant, as_json=as_json)
                    self.assertEqual((answer["status"], answer["text"]), (403, "refused"))
                    self.assertEqual(self.events()[-1:].state, "refused")
                    self.assertIn(reason, self.events().mapped("reason"))
        self.assertNotIn("passed_on", self.events().mapped("state"))

    def test_nonsense(self):
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
        for body in (b"", b"\xff", b"{}", b"null", b"[" * 5000, b"<xml>", b'{"Encrypt": 5}', b"{" * 5000, bomb):
            with self.subTest(body[:12]), mute_logger("odoo.http"):
                answer = self.url_open(
                    "/wechat/callback?msg_signature=x&timestamp=x&nonce=%00", data=body, method="POST"
                )
                self.assertEqual(answer.status_code, 403)
        answer = self.url_open("/wechat/callback", data=b"x" * 70_000, method="POST")
        self.assertEqual(answer.status_code, 413)

    def test_there_are_not_endlessly_many_refusals(self):
        for _time in range(3):
            self.Event._note_refused("form", "203.0.113.7")
        self.assertEqual(self.events().mapped("count"), [3])

    def test_without_keys_there_is_no_such_address(self):
        self.program.sudo().aes_key = False
        self.env.flush_all()
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open("/wechat/callback", data=b"x", method="POST").status_code, 404)
