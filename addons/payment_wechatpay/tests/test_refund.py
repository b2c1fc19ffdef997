from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import WechatpayCase, covers

REFUND = "odoo.addons.payment_wechatpay.models.payment_transaction_refund"
TRANSACTION = "odoo.addons.payment_wechatpay.models.payment_transaction"


@tagged("post_install", "-at_install")
class TestRefund(WechatpayCase):
    def sent(self):
        return self.received("refund")

    def there(self, refund):
        """How the refund stands at WeChat Pay."""
        return next((one for one in self.sandbox.ctl("refunds") if one["out_refund_no"] == refund.reference), None)

    def test_in_parts_up_to_what_was_paid(self):
        tx = self.paid_tx(398.0)
        parts = [tx._refund(100.01), tx._refund(200), tx._refund(97.99)]
        with self.assertRaisesRegex(UserError, "at most"):
            tx._refund(0.01)
        self.assertEqual([refund.state for refund in parts], ["pending"] * 3)
        self.assertFalse(self.sent(), "within the database transaction nothing is sent")
        self.run_cron()
        self.assertEqual([self.there(refund)["refund"] for refund in parts], [10001, 20000, 9799])
        for refund in parts:
            self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
            refund._wechatpay_settle()
            self.assertRecordValues(
                refund,
                [
                    {
                        "state": "done",
                        "provider_reference": self.there(refund)["refund_id"],
                        "wechatpay_check_at": False,
                        "source_transaction_id": tx.id,
                    }
                ],
            )
            self.assertTrue(refund.wechatpay_paid_at)

    def test_never_more_than_was_paid(self):
        tx = self.paid_tx(398.0)
        for amount in (398.01, -1, 0.001):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                tx._refund(amount)
        open_tx = self.begun_tx()
        with self.assertRaises(UserError):
            open_tx._refund(1)

    def test_closed_refund_leaves_the_money(self):
        """What WeChat did not refund can be refunded again, under a new number."""
        tx = self.paid_tx(398.0)
        refund = tx._refund()
        self.run_cron()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference, status="CLOSED")
        with self.assertLogs(TRANSACTION, "WARNING"):
            refund._wechatpay_settle()
        self.assertEqual((refund.state, refund.wechatpay_issue), ("cancel", "refund"))
        again = tx._refund()
        self.assertNotEqual(again.reference, refund.reference)
        self.run_cron()
        self.sandbox.ctl("end_refund", out_refund_no=again.reference)
        again._wechatpay_settle()
        self.assertEqual(again.state, "done")

    def test_lost_answer_refunds_once(self):
        """The refund was made, the answer is lost: the next run asks, and does not send another one."""
        tx = self.paid_tx(398.0)
        refund = tx._refund(50)
        self.sandbox.ctl("fault", on="refund", do="lose")
        self.run_cron()
        self.assertEqual(refund.state, "pending")
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
        refund._wechatpay_settle()
        self.assertEqual(refund.state, "done")
        self.assertEqual(len(self.sent()), 1)
        ours = [one for one in self.sandbox.ctl("refunds") if one["out_trade_no"] == tx.reference]
        self.assertEqual(len(ours), 1)

    def test_lost_request_is_sent_again_with_the_same(self):
        tx = self.paid_tx(398.0)
        refund = tx._refund(50)
        for fault in ({"do": "drop"}, {"do": "status", "status": 500}, {"do": "status", "status": 429}):
            self.sandbox.ctl("fault", on="refund", **fault)
            refund.wechatpay_check_at = "2026-01-01"
            self.run_cron()
            self.assertEqual(refund.state, "pending")
        refund.wechatpay_check_at = "2026-01-01"
        self.run_cron()
        bodies = {one["body"] for one in self.sent()}
        self.assertEqual((len(self.sent()), len(bodies)), (4, 1))
        self.assertEqual(self.there(refund)["refund"], 5000)

    def test_forged_answer_is_no_answer(self):
        refund = self.paid_tx(398.0)._refund(50)
        self.sandbox.ctl("fault", on="refund", do="forge")
        with mute_logger("odoo.addons.payment_wechatpay.tools.client"):
            self.run_cron()
        self.assertEqual(refund.state, "pending")
        refund._wechatpay_settle()
        self.assertTrue(self.there(refund))

    def test_rolled_back_refund_is_never_sent(self):
        tx = self.paid_tx(398.0)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            tx._refund(50)
            raise ZeroDivisionError
        self.run_cron()
        self.assertFalse(self.sent())

    def test_low_balance_waits(self):
        """The money is not there now: reported once, tried again under the same number, refunded in the end."""
        tx = self.paid_tx(398.0)
        refund = tx._refund(50)
        self.sandbox.ctl("settings", balance=100)
        with self.assertLogs(TRANSACTION, "WARNING") as caught:
            self.run_cron()
            refund.wechatpay_check_at = "2026-01-01"
            self.run_cron()
        self.assertEqual(len(caught.output), 1)
        self.assertEqual((refund.state, refund.wechatpay_issue), ("pending", "refund"))
        self.assertIn("余额不足", refund.wechatpay_issue_note)
        with self.assertRaises(UserError):
            tx._refund(398)
        self.sandbox.ctl("settings", balance=None)
        refund._wechatpay_settle()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
        refund._wechatpay_settle()
        self.assertEqual(refund.state, "done")

    def test_refused_for_good(self):
        tx = self.paid_tx(398.0)
        refund = tx._refund(50)
        body = {"code": "INVALID_REQUEST", "message": "订单已超过一年，不能退款"}
        self.sandbox.ctl("fault", on="refund", do="status", status=400, body=body)
        with self.assertLogs(TRANSACTION, "WARNING"):
            self.run_cron()
        self.assertEqual((refund.state, refund.wechatpay_issue), ("error", "refund"))
        self.assertIn("一年", refund.wechatpay_issue_note)
        self.assertFalse(refund.wechatpay_check_at)

    def test_wrong_key_refuses_nothing_for_good(self):
        """A fault of the settings is mended by somebody; the refund waits for it."""
        refund = self.paid_tx(398.0)._refund(50)
        right, self.provider.wechatpay_serial_no = self.provider.wechatpay_serial_no, "ABCD"
        with self.assertLogs(TRANSACTION, "WARNING"):
            self.run_cron()
        self.assertEqual(refund.state, "pending")
        self.provider.wechatpay_serial_no = right
        refund._wechatpay_settle()
        self.assertTrue(self.there(refund))

    def test_abnormal_is_reported_once(self):
        refund = self.paid_tx(398.0)._refund(50)
        self.run_cron()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference, status="ABNORMAL")
        with self.assertLogs(TRANSACTION, "WARNING") as caught:
            refund._wechatpay_settle()
            refund._wechatpay_settle()
        self.assertEqual(len(caught.output), 1)
        self.assertEqual((refund.state, refund.wechatpay_issue), ("pending", "refund"))
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
        refund._wechatpay_settle()
        self.assertEqual(refund.state, "done")

    def test_proxy_error_page_is_no_refusal(self):
        refund = self.paid_tx(398.0)._refund(50)
        self.sandbox.ctl("fault", on="refund", do="status", status=404, body=["nginx"])
        self.run_cron()
        self.assertEqual(refund.state, "pending")

    @covers("MB-11", "closing and retrying are safe")
    def test_payment_after_cancelling_is_kept_and_can_be_refunded(self):
        """The hook of the shop is called once, in the transaction that books the money; its refund goes through."""
        tx, calls = self.begun_tx(398.0), []
        tx._set_canceled()

        def hook(this):
            calls.append((this.state, this.wechatpay_is_late))
            this._refund()

        order = self.sandbox.ctl("pay", out_trade_no=tx.reference)
        data = {"out_trade_no": tx.reference, "trade_state": "SUCCESS", "transaction_id": order["transaction_id"]}
        data |= {"amount": {"total": 39800, "currency": "CNY"}, "success_time": order["success_time"]}
        with patch.object(type(tx), "_late_payment_received", hook), self.assertLogs(TRANSACTION, "WARNING"):
            tx._process("wechatpay", data)
            tx._process("wechatpay", data)
        self.assertEqual(calls, [("done", True)])
        self.assertRecordValues(
            tx, [{"state": "done", "wechatpay_issue": "late", "provider_reference": order["transaction_id"]}]
        )
        refund = tx.child_transaction_ids
        self.run_cron()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference)
        refund._wechatpay_settle()
        self.assertEqual((refund.state, refund.amount), ("done", -398.0))

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_another_amount_after_cancelling(self):
        tx = self.begun_tx(398.0)
        tx._set_canceled()
        self.sandbox.ctl("pay", out_trade_no=tx.reference, total=1)
        with (
            self.assertLogs(TRANSACTION, "WARNING"),
            patch.object(type(tx), "_late_payment_received", side_effect=AssertionError),
        ):
            tx._wechatpay_settle()
        self.assertEqual((tx.state, tx.wechatpay_issue), ("cancel", "amount"))
