import logging
from datetime import timedelta
from unittest.mock import patch

import requests
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..tools import client
from .common import WechatCase


class TestApp(WechatCase):
    def call(self):
        return self.program._wechat("link", "pages/launch/index", "i=CODE")

    def fetched(self):
        return len(self.received("stable_token"))

    def test_one_token_for_all_calls(self):
        for _call in range(3):
            self.assertTrue(self.call().startswith("https://"))
        self.assertEqual(self.fetched(), 1)
        self.env["crab.wechat.token"].search([("app_id", "=", self.program.id)]).expires_at = fields.Datetime.now()
        self.call()
        self.assertEqual(self.fetched(), 2)

    def test_a_token_that_ended_is_renewed_once(self):
        self.call()
        for how in ("dead", "expired"):
            with self.subTest(how):
                self.sandbox.ctl("end_tokens", how=how)
                self.assertTrue(self.call())
        self.assertEqual([one["verdict"] for one in self.received("link")], ["fine", 40001, "fine", 42001, "fine"])
        self.assertEqual(self.fetched(), 3)

    def test_a_token_that_another_process_renewed_is_used(self):
        self.call()
        row = self.env["crab.wechat.token"].search([("app_id", "=", self.program.id)])
        self.assertEqual(self.env["crab.wechat.token"]._get(self.program, refused="an older one"), row.access_token)
        self.assertEqual(self.fetched(), 1)

    def test_refused_for_ever_fails_after_the_second_call(self):
        self.call()
        self.sandbox.ctl("settings", bad_token=True)
        for _attempt in range(3):
            with self.assertRaises(client.Refused):
                self.call()
        self.assertEqual(len(self.received("link")), 1 + 3 * 2)
        forced = [one for one in self.received("stable_token") if '"force_refresh": true' in one["body"]]
        self.assertEqual(len(forced), 1, "WeChat rations renewing by force")

    def test_no_answer_is_told_from_no_connection(self):
        self.call()
        for fault in ({"do": "drop"}, {"do": "lose"}, {"do": "status", "status": 502}, {"do": "status", "status": 404}):
            with self.subTest(**fault):
                self.sandbox.ctl("fault", on="link", **fault)
                with self.assertRaises(client.Unknown):
                    self.call()
        for words in (b"", b"<html>", b"[1]", b"[" * 100_000):
            with self.subTest(words[:6]), self.assertRaises(client.Unknown):
                client.Client._read(words)
        self.program.base_url = "http://127.0.0.1:9"
        with self.assertRaises(client.Unreachable):
            self.call()

    def test_the_secret_is_in_no_words_of_a_failure(self):
        self.program.base_url = "http://127.0.0.1:9"
        secret = self.program.app_secret
        with self.assertLogs(level="ERROR") as logs:
            try:
                self.program._client().session("code")
            except client.Unreachable as error:
                self.assertIsNone(error.__context__)
                logging.getLogger("odoo.addons.crab_wechat").exception("failed")
        self.assertNotIn(secret, "".join(logs.output))

    def test_what_an_administrator_enters(self):
        admin = self._new_user("wechat-admin", "admin")
        with Form(self.program.with_user(admin)) as form:
            form.new_app_secret = " another "
        self.assertEqual(self.program.app_secret, "another")
        self.assertFalse(self.program.new_app_secret)
        with self.assertRaisesRegex(UserError, "AppID or the secret|40125"):
            self.program.with_user(admin).action_test()
        self.program.new_app_secret = False
        for values in (
            {"base_url": "http://example.com"},
            {"base_url": "https://example.com/path"},
            {"new_aes_key": "short"},
            {"entry_page": "/pages/launch/index"},
            {"entry_page": "pages/launch?x=1"},
            {"service_url": "javascript:alert(1)"},
        ):
            with self.subTest(**values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.program.write(values)
        with self.assertRaises(UserError):
            self.program.app_id = "wx2"
        with self.assertRaises(UserError):
            self.program.unlink()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env["crab.wechat.app"].create({"name": "Second", "app_id": "wx2"})

    def test_proof_of_the_settings(self):
        action = self.program.with_user(self._new_user("wechat-admin", "admin")).action_test()
        self.assertEqual(action["params"]["type"], "success")

    def test_times_out_sooner_than_the_lock(self):
        """Who waits for the row while another asks WeChat, up to twice, must not be refused."""
        with patch.object(requests, "request", side_effect=requests.ReadTimeout) as asked:
            with self.assertRaises(client.Unknown):
                self.program._client().token()
        self.assertLessEqual(asked.call_args.kwargs["timeout"] * 2, 10)

    def test_a_copy_of_the_database_calls_nobody(self):
        from odoo.tools import file_open

        self.call()
        self.env.flush_all()
        with file_open("crab_wechat/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertFalse(self.program.active or self.program.app_secret or self.program.has_callback)
        row = self.env["crab.wechat.token"].search([("app_id", "=", self.program.id)])
        self.assertFalse(row._is_good(None))
        self.assertLess(row.expires_at or fields.Datetime.now(), fields.Datetime.now() + timedelta(seconds=1))
