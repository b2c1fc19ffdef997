from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ShopCase


class TestLevels(ShopCase):
    """Silver is reached by 2,000 yuan; gold by 8,000 yuan or three orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._new_member("New buyer", dealer_id=cls.dealer3.id)

    def _received(self, *lines, member=None):
        order = self._paid(list(lines), member or self.buyer)
        self._ship(order)
        order._crab_receive()
        return order

    @covers("HQ-21", "automatic upgrade", via="service")
    def test_spend_counts_with_the_confirmed_receipt(self):
        order = self._paid([(self.thousand, 2)], self.buyer)
        self._ship(order)
        self.assertEqual(self.buyer.level_id, self.base, "shipped is not received")
        order._crab_receive()
        self.assertEqual(self.buyer.level_id, self.silver)
        line = self.buyer.level_history_ids[0]
        self.assertEqual((line.from_level_id, line.to_level_id, line.is_automatic), (self.base, self.silver, True))

    @covers("HQ-21", "automatic upgrade", via="web")
    def test_orders_count_and_head_office_sees_the_new_level(self):
        service = self._new_user("level-receiver", "customer_service")
        for count in (1, 2, 3):
            self.assertEqual(self.buyer.level_id, self.base)
            order = self._paid([(self.thousand, 1, 950)], self.buyer)
            self._ship(order)
            order.with_user(service).action_crab_receive()
            self.assertEqual(self.env["crab.member"]._upgrade_figures(self.buyer, None)[self.buyer.id][1], count)
        self.assertEqual(Form(self.buyer.with_user(service)).level_id, self.gold)

    def test_refunds_are_taken_off_and_an_order_given_back_wholly_does_not_count(self):
        order = self._paid([(self.thousand, 2)], self.buyer)
        self._refund(order, (0, "0.01"))
        self._ship(order)
        order._crab_receive()
        self.assertEqual(self.buyer.level_id, self.base, "1,999.99 yuan are not 2,000")
        self._refund(order, (0, "1999.99"))
        self.assertEqual(self.env["crab.member"]._upgrade_figures(self.buyer, None), {})
        self._received((self.thousand, 2))
        self.assertEqual(self.buyer.level_id, self.silver)
        self._refund(self.buyer.env["sale.order"].search([("crab_member_id", "=", self.buyer.id)], limit=1), (2, None))
        self.buyer._upgrade_due()
        self.assertEqual(self.buyer.level_id, self.silver, "levels only rise by themselves")

    def test_only_the_period_counts(self):
        self.silver.period_days, self.gold.min_orders = 30, 0
        old = self._received((self.thousand, 1))
        old.sudo().crab_received_at = fields.Datetime.now() - timedelta(days=32)
        self._received((self.thousand, 1))
        self.assertEqual(self.buyer.level_id, self.base)
        self._received((self.thousand, 1, 0))
        self.assertEqual(self.buyer.level_id, self.silver)

    def test_orders_of_merged_members_count(self):
        known = self._new_member("Known", dealer_id=self.dealer3.id)
        self._received((self.thousand, 1))
        shipped = self._paid([(self.thousand, 1)], self.buyer)
        self._ship(shipped)
        self.buyer.account_id._merge_into(known.account_id)
        shipped._crab_receive()
        self.assertEqual((known.level_id, self.buyer.level_id), (self.silver, self.base))

    @covers("HQ-21", "automatic upgrade", via="web")
    def test_nightly_run_counts_them_too(self):
        with patch.object(type(self.env["crab.member"]), "_upgrade_due", lambda members: members):
            self._received((self.thousand, 9))
        self.assertEqual(self.buyer.level_id, self.base)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crab_member.cron_upgrade").method_direct_trigger()
        self.env.invalidate_all()
        seen = Form(self.buyer.with_user(self._new_user("level-service", "customer_service")))
        self.assertEqual(seen.level_id, self.gold)

    def test_many_receipts_take_one_look(self):
        members = [self._new_member(f"Buyer {n}") for n in range(5)]
        orders = self.env["sale.order"].union(*(self._paid([(self.thousand, 2)], member) for member in members))
        for order in orders:
            self._ship(order)
        calls = []
        origin = type(self.env["crab.member"])._upgrade_due

        def counted(records):
            calls.append(len(records))
            return origin(records)

        with patch.object(type(self.env["crab.member"]), "_upgrade_due", counted):
            orders._crab_receive()
        self.assertEqual(calls, [5])
        self.assertEqual(orders.crab_member_id.level_id, self.silver)
