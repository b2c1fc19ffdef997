from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ADDRESS, ShopCase

PERSON = {**ADDRESS, "receiver_name": "Wang Wu", "receiver_phone": "13811110000", "street": "Secret road 7"}


class TestLeaving(ShopCase):
    """Closing the own account with orders, erasing who ordered, blanking old addresses."""

    def _ended(self, **values):
        order = self._paid([(self.thousand, 1)], address=PERSON, **values)
        self._ship(order)
        order._crab_receive()
        return order

    def _found(self, *texts):
        """Tables of the shop in which one of the texts still stands."""
        self.env.flush_all()
        found = []
        for table in ("sale_order", "crab_delivery", "payment_transaction", "res_partner", "crab_member"):
            for text in texts:
                self.env.cr.execute(f"SELECT COUNT(*) FROM {table} row WHERE row::text LIKE %s", [f"%{text}%"])
                if self.env.cr.fetchone()[0]:
                    found.append((table, text))
        return found

    @covers("MB-31", "close account")
    def test_open_orders_and_refunds_end_first_points_are_confirmed(self):
        close, subject = self.env["crab.member"]._close_for_subject, self._subject(self.member)
        order = self._paid([(self.thousand, 1)])
        with self._refused("Orders on their way: 1", UserError):
            close(subject, is_confirmed=True)
        self._ship(order)
        order._crab_receive()
        refund = self._refund(order, (0, 10))
        with self._refused("Refunds on their way: 1", UserError):
            close(subject, is_confirmed=True)
        refund.sudo().state = "done"
        with self._refused("Points: 940", UserError):
            close(subject)
        close(subject, is_confirmed=True)
        self.assertEqual(self.member.state, "closed")

    def test_an_erased_buyer_leaves_orders_and_sums(self):
        member = self._new_member("Zhang San", dealer_id=self.dealer3.id)
        order = self._ended(member=member, note="ring at Zhang San")
        refund = self._refund(order, (0, 10))
        refund.sudo().state = "done"
        self.env["crab.favourite"]._add(self._subject(member), self.thousand)
        self.env["crab.cart.line"]._put(member, self.thousand.product_variant_id, 1)
        points, total = member._crab_point_balances(), order.amount_total
        phone = member.phone
        admin = self._new_user("erasing-admin", "admin")
        context = member.account_id.with_user(admin).action_erase()["context"]
        wizard = Form(self.env["crab.account.erase"].with_user(admin).with_context(**context))
        self.assertIn("Points", wizard.warning)
        wizard.reason, wizard.confirmation = "asked", "Zhang San"
        wizard.save().action_erase()
        self.assertFalse(self._found("Zhang San", phone, "Wang Wu", "13811110000", "Secret road"))
        self.assertEqual((order.crab_member_id, order.amount_total), (member, total))
        self.assertEqual(member._crab_point_balances(), points)
        self.assertFalse(self.env["crab.favourite"].search([("member_id", "=", member.id)]))
        self.assertFalse(self.env["crab.cart.line"].search([("member_id", "=", member.id)]))
        self.assertBooksEqual()

    def test_a_buyer_with_an_open_order_is_not_erased(self):
        self._paid([(self.thousand, 1)], address=PERSON)
        with self._refused("Orders on their way: 1", UserError):
            self.member.account_id._erase_person("asked")
        self.assertTrue(self._found("Wang Wu"))

    def test_old_addresses_are_blanked_at_night(self):
        old, fresh = self._ended(), self._ended()
        running = self._paid([(self.thousand, 1)], address=PERSON)
        past = fields.Datetime.now() - timedelta(days=1096)
        old.sudo().write({"crab_received_at": past, "crab_paid_at": past})
        self._delivery(old).sudo().shipped_at = past
        self._setting_of_days(None)
        self._run()
        shown = [
            (order.crab_receiver_name, order.crab_street, self._delivery(order).receiver_phone)
            for order in (old, fresh, running)
        ]
        kept = ("Wang Wu", "Secret road 7", self._delivery(fresh).receiver_phone)
        self.assertEqual(shown, [("*", "*", "*"), kept, kept])
        self._setting_of_days(2000)
        newer = self._ended()
        newer.sudo().crab_received_at = past
        self._run()
        self.assertEqual(newer.crab_receiver_name, "Wang Wu")

    def _setting_of_days(self, days):
        if days:
            with Form(self.env["res.config.settings"]) as form:
                form.crab_address_days = days
            form.record.execute()
            with self._refused("from 30 to 36500", UserError):
                self.env["res.config.settings"].create({"crab_address_days": 29})

    def _run(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crab_redemption.cron_blank_addresses").method_direct_trigger()
        self.env.invalidate_all()
