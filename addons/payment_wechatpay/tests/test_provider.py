import logging
import re
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .. import const
from ..models.payment_provider import pem_of
from ..tools import client
from .common import WechatpayCase, credentials, provider_values

CLIENT = "odoo.addons.payment_wechatpay.tools.client"


@tagged("post_install", "-at_install")
class TestSettings(WechatpayCase):
    def test_fresh_provider_points_to_this_machine(self):
        """Nothing reaches the real WeChat Pay before somebody enters its address."""
        fresh = self.env["payment.provider"].create({"name": "New", "code": "wechatpay"})
        self.assertEqual(fresh.wechatpay_base_url, const.SANDBOX_URL)
        self.assertEqual(fresh.state, "disabled")

    def test_every_company_has_one(self):
        company = self.env["res.company"].create({"name": "A new company"})
        providers = self.env["payment.provider"].search([("code", "=", "wechatpay"), ("company_id", "=", company.id)])
        self.assertEqual(len(providers), 1)
        self.assertFalse(providers.wechatpay_mchid)

    def test_addresses(self):
        for url in ("http://127.0.0.1:8480", "http://localhost:1", "http://[::1]:1", "https://api.mch.weixin.qq.com/"):
            self.provider.wechatpay_base_url = url
        for url in (
            "http://api.mch.weixin.qq.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "api.mch.weixin.qq.com",
            "https://",
            "https://api.mch.weixin.qq.com?x=1",
            "https://me:secret@api.mch.weixin.qq.com",
        ):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self.provider.wechatpay_base_url = url

    def test_live_payments_do_not_go_to_the_sandbox(self):
        with self.assertRaisesRegex(ValidationError, "sandbox"):
            self.provider.state = "enabled"
        self.provider.write({"wechatpay_base_url": const.LIVE_URL, "state": "enabled"})
        with self.assertRaisesRegex(ValidationError, "sandbox"):
            self.provider.wechatpay_base_url = const.SANDBOX_URL

    def test_keys(self):
        """A key that was pasted into one line is put right; what is none is refused in words."""
        pem = credentials(self.sandbox)["private_key"]
        for pasted in (
            pem,
            pem.replace("\n", ""),
            pem.replace("\n", " "),
            f"\n  {pem}\n",
            "".join(pem.splitlines()[1:-1]),
        ):
            self.provider.wechatpay_private_key = pasted
            self.assertEqual(self.provider.wechatpay_private_key, pem)
        self.assertEqual(pem_of("x", "PRIVATE KEY"), "x")
        for name, value, text in (
            ("private_key", "no key", "Merchant Private Key"),
            ("public_key", pem, "Public Key"),
            ("api_key", "short", "32"),
            ("public_key_id", False, "public key"),
            ("mchid", False, "Merchant Number"),
        ):
            with self.subTest(name), self.assertRaises(ValidationError) as caught:
                self.provider[f"wechatpay_{name}"] = value
            self.assertIn(text, str(caught.exception))

    def test_form(self):
        """A system administrator enters everything in the form."""
        fresh = self.provider
        fresh.action_reset_credentials()
        fresh.wechatpay_base_url = const.SANDBOX_URL
        with Form(fresh) as form:
            for name, value in provider_values(self.sandbox).items():
                setattr(form, name, value)
            form.state = "test"
        self.assertEqual(fresh.state, "test")
        self.assertTrue(fresh.payment_method_ids.active)
        self.assertEqual(fresh.available_currency_ids.mapped("name"), ["CNY"])
        self.assertIn(f"/payment/wechatpay/notify/{fresh.id}", fresh.wechatpay_notify_url)

    def test_secrets_are_for_system_administrators(self):
        user = self.env["res.users"].create(
            {"name": "u", "login": "wechatpay-u", "group_ids": [(6, 0, [self.env.ref("base.group_erp_manager").id])]}
        )
        with self.assertRaises(AccessError):
            self.provider.with_user(user).read(["name"])
        for name in self.provider._fields:
            if name.startswith("wechatpay_"):
                self.assertEqual(self.provider._fields[name].groups, "base.group_system", name)

    def test_secrets_stay_out_of_the_log(self):
        """At the most talkative level, whatever happens."""
        known = credentials(self.sandbox)
        secrets = [known["api_v3_key"], "oOfTheMember", *known["private_key"].splitlines()[1:-1]]
        ours, network = (self.assertLogs(name, logging.DEBUG) for name in ("odoo.addons.payment_wechatpay", "urllib3"))
        with ours as caught, network as below:
            tx = self.paid_tx()
            refund = tx._refund(1)
            refund._wechatpay_settle()
            self.sandbox.ctl("fault", on="query", do="status", status=500)
            with self.assertRaises(UserError):
                tx.action_wechatpay_query()
            values = tx.provider_id._wechatpay_jsapi_values("wx1")
        text = "\n".join([*caught.output, *below.output])
        self.assertIn("WeChat Pay POST /v3/pay/transactions/jsapi: 200", text)
        for secret in [*secrets, values["paySign"], "Authorization", "signature="]:
            self.assertNotIn(secret, text)

    def test_reset(self):
        self.provider.action_reset_credentials()
        self.assertFalse(self.provider.wechatpay_private_key)
        self.assertFalse(self.provider.wechatpay_api_key)
        self.assertEqual(self.provider.state, "disabled")

    def test_neutralized_copy_reaches_nobody(self):
        script = (Path(__file__).parent.parent / "data" / "neutralize.sql").read_text()
        self.env.flush_all()
        self.env.cr.execute(script)
        self.env.invalidate_all()
        values = self.provider.read()[0]
        kept = credentials(self.sandbox)
        self.assertEqual((values["state"], values["wechatpay_base_url"]), ("disabled", const.NOWHERE_URL))
        for name in ("private_key", "api_v3_key", "serial_no", "mchid"):
            self.assertNotIn(kept[name].strip(), str(values))


@tagged("post_install", "-at_install")
class TestConnection(WechatpayCase):
    def test_right(self):
        self.assertEqual(self.provider.action_wechatpay_test()["params"]["type"], "success")

    def test_wrong(self):
        cases = {
            "wechatpay_serial_no": ("4E4F4F4E45", "SIGN_ERROR"),
            "wechatpay_mchid": ("1900000999", "SIGN_ERROR"),
            "wechatpay_public_key_id": ("PUB_KEY_ID_0119000001092026010100000000009999", "SIGN_ERROR"),
            "wechatpay_base_url": ("http://127.0.0.1:9", "cannot be reached"),
        }
        for name, (value, text) in cases.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, text):
                right, self.provider[name] = self.provider[name], value
                try:
                    self.provider.action_wechatpay_test()
                finally:
                    self.provider[name] = right
        self.assertIn("another merchant", {one["verdict"] for one in self.received("query")})

    def test_wrong_keys(self):
        """Another private key is refused there; another public key here."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.provider.wechatpay_private_key = private.decode()
        with self.assertRaisesRegex(UserError, "SIGN_ERROR"):
            self.provider.action_wechatpay_test()
        self.assertEqual(self.received("query")[-1]["verdict"], "the signature does not fit")
        self.provider.write({**provider_values(self.sandbox), "wechatpay_public_key": public.decode()})
        with self.assertRaisesRegex(UserError, "signature"), mute_logger(CLIENT):
            self.provider.action_wechatpay_test()

    def test_frozen_vector_of_the_signature(self):
        """The five lines of a request are joined as WeChat Pay's manual says."""
        with patch("wechatpayv3.utils.rsa_sign", side_effect=lambda private_key, sign_str: sign_str):
            header = client.build_authorization(
                "/v3/certificates", "GET", "1900009191", "1DDE5", None, nonce_str="593B", data=""
            )
        lines = re.search(r'signature="(.*?)",timestamp="(\d+)"', header, re.DOTALL)
        self.assertEqual(lines[1], f"GET\n/v3/certificates\n{lines[2]}\n593B\n\n")


@tagged("post_install", "-at_install")
class TestCertificates(WechatpayCase):
    """The older way: WeChat signs with certificates that we fetch, and that change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.write(
            {"wechatpay_mode": "certificate", "wechatpay_public_key": False, "wechatpay_public_key_id": False}
        )

    def test_fetched_with_the_first_answer(self):
        self.assertFalse(self.provider.wechatpay_certificates)
        tx = self.paid_tx()
        self.assertEqual(tx.state, "done")
        self.assertIn("BEGIN CERTIFICATE", self.provider.wechatpay_certificates)
        self.assertTrue(self.provider.wechatpay_certificates_at)
        self.assertEqual(len(self.received("certificates")), 1)
        self.assertFalse([one for one in self.received("pay") if "Wechatpay-Serial" in one["headers"]])

    def test_changed_by_wechat(self):
        """A new certificate is fetched with the first answer that it signs; no answer is lost."""
        self.provider.action_wechatpay_renew_certificates()
        before = self.provider.wechatpay_certificates
        self.sandbox.ctl("new_certificate")
        self.assertEqual(self.paid_tx().state, "done")
        self.assertNotEqual(self.provider.wechatpay_certificates, before)

    def test_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("payment_wechatpay.cron_certificates").method_direct_trigger()
        self.assertIn("BEGIN CERTIFICATE", self.provider.wechatpay_certificates)
        self.sandbox.ctl("fault", on="certificates", do="drop")
        with self.enter_registry_test_mode(), self.assertLogs("odoo.addons.payment_wechatpay", "WARNING"):
            self.env.ref("payment_wechatpay.cron_certificates").method_direct_trigger()

    def test_wrong_api_key(self):
        self.provider.wechatpay_api_key = "0" * 32
        with self.assertRaisesRegex(UserError, "APIv3"):
            self.provider.action_wechatpay_renew_certificates()

    def test_notification_by_either_key_during_the_change_over(self):
        """A merchant that changes over gets both kinds for some days."""
        self.provider.action_wechatpay_renew_certificates()
        public = {name: value for name, value in provider_values(self.sandbox).items() if "public_key" in name}
        tx = self.begun_tx()
        order = self.sandbox.ctl("pay", out_trade_no=tx.reference)
        opened = {}
        for variant in ("certificate", "good"):
            (sent,) = self.sandbox.ctl(
                "notify", out_trade_no=order["out_trade_no"], variant=variant, url="http://127.0.0.1:9"
            )
            opened[variant] = sent
        self.provider._wechatpay_open_notification(
            opened["certificate"]["headers"], opened["certificate"]["body"].encode()
        )
        with self.assertRaises(client.Forged):
            self.provider._wechatpay_open_notification(opened["good"]["headers"], opened["good"]["body"].encode())
        self.provider.write(public)
        for sent in opened.values():
            notification = self.provider._wechatpay_open_notification(sent["headers"], sent["body"].encode())
            self.assertEqual(notification["resource"]["out_trade_no"], tx.reference)
