from odoo.exceptions import UserError

from .common import ShopCase


class TestStock(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scarce = cls._new_product("T-SCARCE", "package", 100.0, crab_state="on_sale")
        cls._stock(cls.scarce, 3)
        cls.part = cls._new_product("T-PART", "package", 50.0)
        cls.other_part = cls._new_product("T-PART2", "package", 20.0)
        cls._stock(cls.part, 7)
        cls._stock(cls.other_part, 100)
        parts = [
            (0, 0, {"product_id": product.product_variant_id.id, "quantity": quantity})
            for product, quantity in ((cls.part, 3), (cls.other_part, 1))
        ]
        cls.bundle = cls._new_product("T-BUNDLE", "package", 200.0, crab_part_ids=parts, crab_state="on_sale")

    @classmethod
    def _stock(cls, template, quantity):
        cls.env["product.product"]._crab_adjust_stock({template.product_variant_id: quantity})

    def test_order_takes_stock_and_one_too_many_is_refused_by_name(self):
        self._place([(self.scarce, 2)])
        self.assertEqual(self._available(self.scarce), 1)
        before = self.env["sale.order"].search_count([])
        with self._refused("not enough stock: .*T-SCARCE.*: 1 left", UserError):
            self._place([(self.thousand, 1), (self.scarce, 2)])
        self.assertEqual(self.env["sale.order"].search_count([]), before)
        self.assertEqual((self._available(self.scarce), self._available(self.thousand)), (1, 1000))
        self._place([(self.scarce, 1)])
        self.assertEqual(self._available(self.scarce), 0)

    def test_closing_gives_stock_back_once(self):
        order, other = self._place([(self.scarce, 2)]), self._place([(self.scarce, 1)])
        order._crab_close("test")
        order._crab_close("test")
        self.assertEqual(self._available(self.scarce), 2)
        self.assertEqual(
            (order.crab_claim_ids.mapped("quantity"), other.crab_claim_ids.mapped("quantity")), ([0.0], [1.0])
        )

    def test_package_with_parts_takes_its_parts(self):
        order = self._place([(self.bundle, 2)])
        self.assertEqual((self._available(self.part), self._available(self.other_part)), (1, 98))
        with self._refused("T-PART.*1 left", UserError):
            self._place([(self.bundle, 1)])
        self._pay(order)
        lines = self._delivery(order).line_ids
        self.assertEqual(
            [(line.package_id.default_code, line.product_id.default_code, line.quantity) for line in lines],
            [("T-BUNDLE", "T-PART", 6.0), ("T-BUNDLE", "T-PART2", 2.0)],
        )
        self._ship(order)
        self.assertEqual((self._available(self.part), self._available(self.other_part)), (1, 98))
        self.assertEqual(self.part.product_variant_id.with_company(self.group).qty_available, 1)
        self.assertEqual(sum(order.crab_claim_ids.mapped("quantity")), 0)

    def test_package_and_its_part_in_one_order_take_both(self):
        self.part.crab_state = "on_sale"
        self._place([(self.bundle, 1), (self.part, 4)])
        self.assertEqual(self._available(self.part), 0)
        with self._refused("not enough stock", UserError):
            self._place([(self.part, 1)])

    def test_stock_leaves_once_claim_and_goods_are_never_counted_twice(self):
        order = self._paid([(self.scarce, 2)])
        self.assertEqual(self._available(self.scarce), 1)
        self._ship(order)
        self.assertEqual(self._available(self.scarce), 1)

    def test_stock_taken_at_payment_goes_to_who_pays_first(self):
        self._setting("stock_taken_at", "payment")
        orders = [self._place([(self.scarce, 2)]) for _ in range(2)]
        self.assertEqual(self._available(self.scarce), 3)
        late = self._pay(orders[1])
        self._pay(orders[0])
        self.assertEqual([order.crab_state for order in orders], ["closed", "to_ship"])
        self.assertEqual(self._available(self.scarce), 1)
        [refund] = orders[0].crab_refund_ids
        self.assertEqual((refund.kind, refund.amount), ("payment", 190.0))
        self.assertIn("not enough stock", orders[0].crab_close_reason)
        self.assertEqual(late.crab_order_id, orders[1])
        self.assertBooksEqual()

    def test_services_and_what_is_not_counted_take_no_stock(self):
        self.assertFalse(self.env["crab.stock.claim"].search([("product_id.type", "=", "service")]))
