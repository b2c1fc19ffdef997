import gzip
import hashlib
import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..tools import bill
from .common import WechatpayCase

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
PAID = (
    "`2026-11-20 10:00:00,`wx1,`1900000109,`0,`,`42000,`S00001-A,`oX,`JSAPI,`SUCCESS,`OTHERS,`CNY,`398.00,`0.00,`0,`0,"
    "`0.00,`0.00,`,`,`大闸蟹, 4对装,`,`2.39000,`0.60%,`398.00,`0.00,`"
)
BACK = (
    "`2026-11-20 11:00:00,`wx1,`1900000109,`0,`,`42000,`S00001-A,`oX,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50300,"
    "`R-1,`100.00,`0.00,`ORIGINAL,`SUCCESS,`大闸蟹, 4对装,`,`-0.60000,`0.60%,`0.00,`100.00,`"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
SUMS = "`2,`398.00,`100.00,`0.00,`1.79000,`398.00,`100.00"


class TestParser(WechatpayCase):
    def text(self, *lines):
        return "\ufeff".join(["", "\r\n".join(lines or (HEADER, PAID, BACK, TOTALS, SUMS))])

    def parse(self, *lines):
        return bill.parse("\r\n".join(lines or (HEADER, PAID, BACK, TOTALS, SUMS)))

    def test_payment_refund_and_fees(self):
        (paid, back), totals = self.parse()
        self.assertEqual(paid["traded_at"], datetime(2026, 11, 20, 10))
        self.assertEqual((paid["order_amount"], paid["fee"]), (Decimal("398.00"), Decimal("2.39")))
        self.assertEqual(paid["description"], "大闸蟹, 4对装")
        self.assertEqual((back["refund_amount"], back["fee"]), (Decimal("100.00"), Decimal("-0.60")))
        self.assertEqual((back["out_trade_no"], back["out_refund_no"]), ("S00001-A", "R-1"))
        self.assertEqual(totals["fee"], Decimal("1.79"))

    def test_columns_in_another_order(self):
        names, cells = HEADER.split(","), PAID[1:].split(",`")
        turned = "`" + ",`".join(reversed(cells))
        sums = "`1,`398.00,`0.00,`0.00,`2.39,`398.00,`0.00"
        (row,), _totals = self.parse(",".join(reversed(names)), turned, TOTALS, sums)
        self.assertEqual(row["out_trade_no"], "S00001-A")

    def test_nothing_is_skipped_in_silence(self):
        cases = {
            "row missing": (HEADER, PAID, TOTALS, SUMS),
            "totals missing": (HEADER, PAID, BACK),
            "another fee": (HEADER, PAID.replace("2.39000", "2.40000"), BACK, TOTALS, SUMS),
            "amount": (HEADER, PAID.replace("398.00", "x"), BACK, TOTALS, SUMS),
            "no number": (HEADER, PAID.replace("2.39000", "NaN"), BACK, TOTALS, SUMS),
            "time": (HEADER, PAID.replace("2026-11-20", "gestern"), BACK, TOTALS, SUMS),
            "cells": (HEADER, PAID + ",`more", BACK, TOTALS, SUMS),
            "column": (HEADER.replace("手续费,", ","), PAID, BACK, TOTALS, SUMS),
            "nothing": ("",),
            "error page": ("<html>", "</html>"),
        }
        for name, lines in cases.items():
            with self.subTest(name), self.assertRaises(bill.Unreadable):
                self.parse(*lines)

    def test_file_is_the_announced_one(self):
        text = self.text()
        packed, right = gzip.compress(text.encode()), hashlib.sha1(text.encode()).hexdigest()
        self.assertTrue(bill.unpacked(packed, right).startswith("交易时间"))
        for content, value in ((packed, "0" * 40), (packed, None), (b"no gzip", right), (packed[:-9], right)):
            with self.assertRaises(bill.Unreadable):
                bill.unpacked(content, value)


@tagged("post_install", "-at_install")
class TestBill(WechatpayCase):
    def setUp(self):
        super().setUp()
        self.day = f"2026-{self.count_day():%m-%d}"
        self.Bill = self.env["payment.wechatpay.bill"]

    days = itertools.count()

    def count_day(self):
        """A day of its own for each test: the sandbox keeps what it has."""
        return date(2026, 1, 1) + timedelta(days=next(self.days))

    def at(self, clock):
        return f"{self.day}T{clock}+08:00"

    def fetched(self):
        one = self.Bill.create({"provider_id": self.provider.id, "date": self.day})
        one.action_fetch()
        return one

    def refunded(self, tx, amount, clock):
        refund = tx._refund(amount)
        refund._wechatpay_settle()
        self.sandbox.ctl("end_refund", out_refund_no=refund.reference, at=self.at(clock))
        refund._wechatpay_settle()
        return refund

    def test_day_that_fits(self):
        """From midnight to midnight in China; fees, and what of them comes back with a refund."""
        first = self.paid_tx(398.0, at=self.at("00:00:00"))
        last = self.paid_tx(100.0, at=self.at("23:59:59"))
        refund = self.refunded(first, 98.0, "12:00:00")
        one = self.fetched()
        self.assertRecordValues(
            one,
            [
                {
                    "state": "loaded",
                    "line_count": 3,
                    "amount_in": 498.0,
                    "amount_out": 98.0,
                    "amount_fee": 2.39 + 0.6 - 0.59,
                    "difference_count": 0,
                }
            ],
        )
        lines = one.line_ids.sorted("traded_at")
        self.assertEqual(lines.transaction_id, first | refund | last)
        self.assertEqual(lines.mapped("direction"), ["in", "out", "in"])
        self.assertEqual(lines.mapped("fee"), [2.39, -0.59, 0.6])
        self.assertEqual(lines[0].partner_id, self.partner)
        self.assertEqual(lines[1].out_refund_no, refund.reference)
        self.assertTrue(one.file)

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_differences(self):
        paid = [self.paid_tx(398.0, at=self.at("10:00:00")) for _ in range(3)]
        not_booked = self.begun_tx(50.0)
        self.sandbox.ctl("pay", out_trade_no=not_booked.reference, at=self.at("11:00:00"))
        self.sandbox.ctl("bill_change", out_trade_no=paid[0].reference, omit=True)
        self.sandbox.ctl("bill_change", out_trade_no=paid[1].reference, total=39700)
        row = {"out_trade_no": f"OTHER-{self.day}", "total": 100, "success_time": self.at("12:00:00"), "attach": ""}
        row |= {"transaction_id": "4200001", "trade_type": "NATIVE", "openid": "oY", "description": "x"}
        self.sandbox.ctl("bill_change", out_trade_no=row["out_trade_no"], row=row)
        one = self.fetched()
        found = {line.out_trade_no: line.difference for line in one.line_ids}
        self.assertEqual(
            found,
            {
                paid[0].reference: "missing",
                paid[1].reference: "amount",
                paid[2].reference: False,
                not_booked.reference: "state",
                row["out_trade_no"]: "unknown",
            },
        )
        self.assertEqual((one.difference_count, one.line_count), (4, 4))
        domain = one.action_differences()["domain"]
        self.assertEqual(self.env["payment.wechatpay.bill.line"].search_count(domain), 5)
        not_booked._wechatpay_settle()
        one.action_compare()
        self.assertEqual(one.difference_count, 3, "what is mended differs no longer, and nothing is there twice")

    def test_refund_of_the_merchant_platform_is_recorded(self):
        tx = self.paid_tx(398.0, at=self.at("10:00:00"))
        refund = self.refunded(tx, 50.0, "11:00:00")
        reference = refund.reference
        refund.unlink()
        one = self.fetched()
        line = one.line_ids.filtered("difference")
        self.assertEqual((line.difference, line.out_refund_no), ("unknown", reference))
        line.action_record_refund()
        self.assertEqual(one.difference_count, 0)
        self.assertRecordValues(
            tx.child_transaction_ids,
            [{"reference": reference, "amount": -50.0, "state": "done", "operation": "refund"}],
        )
        with self.assertRaises(UserError):
            one.line_ids[0].action_record_refund()

    def test_fetched_again_replaces(self):
        self.paid_tx(398.0, at=self.at("10:00:00"))
        one = self.fetched()
        one.action_fetch()
        self.assertEqual((len(one.line_ids), one.amount_in), (1, 398.0))

    def test_day_without_trade(self):
        self.assertEqual(self.fetched().state, "empty")

    @mute_logger("odoo.addons.payment_wechatpay.models.payment_wechatpay_bill")
    def test_damaged_file_is_not_loaded(self):
        self.paid_tx(398.0, at=self.at("10:00:00"))
        self.sandbox.ctl("fault", on="bill_file", do="status", status=200, body={"not": "gzip"})
        one = self.fetched()
        self.assertEqual((one.state, one.line_count), ("failed", 0))
        self.assertTrue(one.note)
        one.action_fetch()
        self.assertEqual((one.state, one.note), ("loaded", False))

    def test_no_answer(self):
        one = self.Bill.create({"provider_id": self.provider.id, "date": self.day})
        self.sandbox.ctl("fault", on="bill", do="drop")
        with self.assertRaisesRegex(UserError, "cannot be fetched"):
            one.action_fetch()

    def test_scheduled(self):
        """After ten o'clock the day before is fetched, and days that were missed; none twice."""
        self.paid_tx(398.0, at=self.at("10:00:00"))
        day, mine = date.fromisoformat(self.day), [("provider_id", "=", self.provider.id)]
        self.run_bills("01:59")
        self.assertEqual(max(self.Bill.search(mine).mapped("date")), day - timedelta(days=1))
        self.run_bills("02:01")
        self.assertEqual(self.Bill.search([*mine, ("date", "=", day)]).amount_in, 398.0)
        self.assertEqual(len(self.Bill.search(mine)), 8)
        before = len(self.received("bill"))
        self.run_bills("03:01")
        self.assertEqual(len(self.received("bill")), before)

    def run_bills(self, clock):
        """The scheduled action at a time (UTC) of the day after."""
        after = date.fromisoformat(self.day) + timedelta(days=1)
        others = self.env["payment.provider"].search([("code", "=", "wechatpay"), ("id", "!=", self.provider.id)])
        others.state = "disabled"
        now = fields.Datetime.to_datetime(f"{after} {clock}:00")
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            with patch.object(fields.Datetime, "now", return_value=now):
                self.Bill.with_env(self.env(cr=cr))._cron_fetch()

    def test_screen(self):
        """The form opens for a system administrator, with what it shows."""
        self.paid_tx(398.0, at=self.at("10:00:00"))
        form = Form(self.fetched())
        self.assertEqual(form.amount_in, 398.0)
