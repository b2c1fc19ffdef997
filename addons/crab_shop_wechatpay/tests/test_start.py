from odoo.exceptions import UserError

from odoo.addons.crab_shop.tests.common import ShopCase


class TestStart(ShopCase):
    """What WeChat Pay is asked for; the rest is in tests/payment, with real workers and our sandbox."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "wechatpay"), ("company_id", "=", cls.sales.id)], limit=1
        )

    def _set_up(self):
        """Without keys, which a test that calls nobody does not need."""
        self.env.cr.execute("UPDATE payment_provider SET state = 'test' WHERE id = %s", [self.provider.id])
        self.provider.invalidate_recordset()
        self.provider.with_context(active_test=False).payment_method_ids.active = True

    def test_payment_lasts_as_long_as_the_order_and_says_what_is_bought(self):
        self._set_up()
        order = self._place([(self.thousand, 2), (self.package1, 1)])
        transaction = order._crab_wechat_payment("jsapi")
        self.assertEqual(transaction.wechatpay_expires_at, order.crab_pay_before)
        self.assertEqual(transaction._wechatpay_description(), "Product T-1000 × 2、Product T-PKG1 × 1")
        self.assertTrue(transaction.reference.startswith(order.name))
        self.assertEqual(order._crab_wechat_payment("jsapi"), transaction)

    def test_other_way_of_paying_is_another_payment(self):
        self._set_up()
        order = self._place([(self.thousand, 1)])
        first = order._crab_wechat_payment("jsapi")
        first.wechatpay_trade_type = "jsapi"
        self.assertNotEqual(order._crab_wechat_payment("native"), first)

    def test_without_a_provider_it_is_said(self):
        self.env["payment.provider"].search([("code", "=", "wechatpay")]).state = "disabled"
        with self._refused("not set up", UserError):
            self._place([(self.thousand, 1)])._crab_wechat_payment("jsapi")
