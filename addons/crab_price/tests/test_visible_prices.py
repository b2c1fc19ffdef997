from decimal import Decimal

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import PriceCase


class TestVisiblePrices(PriceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls.env["crab.dealer.staff"].create(
            {"dealer_id": cls.dealer2.id, "name": "Staff", "phone": "13820000001"}
        )
        cls.member = cls._new_member(dealer_id=cls.dealer3.id, level_id=cls.silver.id)

    def _seen(self, record):
        return self.Price._visible_prices(self._subject(record), self.package).get(self.package.id)

    @covers("MB-08", "retail price and own price")
    def test_a_member_sees_retail_and_its_own(self):
        self.assertEqual(
            self._seen(self.member), {"retail": Decimal(1000), "own": Decimal(950), "children": {}, "levels": {}}
        )

    def test_a_dealer_sees_its_own_and_its_direct_childrens(self):
        levels = {level.id for level in self.env["crab.member.level"].search([])}
        seen = self._seen(self.dealer2)
        self.assertEqual((seen["own"], seen["children"]), (Decimal(700), {self.dealer3.id: Decimal(800)}))
        self.assertEqual(seen["levels"].keys(), levels)
        seen = self._seen(self.dealer1)
        self.assertEqual(
            seen["children"].keys(), {self.dealer2.id, self.dealer3_direct.id}, "not what stands below its children"
        )
        self.assertEqual(self._seen(self.dealer3)["children"], {})

    def test_staff_sees_no_dealer_price(self):
        seen = self._seen(self.staff)
        self.assertEqual((seen["retail"], seen["own"], seen["children"]), (Decimal(1000), None, {}))
        self.assertEqual(seen["levels"][self.silver.id], Decimal(950))

    def test_who_is_closed_gone_or_nobody_sees_nothing(self):
        self.member._close("gone")
        self.staff.active = False
        self.dealer3._close("gone")
        for subject in (
            self._subject(self.member),
            self._subject(self.staff),
            self._subject(self.dealer3),
            Subject("member", 2**31 - 1),
            Subject("dealer", 0),
            Subject("user", self.env.uid),
            Subject("system", 1),
        ):
            with self.subTest(subject=subject):
                self.assertEqual(self.Price._visible_prices(subject, self.package), {})

    def test_what_is_not_offered_has_no_price(self):
        service = self.env["product.product"].create({"name": "Service", "type": "service", "list_price": 5})
        archived = self._new_product("T-OLD", "package", 5.0)
        archived.product_tmpl_id.action_archive()
        self.odd.crab_state = "off_sale"
        seen = self.Price._visible_prices(self._subject(self.dealer1), self.package | self.odd | service | archived)
        self.assertEqual(list(seen), self.package.ids)
