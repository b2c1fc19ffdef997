import json

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import PHONE, SmsCase


@tagged("post_install", "-at_install")
class TestReport(SmsCase, HttpCase):
    """Delivery reports are hints: they move SMS of ours forward, whoever sends what how often."""

    def urls(self):
        return {
            account.provider: f"{self.base_url()}/callback/sms/{account.provider}/{account.report_token}"
            for account in self.tencent | self.aliyun
        }

    def report(self, **values):
        self.env.flush_all()
        self.sandbox.ctl("settings", report_url=self.urls())
        with self.allow_requests(all_requests=True):
            answers = self.sandbox.ctl("report", **values)
        self.env.invalidate_all()
        return answers

    def post(self, provider, body, token=None):
        url = f"/callback/sms/{provider}/{token or self.urls()[provider].rpartition('/')[2]}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.env.flush_all()
        with mute_logger("odoo.http"):
            response = self.url_open(url, data=data, headers={"Content-Type": "application/json"}, method="POST")
        self.env.invalidate_all()
        return response

    def sent_sms(self, template):
        sms = self.queue(template, PHONE)
        self.run_queue()
        self.assertEqual(sms.state, "pending")
        return sms

    def test_delivered_and_not_delivered(self):
        for template in (self.shipped, self.news):
            with self.subTest(template.account_id.provider):
                good = self.sent_sms(template)
                [answer] = self.report(state="good", reference=good.crab_reference)
                self.assertEqual(answer["status"], 200)
                self.assertIn(answer["body"], ({"result": 0, "errmsg": "OK"}, {"code": 0, "msg": "OK"}))
                self.assertEqual((good.state, good.crab_reason), ("sent", False))
                self.assertTrue(good.crab_ended_at)
                bad = self.sent_sms(template)
                self.report(state="fail", reference=bad.crab_reference)
                self.assertEqual((bad.state, bad.failure_type), ("error", "sms_server"))
                self.assertIn("could not deliver", bad.crab_reason)

    def test_repeated_and_out_of_order_reports_only_go_forward(self):
        sms = self.sent_sms(self.news)
        self.report(state="good", reference=sms.crab_reference, times=3)
        ended = sms.crab_ended_at
        self.report(state="fail", reference=sms.crab_reference)
        self.assertEqual((sms.state, sms.crab_ended_at), ("sent", ended))
        first, second = self.sent_sms(self.news), self.sent_sms(self.shipped)
        self.report(state="good", reverse=True)
        self.assertEqual((first.state, second.state), ("sent", "sent"))

    def test_report_before_the_answer_to_the_call(self):
        """What is not known yet is asked for again; where our own number comes along it is known."""
        sms = self.queue(self.news, "13900000076")
        work = self.Sms._crab_take()
        results = work.client.send(list(work.ids), work.template, work.params, work.session)
        [answer] = self.report(state="good", phone=sms.number)
        self.assertEqual((answer["body"]["code"], sms.state), (0, "sent"))
        sms._crab_finish(work.session, {sms.id: results[sms.number]})
        self.assertEqual(sms.state, "sent", "the answer comes late and takes nothing back")
        self.assertTrue(sms.crab_reference)

        sms = self.queue(self.shipped, "13900000077")
        work = self.Sms._crab_take()
        results = work.client.send(list(work.ids), work.template, work.params, work.session)
        [answer] = self.report(state="good", phone=sms.number)
        self.assertEqual((answer["body"]["result"], sms.state), (1, "process"))
        sms._crab_finish(work.session, {sms.id: results[sms.number]})
        [answer] = self.report(state="good", phone=sms.number)
        self.assertEqual((answer["body"]["result"], sms.state), (0, "sent"))

    def test_only_rows_of_the_account_are_touched(self):
        sms = self.sent_sms(self.news)
        entry = {"phone_number": PHONE, "success": False, "biz_id": sms.crab_reference, "out_id": sms.uuid}
        forged = [
            {"nationcode": "86", "mobile": PHONE, "report_status": "FAIL", "sid": sms.crab_reference, "ext": sms.uuid}
        ]
        self.assertEqual(self.post("tencent", forged).json()["result"], 1)
        other = {**entry, "phone_number": "13900000002"}
        self.assertEqual(self.post("aliyun", [other]).json()["code"], 1)
        self.assertEqual(sms.state, "pending")
        self.assertEqual(self.post("aliyun", [entry]).json()["code"], 0)
        self.assertEqual(sms.state, "error")

    def test_wrong_secret(self):
        sms = self.sent_sms(self.shipped)
        entry = [{"nationcode": "86", "mobile": PHONE, "report_status": "SUCCESS", "sid": sms.crab_reference}]
        token = self.urls()["aliyun"].rpartition("/")[2]
        for provider, secret in (("tencent", "x"), ("tencent", token), ("other", token), ("tencent", "%00")):
            with self.subTest(provider=provider, secret=secret):
                self.assertEqual(self.post(provider, entry, secret).status_code, 404)
        self.assertEqual(sms.state, "pending")

    def test_nonsense(self):
        cases = [b"", b"\xff", b"{}", b"null", b"[" * 5000, b'"x"', b"[" + b"1," * 2000 + b"1]"]
        for body in cases:
            with self.subTest(body=body[:10]):
                self.assertEqual(self.post("tencent", body).status_code, 400)
        self.assertEqual(self.post("aliyun", b"x" * 300_000).status_code, 413)
        strange = [1, None, [], {}, {"sid": {"a": 1}, "mobile": [1]}, {"sid": "a\0b"}, {"sid": "x" * 5000}]
        for provider in ("tencent", "aliyun"):
            self.assertEqual(self.post(provider, strange).status_code, 200)

    def test_an_account_that_is_switched_off_still_hears(self):
        sms = self.sent_sms(self.news)
        self.aliyun.active = False
        self.report(state="good", reference=sms.crab_reference)
        self.assertEqual(sms.state, "sent")
