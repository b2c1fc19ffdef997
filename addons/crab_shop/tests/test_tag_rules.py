from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import fields

from .common import ADDRESS, ShopCase


class TestTagRules(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_member("Other")
        cls.never = cls._new_member("Never ordered")

    def _met(self, **rule):
        tag = self.env["crab.member.tag"].create({"name": "Rule", "is_by_rule": True, **rule})
        tag._apply_rules()
        members = (self.member | self.other | self.never).filtered(lambda member: tag in member.tag_ids)
        tag.unlink()
        return members

    def _paid_before(self, days, lines, member=None, **values):
        order = self._paid(lines, member, **values)
        order.sudo().crab_paid_at = fields.Datetime.now() - timedelta(days=days)
        return order

    def test_spend_and_orders_of_a_period(self):
        order = self._paid([(self.thousand, 2)])
        self._paid_before(40, [(self.thousand, 1)], self.other)
        self._paid([(self.thousand, 1)], self.other)
        self.assertEqual(self._met(rule_min_spend=1900), self.member | self.other)
        self.assertEqual(self._met(rule_min_orders=2), self.other)
        self.assertEqual(self._met(rule_min_spend=1900, rule_period_days=30), self.member)
        self.assertEqual(self._met(rule_min_spend=1900, rule_min_orders=2), self.other)
        self._refund(order, (0, "0.01"))
        self.assertEqual(self._met(rule_min_spend=1900), self.other)

    def test_no_order_for_days(self):
        self._paid_before(40, [(self.thousand, 1)])
        self._paid_before(40, [(self.thousand, 1)], self.other)
        self._paid([(self.thousand, 1)], self.other)
        self.assertEqual(self._met(rule_idle_days=30), self.member)
        self.assertFalse(self._met(rule_idle_days=50))

    def test_province_of_the_last_order(self):
        provinces = self.env["crab.region"].search([("level", "=", "province")], limit=2)

        def order(province, member=None):
            self._paid([(self.thousand, 1)], member, address={**ADDRESS, "province_id": province.id})

        order(provinces[0])
        order(provinces[1])
        order(provinces[0], self.other)
        self.assertEqual(self._met(rule_province_id=provinces[0].id), self.other)
        self.assertEqual(self._met(rule_province_id=provinces[1].id), self.member)

    def test_orders_of_merged_members_count(self):
        self._paid([(self.thousand, 1)])
        self._paid([(self.thousand, 1)], self.other)
        self.other.account_id._merge_into(self.member.account_id)
        self.assertEqual(self._met(rule_min_orders=2), self.member)

    def test_conditions_are_never_negative(self):
        with self._refused("crab_member_tag_rule_positive", CheckViolation):
            self._met(rule_min_orders=-1)
