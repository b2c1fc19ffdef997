from odoo.exceptions import ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ShopCase


class TestSettings(ShopCase):
    def _settings(self):
        user = self._new_user("t_admin", "admin")
        return Form(self.env["res.config.settings"].with_user(user), view="crab_base.res_config_settings_view_form")

    def _save(self, form):
        form.save().execute()

    @covers("HQ-60", "shelf and sales settings", "stock settings", via="web")
    def test_goods_and_stock(self):
        form = self._settings()
        self.assertEqual(
            (form.crab_shelf_state, form.crab_stock_taken_at, form.crab_show_sales), ("off_sale", "order", False)
        )
        form.crab_shelf_state, form.crab_stock_taken_at = "on_sale", "payment"
        form.crab_show_sales, form.crab_show_stock, form.crab_warning_stock = True, True, 25
        self._save(form)
        self.assertEqual(self._new_product("T-NEW", "package", 10.0).crab_state, "on_sale")
        self._place([(self.thousand, 2)])
        self.assertEqual(self._available(self.thousand), 1000)
        setting = self.Shop._setting
        self.assertEqual((setting("show_sales"), setting("show_stock"), setting("warning_stock")), (True, True, 25))
        form = Form(self.env["res.config.settings"], view="crab_base.res_config_settings_view_form")
        form.crab_show_sales, form.crab_stock_taken_at = False, "order"
        self._save(form)
        self.assertEqual((setting("show_sales"), setting("stock_taken_at")), (False, "order"))

    @covers("HQ-61", "times", "e-card audit switch", "split shipping", via="web")
    def test_orders(self):
        form = self._settings()
        form.crab_pay_minutes, form.crab_receive_days, form.crab_extend_days = 45, 8, 3
        form.crab_after_sales_days_package, form.crab_after_sales_days_ecard = 9, 2
        form.crab_ecard_audit, form.crab_split_shipping = True, True
        self._save(form)
        order = self._place([(self.thousand, 2)])
        self.assertEqual((order.crab_pay_before - order.date_order).total_seconds(), 45 * 60)
        self._pay(order)
        [line] = self._goods(order)
        self._delivery(order)._split_order({line: 1})._ship("SF")
        self._ship(order)
        self.assertEqual((order.crab_receive_before - order.crab_shipped_at).days, 8)
        before = order.crab_receive_before
        order._crab_extend_receipt()
        self.assertEqual((order.crab_receive_before - before).days, 3)
        setting = self.Shop._setting
        self.assertEqual(
            (setting("after_sales_days_package"), setting("after_sales_days_ecard"), setting("ecard_audit")),
            (9, 2, True),
        )

    def test_numbers_that_make_no_sense_are_refused(self):
        for name, value in (("crab_pay_minutes", 0), ("crab_pay_minutes", 1441), ("crab_receive_days", -1)):
            form = self.env["res.config.settings"]
            with self._refused("enter a number from 1 to", ValidationError):
                form.create({name: value})
