from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tools.timezone import business_date, day_bounds

from ..tools import client
from .common import E164, PHONE, SmsCase


class TestSend(SmsCase):
    """What a shop's owner wants: each SMS once, never lost unseen, never twice."""

    def both(self):
        return ((self.tencent, self.shipped), (self.aliyun, self.news))

    def test_a_text_leaves_by_the_account_of_its_company(self):
        for account, template in self.both():
            with self.subTest(account.provider):
                sms = self.queue(template, "139 0000 0001")
                self.assertEqual((sms.state, sms.number), ("outgoing", E164))
                self.run_queue()
                self.assertEqual((sms.state, sms.crab_reason), ("pending", False))
                self.assertTrue(sms.crab_reference)
                [message] = self.sandbox.ctl("messages", phone=E164)[-1:]
                self.assertEqual(message["provider"], account.provider)
                self.assertEqual(message["text"], sms.body)
                self.assertEqual(message["session"], sms.uuid)
        self.assertEqual({one["verdict"] for one in self.sandbox.ctl("received")}, {"fine"})

    def test_what_says_the_same_goes_in_one_call_and_every_number_has_its_own_answer(self):
        self.sandbox.ctl("settings", bad_numbers=["2"], blacklist=["3"])
        phones = ["13900000001", "13900000002", "13900000003", "13900000004"]
        rows = self.queue(self.shipped, *phones)
        other = self.queue(self.shipped, "13900000001", order="S2")
        self.run_queue()
        self.assertEqual(rows.mapped("state"), ["pending", "error", "error", "pending"])
        self.assertEqual(rows.mapped("failure_type"), [False, "sms_number_format", "sms_blacklist", False])
        self.assertIn("does not take this phone number", rows[1].crab_reason)
        self.assertEqual(len(self.sandbox.ctl("received", on="send")), 2)
        self.assertEqual(len(set(rows.filtered("crab_reference").mapped("crab_reference"))), 2)
        self.assertEqual(other.state, "pending")

    def test_one_bad_number_does_not_keep_the_others_from_their_sms(self):
        """Aliyun refuses the whole call for one number: they go one by one."""
        self.sandbox.ctl("settings", bad_numbers=["2"])
        rows = self.queue(self.news, "13900000001", "13900000002", "13900000003")
        self.run_queue()
        self.assertEqual(rows.mapped("state"), ["pending", "error", "pending"])
        self.assertEqual([one["phone"][-1] for one in self.sent()], ["1", "3"])

    def test_a_number_twice_gets_each_of_its_sms(self):
        rows = self.queue(self.shipped, PHONE, PHONE)
        self.run_queue()
        self.assertEqual(rows.mapped("state"), ["pending", "pending"])
        self.assertEqual(len(set(rows.mapped("crab_reference"))), 2)

    def test_what_is_no_number_is_seen_and_not_sent(self):
        rows = self.queue(self.shipped, "no phone", "", False)
        self.assertEqual(rows.mapped("state"), ["error"] * 3)
        self.assertEqual(rows.mapped("failure_type"), ["sms_number_format", "sms_number_missing", "sms_number_missing"])
        self.run_queue()
        self.assertFalse(self.sandbox.ctl("received"))

    def test_too_many_to_one_number_wait_for_a_minute(self):
        for account, template in self.both():
            with self.subTest(account.provider):
                self.sandbox.ctl("settings", pace=True)
                phone = f"1380000{account.id % 10000:04}"
                rows = self.queue(template, phone) | self.queue(template, phone, order="S2")
                self.run_queue()
                self.assertEqual(rows.mapped("state"), ["pending", "outgoing"])
                self.assertIn("a little later by itself", rows[1].crab_reason)
                self.run_queue()
                self.assertEqual(rows[1].state, "outgoing", "it is not tried before its time")
                self.sandbox.ctl("settings", pace=False)
                self.let_time_pass(rows[1], 1)
                self.run_queue()
                self.assertEqual((rows[1].state, rows[1].crab_reason), ("pending", False))

    def test_out_of_credit_is_said_and_sent_again_after_topping_up(self):
        for account, template in self.both():
            with self.subTest(account.provider):
                self.sandbox.ctl("settings", credit=0)
                rows = self.queue(template, "13900000001", "13900000002")
                self.run_queue()
                self.assertEqual(rows.mapped("failure_type"), ["sms_credit"] * 2)
                self.assertIn("Top it up", rows[0].crab_reason)
                self.sandbox.ctl("settings", credit=None)
                self.run_queue()
                self.assertEqual(rows.mapped("state"), ["error"] * 2)
                rows.with_user(self.agent).action_crab_retry()
                self.run_queue()
                self.assertEqual(rows.mapped("state"), ["pending"] * 2)

    def test_wrong_secret_template_and_signature_are_said(self):
        cases = (
            (self.tencent, {"new_secret": "wrong"}, "sms_acc"),
            (self.aliyun, {"new_secret": "wrong"}, "sms_acc"),
            (self.tencent, {"sign_name": "别的公司"}, "sms_registration_needed"),
            (self.aliyun, {"sign_name": "别的公司"}, "sms_registration_needed"),
            (self.tencent, {"app_id": "1"}, "sms_acc"),
        )
        for account, values, failure in cases:
            with self.subTest(account.provider, **values), self.env.cr.savepoint() as savepoint:
                account.write(values)
                sms = self.queue(account.template_ids[0], PHONE)
                self.run_queue()
                self.assertEqual((sms.state, sms.failure_type), ("error", failure))
                savepoint.rollback()
                self.env.invalidate_all()
        self.shipped.provider_code = "9999999"
        sms = self.queue(self.shipped, PHONE)
        self.run_queue()
        self.assertIn("template is not approved", sms.crab_reason)

    def test_account_that_is_switched_off(self):
        sms = self.queue(self.shipped, PHONE)
        self.tencent.active = False
        self.run_queue()
        self.assertEqual((sms.state, sms.failure_type), ("error", "sms_acc"))
        self.assertFalse(self.sandbox.ctl("received"))

    def test_provider_that_cannot_be_reached_gets_it_later(self):
        for account, template in self.both():
            with self.subTest(account.provider):
                account.endpoint = "http://127.0.0.1:9"
                rows = self.queue(template, PHONE) | self.queue(template, PHONE, order="S2")
                self.run_queue()
                self.assertEqual(rows.mapped("state"), ["outgoing"] * 2)
                self.assertEqual(rows.mapped("crab_tries"), [0, 0])
                self.assertIn("cannot be reached", rows[0].crab_reason)
                account.endpoint = self.sandbox.url
                self.let_time_pass(rows, 2)
                self.run_queue()
                self.assertEqual(rows.mapped("state"), ["pending"] * 2)

    def test_answer_that_is_lost_after_sending_does_not_send_twice(self):
        for account, template in self.both():
            with self.subTest(account.provider):
                before = len(self.sandbox.ctl("messages"))
                self.sandbox.ctl("fault", on="send", do="lose")
                sms = self.queue(template, PHONE)
                self.run_queue()
                self.assertEqual(sms.state, "process")
                self.run_queue()
                self.assertEqual(sms.state, "process", "it is asked for when no call can be under way any more")
                self.sandbox.ctl("report", state="good", send=False)
                self.let_time_pass(sms, 6)
                self.run_queue()
                self.assertEqual((sms.state, sms.crab_code), ("sent", False))
                self.assertEqual(len(self.sandbox.ctl("messages")), before + 1)

    def test_answer_that_is_lost_at_midnight_does_not_send_twice(self):
        """Aliyun is asked for the SMS of a day: its own, which may be the one before or after ours."""
        midnight, _end = day_bounds(business_date() + timedelta(days=1))
        for ours, theirs in ((-5, 5), (5, -5)):  # seconds from midnight
            with self.subTest(ours=ours, theirs=theirs):
                before = len(self.sandbox.ctl("messages"))
                ahead = (midnight - datetime.now(UTC).replace(tzinfo=None)).total_seconds() + theirs
                self.sandbox.ctl("settings", ahead=ahead)
                self.sandbox.ctl("fault", on="send", do="lose")
                sms = self.queue(self.news, PHONE, order=str(ours))
                self.run_queue()
                self.assertEqual(sms.state, "process")
                self.let_time_pass(sms, 6)
                sms.crab_taken_at = midnight + timedelta(seconds=ours)
                self.run_queue()
                self.assertEqual((sms.state, sms.crab_code), ("pending", False))
                self.assertEqual(len(self.sandbox.ctl("messages")), before + 1)

    def test_no_call_waits_for_ever(self):
        """What timed out may have been sent; what was never connected was not."""
        for account, template in self.both():
            for error, state in ((requests.ReadTimeout, "process"), (requests.ConnectTimeout, "outgoing")):
                with self.subTest(account.provider, error=error):
                    waits = []

                    def send(_session, _request, waits=waits, error=error, **options):
                        waits.append(options["timeout"])
                        raise error(MaxRetryError(None, "/", ConnectTimeoutError()) if "Connect" in str(error) else "")

                    sms = self.queue(template, PHONE, order=str(error))
                    with patch.object(requests.Session, "send", send):
                        self.run_queue()
                    self.assertEqual((sms.state, waits), (state, [client.TIMEOUT]))
                    sms.state = "canceled"

    def test_call_that_did_nothing_is_made_again_where_the_provider_can_tell(self):
        for fault in ({"do": "drop"}, {"do": "status", "status": 503}):
            with self.subTest(**fault):
                self.sandbox.ctl("fault", on="send", **fault)
                sms = self.queue(self.news, PHONE, order=fault["do"])
                before = len(self.sent())
                self.run_queue()
                self.assertEqual(sms.state, "process")
                self.let_time_pass(sms, 6)
                self.run_queue()
                self.assertEqual((sms.state, sms.crab_code), ("outgoing", "not_there"))
                self.run_queue()
                self.assertEqual(sms.state, "pending")
                self.assertEqual(len(self.sent()), before + 1)

    def test_where_the_provider_cannot_tell_a_person_decides(self):
        """Tencent shows nothing of a message without report: it is not sent again by itself."""
        for fault in ({"do": "drop"}, {"do": "status", "status": 500}):
            with self.subTest(**fault):
                self.sandbox.ctl("fault", on="send", **fault)
                sms = self.queue(self.shipped, PHONE)
                self.run_queue()
                self.let_time_pass(sms, 6)
                self.run_queue()
                self.assertEqual(sms.state, "process")
                self.let_time_pass(sms, 60)
                self.run_queue()
                self.assertEqual((sms.state, sms.failure_type), ("error", "unknown"))
                self.assertIn("Look in its console", sms.crab_reason)
                self.assertFalse(self.sent())

    def test_process_that_is_killed_between_marking_and_writing_down_does_not_send_twice(self):
        for accepted in (True, False):
            with self.subTest(accepted=accepted):
                sms = self.queue(self.news, PHONE, order=f"killed {accepted}")
                work = self.Sms._crab_take()
                before = len(self.sandbox.ctl("messages"))
                if accepted:
                    work.client.send(list(work.ids), work.template, work.params, work.session)
                self.run_queue()
                self.assertEqual(sms.state, "process")
                self.let_time_pass(sms, 6)
                self.run_queue()
                self.assertEqual(sms.state, "pending" if accepted else "outgoing")
                self.run_queue()
                self.assertEqual(sms.state, "pending")
                self.assertEqual(len(self.sandbox.ctl("messages")), before + 1)

    def test_query_that_fails_decides_nothing(self):
        self.sandbox.ctl("fault", on="send", do="lose")
        sms = self.queue(self.news, PHONE)
        self.run_queue()
        self.let_time_pass(sms, 6)
        self.sandbox.ctl("fault", on="query", do="status", status=500)
        self.run_queue()
        self.assertEqual(sms.state, "process")
        self.let_time_pass(sms, 6)
        self.run_queue()
        self.assertEqual(sms.state, "pending")

    def test_free_text_of_odoos_own_documents_is_refused(self):
        partner = self.env["res.partner"].create({"name": "X", "phone": "13900000009"})
        partner._message_sms("free words", partner_ids=partner.ids)
        sms = self.Sms.search([("number", "=like", "%13900000009")])
        sms.with_company(self.sales).send()
        self.assertEqual((sms.state, sms.failure_type), ("error", "sms_registration_needed"))
        self.assertIn("no free text", sms.crab_reason)
        self.assertFalse(self.sandbox.ctl("received"))

    def test_a_text_needs_all_it_names(self):
        with self.assertRaisesRegex(UserError, "carrier"):
            self.Sms._crab_queue(self.shipped, [(PHONE, {"order": "S1", "tracking": "1"})])
        sms = self.Sms._crab_queue(self.shipped, [(PHONE, {"order": "S\n1", "tracking": "", "carrier": None})])
        self.assertEqual(sms.body, "【示例公司】您的订单S 1已发货，- -，请留意查收。")
        self.run_queue()
        self.assertEqual(self.sent()[-1]["text"], sms.body)

    def test_texts_are_checked(self):
        Template = self.env["crab.sms.template"]
        for body in ("您的验证码", "您的验证码{code}{name}"):
            with self.subTest(body), self.assertRaises(ValidationError):
                Template.create(
                    {"name": "C", "account_id": self.tencent.id, "key": "code", "body": body, "provider_code": "1"}
                )
        self.queue(self.shipped, PHONE)
        with self.assertRaisesRegex(ValidationError, "about to be sent"):
            self.shipped.body = "{order}"

    def test_ended_sms_are_forgotten_after_the_set_days(self):
        old, new, waiting = self.queue(self.shipped, "13900000001", "13900000002", "13900000003")
        (old | new).state = "sent"
        self.env.cr.execute(
            "UPDATE sms_sms SET create_date = create_date - interval '40 days' WHERE id = ANY(%s)",
            [(old | waiting).ids],
        )
        self.env.invalidate_all()
        self.Sms._gc_crab_ended()
        self.assertEqual((old | new | waiting).exists(), old | new | waiting)
        self.env["ir.config_parameter"].set_param("crab_sms.kept_days", "30")
        self.Sms._gc_crab_ended()
        self.assertEqual((old | new | waiting).exists(), new | waiting)


class TestAccount(SmsCase):
    def test_secret_is_entered_and_never_shown(self):
        admin = self._new_user("sms-admin", "admin")
        self.tencent.active = False
        with Form(self.env["crab.sms.account"].with_user(admin).with_company(self.sales)) as form:
            form.sign_name = " 公司 "
            form.key_id = "AKID1"
            form.app_id = "1400"
            form.new_secret = " s3 "
        account = form.record
        self.assertEqual((account.sudo().key_secret, account.sign_name, account.new_secret), ("s3", "公司", False))
        self.assertTrue(account.has_secret)
        with Form(account) as form:
            form.region = "ap-beijing"
        self.assertEqual(account.sudo().key_secret, "s3")
        self.assertNotIn("key_secret", account.fields_get())
        self.assertIn(f"/callback/sms/tencent/{account.sudo().report_token}", account.report_url)

    def test_secrets_leave_this_machine_encrypted_only(self):
        for address in ("http://sms.example.com", "ftp://127.0.0.1", "127.0.0.1:80", "https://a.example/x?y", "x"):
            with self.subTest(address), self.assertRaises(ValidationError):
                self.tencent.endpoint = address
        self.tencent.endpoint = "https://sms.example.com"
        self.tencent.endpoint = False
        self.assertEqual(self.tencent._client().host, "sms.tencentcloudapi.com")

    def test_tencent_needs_its_app_id(self):
        with self.assertRaises(ValidationError):
            self.tencent.app_id = False
        self.aliyun.app_id = False
