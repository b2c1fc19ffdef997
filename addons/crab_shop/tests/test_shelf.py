from odoo.exceptions import ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ShopCase


class TestShelf(ShopCase):
    """What the back office and members see of stock and sales of a product."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("t_admin", "admin")
        cls.scarce = cls._new_product("T-SCARCE", "package", 100.0, crab_state="on_sale", crab_warning_stock=2)
        cls.env["product.product"]._crab_adjust_stock({cls.scarce.product_variant_id: 5})

    def _seen(self, template):
        """``(available, alert)`` as the head office reads them."""
        self.env.invalidate_all()
        row = template.with_user(self.admin).read(["crab_available", "crab_stock_alert"])[0]
        return row["crab_available"], row["crab_stock_alert"]

    def _found(self, filter_name):
        """Products that a filter of the list shows."""
        view = (
            self.env["product.template"]
            .with_user(self.admin)
            .get_views([(self.env.ref("crab_catalog.product_template_view_search").id, "search")])["views"]["search"][
                "arch"
            ]
        )
        self.assertIn(f'name="{filter_name}"', view)
        return self.env["product.template"].with_user(self.admin).search([("crab_stock_alert", "=", filter_name)])

    @covers("HQ-27", "service subsidy and stock", via="web")
    @covers("HQ-60", "stock settings", via="web")
    def test_orders_use_up_what_is_available_and_the_alert_follows(self):
        self.assertEqual(self._seen(self.scarce), (5, False))
        first = self._place([(self.scarce, 2)])
        self.assertEqual(self._seen(self.scarce), (3, False))
        self._place([(self.scarce, 1)])
        self.assertEqual(self._seen(self.scarce), (2, "short"))
        self.assertIn(self.scarce, self._found("short"))
        self._place([(self.scarce, 2)])
        self.assertEqual(self._seen(self.scarce), (0, "sold_out"))
        self.assertIn(self.scarce, self._found("sold_out"))
        self.assertNotIn(self.scarce, self._found("short"))
        first._crab_close("test")
        self.assertEqual(self._seen(self.scarce), (2, "short"))

    @covers("HQ-60", "stock settings", via="web")
    def test_new_products_start_with_the_set_warning_stock(self):
        form = Form(
            self.env["res.config.settings"].with_user(self.admin), view="crab_base.res_config_settings_view_form"
        )
        form.crab_warning_stock = 25
        form.save().execute()
        self.assertEqual(self._new_product("T-NEW", "package", 10.0).crab_warning_stock, 25)
        self.assertEqual(self.scarce.crab_warning_stock, 2)
        with self._refused("0 or more", ValidationError):
            self.scarce.crab_warning_stock = -1

    def test_sold_is_what_was_paid_and_not_refunded(self):
        self._place([(self.scarce, 1)])  # not paid
        order = self._paid([(self.scarce, 3), (self.thousand, 1)])
        self._refund(order, (1, None))
        self.env["product.template"]._cron_count_sold()
        self.assertEqual((self.scarce.crab_sold, self.thousand.crab_sold, self.package1.crab_sold), (2, 1, 0))
        self._refund(order, (2, None))
        self.env["product.template"]._cron_count_sold()
        self.assertEqual(self.scarce.crab_sold, 0)

    @covers("HQ-60", "shelf and sales settings", "stock settings")
    def test_members_are_told_what_the_settings_show(self):
        def told():
            return self.scarce._crab_shelf_figures()[self.scarce]

        self._paid([(self.scarce, 4)])
        self.assertEqual(told(), {"sold": None, "left": None, "shelf": "in_stock"}, "a sale writes no product")
        self.env["product.template"]._cron_count_sold()
        self.env["product.template"]._cron_refresh_shelf()
        self.assertEqual(told(), {"sold": None, "left": None, "shelf": "few"})
        self._setting("show_sales", True)
        self._setting("show_stock", True)
        self.env.invalidate_all()
        self.assertEqual(told(), {"sold": 4, "left": 1, "shelf": "few"})
        self._place([(self.scarce, 1)])
        self.env.invalidate_all()
        self.env["product.template"]._cron_refresh_shelf()
        self.assertEqual(told(), {"sold": 4, "left": 0, "shelf": "sold_out"})

    def test_looking_up_the_stock_writes_what_changed_only(self):
        def versions():
            self.env.flush_all()
            self.env.cr.execute("SELECT id, ctid::text FROM product_template WHERE crab_kind IS NOT NULL")
            return dict(self.env.cr.fetchall())

        refresh = self.env["product.template"]._cron_refresh_shelf
        refresh()
        before = versions()
        refresh()
        self.assertEqual(versions(), before)
        self._place([(self.scarce, 5)])
        self.env.invalidate_all()
        refresh()
        self.assertEqual(
            {key for key, value in versions().items() if value != before[key]},
            {self.scarce.id},
            "other products show the same as before",
        )
