from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from ..models import crab_notice_reminder
from .test_notice import NoticeCase


class TestReminder(NoticeCase):
    def _remind(self):
        """What the scheduled actions do; they run again and again."""
        for _run in range(2):
            self._run_cron("crab.notice.reminder", "_cron_remind")
            self._run_cron("crab.notice.reminder", "_cron_remind_daily")

    def _set_setting(self, name, value):
        self.env["res.config.settings"].create({name: value}).execute()

    @covers("IF-02", "triggers on order state")
    def test_an_unpaid_order_is_reminded_of_once(self):
        soon, later, paid = (self._place([(self.thousand, 1)]) for _ in range(3))
        self._pay(paid)
        now = fields.Datetime.now()
        (soon | paid).sudo().crab_pay_before = now + timedelta(minutes=9)
        later.sudo().crab_pay_before = now + timedelta(minutes=12)
        self._remind()
        told = [body for event, body in self._told() if event == "order.unpaid"]
        self.assertEqual(len(told), 1)
        self.assertIn(soon.name, told[0])
        until = (soon.crab_pay_before + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")
        self.assertIn(until, told[0], "the time of Shanghai")

    def test_those_reminded_of_already_take_no_place_in_a_set(self):
        orders = [self._place([(self.thousand, 1)]) for _order in range(3)]
        for order in orders:
            order.sudo().crab_pay_before = fields.Datetime.now() + timedelta(minutes=9)
        with patch.object(crab_notice_reminder, "LIMIT", 2):
            reminders = self.env["crab.notice.reminder"]
            self.assertEqual([reminders._remind_unpaid() for _run in range(3)], [2, 1, 0])
        events = self.env["crab.outbox"].search([("event", "=", "order.unpaid")])
        self.assertEqual(sorted(events.mapped("aggregate_id")), [order.id for order in orders])

    def test_a_gift_that_nobody_takes_is_reminded_of_once(self):
        order = self._bought(2)
        first, second = self._numbers(order)
        gifts = [self.env["crab.card.gift"]._give(self.subject, card.id) for card in (first, second)]
        gifts[0].sudo().expires_at = fields.Datetime.now() + timedelta(hours=3)
        gifts[1].sudo().expires_at = fields.Datetime.now() + timedelta(hours=5)
        self._remind()
        events = self.env["crab.outbox"].search([("event", "=", "gift.waiting")])
        self.assertEqual(events.mapped("aggregate_id"), gifts[0].ids)
        self._set_setting("crab_gift_reminder_hours", 6)
        self._remind()
        self.assertEqual([event for event, _body in self._told()].count("gift.waiting"), 2)

    def test_cards_about_to_expire_are_reminded_of_once_for_a_day(self):
        order = self._bought(4)
        cards = self._numbers(order)
        today = business_date()
        cards[:2]._set_valid_until(today + timedelta(days=14))
        cards[2]._set_valid_until(today + timedelta(days=15))
        self._remind()
        told = [body for event, body in self._told() if event == "card.expiring"]
        self.assertEqual(len(told), 1)
        self.assertIn("2 of your cards", told[0])
        self.assertIn(str(today + timedelta(days=14)), told[0])
        cards[3]._set_valid_until(today - timedelta(days=1))
        self.member._close("Asked for it.")
        self._set_setting("crab_expiry_days", 20)
        self._remind()
        events = self.env["crab.outbox"].search_count([("event", "=", "card.expiring")])
        self.assertEqual(events, 1, "a closed member is told nothing")

    def test_settings_are_checked(self):
        for name, value in (("crab_unpaid_minutes", 0), ("crab_gift_reminder_hours", -1), ("crab_expiry_days", 61)):
            with self._refused("enter a number from 1 to", ValidationError):
                self._set_setting(name, value)
