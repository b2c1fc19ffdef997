from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ADDRESS, ShopCase


class TestDeliveries(ShopCase):
    """Deliveries of orders as the warehouse and customer service see them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls._new_user("t_warehouse", "warehouse")
        cls.service = cls._new_user("t_service", "customer_service")

    @covers("HQ-43", "search", "list and detail", via="web")
    def test_found_by_order_kind_product_sender_and_receiver(self):
        order = self._paid([(self.thousand, 2)], address={**ADDRESS, "receiver_name": "Somebody else"})
        other = self._paid([(self.package1, 1)])
        delivery = self._delivery(order)
        search = self.env["crab.delivery"].with_user(self.service).search
        ours = [("order_id", "in", (order | other).ids)]
        for domain in (
            [("origin", "=ilike", order.name + "%")],
            [("line_ids.product_id", "ilike", "T-1000")],
            [("receiver_name", "ilike", "somebody")],
        ):
            self.assertEqual(search(ours + domain), delivery, domain)
        self.assertEqual(search([*ours, ("warehouse_id", "ilike", delivery.warehouse_id.name)]), search(ours))
        self.assertFalse(search([*ours, ("redemption_ids.card_id.kind", "=", "ecard")]))
        form = Form(delivery.with_user(self.service))
        self.assertEqual((form.kind, form.order_id), ("package", order))
        [row] = delivery.with_user(self.warehouse).read(["kind", "origin", "goods"])
        self.assertEqual((row["kind"], row["origin"]), ("package", order.name))

    @covers("HQ-46", "shipments", via="web")
    def test_the_list_shows_the_pieces_and_the_state_of_the_order(self):
        order = self._paid([(self.thousand, 3), (self.package1, 1)])
        delivery = self._delivery(order)
        self._refund(order, (1, None))
        for user in (self.service, self.warehouse):
            [row] = delivery.with_user(user).read(["pieces", "order_state"])
            self.assertEqual((row["pieces"], row["order_state"]), (3, "to_ship"))
        delivery._ship("SF")
        self.env.invalidate_all()
        self.assertEqual((delivery.order_state, delivery.pieces), ("to_receive", 3))

    @covers("HQ-61", "split shipping", via="web")
    def test_the_warehouse_splits_a_delivery_in_its_dialogue(self):
        order = self._paid([(self.thousand, 3), (self.package1, 1)])
        delivery = self._delivery(order).with_user(self.warehouse)
        self.assertFalse(delivery.can_split)
        self._setting("split_shipping", True)
        self.env.invalidate_all()
        self.assertTrue(delivery.can_split)
        Split = self.env["crab.delivery.split"].with_user(self.warehouse)
        form = Form(Split.with_context(**delivery.action_split()["context"]))
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.product_name, line.quantity_held), (self.thousand.name, 3))
            line.quantity = 2
        wizard = form.save()
        part = self.env["crab.delivery"].browse(wizard.action_confirm()["res_id"])
        self.assertEqual(
            part.line_ids.mapped(lambda line: (line.product_id.default_code, line.quantity)), [("T-1000", 2)]
        )
        self.assertEqual(sorted(delivery.sudo().line_ids.mapped("quantity")), [1, 1])
        with self._refused("not more than there are", UserError):
            wizard.action_confirm()  # a second click: only one piece is left
        part._ship("SF")
        self.assertEqual(order.crab_state, "partly_shipped")
        delivery.sudo()._ship("SF")
        self.assertEqual(order.crab_state, "to_receive")
        self.assertFalse(delivery.can_split)

    def test_only_the_warehouse_splits(self):
        self._setting("split_shipping", True)
        delivery = self._delivery(self._paid([(self.thousand, 2)]))
        for role in ("customer_service", "finance", "auditor", "sales_rep"):
            user = self._new_user(f"t_{role}_2", role)
            with self.assertRaises(AccessError):
                delivery.with_user(user).action_split()
            with self.assertRaises(AccessError):
                self.env["crab.delivery.split"].with_user(user).create({"delivery_id": delivery.id})
