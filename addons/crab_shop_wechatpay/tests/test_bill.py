import itertools
from datetime import date, timedelta
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, mute_logger

from odoo.addons.crab_base.tests.common import covers, sandbox
from odoo.addons.crab_shop.tests.common import ShopCase
from odoo.addons.payment_wechatpay.tests.common import provider_values


class TestBill(ShopCase):
    """What finance does with the bills of WeChat Pay; our sandbox plays it."""

    days = itertools.count()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = sandbox("wechatpay").start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "wechatpay"), ("company_id", "=", cls.sales.id)], limit=1
        )
        cls.provider.write({**provider_values(cls.sandbox), "state": "test"})
        cls.finance = cls._new_user("bill_finance", "finance")
        cls.auditor = cls._new_user("bill_auditor", "auditor")
        cls.Bill = cls.env["payment.wechatpay.bill"]
        cls.Fact = cls.env["crab.ledger.fact"]

    def setUp(self):
        super().setUp()
        self.sandbox.ctl("reset")
        self.sandbox.ctl("settings", notify=False, refund="SUCCESS", balance=None)
        self.day = date(2025, 1, 1) + timedelta(days=next(self.days))  # the sandbox keeps what it has

    def _begun(self):
        order = self._place([(self.thousand, 1)])
        transaction = order._crab_wechat_payment("jsapi")
        transaction._wechatpay_prepay("jsapi", openid="oOfTheMember")
        return order, transaction

    def _paid_at(self, clock, **values):
        order, transaction = self._begun()
        self.sandbox.ctl("pay", out_trade_no=transaction.reference, at=f"{self.day}T{clock}+08:00", **values)
        transaction._wechatpay_settle()
        transaction._post_process()
        return order, transaction

    def _bill(self):
        """As finance sees and fetches it."""
        bill = self.Bill.create({"provider_id": self.provider.id, "date": self.day}).with_user(self.finance)
        bill.action_fetch()
        return bill

    def _fees(self, bill):
        return self.Fact.search(bill.action_crab_fees()["domain"], order="id").mapped("amount_net")

    def test_fees_of_a_day_are_booked_once(self):
        order, _first = self._paid_at("00:00:00")
        self._paid_at("23:59:59")
        bill = self._bill()
        self.assertEqual((bill.line_count, bill.amount_in, bill.amount_fee), (2, 1900, 11.4))
        self.assertEqual((bill.line_ids.crab_order_id & order, bill.line_ids[0].crab_order_kind), (order, "package"))
        bill.action_fetch()
        bill.action_compare()
        self.assertEqual(self._fees(bill), [11.4])
        before = {purpose: self._balance(purpose) for purpose in ("payment_fee", "payment_clearing")}
        batches = self.env["crab.ledger.batch"]._post_day(self.sales, self.day)
        self.assertEqual((batches.kind, batches.move_id.date), ("wechatpay_fee", self.day))
        changes = {purpose: self._balance(purpose) - amount for purpose, amount in before.items()}
        self.assertEqual(changes, {"payment_fee": Decimal("11.4"), "payment_clearing": Decimal("-11.4")})
        self.assertBooksEqual()

    def _balance(self, purpose):
        self.env.flush_all()
        return self.env["crab.ledger.check"]._ledger_balance(
            self.sales, self.env["crab.ledger"]._account(self.sales, purpose), None
        )

    def test_a_bill_that_changes_books_the_difference(self):
        _order, transaction = self._paid_at("10:00:00")
        bill = self._bill()
        self.sandbox.ctl("bill_change", out_trade_no=transaction.reference, omit=True)
        bill.action_fetch()
        self.assertEqual(self._fees(bill), [5.7, -5.7])
        self.env["crab.ledger.batch"]._post_day(self.sales, self.day)
        self.sandbox.ctl("reset")
        bill.action_fetch()
        self.assertEqual(sum(self._fees(bill)), bill.amount_fee)
        self.assertBooksEqual()

    def test_a_day_without_trade_books_nothing(self):
        bill = self._bill()
        self.assertEqual((bill.state, bill.difference_count, self._fees(bill)), ("empty", 0, []))
        self.assertFalse(bill.activity_ids)

    @covers("HQ-54", "differences stand out", via="web")
    def test_finance_is_told_of_differences_until_they_are_gone(self):
        _order, transaction = self._begun()
        self.sandbox.ctl("pay", out_trade_no=transaction.reference, at=f"{self.day}T10:00:00+08:00")
        bill = self._bill()
        self.assertEqual(bill.line_ids.difference, "state")
        bill.action_compare()
        mine = bill.activity_ids.filtered(lambda activity: activity.user_id == self.finance)
        self.assertEqual(len(mine), 1)
        self.assertIn("1 differences" if self.finance.lang == "en_US" else "1", mine.summary)
        self.assertEqual(self.Bill.with_user(self.finance).search([("difference_count", ">", 0)]), bill)
        transaction._wechatpay_settle()
        bill.action_compare()
        self.assertFalse(bill.activity_ids)

    @mute_logger("odoo.addons.payment_wechatpay.models.payment_wechatpay_bill")
    def test_finance_is_told_of_a_bill_that_cannot_be_read(self):
        self._paid_at("10:00:00")
        self.sandbox.ctl("fault", on="bill_file", do="status", status=200, body={"not": "gzip"})
        bill = self._bill()
        self.assertIn(self.finance, bill.activity_ids.user_id)
        bill.action_fetch()
        self.assertFalse(bill.activity_ids)

    @mute_logger(
        "odoo.addons.payment.models.payment_transaction", "odoo.addons.payment_wechatpay.models.payment_transaction"
    )
    def test_another_amount_goes_back_whole_by_one_button(self):
        order, transaction = self._paid_at("10:00:00", total=1)
        self.assertEqual((order.crab_state, transaction.wechatpay_issue), ("to_pay", "amount"))
        self.assertIn(self.finance, order.activity_ids.user_id)
        bill = self._bill()
        self.assertEqual(bill.line_ids.difference, "amount")
        bill.line_ids.action_crab_give_back()
        self.assertEqual((transaction.state, transaction.amount), ("done", 0.01))
        self.assertEqual((order.crab_state, order.crab_refund_ids.mapped("amount")), ("closed", [0.01]))
        order.crab_refund_ids._send()
        order.crab_refund_ids.transaction_id._wechatpay_settle()
        [refunded] = [one for one in self.sandbox.ctl("refunds") if one["out_trade_no"] == transaction.reference]
        self.assertEqual(refunded["refund"], 1)
        self.assertFalse(bill.line_ids.difference)
        for button in (
            bill.line_ids.filtered(lambda line: line.direction == "in").action_crab_give_back,
            order.with_user(self.finance).action_crab_give_back_other_amount,
        ):
            with self._refused("no payment of another amount", UserError):
                button()
        transaction.is_post_processed = False
        transaction._post_process()
        self.assertEqual(len(order.crab_refund_ids), 1)
        self.assertBooksEqual()

    @mute_logger(
        "odoo.addons.payment.models.payment_transaction", "odoo.addons.payment_wechatpay.models.payment_transaction"
    )
    def test_another_amount_goes_back_from_the_order(self):
        order, transaction = self._paid_at("10:00:00", total=200000)
        order = order.with_user(self.finance)
        self.assertEqual(order.crab_other_amount_id, transaction)
        self.sandbox.ctl("fault", on="query", do="drop")
        with self._refused("cannot be reached", UserError):
            order.action_crab_give_back_other_amount()
        self.assertEqual(transaction.state, "error")
        order.action_crab_give_back_other_amount()
        self.assertEqual((transaction.amount, order.crab_refund_ids.mapped("amount")), (2000, [2000]))
        self.assertFalse(order.crab_other_amount_id)
        self.assertBooksEqual()

    @covers("HQ-54", "search and columns", via="web")
    def test_roles(self):
        order, _transaction = self._paid_at("10:00:00")
        bill = self._bill()
        for user in (self.finance, self.auditor):
            form = Form(bill.with_user(user))
            self.assertEqual(form.amount_in, 950)
            lines = self.env["payment.wechatpay.bill.line"].with_user(user)
            found = lines.search([("crab_order_id", "=", order.id), ("partner_id.name", "=", "Buyer")])
            self.assertEqual((found.amount_in, found.direction, found.crab_order_kind), (950, "in", "package"))
            self.assertIsInstance(self.env["payment.wechatpay.notification"].with_user(user).search_count([]), int)
            for attack in (
                lambda user=user: bill.with_user(user).write({"amount_fee": 1}),
                lambda user=user: bill.line_ids.with_user(user).write({"difference": False}),
                lambda user=user: bill.with_user(user).unlink(),
                lambda user=user: self.Bill.with_user(user).create({"provider_id": self.provider.id, "date": self.day}),
            ):
                with self.assertRaises(AccessError):
                    attack()
        for attack in (
            bill.with_user(self.auditor).action_fetch,
            bill.with_user(self.auditor).action_compare,
            bill.line_ids.with_user(self.auditor).action_record_refund,
            bill.line_ids.with_user(self.auditor).action_crab_give_back,
            order.with_user(self.auditor).action_crab_give_back_other_amount,
        ):
            with self.assertRaises(AccessError):
                attack()
        nobody = self._new_user("bill_nobody", "warehouse")
        stranger = self._new_user("bill_stranger", "finance", companies=self.group)
        with self.assertRaises(AccessError):
            self.Bill.with_user(nobody).search([])
        self.assertFalse(self.Bill.with_user(stranger).search([("id", "=", bill.id)]))
        with self.assertRaises(AccessError):
            bill.with_user(stranger).action_fetch()
