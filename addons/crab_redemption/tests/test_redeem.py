from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import LockError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_base.tools.timezone import business_date

from .common import RedemptionCase


class TestRedeem(RedemptionCase):
    def _assert_nothing_happened(self, card):
        self.assertFalse(self.env["crab.redemption"].search([("card_id", "=", card.id)]))
        self.assertFalse(self.env["crab.delivery"].search([("receiver_name", "=", self.address["receiver_name"])]))

    def test_a_fixed_card_is_redeemed_for_its_package(self):
        redemption = self._redeem()
        self.assertEqual(redemption.product_id, self.package)
        self.assertEqual(redemption.card_id.state, "used")
        self.assertEqual(redemption.card_id.dealer_id, self.dealer)
        self.assertEqual(redemption.amount_charged, 654)
        self.assertEqual(redemption.delivery_id.line_ids.product_id, self.package)
        self.assertEqual(redemption.card_id.event_ids.sorted("sequence")[-1].document_id, redemption.id)

    def test_a_number_is_redeemed_at_most_once(self):
        self._redeem()
        with self.assertRaises(UserError):
            self._redeem()
        self.assertEqual(self.env["crab.redemption"].search_count([("card_id", "=", self.cards[0].id)]), 1)

    def test_inactive_cancelled_and_transit_numbers_are_refused(self):
        inactive, cancelled, moving = self.cards[10], self.cards[1], self.cards[2]
        cancelled._cancel(cancelled.batch_id)
        moving._reserve(moving.batch_id)
        for card in (inactive, cancelled, moving):
            with self.subTest(card.state), self.assertRaises(UserError), self.cr.savepoint():
                self._redeem(card)
            self._assert_nothing_happened(card)

    def test_an_expired_number_is_refused_until_it_is_extended(self):
        card = self.cards[3]
        card._set_valid_until(business_date() - timedelta(days=1))
        with self.assertRaises(UserError), self.cr.savepoint():
            self._redeem(card)
        card._set_valid_until(business_date())
        self.assertTrue(self._redeem(card))

    def test_a_choice_card_needs_a_choice_among_its_linked_products(self):
        self.card_product.product_tmpl_id.write(
            {"crab_rule": "choice", "crab_choice_ids": [(6, 0, (self.package | self.other_package).ids)]}
        )
        with self.assertRaises(UserError):
            self._redeem()
        with self.assertRaises(UserError):
            self._redeem(product=self.card_product)
        self._assert_nothing_happened(self.cards[0])
        self.assertEqual(self._redeem(product=self.other_package).product_id, self.other_package)

    def test_incomplete_addresses_and_past_days_are_refused(self):
        for field in ("receiver_name", "receiver_phone", "street"):
            for empty in (False, "", "   "):
                with self.subTest(field), self.assertRaises(UserError):
                    self._redeem(address={**self.address, field: empty})
        with self.assertRaises(UserError):
            self._redeem(wish_date=business_date() - timedelta(days=1))
        self._assert_nothing_happened(self.cards[0])

    def test_a_repeated_request_gives_the_first_redemption_and_other_content_is_a_conflict(self):
        first = self._redeem(key="k1")
        self.assertEqual(self._redeem(key="k1"), first)
        with self.assertRaises(LockError):
            self._redeem(self.cards[1], key="k1")
        other = Subject("dealer", self.dealer.id)
        self.assertNotEqual(self._redeem(self.cards[1], key="k1", subject=other), first)

    @covers("HQ-44", "cancel before shipping")
    def test_cancelling_before_shipping_makes_the_number_active_again(self):
        redemption = self._redeem()
        redemption.delivery_id._prepare_waves()
        redemption._cancel("wrong address")
        self.assertEqual(redemption.state, "cancelled")
        self.assertEqual(redemption.delivery_id.state, "cancelled")
        self.assertEqual(self.cards[0].state, "active")
        self.assertTrue(self._redeem())
        with self.assertRaises(UserError):
            redemption._cancel("again")

    def test_when_the_number_cannot_be_used_no_delivery_stays_behind(self):
        with (
            patch.object(type(self.env["crab.card"]), "_use", side_effect=UserError("refused")),
            self.assertRaises(UserError),
            self.cr.savepoint(),
        ):
            self._redeem()
        self._assert_nothing_happened(self.cards[0])
