from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from .common import CatalogCase


class TestSettlement(CatalogCase):
    """HQ-47: what stores get for a product, and from which day on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("settle-finance", "finance")
        cls.today = business_date()

    def _form(self, record):
        return Form(record.with_user(self.finance), view="crab_catalog.product_template_view_form")

    def _price_on(self, days):
        return self.package1._crab_settlement_prices(self.today + timedelta(days=days)).get(self.package1.id)

    @covers("HQ-47", "subsidy per product", via="web")
    @covers("HQ-27", "service subsidy and stock", via="web")
    @covers("HQ-28", "edit", via="web")
    def test_finance_enters_subsidy_and_price_of_today(self):
        for price in (100, 100, 120.5):
            with self._form(self.package1) as form:
                form.crab_subsidy = 11.92
                form.crab_settlement_price = price
        history = self.package1.crab_settlement_ids
        self.assertEqual(history.mapped("price"), [120.5, 100])
        self.assertEqual(history.create_uid, self.finance)
        self.assertEqual(history.mapped("start_date"), [self.today] * 2)
        [row] = self.Template.with_user(self.finance).web_search_read(
            [("id", "=", self.package1.id)], {"crab_settlement_price": {}, "crab_subsidy": {}, "qty_available": {}}
        )["records"]
        self.assertEqual((row["crab_settlement_price"], row["crab_subsidy"]), (120.5, 11.92))

    @covers("HQ-47", "settlement price with start date", via="web")
    def test_a_price_of_a_later_day_holds_from_that_day_on(self):
        self.package1.crab_settlement_price = 100
        with self._form(self.package1) as form, form.crab_settlement_ids.new() as line:
            line.start_date = self.today + timedelta(days=7)
            line.price = 130
        self.assertEqual([self._price_on(days) for days in (0, 6, 7, 30)], [100, 100, 130, 130])
        self.assertEqual(self.package1.crab_settlement_price, 100)
        planned = self.package1.crab_settlement_ids[0]
        self.assertTrue(planned.is_planned)
        with self._form(self.package1) as form, form.crab_settlement_ids.edit(0) as line:
            line.price = 140
        self.assertEqual(self._price_on(7), 140)
        planned.with_user(self.finance).unlink()
        self.assertEqual(self._price_on(7), 100)

    def test_what_held_stays(self):
        self.package1.crab_settlement_price = 100
        held = self.package1.crab_settlement_ids.with_user(self.finance)
        for change in (
            lambda: held.write({"price": 1}),
            lambda: held.write({"start_date": self.today + timedelta(days=3)}),
            held.unlink,
            lambda: held.create(
                {"product_tmpl_id": self.package1.id, "price": 1, "start_date": self.today - timedelta(days=1)}
            ),
            lambda: held.create(
                {"product_tmpl_id": self.Template.create({"name": "other"}).id, "price": 1, "start_date": self.today}
            ),
        ):
            with self._refused("settlement price", UserError):
                change()
        self.assertEqual(self._price_on(0), 100)

    def test_a_copy_begins_without_prices(self):
        self.package1.crab_settlement_price = 100
        self.assertFalse(self.package1.copy().crab_settlement_ids)
