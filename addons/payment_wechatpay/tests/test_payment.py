import re
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..tools import client
from .common import WechatpayCase, covers

MODELS = "odoo.addons.payment_wechatpay.models"


@tagged("post_install", "-at_install")
class TestReference(WechatpayCase):
    def new_reference(self, prefix=None, **values):
        return self.Transaction._compute_reference("wechatpay", prefix=prefix, **values)

    def test_letters_and_length(self):
        """Whatever the document is called, WeChat Pay takes the number, and it is new each time."""
        for prefix in ("INV/2026/00001", "订单甲", "", None, "S", "A" * 60, "R-S00001-ABCDEFGH", "a/b|c*d e.f"):
            with self.subTest(prefix=prefix):
                made = {self.new_reference(prefix) for _ in range(3)}
                self.assertEqual(len(made), 3)
                for one in made:
                    self.assertRegex(one, f"^{const.REFERENCE}$")

    def test_other_providers_keep_theirs(self):
        self.assertEqual(self.Transaction._compute_reference("none", prefix="INV/1"), "INV/1")

    def test_refund_has_a_number_of_its_own(self):
        tx = self.paid_tx()
        refund = tx._refund(1)
        self.assertRegex(refund.reference, "^R-S00001.*$")
        self.assertRegex(refund.reference, f"^{const.REFERENCE}$")

    def test_number_that_wechat_refuses_is_refused_before(self):
        tx = self.make_tx(reference="INV/2026/1")
        with self.assertRaisesRegex(UserError, "INV/2026/1"):
            tx._wechatpay_prepay("native")
        self.assertFalse(self.received("pay"))


@tagged("post_install", "-at_install")
class TestPrepay(WechatpayCase):
    @covers("MB-11", "JSAPI payment with asynchronous confirmation")
    def test_mini_program(self):
        """The parameters of the mini-program are signed so that WeChat opens the payment."""
        tx = self.make_tx(398.01)
        values = tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
        self.assertEqual(set(values), {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"})
        with urllib.request.urlopen(f"{self.sandbox.url}/pay/jsapi?{urllib.parse.urlencode(values)}") as page:
            shown = page.read().decode()
        self.assertIn("398.01", shown)
        self.assertIn(tx.reference, shown)
        order = self.sandbox.ctl("order", out_trade_no=tx.reference)
        self.assertEqual((order["total"], order["openid"], order["trade_type"]), (39801, "oOfTheMember", "JSAPI"))
        self.assertEqual(order["notify_url"], self.provider.wechatpay_notify_url)
        self.assertEqual([one["verdict"] for one in self.received("pay")], ["fine"])
        values["package"] = values["package"][:-1]
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{self.sandbox.url}/pay/jsapi?{urllib.parse.urlencode(values)}")
        self.assertEqual(caught.exception.code, 401)

    def test_signed_bytes_are_sent_bytes(self):
        """Chinese letters and odd characters in the description do not break the signature."""
        with patch.object(type(self.Transaction), "_wechatpay_description", return_value='大闸蟹“公3.0两”\\ " é 😀'):
            tx = self.begun_tx()
        self.assertIn("大闸蟹“公3.0两”", self.sandbox.ctl("order", out_trade_no=tx.reference)["description"])

    def test_long_description_is_cut_between_letters(self):
        with patch.object(type(self.Transaction), "_wechatpay_description", return_value="蟹" * 200):
            tx = self.begun_tx()
        self.assertEqual(self.sandbox.ctl("order", out_trade_no=tx.reference)["description"], "蟹" * 42)

    def test_qr_code_and_phone(self):
        native, phone = self.make_tx(), self.make_tx()
        self.assertTrue(native._wechatpay_prepay("native")["code_url"].startswith(self.sandbox.url))
        self.assertTrue(phone._wechatpay_prepay("h5", client_ip="10.1.2.3")["h5_url"].startswith(self.sandbox.url))

    @covers("MB-11", "closing and retrying are safe")
    def test_begun_again_is_the_same(self):
        tx = self.make_tx()
        first = tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
        again = tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
        self.assertEqual(first["package"], again["package"])
        self.assertEqual(len(self.received("pay")), 1)

    def test_lost_answer_is_asked_again_with_the_same(self):
        """The order exists at WeChat Pay, its answer is lost: the second try gets the same order."""
        tx = self.make_tx()
        self.sandbox.ctl("fault", on="pay", do="lose")
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=3)):
            values = tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
        prepay_id = self.sandbox.ctl("order", out_trade_no=tx.reference)["prepay_id"]
        self.assertEqual(values["package"], f"prepay_id={prepay_id}")
        first, second = self.received("pay")
        self.assertEqual(first["body"], second["body"])

    def test_server_down_and_slow(self):
        for fault in ({"do": "status", "status": 503}, {"do": "status", "status": 429}, {"do": "drop"}):
            with self.subTest(fault=fault):
                tx = self.make_tx()
                self.sandbox.ctl("fault", on="pay", **fault)
                with self.assertRaisesRegex(UserError, "cannot be reached"):
                    tx._wechatpay_prepay("native")
                self.assertEqual(tx.state, "draft")
        with patch.object(client, "TIMEOUT", 0.2), patch.object(client.requests, "request", self._in_no_time):
            tx = self.make_tx()
            self.sandbox.ctl("fault", on="pay", do="delay", seconds=1)
            with self.assertRaisesRegex(UserError, "cannot be reached"):
                tx._wechatpay_prepay("native")

    @staticmethod
    def _in_no_time(method, url, **values):
        """``requests.request`` without the longer time-outs of Odoo's tests."""
        import requests
        from requests.adapters import HTTPAdapter

        with requests.Session() as session:
            prepared = session.prepare_request(
                requests.Request(method, url, headers=values["headers"], data=values["data"])
            )
            return HTTPAdapter().send(prepared, timeout=values["timeout"])

    @mute_logger("odoo.addons.payment_wechatpay.tools.client")
    def test_answer_of_somebody_else(self):
        """An answer that WeChat Pay did not sign is no answer."""
        tx = self.make_tx()
        self.sandbox.ctl("fault", on="pay", do="forge")
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            tx._wechatpay_prepay("native")
        self.assertFalse(tx.wechatpay_prepay)

    def test_what_cannot_be_paid(self):
        cases = {
            "paid": (self.paid_tx(), "made already"),
            "closed": (self.make_tx(state="cancel"), "closed"),
            "late": (self.make_tx(wechatpay_expires_at=fields.Datetime.now() - timedelta(seconds=1)), "time to pay"),
            "nothing": (self.make_tx(0.0), "0.01"),
            "dollars": (self.make_tx(currency_id=self.currency_usd.id), "yuan"),
        }
        for name, (tx, text) in cases.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, text):
                tx._wechatpay_prepay("native")
        begun = self.begun_tx()
        with self.assertRaisesRegex(UserError, "another way"):
            begun._wechatpay_prepay("native")
        with self.assertRaisesRegex(UserError, "log in"):
            self.make_tx()._wechatpay_prepay("jsapi")
        self.provider.state = "disabled"
        with self.assertRaisesRegex(UserError, "disabled"):
            self.make_tx()._wechatpay_prepay("native")

    @mute_logger(f"{MODELS}.payment_transaction")
    def test_refused_by_wechat(self):
        """The reason reaches whoever pays."""
        tx = self.begun_tx()
        self.sandbox.ctl("pay", out_trade_no=tx.reference)
        tx.write({"wechatpay_prepay": False})
        with self.assertRaisesRegex(UserError, "该订单已支付"):
            tx._wechatpay_prepay("jsapi", openid="oOfTheMember")

    def test_every_amount_arrives_to_the_fen(self):
        for fen in [*range(1, 20000), *range(99_999_000, 100_000_001)]:
            self.assertEqual(payment_utils.to_minor_currency_units(fen / 100, self.currency), fen)


@tagged("post_install", "-at_install")
class TestSettle(WechatpayCase):
    @covers("MB-11", "JSAPI payment with asynchronous confirmation")
    def test_lost_notification_is_found_by_asking(self):
        """Paid, and no notification comes: the scheduled action asks, some minutes later."""
        tx = self.begun_tx(598.5)
        self.sandbox.ctl("pay", out_trade_no=tx.reference, at="2026-11-20T23:59:59+08:00")
        self.run_cron()
        self.assertEqual(tx.state, "draft", "the notification has its time first")
        tx.wechatpay_check_at = fields.Datetime.now()
        self.run_cron()
        order = self.sandbox.ctl("order", out_trade_no=tx.reference)
        self.assertRecordValues(
            tx,
            [
                {
                    "state": "done",
                    "provider_reference": order["transaction_id"],
                    "wechatpay_paid_at": fields.Datetime.to_datetime("2026-11-20 15:59:59"),
                    "wechatpay_check_at": False,
                    "wechatpay_issue": False,
                }
            ],
        )

    def test_open_payment_is_asked_ever_less_often(self):
        tx = self.begun_tx()
        waits = []
        for _ in range(3):
            tx.wechatpay_check_at = fields.Datetime.now()
            self.run_cron()
            waits.append(tx.wechatpay_check_at - fields.Datetime.now())
        self.assertEqual(tx.state, "draft")
        self.assertEqual(waits, sorted(waits))
        self.assertGreater(waits[0], timedelta(minutes=3))

    @covers("MB-11", "closing and retrying are safe")
    def test_expired_payment_is_closed_there_first(self):
        tx = self.begun_tx()

        tx.wechatpay_expires_at = fields.Datetime.now() - timedelta(seconds=1)
        tx.wechatpay_check_at = fields.Datetime.now()
        self.run_cron()
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(self.sandbox.ctl("order", out_trade_no=tx.reference)["trade_state"], "CLOSED")
        with self.assertRaises(RuntimeError):
            self.sandbox.ctl("pay", out_trade_no=tx.reference)

    @mute_logger(f"{MODELS}.payment_transaction")
    def test_payer_was_faster_than_the_closing(self):
        """Paid in the last moment: what expires here is paid there, so it is paid."""
        tx = self.begun_tx()
        tx.wechatpay_expires_at = fields.Datetime.now() - timedelta(seconds=1)
        original = type(tx)._wechatpay_ask

        def ask(this):
            data = original(this)
            if data["trade_state"] == "NOTPAY":
                self.sandbox.ctl("pay", out_trade_no=tx.reference, at="2026-11-20T12:00:00+08:00")
            return data

        with patch.object(type(tx), "_wechatpay_ask", ask):
            tx._wechatpay_settle()
        self.assertEqual((tx.state, tx.wechatpay_is_late), ("done", False))

    @covers("MB-11", "closing and retrying are safe")
    def test_cancel(self):
        """The shop closes: open, never begun, begun without our knowing, and too late."""
        begun, never, unknown, paid = self.begun_tx(), self.make_tx(), self.begun_tx(), self.begun_tx()
        unknown.wechatpay_prepay = False
        self.sandbox.ctl("pay", out_trade_no=paid.reference)
        self.assertEqual([tx._wechatpay_cancel() for tx in (begun, never, unknown, paid)], [True, True, True, False])
        self.assertEqual([tx.state for tx in (begun, never, unknown, paid)], ["cancel", "cancel", "cancel", "done"])
        for tx in (begun, unknown):
            self.assertEqual(self.sandbox.ctl("order", out_trade_no=tx.reference)["trade_state"], "CLOSED")
        self.assertTrue(begun._wechatpay_cancel(), "a second time is no error")
        self.assertEqual(len(self.received("close")), 3)

    def test_cancel_without_an_answer_cancels_nothing(self):
        tx = self.begun_tx()
        self.sandbox.ctl("fault", on="close", do="lose")
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            tx._wechatpay_cancel()
        self.assertEqual(tx.state, "draft")
        self.assertTrue(tx._wechatpay_cancel(), "it was closed, the answer was lost")
        self.sandbox.ctl("settings", serial=self.provider.wechatpay_public_key_id)

    def test_failed_attempt_can_be_repeated(self):
        tx = self.begun_tx()
        page = self.sandbox.ctl("order", out_trade_no=tx.reference)["token"]
        urllib.request.urlopen(f"{self.sandbox.url}/pay/{page}", b"do=fail").close()
        tx._wechatpay_settle()
        self.assertEqual(tx.state, "error")
        self.assertTrue(tx.wechatpay_check_at, "it is asked for on")
        self.sandbox.ctl("pay", out_trade_no=tx.reference)
        tx._wechatpay_settle()
        self.assertEqual(tx.state, "done")

    def test_silent_server_stops_the_batch(self):
        """Three calls in a row without an answer: the others wait for the next run, none is lost."""
        txs = self.Transaction.concat(*(self.begun_tx() for _ in range(5)))
        txs.wechatpay_check_at = fields.Datetime.now()
        self.sandbox.ctl("fault", on="query", do="drop", times=3)
        self.run_cron()
        self.assertEqual(len(self.received("query")), 3)
        self.assertEqual(len(txs.filtered(lambda tx: tx.wechatpay_check_at > fields.Datetime.now())), 3)
        self.run_cron()
        self.assertEqual(len(self.received("query")), 5)

    def test_one_that_breaks_does_not_stop_the_others(self):
        good, bad = self.begun_tx(), self.begun_tx()
        for tx in good | bad:
            self.sandbox.ctl("pay", out_trade_no=tx.reference)
        bad.wechatpay_check_at = good.wechatpay_check_at = fields.Datetime.now()
        original = type(bad)._apply_updates

        def broken(this, data):
            if this == bad:
                raise ZeroDivisionError
            return original(this, data)

        with (
            patch.object(type(bad), "_apply_updates", broken),
            self.assertLogs(f"{MODELS}.payment_transaction", "ERROR"),
        ):
            self.run_cron()
        self.assertEqual((good.state, bad.state), ("done", "draft"))
        self.assertGreater(bad.wechatpay_check_at, fields.Datetime.now())

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_another_amount_stops_and_is_reported(self):
        """However often it is asked for: what was paid is not what was to be paid, so nothing is booked."""
        for total in (39799, 39801):
            with self.subTest(total=total):
                tx = self.begun_tx()
                self.sandbox.ctl("pay", out_trade_no=tx.reference, total=total)
                with self.assertLogs(f"{MODELS}.payment_transaction", "WARNING"):
                    tx._wechatpay_settle()
                    tx._wechatpay_settle()
                self.assertEqual((tx.state, tx.wechatpay_issue), ("error", "amount"))
                self.assertIn(str(total / 100), tx.wechatpay_issue_note)
                self.assertFalse(tx.wechatpay_check_at)
                self.assertIn(tx, self.Transaction.search([("wechatpay_issue", "!=", False)]))
                tx.action_wechatpay_issue_done()
                self.assertFalse(tx.wechatpay_issue)

    def test_button_asks_now(self):
        tx = self.begun_tx()
        self.sandbox.ctl("pay", out_trade_no=tx.reference)
        self.sandbox.ctl("fault", on="query", do="drop")
        with self.assertRaisesRegex(UserError, tx.reference):
            tx.action_wechatpay_query()
        tx.action_wechatpay_query()
        self.assertEqual(tx.state, "done")


@tagged("post_install", "-at_install")
class TestDemoBeside(WechatpayCase):
    def test_another_provider_is_not_touched(self):
        """What is ours stays with our provider: the core's own flow is the core's."""
        tx = self.make_tx(
            provider_id=self.dummy_provider.id, payment_method_id=self.pm_unknown.id, reference="INV/2026/00001"
        )
        self.assertFalse(tx.wechatpay_expires_at)
        with patch.object(type(tx), "_wechatpay_lock", side_effect=AssertionError):
            tx._set_done()
            tx._refund(1000)
        self.assertFalse(re.search("wechat", str(tx._get_processing_values())))
