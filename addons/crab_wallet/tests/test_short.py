from contextlib import suppress

from odoo import api
from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import covers

from .common import WalletCase


class TestShort(WalletCase):
    def _short(self, order=0):
        with self._own_transactions_here(), suppress(UserError):  # assertRaises would roll the event back
            self._charge(20000, order)
            self.fail("this cannot be paid")
        return self.env["crab.outbox"].search([("event", "=", "wallet.short")], limit=1)

    @covers("HQ-11", "message to top up, also for a lower dealer's request")
    def test_the_dealer_and_its_sales_rep_are_told_once(self):
        rep = self._new_user("wallet_rep", "sales_rep")
        self.a.user_id = rep
        event = self._short()
        self.assertEqual(event.payload["missing"], "5000.00")
        event._notice_wallet_short()
        wallet = self._wallet(self.a, "stored")
        self.assertEqual(wallet.activity_ids.user_id, rep)
        self.assertIn("5000.00", wallet.activity_ids.note)
        self.assertIn("5000.00", self.a.message_ids[0].body)
        self.assertIn(self.a.account_id.partner_id, self.a.message_ids[0].partner_ids)
        self._short(1)._notice_wallet_short()
        self.assertEqual(len(wallet.activity_ids), 1)

    def test_without_sales_rep_finance_is_told(self):
        self._short()._notice_wallet_short()
        self.assertIn(self.finance, self._wallet(self.a, "stored").activity_ids.user_id)

    def test_the_message_survives_the_refusals_rollback(self):
        """The event is written on a connection of its own: it is there although this transaction is rolled back."""
        with self.assertRaises(UserError):
            self._charge(20000, key="rolled back")
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            wallet_id = self._wallet(self.a, "stored").id
            events = env["crab.outbox"].search([("event", "=", "wallet.short"), ("aggregate_id", "=", wallet_id)])
            self.assertEqual(events.mapped("payload"), [events.payload])
            self.assertEqual(events.payload["reference"], "DD0000")
            cr.execute("DELETE FROM crab_outbox_delivery WHERE event_id = ANY(%s)", [events.ids])
            cr.execute("DELETE FROM crab_outbox WHERE id = ANY(%s)", [events.ids])
