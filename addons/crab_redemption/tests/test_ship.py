from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_card.tests.common import make_numbers

from .common import RedemptionCase


class TestShip(RedemptionCase):
    def _available(self, product):
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.group.id)], limit=1)
        return self.env["stock.quant"]._get_available_quantity(product, warehouse.lot_stock_id)

    def _on_hand(self, product):
        return product.with_company(self.group).with_context(allowed_company_ids=self.group.ids).qty_available

    def test_deliveries_of_one_day_share_a_wave_with_one_move_per_product(self):
        deliveries = self.env["crab.delivery"]
        for card in self.cards[:4]:
            deliveries |= self._redeem(card).delivery_id
        picking = deliveries._prepare_waves()
        self.assertEqual(len(picking), 1)
        self.assertEqual(picking.move_ids.mapped("product_uom_qty"), [4])
        self.assertEqual(deliveries.mapped("state"), ["prepared"] * 4)
        self.assertFalse(deliveries._prepare_waves(), "a second click prepares nothing twice")
        self.assertEqual(self._available(self.package), 96)

    def test_shipping_part_of_a_wave_leaves_the_rest_prepared(self):
        redemptions = self.env["crab.redemption"]
        for card in self.cards[:3]:
            redemptions |= self._redeem(card)
        redemptions.delivery_id._prepare_waves()
        redemptions[:2].delivery_id._ship("顺丰速运", {redemptions[0].delivery_id.id: "SF1"})
        self.assertEqual(redemptions.mapped("state"), ["shipped", "shipped", "confirmed"])
        self.assertEqual(redemptions[0].tracking_reference, "SF1")
        self.assertEqual(self._on_hand(self.package), 98)
        rest = redemptions[2].delivery_id
        self.assertEqual(rest.state, "prepared")
        self.assertNotEqual(rest.picking_id, redemptions[0].delivery_id.picking_id)
        rest._ship("顺丰速运")
        self.assertEqual(self._on_hand(self.package), 97)

    def test_a_shipped_delivery_is_final(self):
        redemption = self._redeem()
        redemption.delivery_id._ship("顺丰速运")
        with self.assertRaises(UserError):
            redemption.delivery_id._ship("顺丰速运")
        with self.assertRaises(UserError):
            redemption._cancel("too late")
        with self.assertRaises(UserError):
            redemption.delivery_id.street = "other"
        self.assertEqual(self.cards[0].state, "used")
        self.assertEqual(self._on_hand(self.package), 99)

    def test_cancelling_one_of_a_wave_frees_its_goods_only(self):
        first, second = self._redeem(self.cards[0]), self._redeem(self.cards[1])
        picking = (first | second).delivery_id._prepare_waves()
        first._cancel("changed mind")
        self.assertEqual(picking.move_ids.filtered(lambda m: m.state != "cancel").product_uom_qty, 1)
        self.assertEqual(self._available(self.package), 99)
        second.delivery_id._ship("顺丰速运")
        self.assertEqual(self._on_hand(self.package), 99)

    def test_missing_goods_ship_nothing_and_are_named(self):
        self.env["product.product"]._crab_adjust_stock({self.package: 1})
        first, second = self._redeem(self.cards[0]), self._redeem(self.cards[1])
        with self.assertRaisesRegex(UserError, self.package.name), self.cr.savepoint():
            (first | second).delivery_id._ship("顺丰速运")
        self.assertEqual((first | second).mapped("state"), ["confirmed"] * 2)
        self.assertEqual(self._on_hand(self.package), 1)

    def test_shipping_turns_the_liability_into_revenue_and_vat_once(self):
        redemption = self._redeem()
        redemption.delivery_id._ship("顺丰速运")
        fact = self.env["crab.ledger.fact"].search(
            [("document_model", "=", redemption._name), ("document_id", "=", redemption.id)]
        )
        self.assertEqual(len(fact), 1)
        self.assertEqual(fact.company_id, self.group)
        self.assertEqual((fact.amount_net, fact.amount_tax, fact.amount_cost), (600, 54, 40))

    def test_goods_for_numbers_of_the_sales_company_are_supplied_to_it(self):
        """Each company has its facts; taxes are not looked for parcel by parcel."""
        self.package.product_tmpl_id.crab_settlement_price = 436
        cards = make_numbers(self.env, self.card_product, 6, "SALES", company="sales")
        cards._activate(cards.batch_id, dict.fromkeys(cards.ids, 654))
        redemptions = self.env["crab.redemption"].union(*(self._redeem(card) for card in cards))
        redemptions[0].delivery_id._ship("顺丰速运")
        Fact = self.env["crab.ledger.fact"]
        sold = Fact.search([("document_model", "=", redemptions._name), ("document_id", "=", redemptions[0].id)])
        self.assertEqual(
            {(fact.company_id, fact.amount_net, fact.amount_tax, fact.amount_cost) for fact in sold},
            {(self.group, 0, 0, 40), (self.sales, 600, 54, 0)},
        )
        supply = Fact.search([("document_id", "=", redemptions[0].delivery_id.id), ("product_id", "!=", False)])
        self.assertEqual(
            {(f.kind, f.company_id, f.product_id, f.quantity, f.amount_net, f.amount_tax) for f in supply},
            {
                ("supplied", self.group, self.package, 1, 400, 36),
                ("received", self.sales, self.package, 1, 400, 36),
            },
        )

        def ship(some):
            deliveries = self.env["crab.delivery"].browse(some.delivery_id.ids)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            deliveries._ship("顺丰速运")
            self.env.flush_all()
            return self.cr.sql_log_count - before

        few, many = ship(redemptions[1]), ship(redemptions[2:])
        self.assertLessEqual(many - few, 2)

    def test_the_number_of_queries_does_not_grow_with_the_deliveries(self):
        def ship(cards):
            deliveries = self.env["crab.delivery"].union(*(self._redeem(card).delivery_id for card in cards))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            deliveries._ship("顺丰速运")
            self.env.flush_all()
            return self.cr.sql_log_count - before

        ship(self.cards[:1])
        few, many = ship(self.cards[1:3]), ship(self.cards[3:10])
        self.assertLessEqual(many - few, 2)

    @covers("HQ-46", "shipments", via="web")
    def test_the_warehouse_ships_selected_deliveries_with_tracking_numbers(self):
        user = self._new_user("wh-ship", "warehouse")
        redemptions = self._redeem(self.cards[0]) | self._redeem(self.cards[1])
        action = redemptions.delivery_id.with_user(user).action_ship()
        form = Form(self.env[action["res_model"]].with_user(user).with_context(**action["context"]))
        form.carrier_name = "顺丰速运"
        with form.line_ids.edit(0) as line:
            line.tracking_reference = " SF100 "
        form.save().action_confirm()
        self.assertEqual(redemptions.mapped("state"), ["shipped"] * 2)
        self.assertIn("SF100", redemptions.delivery_id.mapped("tracking_reference"))

    def test_what_has_no_wished_day_is_due_before_what_has_one(self):
        later, at_once = self._redeem(self.cards[0], wish_date="2099-10-01"), self._redeem(self.cards[1])
        deliveries = self.env["crab.delivery"]
        both = [("id", "in", (later | at_once).delivery_id.ids)]
        self.assertEqual(deliveries.search(both).ids, [at_once.delivery_id.id, later.delivery_id.id])
        arch = deliveries.get_views([[False, "search"]])["views"]["search"]["arch"]
        due = safe_eval(etree.fromstring(arch).xpath("//filter[@name='due']")[0].get("domain"))
        self.assertEqual(deliveries.search([*both, *due]), at_once.delivery_id)

    def test_a_wrong_tracking_number_is_corrected(self):
        user = self._new_user("wh-correct", "warehouse")
        redemption, waiting = self._redeem(self.cards[0]), self._redeem(self.cards[1])
        delivery = redemption.delivery_id
        with self.assertRaisesRegex(UserError, "Only parcels that are shipped"):
            delivery.with_user(user).action_correct_parcel()
        delivery._ship("顺丰速运", {delivery.id: "SF1"})
        action = delivery.with_user(user).action_correct_parcel()
        form = Form(self.env[action["res_model"]].with_user(user).with_context(**action["context"]))
        self.assertEqual(form.carrier_name, "顺丰速运")
        with form.line_ids.edit(0) as line:
            self.assertEqual(line.tracking_reference, "SF1")
            line.tracking_reference = " SF2 "
        form.save().action_confirm()
        self.assertEqual((redemption.carrier_name, redemption.tracking_reference), ("顺丰速运", "SF2"))
        event = self.env["crab.outbox"].search([("event", "=", "delivery.corrected")], order="id desc", limit=1)
        self.assertEqual((event.aggregate_id, event.payload["before"]["tracking_reference"]), (delivery.id, "SF1"))
        self.assertEqual((event.actor_kind, event.actor_id), ("user", user.id))
        with self.assertRaisesRegex(UserError, "Only parcels that are shipped"):
            waiting.delivery_id._correct_parcels("顺丰速运", {})
        with self.assertRaises(AccessError):
            form.record.with_user(self._new_user("cs-correct", "customer_service")).action_confirm()
