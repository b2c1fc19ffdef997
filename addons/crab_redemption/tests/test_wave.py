from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from ..models import crab_delivery_wave
from .common import RedemptionCase


class TestWave(RedemptionCase):
    """Waves in Odoo's own stock screens: goods leave with their deliveries or not at all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._new_user("wave-warehouse", "warehouse")
        cls.stock = cls.env["product.product"]._crab_warehouse().lot_stock_id

    def _wave(self, count):
        redemptions = self.env["crab.redemption"]
        for card in self.cards[:count]:
            redemptions |= self._redeem(card)
        return redemptions, redemptions.delivery_id._prepare_waves()

    def _available(self, product=None):
        return self.env["stock.quant"]._get_available_quantity(product or self.package, self.stock)

    def _on_hand(self, product=None):
        return (product or self.package).with_context(allowed_company_ids=self.group.ids).qty_available

    def _ship_by(self, action):
        form = Form(self.env[action["res_model"]].with_user(self.keeper).with_context(**action["context"]))
        form.carrier_name = "顺丰速运"
        form.save().action_confirm()

    def test_validating_a_wave_in_stock_asks_for_the_parcels_and_ships_them(self):
        redemptions, wave = self._wave(3)
        action = wave.with_user(self.keeper).button_validate()
        self.assertEqual(action["res_model"], "crab.delivery.ship")
        self.assertEqual(wave.state, "assigned", "nothing has left yet")
        self._ship_by(action)
        self.assertEqual((wave.state, set(redemptions.mapped("state"))), ("done", {"shipped"}))
        self.assertEqual(self._on_hand(), 97)

    def test_what_waits_is_prepared_until_the_rest_fills_no_wave(self):
        deliveries = self.env["crab.delivery"].union(*(self._redeem(card).delivery_id for card in self.cards[:5]))
        told = []
        with (
            patch.object(crab_delivery_wave, "PREPARE_LIMIT", 2),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda _cron, *done, **left: told.append(left)),
        ):
            for _run in range(3):
                self.env["crab.delivery"]._cron_prepare()
        self.assertEqual([left["remaining"] for left in told], [2, 0, 0], "one alone waits for the next minute")
        self.assertEqual(set(deliveries.mapped("state")), {"prepared"})
        self.assertEqual(sorted(len(wave) for wave in deliveries.grouped("picking_id").values()), [1, 2, 2])

    def test_a_wave_does_not_leave_by_a_side_door(self):
        redemptions, wave = self._wave(2)
        wave.move_ids.picked = True
        for door in (
            wave._action_done,
            wave.move_ids._action_done,
            wave.with_user(self.keeper).action_split_transfer,
            wave.with_user(self.keeper).with_context(skip_backorder=True, crab_ship=True)._action_done,
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                door()
        self.assertEqual(set(redemptions.mapped("state")), {"confirmed"})
        self.assertEqual(self._on_hand(), 100)

    def test_cancelling_a_wave_in_stock_lets_its_deliveries_wait_again(self):
        redemptions, wave = self._wave(2)
        wave.with_user(self.keeper).action_cancel()
        self.assertEqual(redemptions.delivery_id.mapped("state"), ["waiting"] * 2)
        self.assertFalse(redemptions.delivery_id.picking_id)
        self.assertEqual(self._available(), 100)
        redemptions.delivery_id._ship("顺丰速运")
        self.assertEqual(self._on_hand(), 98)

    def test_a_changed_demand_of_a_wave_ships_what_the_deliveries_say(self):
        redemptions, wave = self._wave(3)
        wave.move_ids.with_user(self.keeper).product_uom_qty = 7
        redemptions.delivery_id._ship("顺丰速运")
        self.assertEqual(self._on_hand(), 97)
        self.assertEqual(sum(wave._crab_demand().values()), 4, "what the user added is left to the user")

    def test_part_of_a_wave_leaves_by_a_picking_of_its_own(self):
        redemptions, wave = self._wave(4)
        first = redemptions[:1].delivery_id
        first._ship("顺丰速运")
        self.assertEqual((first.picking_id.state, first.picking_id.origin), ("done", wave.name))
        self.assertEqual(redemptions[1:].delivery_id.picking_id, wave)
        self.assertEqual((wave.move_ids.product_uom_qty, wave.move_ids.quantity), (3, 3))
        redemptions[1:].delivery_id._ship("顺丰速运")
        self.assertEqual((wave.state, self._on_hand()), ("done", 96))
        self.assertEqual(self.env["stock.picking"].search_count([("origin", "=", wave.name)]), 1)

    def test_a_partly_available_wave_ships_as_many_as_there_are(self):
        self.env["product.product"]._crab_adjust_stock({self.package: 2})
        redemptions, wave = self._wave(3)
        self.assertEqual(wave.move_ids.state, "partially_available")
        with self.assertRaisesRegex(UserError, "3 wanted, 2 available"), self.cr.savepoint():
            redemptions.delivery_id._ship("顺丰速运")
        redemptions[1:].delivery_id._ship("顺丰速运")
        self.assertEqual(redemptions.mapped("state"), ["confirmed", "shipped", "shipped"])
        self.assertEqual(self._on_hand(), 0)
        redemptions[0]._cancel("no goods")
        self.assertEqual((wave.state, self.cards[0].state), ("cancel", "active"))

    def test_goods_of_two_lots_are_cancelled_and_shipped_exactly(self):
        goods = self._new_package("TESTLOT", 10)
        goods.tracking = "lot"
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": goods.id, "company_id": self.group.id} for name in ("L1", "L2")]
        )
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(goods, self.stock, 2, lot_id=lot)
        self.card_product.product_tmpl_id.crab_choice_ids = goods
        redemptions, wave = self._wave(4)
        self.assertEqual(sorted(wave.move_line_ids.mapped("quantity")), [2, 2])
        redemptions[0]._cancel("changed mind")
        self.assertEqual((sum(wave.move_line_ids.mapped("quantity")), self._available(goods)), (3, 1))
        redemptions[1:3].delivery_id._ship("顺丰速运")
        redemptions[3].delivery_id._ship("顺丰速运")
        self.assertEqual(self._on_hand(goods), 1)
        self.assertEqual(sum(lots.quant_ids.filtered(lambda q: q.location_id == self.stock).mapped("quantity")), 1)

    def test_goods_that_come_back_are_in_stock_and_the_redemption_stays_shipped(self):
        redemptions, wave = self._wave(1)
        redemptions.delivery_id._ship("顺丰速运")
        wizard = (
            self.env["stock.return.picking"]
            .with_user(self.keeper)
            .with_context(active_id=wave.id, active_ids=wave.ids, active_model="stock.picking")
            .create({})
        )
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        self.assertFalse(back.crab_delivery_ids)
        back.move_ids.picked = True
        back.with_user(self.keeper).button_validate()
        self.assertEqual((self._on_hand(), redemptions.state), (100, "shipped"))

    def test_another_wished_day_takes_the_delivery_out_of_its_wave(self):
        redemptions, wave = self._wave(2)
        delivery = redemptions[0].delivery_id
        delivery.wish_date = business_date() + timedelta(days=20)
        self.assertEqual((delivery.state, delivery.picking_id.id), ("waiting", False))
        self.assertEqual(wave.move_ids.product_uom_qty, 1)
        other = delivery._prepare_waves()
        self.assertEqual(other.scheduled_date.date(), delivery.wish_date)
        self.assertEqual(other.state, "confirmed", "reserved some days before only")
        self.assertEqual(self._available(), 99)

    @covers("HQ-45", "by the platform", via="web")
    def test_a_package_ships_its_parts(self):
        male, female = (self._new_package(code, cost) for code, cost in (("TESTMALE", 10), ("TESTFEMALE", 7.5)))
        for goods in (male, female):
            goods.crab_kind = "package"
        self.env["product.product"]._crab_adjust_stock({self.package: 0, male: 20, female: 20})
        self.package.product_tmpl_id.crab_part_ids = [
            fields.Command.create({"product_id": part.id, "quantity": 4}) for part in (male, female)
        ]
        redemption = self._redeem()
        self.package.product_tmpl_id.crab_part_ids[0].quantity = 5
        self.assertEqual(redemption.delivery_id.line_ids.package_id, self.package)
        self.assertEqual(redemption.delivery_id.line_ids.mapped("quantity"), [4, 4], "as promised when it was redeemed")
        self.assertIn("Package TESTMALE × 4", redemption.delivery_id.goods)
        redemption.delivery_id.with_user(self.keeper).action_prepare()
        self._ship_by(redemption.delivery_id.with_user(self.keeper).action_ship())
        self.assertEqual((self._on_hand(male), self._on_hand(female)), (16, 16))
        [fact] = self.env["crab.ledger.fact"].search([("document_id", "=", redemption.id)])
        self.assertEqual((fact.amount_net, fact.amount_tax, fact.amount_cost), (600, 54, 70))

    @covers("HQ-47", "frozen on the shipment", via="web")
    def test_subsidy_and_settlement_price_of_the_day_stay_on_the_shipment(self):
        finance = self._new_user("wave-finance", "finance")
        self.card_product.product_tmpl_id.with_user(finance).crab_subsidy = 23.92
        self.package.product_tmpl_id.with_user(finance).crab_settlement_price = 251.16
        redemption = self._redeem()
        self.assertFalse(redemption.delivery_id.line_ids.price_settlement)
        self._ship_by(redemption.delivery_id.with_user(self.keeper).action_ship())
        self.card_product.product_tmpl_id.with_user(finance).crab_subsidy = 1
        self.package.product_tmpl_id.with_user(finance).crab_settlement_price = 2
        [row] = redemption.with_user(finance).web_read({"amount_subsidy": {}})
        [line] = redemption.delivery_id.line_ids.with_user(finance).web_read({"price_settlement": {}})
        self.assertEqual((row["amount_subsidy"], line["price_settlement"]), (23.92, 251.16))

    def test_many_parcels_with_tracking_numbers_cost_no_query_each(self):
        def ship(cards):
            deliveries = self.env["crab.delivery"].union(*(self._redeem(card).delivery_id for card in cards))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            deliveries._prepare_waves()
            deliveries._ship("顺丰速运", {delivery_id: f"SF{delivery_id}" for delivery_id in deliveries.ids})
            self.env.flush_all()
            self.assertEqual(deliveries.mapped("tracking_reference"), [f"SF{i}" for i in deliveries.ids])
            return self.cr.sql_log_count - before

        ship(self.cards[:1])
        few, many = ship(self.cards[1:3]), ship(self.cards[3:10])
        self.assertLessEqual(many - few, 2)

    def test_pick_list_and_delivery_notes_print(self):
        redemptions, wave = self._wave(2)
        deliveries = redemptions.delivery_id.with_user(self.keeper)
        action = deliveries.action_print_pick_list()
        html, _kind = (
            self.env["ir.actions.report"].with_user(self.keeper)._render_qweb_html(action["report_name"], wave.ids)
        )
        self.assertIn(self.package.name, html.decode())
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.keeper)
            ._render_qweb_html("crab_redemption.delivery_note", deliveries.ids)
        )
        for delivery in deliveries:
            self.assertIn(delivery.name, html.decode())
        self.assertEqual(html.decode().count(self.address["street"]), 2)
        self.assertEqual(wave.crab_delivery_count, 2)


class TestShipmentFile(RedemptionCase):
    """Carriers and tracking numbers of many deliveries come from Excel."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._new_user("file-warehouse", "warehouse")

    def _run(self, *lines, user=None):
        text = "\n".join(["配送单号,快递公司,快递单号", *lines])
        return self.env["crab.import"].with_user(user or self.keeper)._run_file("shipment", "s.csv", text.encode())

    @covers("HQ-46", "shipments", via="import")
    def test_the_carriers_list_goes_out_and_comes_back_with_tracking_numbers(self):
        redemptions = self._redeem(self.cards[0]) | self._redeem(self.cards[1])
        deliveries = redemptions.delivery_id.sorted("id")
        action = deliveries.with_user(self.keeper).action_export_for_carrier()
        self.assertEqual(action["type"], "ir.actions.act_url")
        export = self.env["crab.delivery.export"].search([], order="id desc", limit=1)
        self.assertTrue(export.file)
        done = self._run(f"{deliveries[0].name},顺丰速运,SF1", f"{deliveries[1].name},京东快递,JD2")
        self.assertEqual(done.state, "done", done.error_ids.mapped("reason"))
        self.assertEqual(deliveries.mapped("carrier_name"), ["顺丰速运", "京东快递"])
        self.assertEqual(deliveries.mapped("tracking_reference"), ["SF1", "JD2"])
        self.assertEqual(redemptions.mapped("state"), ["shipped"] * 2)

    def test_a_tracking_number_is_one_receivers(self):
        """A label scanned twice, or a column of Excel filled down."""
        other = {**self.address, "receiver_name": "别人", "receiver_phone": "13900000000"}
        first, same, others, later = (
            self._redeem(card, address=address).delivery_id
            for card, address in zip(self.cards, (self.address, self.address, other, other), strict=False)
        )
        lines = [f"{delivery.name},顺丰速运,SF1" for delivery in (first, same, others)]
        refused = self._run(*lines)
        self.assertEqual((refused.state, refused.error_rows), ("refused", [4]))
        self.assertEqual(refused.error_ids.header, "快递单号")
        self.assertIn(first.name, refused.error_ids.reason)
        self.assertEqual(self._run(*lines[:2]).state, "done", "two deliveries in one parcel")
        with self.assertRaisesRegex(UserError, f"{others.name} .*{first.name}|{others.name} .*{same.name}"):
            others._ship("顺丰速运", {others.id: " SF1 "})
        self.assertEqual(others.state, "waiting")
        (first | same).sudo()._write({"shipped_at": fields.Datetime.subtract(fields.Datetime.now(), days=120)})
        (first | same).invalidate_recordset()
        later._ship("顺丰速运", {later.id: "SF1"})
        self.assertEqual(later.state, "shipped", "carriers use a number again after months")

    def test_a_bad_row_ships_nothing(self):
        first, shipped = self._redeem(self.cards[0]).delivery_id, self._redeem(self.cards[1]).delivery_id
        shipped._ship("顺丰速运")
        refused = self._run(f"{first.name},顺丰速运,SF1", f"{shipped.name},顺丰速运,SF2", "PS000,顺丰速运,SF3")
        self.assertEqual((refused.state, refused.error_rows), ("refused", [3, 4]))
        self.env["product.product"]._crab_adjust_stock({self.package: 0})
        refused = self._run(f"{first.name},顺丰速运,SF1")
        self.assertEqual((refused.state, first.state), ("failed", "waiting"))
