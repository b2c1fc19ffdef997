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
        self.assertEqual(redemption.product_ids, self.package)
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
        self.assertEqual(self._redeem(product=self.other_package).product_ids, self.other_package)

    def test_a_card_gives_n_of_m_linked_products_each_with_its_own_tax(self):
        both = self.package | self.other_package
        third = self._new_package("TESTPKG3", 5)
        template = self.card_product.product_tmpl_id
        template.write({"crab_rule": "choice", "crab_choice_ids": [(6, 0, (both | third).ids)], "crab_choice_count": 2})
        for product in (None, self.package, both | third):
            with self.subTest(product), self.assertRaisesRegex(UserError, "Choose"), self.cr.savepoint():
                self._redeem(product=product)
        self._assert_nothing_happened(self.cards[0])
        thirteen = self.other_package.product_tmpl_id._crab_sale_taxes("13")
        self.other_package.taxes_id = thirteen
        redemption = self._redeem(product=both)
        self.assertEqual(redemption.product_ids, both)
        self.assertEqual(redemption.delivery_id.line_ids.product_id, both)
        redemption.delivery_id._ship("顺丰速运")
        facts = self.env["crab.ledger.fact"].search([("document_id", "=", redemption.id)], order="id")
        self.assertEqual(sum(facts.mapped("amount_net")) + sum(facts.mapped("amount_tax")), 654)
        self.assertEqual(
            facts.tax_id, (self.package.taxes_id | thirteen).filtered(lambda t: t.company_id == self.group)
        )
        self.assertEqual(sum(facts.mapped("amount_cost")), 100)

    def test_revenue_belongs_to_the_issuer_and_cost_to_the_owner_of_the_goods(self):
        redemption = self._redeem()
        redemption.company_id = self.sales
        redemption.delivery_id._ship("顺丰速运")
        facts = self.env["crab.ledger.fact"].search([("document_id", "=", redemption.id)])
        amounts = {fact.company_id: (fact.amount_net + fact.amount_tax, fact.amount_cost) for fact in facts}
        self.assertEqual(amounts, {self.sales: (654, 0), self.group: (0, 40)})

    def test_a_member_redeems_what_it_holds_and_nobody_else_does_so_without_the_password(self):
        member = self.env["crab.member"].create({"name": "M", "phone": "13811110000"})
        stranger = self.env["crab.member"].create({"name": "S", "phone": "13811110001"})
        card = self.cards[0]
        card._bind(None, member)
        Redemption = self.env["crab.redemption"]
        for subject in (
            Subject("member", stranger.id),
            Subject("dealer", self.dealer.id),
            Subject("staff", member.id),
            Subject("user", self.env.uid),
            Subject("system", 1),
        ):
            with self.subTest(subject), self.assertRaises(UserError), self.cr.savepoint():
                Redemption._redeem_held(subject, card, self.address)
        with self.assertRaises(UserError), self.cr.savepoint():
            Redemption._redeem_held(Subject("dealer", self.dealer.id), self.cards[1], self.address)
        redemption = Redemption._redeem_held(Subject("member", member.id), card, self.address)
        self.assertEqual((redemption.holder_member_id, redemption.source), (member, "subject"))
        self.assertTrue(Redemption._for_subject(Subject("member", member.id)))
        self.assertFalse(Redemption._for_subject(Subject("member", stranger.id)))

    def test_what_a_merged_member_redeemed_is_shown_at_the_one_that_remains(self):
        member = self.env["crab.member"].create({"name": "M", "phone": "13811110000"})
        target = self.env["crab.member"].create({"name": "T", "phone": "13811110001"})
        self.cards[0]._bind(None, member)
        redemption = self._redeem(self.cards[0])
        member.account_id._merge_into(target.account_id)
        Redemption = self.env["crab.redemption"]
        self.assertEqual(redemption.holder_member_id, member, "a document stays as it was made")
        self.assertEqual(Redemption._for_subject(Subject("member", target.id)), redemption)
        self.assertFalse(Redemption._for_subject(Subject("member", member.id)))
        self.assertEqual(target.redemption_count, 1)
        self.assertEqual(Redemption.search(target.action_open_redemptions()["domain"]), redemption)

    def test_what_a_merged_member_redeemed_is_cancelled_for_the_one_that_remains(self):
        member = self.env["crab.member"].create({"name": "M", "phone": "13811110000"})
        target = self.env["crab.member"].create({"name": "T", "phone": "13811110001"})
        self.cards[0]._bind(None, member)
        redemption = self._redeem(self.cards[0])
        member.account_id._merge_into(target.account_id)
        redemption._cancel("changed mind")
        self.assertEqual((self.cards[0].state, self.cards[0].member_id), ("active", target))
        self.assertFalse(self.env["crab.card.event"]._verify_chain(self.cards[:1].ids))

    def test_the_key_of_a_cancelled_redemption_does_not_redeem_again(self):
        first = self._redeem(key="k9")
        first._cancel("changed mind")
        self.assertEqual(self._redeem(key="k9"), first)
        self.assertEqual(self.cards[0].state, "active")

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
