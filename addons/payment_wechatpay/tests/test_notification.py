import json
import time
import urllib.parse
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment.tests.http_common import PaymentHttpCommon

from ..tools import client
from .common import WechatpayCase, covers

TRANSACTION = "odoo.addons.payment_wechatpay.models.payment_transaction"


class NotificationCase(WechatpayCase, PaymentHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("web.base.url", cls.base_url())
        cls.Notification = cls.env["payment.wechatpay.notification"]

    def setUp(self):
        super().setUp()
        self.sandbox.ctl("settings", serial=self.provider.wechatpay_public_key_id)

    def notify(self, tx, **values):
        """Have the sandbox send the notification; the HTTP statuses it got, in order."""
        key = "out_refund_no" if tx.operation == "refund" else "out_trade_no"
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            sent = self.sandbox.ctl("notify", **{key: tx.reference}, **values)
        self.env.invalidate_all()
        self.last = sent
        return [one["status"] for one in sent]

    def paid_there(self, amount=398.0, **values):
        """A transaction that is paid at WeChat Pay, which we do not know yet."""
        tx = self.begun_tx(amount)
        self.sandbox.ctl("pay", out_trade_no=tx.reference, **values)
        return tx


@tagged("post_install", "-at_install")
class TestNotification(NotificationCase):
    @covers("MB-11", "JSAPI payment with asynchronous confirmation")
    def test_payment(self):
        tx = self.paid_there()
        self.assertEqual(self.notify(tx), [200])
        self.assertEqual(json.loads(self.last[0]["answer"])["code"], "SUCCESS")
        self.assertEqual((tx.state, tx.wechatpay_check_at), ("done", False))
        line = self.Notification.search([("transaction_id", "=", tx.id)])
        self.assertRecordValues(
            line, [{"state": "done", "amount": 398.0, "reference": tx.reference, "count": 1, "reason": False}]
        )
        self.assertEqual(line.company_id, self.provider.company_id)

    @covers("MB-11", "double notification is safe")
    def test_twice_and_out_of_order(self):
        """The same one twice, a second one about the same, an old "not paid" afterwards: one payment."""
        tx, done = self.paid_there(), []
        original = type(tx)._set_done

        def set_done(this, **values):
            done.append(this)
            return original(this, **values)

        with patch.object(type(tx), "_set_done", set_done):
            self.assertEqual(self.notify(tx, times=2), [200, 200])
            self.assertEqual(self.notify(tx), [200])
            tx._process("wechatpay", {"out_trade_no": tx.reference, "trade_state": "NOTPAY"})
            tx._process("wechatpay", {"out_trade_no": tx.reference, "trade_state": "CLOSED"})
        self.assertEqual(tx.state, "done")
        self.assertEqual(len(done), 1)
        self.assertEqual(self.Notification.search([("transaction_id", "=", tx.id)]).mapped("count"), [1, 2])

    def test_refund(self):
        tx = self.paid_tx()
        refund = tx._refund(100)
        self.run_settle()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
        self.assertEqual(self.notify(refund, times=2), [200, 200])
        self.assertEqual((refund.state, tx.state), ("done", "done"))

    def run_settle(self):
        for tx in self.Transaction.search([("operation", "=", "refund"), ("state", "=", "pending")]):
            tx._wechatpay_settle()

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_refund_of_another_amount(self):
        refund = self.paid_tx()._refund(100)
        self.run_settle()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
        with self.assertLogs(TRANSACTION, "WARNING"):
            self.notify(refund, change={"amount": {"refund": 9999}})
        self.assertEqual((refund.state, refund.wechatpay_issue), ("error", "amount"))

    def test_refund_made_in_the_merchant_platform(self):
        """Finance refunded in WeChat's own back office: we learn of it and have a transaction for it."""
        tx = self.paid_tx()
        elsewhere = tx._refund(50)
        self.run_settle()
        self.sandbox.ctl("end_refund", out_refund_no=elsewhere.reference)
        reference = elsewhere.reference
        elsewhere.unlink()
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            self.sandbox.ctl("notify", out_refund_no=reference)
        self.env.invalidate_all()
        self.assertRecordValues(
            tx.child_transaction_ids,
            [{"reference": reference, "amount": -50.0, "operation": "refund", "state": "done"}],
        )

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_another_amount_stops_and_is_reported(self):
        """Sent again and again, as WeChat does: it stays an error, and is shown."""
        tx = self.paid_there(total=1)
        with self.assertLogs(TRANSACTION, "WARNING"):
            self.assertEqual(self.notify(tx, times=2), [200, 200])
            self.assertEqual(self.notify(tx), [200])
        self.assertEqual((tx.state, tx.wechatpay_issue), ("error", "amount"))

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_another_currency_stops(self):
        tx = self.paid_there()
        with self.assertLogs(TRANSACTION, "WARNING"):
            self.notify(tx, change={"amount": {"currency": "USD"}})
        self.assertEqual((tx.state, tx.wechatpay_issue), ("error", "amount"))

    @covers("MB-11", "closing and retrying are safe")
    def test_late_payment_is_kept_and_reported(self):
        tx, late = self.paid_there(), []
        tx._set_canceled()
        with (
            patch.object(type(tx), "_late_payment_received", lambda this: late.append(this.id)),
            self.assertLogs(TRANSACTION, "WARNING"),
        ):
            self.assertEqual(self.notify(tx, times=3), [200] * 3)
        self.assertEqual(len(late), 1)
        self.assertEqual((tx.state, tx.wechatpay_is_late, tx.wechatpay_issue), ("done", True, "late"))

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_unknown_transaction_is_kept_until_it_is_found(self):
        """A genuine notification without a transaction is not confirmed, so it comes again; then it is applied."""
        tx = self.paid_there()
        reference, notice = tx.reference, "notice-of-an-unknown-one"
        tx.reference = "SOMETHING-ELSE"
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            (first,) = self.sandbox.ctl("notify", out_trade_no=reference, notice_id=notice)
        line = self.Notification.search([("notification_id", "=", notice)])
        self.assertEqual((first["status"], line.state, line.amount), (404, "unmatched", 398.0))
        tx.reference = reference
        self.assertEqual(self.notify(tx, notice_id=notice), [200])
        self.assertEqual((tx.state, line.state, line.count), ("done", "done", 2))

    def test_transaction_of_another_merchant(self):
        """Two companies, two merchants: the notification of one cannot pay what belongs to the other."""
        tx = self.paid_there()
        other = self.provider.copy({"company_id": self.env["res.company"].create({"name": "Other"}).id})
        tx.provider_id = other
        self.env.flush_all()
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            self.assertEqual(self.notify(tx), [404])
        self.assertEqual(tx.state, "draft")

    def test_other_events_change_nothing(self):
        """Profit sharing tells under the same name of event."""
        tx = self.paid_there()
        opened = client.Client.open_notification

        def shared(this, headers, body):
            return {**opened(this, headers, body), "original_type": "profitsharing"}

        with patch.object(client.Client, "open_notification", shared):
            self.assertEqual(self.notify(tx), [200])
        self.assertEqual(tx.state, "draft")
        self.assertEqual(self.Notification.search([], limit=1).state, "ignored")

    def test_disabled_provider_still_hears(self):
        """Money that was on its way when the provider was switched off is booked."""
        tx = self.paid_there()
        self.provider.state = "disabled"
        self.assertEqual(self.notify(tx), [200])
        self.assertEqual(tx.state, "done")

    def test_rights(self):
        for model in ("notification", "bill", "bill.line"):
            with self.assertRaises(AccessError):
                self.env[f"payment.wechatpay.{model}"].with_user(self.internal_user).search([])


@tagged("post_install", "-at_install")
class TestRefused(NotificationCase):
    """What is not WeChat Pay's changes nothing and is recorded."""

    def refused(self, reason):
        return self.Notification.search([("reason", "=", reason), ("state", "=", "refused")])

    def test_forged(self):
        tx = self.paid_there()
        cases = {
            "forged": "signature",
            "altered": "signature",
            "stale": "stale",
            "unknown_serial": "serial",
            "unknown_certificate": "serial",
            "certificate": "serial",
            "probe": "probe",
            "unsigned": "unsigned",
            "bad_tag": "key",
            "other_api_key": "key",
        }
        for variant, reason in cases.items():
            with self.subTest(variant=variant):
                before = sum(self.refused(reason).mapped("count"))
                self.assertEqual(self.notify(tx, variant=variant), [401])
                self.assertEqual(sum(self.refused(reason).mapped("count")), before + 1)
                self.assertEqual(tx.state, "draft")
        self.assertFalse(self.received("certificates"), "an anonymous sender makes us call nobody")
        self.assertFalse(self.Notification.search([("transaction_id", "=", tx.id)]))
        self.assertEqual(self.notify(tx), [200])
        self.assertEqual(tx.state, "done")

    def test_flood_fills_no_table(self):
        tx = self.paid_there()
        self.assertEqual(self.notify(tx, variant="forged", times=20), [401] * 20)
        self.assertEqual(self.refused("signature").mapped("count"), [20])

    def test_sent_again_by_somebody(self):
        """A genuine notification that was overheard: soon after it is known, later it is too old."""
        tx = self.paid_there()
        self.assertEqual(self.notify(tx), [200])
        overheard = self.last[0]
        tx.write({"state": "draft"})
        self.assertEqual(self.replay(overheard), 200)
        self.assertEqual(tx.state, "draft", "it was applied once and is not again")
        with freeze_time(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 600)), tick=True):
            self.assertEqual(self.replay(overheard), 401)
        self.assertEqual(tx.state, "draft")

    def replay(self, overheard, provider=None):
        url = f"/payment/wechatpay/notify/{(provider or self.provider).id}"
        headers = {**overheard["headers"], "Content-Type": "application/json"}
        response = self.url_open(url, data=overheard["body"].encode(), headers=headers)
        self.env.invalidate_all()
        return response.status_code

    def test_for_another_merchant(self):
        tx = self.paid_there()
        self.assertEqual(self.notify(tx, change={"mchid": "1900000999"}), [401])
        self.assertTrue(self.refused("merchant"))

    def test_provider_without_keys(self):
        tx = self.paid_there()
        self.provider.action_reset_credentials()
        self.assertEqual(self.notify(tx), [401])

    def test_nonsense(self):
        """Nothing that anybody sends ends in a traceback."""
        url = f"/payment/wechatpay/notify/{self.provider.id}"
        stamp = str(int(time.time()))
        headers = {
            "Wechatpay-Serial": self.provider.wechatpay_public_key_id,
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": "n",
            "Wechatpay-Signature": "AAAA",
        }
        cases = [
            ({}, b""),
            (headers, b""),
            (headers, b"\xff\xfe"),
            (headers, b"{" * 1000),
            ({**headers, "Wechatpay-Timestamp": "9" * 5000}, b"{}"),
            ({**headers, "Wechatpay-Timestamp": "-1"}, b"{}"),
            ({**headers, "Wechatpay-Timestamp": "1e9"}, b"{}"),
            ({**headers, "Wechatpay-Serial": "0x"}, b"{}"),
            ({**headers, "Wechatpay-Serial": "PUB_KEY_ID_"}, b"{}"),
            ({**headers, "Wechatpay-Signature": "not base64!"}, b"{}"),
            ({**headers, "Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, b"{}"),
            (headers, b"x" * 70_000),
        ]
        for sent, body in cases:
            with self.subTest(body=body[:20], sent=sent):
                sent = {**sent, "Content-Type": "application/json"}
                response = self.url_open(url, data=body, headers=sent, method="POST")
                self.assertEqual(response.status_code, 401)
        self.assertEqual(self.url_open("/payment/wechatpay/notify/999999999", data=b"{}").status_code, 404)
        self.assertEqual(
            self.url_open(f"/payment/wechatpay/notify/{self.dummy_provider.id}", data=b"{}").status_code, 404
        )

    def test_signed_nonsense(self):
        """Even WeChat's own key does not make us read what is no notification."""
        for body in (b"[]", b"{}", b'{"resource": null}', b'{"resource": {"algorithm": "X"}}', b"1"):
            with self.subTest(body=body), patch.object(client._Core, "verify", lambda *_args: None):
                self.assertEqual(self.replay({"headers": {}, "body": body.decode()}), 401)

    def test_forgetting(self):
        line = self.Notification.create(
            [
                {
                    "provider_id": self.provider.id,
                    "notification_id": f"old-{state}",
                    "state": state,
                    "last_received_at": "2020-01-01",
                }
                for state in ("refused", "done", "ignored", "unmatched")
            ]
        )
        self.Notification._gc_notifications()
        self.assertEqual(line.exists().mapped("state"), ["unmatched"])


@tagged("post_install", "-at_install")
class TestPortal(NotificationCase):
    """Odoo's own payment page: invoices and payment links."""

    def start(self, **headers):
        tx = self.make_tx(operation="online_redirect", landing_route="/my")
        form = self._extract_values_from_html_form(tx._get_processing_values()["redirect_form_html"])
        self.env.flush_all()
        response = self.url_open(form["action"], data=form["inputs"], headers=headers, allow_redirects=False)
        self.env.invalidate_all()
        return tx, form, response

    def test_qr_code(self):
        self.authenticate(None, None)
        tx, _form, response = self.start()
        self.assertEqual(response.headers["Location"].rpartition("/payment")[2], "/status")
        self.assertEqual(tx.wechatpay_trade_type, "native")
        with patch(
            "odoo.addons.payment.controllers.post_processing.PaymentPostProcessing._get_monitored_transaction",
            lambda _self: tx.with_env(self._request_env(tx)),
        ):
            page = self.url_open("/payment/status").text
        self.assertIn("/report/barcode/?barcode_type=QR", page)
        self.assertIn(urllib.parse.quote_plus(tx.wechatpay_prepay), page)

    @staticmethod
    def _request_env(_tx):
        from odoo.http import request

        return request.env(su=True)

    def test_phone(self):
        _tx, _form, response = self.start(**{"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148"})
        self.assertTrue(response.headers["Location"].startswith(f"{self.sandbox.url}/pay/"))
        self.assertIn("redirect_url=http", response.headers["Location"])
        page = self.url_open(response.headers["Location"]).text
        self.assertIn("返回商家", page)

    def test_wechat_away_and_again(self):
        self.sandbox.ctl("fault", on="pay", do="drop")
        tx, form, _response = self.start()
        self.assertRegex(tx.state_message, "cannot be reached|无法连接")
        self.assertEqual(tx.state, "draft")
        self.url_open(tx._wechatpay_pay_url(), allow_redirects=False)
        self.env.invalidate_all()
        self.assertTrue(tx.wechatpay_prepay)
        self.assertFalse(tx.state_message)
        self.assertTrue(form)

    def test_only_the_payer(self):
        tx = self.make_tx(operation="online_redirect")
        for values in ({}, {"reference": tx.reference}, {"reference": tx.reference, "access_token": "x"}):
            response = self.url_open(f"/payment/wechatpay/pay?{urllib.parse.urlencode(values)}", allow_redirects=False)
            self.assertEqual(response.status_code, 404)
