from odoo import fields
from odoo.exceptions import UserError

from ..models.crab_wechat_shipping import MOST_TRIES
from .common import WechatCase


class TestShipping(WechatCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "wechatpay"), ("company_id", "=", cls.sales.id)], limit=1
        )
        # without keys, which a test that calls nobody does not need
        cls.env.cr.execute(
            "UPDATE payment_provider SET state = 'test', wechatpay_appid = %s, wechatpay_mchid = '1900000001'"
            " WHERE id = %s",
            [cls.program.app_id, cls.provider.id],
        )
        cls.env.invalidate_all()
        cls.provider.with_context(active_test=False).payment_method_ids.active = True
        cls.sf = cls.env["crab.carrier"].search([("name", "=", "SF")]) or cls.env["crab.carrier"].create({"name": "SF"})
        cls.sf.code = "SF"

    def setUp(self):
        super().setUp()
        self.openid = f"o-{self.account.id}"
        self.bind(self.account, self.openid)

    def paid_by_wechat(self, lines, trade_type="jsapi"):
        order = self._place(lines)
        transaction = order._crab_wechat_payment(trade_type)
        transaction.wechatpay_trade_type = trade_type
        transaction._set_done()
        transaction._post_process()
        return order

    def ship(self, order, tracking="SF123", carrier="SF"):
        deliveries = self._delivery(order).filtered(lambda delivery: delivery.state in ("waiting", "prepared"))
        deliveries[:1]._ship(carrier, {deliveries[:1].id: tracking})

    def row(self, order):
        return self.env["crab.wechat.shipping"].search([("order_id", "=", order.id)])

    def told(self, order):
        """What WeChat knows of the order, after the job has run."""
        while self.env["crab.outbox"]._dispatch("_wechat_shipping"):
            pass
        self.run_job("cron_shipping")
        found = self.sandbox.ctl("shippings", number=order.crab_transaction_id.reference)
        return found and found[0]

    def test_a_corrected_tracking_number_is_told_again(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        self.told(order)
        delivery = self._delivery(order)
        delivery._correct_parcels("SF", {delivery.id: "SF124"})
        self.assertEqual(self.told(order)["shipping_list"][0]["tracking_no"], "SF124")
        self.assertIn("SF123", order.message_ids[:1].body)

    def test_a_shipped_order_is_told_with_its_merchant_number(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.assertFalse(self.told(order))
        self.ship(order)
        told = self.told(order)
        key = {"order_number_type": 1, "mchid": "1900000001", "out_trade_no": order.crab_transaction_id.reference}
        self.assertEqual(told["order_key"], key)
        self.assertEqual((told["logistics_type"], told["delivery_mode"]), (1, 1))
        [parcel] = told["shipping_list"]
        self.assertEqual((parcel["tracking_no"], parcel["express_company"]), ("SF123", "SF"))
        self.assertEqual(parcel["contact"], {"receiver_contact": "138****0000"})
        self.assertEqual(told["payer"], {"openid": self.openid})
        self.assertTrue(told["upload_time"].endswith("+08:00"))
        self.assertEqual(self.row(order).state, "done")
        order._crab_receive()
        order._crab_set_state("done")
        self.told(order)
        self.assertEqual(len(self.received("shipping")), 1)

    def test_who_was_merged_since_is_known_as_who_it_is_now(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.account._merge_into(self.friend.account_id)
        self.ship(order)
        self.assertEqual(self.told(order)["payer"], {"openid": self.openid})

    def test_an_order_that_is_received_before_it_could_be_told_is_told(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        order._crab_receive()
        self.assertTrue(self.told(order))

    def test_a_second_parcel_is_told_too(self):
        self._setting("split_shipping", True)
        order = self.paid_by_wechat([(self.thousand, 2)])
        delivery = self._delivery(order)
        delivery._split_order({self._goods(order): 1})
        self.ship(order, "SF1")
        told = self.told(order)
        self.assertEqual((told["delivery_mode"], told["is_all_delivered"]), (2, False))
        self.ship(order, "SF2")
        told = self.told(order)
        self.assertEqual((told["delivery_mode"], told["is_all_delivered"]), (2, True))
        self.assertEqual([parcel["tracking_no"] for parcel in told["shipping_list"]], ["SF1", "SF2"])

    def test_ecards_are_told_with_the_payment(self):
        order = self.paid_by_wechat([(self.ecard, 2)])
        told = self.told(order)
        self.assertEqual(told["logistics_type"], 3)
        self.assertIn("T-ECARD", told["shipping_list"][0]["item_desc"])

    def test_orders_paid_elsewhere_are_left_out(self):
        other = self._paid([(self.thousand, 1)])
        native = self.paid_by_wechat([(self.thousand, 1)], "native")
        self.ship(other)
        self.ship(native)
        self.assertFalse(self.told(native))
        self.assertFalse(self.row(other) | self.row(native))

    def test_a_payment_that_wechat_does_not_know_yet_is_told_later(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        self.sandbox.ctl("settings", late=[order.crab_transaction_id.reference])
        self.assertFalse(self.told(order))
        row = self.row(order)
        self.assertEqual((row.state, row.code), ("waiting", "10060001"))
        self.assertGreater(row.next_try_at, fields.Datetime.now())
        self.sandbox.ctl("settings", late=[])
        row.next_try_at = fields.Datetime.now()
        self.assertTrue(self.told(order))

    def test_a_lost_answer_is_told_again(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        self.sandbox.ctl("fault", on="shipping", do="lose")
        self.told(order)
        row = self.row(order)
        self.assertEqual(row.state, "waiting")
        row.next_try_at = fields.Datetime.now()
        self.told(order)
        self.assertEqual(row.state, "done")

    def test_what_fails_for_good_is_seen_by_finance_and_told_by_a_button(self):
        finance = self._new_user("wechat-finance", "finance")
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.sf.code = False
        self.ship(order)
        self.assertFalse(self.told(order))
        row = self.row(order)
        self.assertEqual(row.state, "error")
        self.assertIn("carrier has no code", row.reason)
        self.assertIn(finance, row.activity_ids.user_id)
        self.assertEqual(order.crab_wechat_shipping_state, "error")
        self.sf.code = "SF"
        row.with_user(finance).action_retry()
        self.assertTrue(self.told(order))
        self.assertFalse(row.activity_ids)
        with self.assertRaises(UserError):
            row.with_user(finance).action_retry()

    def test_wechat_away_for_days_is_seen(self):
        self._new_user("wechat-finance", "finance")
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        self.sandbox.ctl("settings", refuse={"shipping": -1})
        self.told(order)
        row = self.row(order)
        row.tries = MOST_TRIES - 1
        row.next_try_at = fields.Datetime.now()
        self.told(order)
        self.assertEqual(row.state, "error")

    def test_news_meanwhile_is_told_too(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        while self.env["crab.outbox"]._dispatch("_wechat_shipping"):
            pass
        row = self.row(order)
        work = self.env["crab.wechat.shipping"]._take()
        self.env["crab.wechat.shipping"]._tell(order)
        row._finish(work, "done", "", "")
        self.assertEqual(row.state, "waiting")

    def test_the_order_leads_to_it(self):
        order = self.paid_by_wechat([(self.thousand, 1)])
        self.ship(order)
        self.told(order)
        action = order.with_user(self._role("finance")).action_crab_wechat_shipping()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), self.row(order))
        self.assertEqual(self.row(order).action_open_order()["res_id"], order.id)
