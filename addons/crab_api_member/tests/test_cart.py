from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers

from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestCart(MemberApiCase):
    def _quantities(self, cart):
        return {line["product"]["id"]: line["quantity"] for line in cart["lines"]}

    @covers("MB-09", "add, change, remove", "survives logout", via="api")
    @covers("MB-08", "buy now and add to cart", via="api")
    def test_pieces_are_added_changed_and_removed(self):
        first, second = self.thousand.public_id, self.package1.public_id
        for _again in range(2):
            cart = self._ok(self.mine.post("/cart/lines", json={"product_id": first, "quantity": 2}))
        cart = self._ok(self.mine.put(f"/cart/lines/{second}", json={"quantity": 3}))
        self.assertEqual(self._quantities(cart), {first: 4, second: 3})
        self.assertEqual((cart["lines"][0]["price"], cart["lines"][0]["amount"]), ("950.00", "3800.00"))
        self.assertEqual((cart["goods"], cart["total"]), ("4649.30", "4649.30"))
        cart = self._ok(self.mine.put(f"/cart/lines/{first}", json={"quantity": 1}))
        self.assertEqual(
            self._quantities(self._ok(self.api(self._who(self.member)).get("/cart"))), {first: 1, second: 3}
        )
        for _again in range(2):
            self.assertEqual(self.mine.delete(f"/cart/lines/{second}").status, 204)
        self.assertEqual(self._quantities(self._ok(self.mine.get("/cart"))), {first: 1})
        self.assertEqual(self._ok(self.theirs.get("/cart"))["lines"], [])
        for quantity in (0, -1, 10000, 1.5):
            self._refused_as(self.mine.put(f"/cart/lines/{first}", json={"quantity": quantity}), 422, code="invalid")
        self._refused_as(self.mine.put(f"/cart/lines/{self.ecard.public_id}", json={"quantity": 1}), 422, "at once")
        self._refused_as(self.mine.put("/cart/lines/none", json={"quantity": 1}), 404)

    @covers("MB-09", "re-priced and re-checked at checkout", via="api")
    def test_a_cart_is_ordered_at_the_prices_of_now(self):
        ids = [self.thousand.public_id, self.package1.public_id, self.package2.public_id]
        for one in ids:
            self._ok(self.mine.put(f"/cart/lines/{one}", json={"quantity": 2}))
        self.thousand.list_price = 500
        self.package2.crab_state = "off_sale"
        cart = self._ok(self.mine.get("/cart"))
        problems = {line["product"]["id"]: line["problem"] for line in cart["lines"]}
        self.assertIn("no longer on sale", problems[ids[2]])
        self.assertEqual((problems[ids[0]], cart["goods"]), (None, "1516.20"))
        given = {"cart": ids, "receiver": self.receiver}
        self._refused_as(self.mine.post("/orders", json=given, key=KEY), 422, "no longer on sale")
        given["cart"] = ids[:2]
        quote = self._ok(self.mine.post("/orders/quote", json=given))
        self.assertEqual((quote["total"], quote["can_order"]), ("1516.20", True))
        order = self._ok(self.mine.post("/orders", json=given, key=KEY), 201)
        self.assertEqual(order["total"], "1516.20")
        self.assertEqual(self._quantities(self._ok(self.mine.get("/cart"))), {ids[2]: 2}, "what was ordered is out")
        again = self._ok(self.mine.post("/orders", json=given, key=KEY), 201)
        self.assertEqual(again["id"], order["id"])
        self._refused_as(self.mine.post("/orders", json=given, key=OTHER_KEY), 404, "not in your cart")

    def test_a_longer_cart_takes_no_more_queries(self):
        counts = []
        products = [self.thousand, self.package1] + [
            self._new_product(f"T-MANY{number}", "package", 10.0, crab_state="on_sale") for number in range(10)
        ]
        for line, product in enumerate(products, 1):
            self.env["crab.cart.line"]._put(self.member, product.product_variant_id, 1)
            if line in (2, len(products)):
                self._ok(self.mine.get("/cart"))
                before = self.env.cr.sql_log_count
                self._ok(self.mine.get("/cart"))
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    @covers("MB-10", "freight from the template", via="api")
    def test_freight_follows_the_address(self):
        template = self.env["crab.freight.template"].create({"name": "Near", "is_default": True})
        self.env["crab.freight.rule"].create(
            {
                "template_id": template.id,
                "region_ids": [(6, 0, self.district.parent_id.parent_id.ids)],
                "first_price": 12,
                "next_price": 0,
            }
        )
        self._ok(self.mine.put(f"/cart/lines/{self.thousand.public_id}", json={"quantity": 1}))
        near = self._ok(self.mine.post("/member/addresses", json=self.receiver, key=KEY), 201)["id"]
        far = {**self.receiver, "region_code": "650102"}
        far = self._ok(self.mine.post("/member/addresses", json=far, key=OTHER_KEY), 201)["id"]
        cart = self._ok(self.mine.get("/cart", params={"address_id": near}))
        self.assertEqual((cart["freight"], cart["total"]), ("12.00", "962.00"))
        cart = self._ok(self.mine.get("/cart", params={"address_id": far}))
        self.assertIn("do not deliver", cart["problem"])
        self._refused_as(self.theirs.get("/cart", params={"address_id": near}), 404)
        given = {"cart": [self.thousand.public_id]}
        quote = self._ok(self.mine.post("/orders/quote", json={**given, "address_id": near}))
        self.assertEqual((quote["freight"], quote["total"]), ("12.00", "962.00"))
        for path in ("/orders/quote", "/orders"):
            self._refused_as(self.mine.post(path, json={**given, "address_id": far}, key=KEY), 422, "do not deliver")
