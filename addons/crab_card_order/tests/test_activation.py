from datetime import timedelta
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date

from .common import SYSTEM, OrderCase


class TestActivation(OrderCase):
    """Requests that climb the tree, execution with charge, without funds, for nobody's money; the prices kept."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(100)
        cls._issue(cls.cards, cls.a)

    def _example(self):
        """domain.md §6: stored value 5 000, credit limit 10 000 of which 8 000 are used; 600 each."""
        self._fund(self.a, credit_limit=10000)
        used = self.cards[80:90]
        self._activate(used, self.a)
        more = self._new_cards(4, self._new_card_product("CARD500", Decimal("833.33")), prefix="U")
        self._issue(more, self.a)
        self._activate(more, self.a)
        self.assertMoney(self.a, "0", "8000")
        self._fund(self.a, stored=5000)
        self.assertMoney(self.a, "5000", "8000")

    @covers("HQ-11", "stored value first, then credit", "not covered: nothing below is activated", via="web")
    def test_head_office_activates_from_both_accounts_or_not_at_all(self):
        self._example()
        with self._own_transactions_here():
            order = self._draft("activation", sender_dealer_id=self.a)
            self._pick(order, method="entered", text=f"{self.cards[0].number}-{self.cards[19].number}")
            self._press(order, "action_submit")
            with self.assertRaisesRegex(UserError, "5[, ]?000"), self.env.cr.savepoint():
                self._press(order, "action_execute")
        self.assertMoney(self.a, "5000", "8000")
        self.assertCards(self.cards[:20], state="inactive", transit_id=order.id, charged_amount=0)
        self._press(order, "action_cancel")
        order = self._draft("activation", sender_dealer_id=self.a)
        self._pick(order, method="entered", text=f"{self.cards[0].number}-{self.cards[9].number}")
        self._press(order, "action_submit")
        self._press(order, "action_execute")
        self.assertEqual((order.state, order.amount_stored, order.amount_credit), ("done", 5000, 1000))
        self.assertMoney(self.a, "0", "9000")
        self.assertBalanced()

    def test_a_number_that_can_no_longer_be_redeemed_is_neither_handed_on_nor_charged(self):
        self._fund(self.a, stored=5000)
        yesterday = business_date() - timedelta(days=1)
        expired, requested, sent = self.cards[:1], self.cards[1:2], self.cards[2:3]
        expired._set_valid_until(yesterday)
        for kind, values in (("activation", {}), ("transfer", {"receiver_dealer_id": self.b.id})):
            with self.subTest(kind=kind), self.assertRaisesRegex(UserError, f"{expired.number}: expired"):
                self._document(kind, expired, subject=self._subject(self.a), **values)
        draft = self._draft("activation", sender_dealer_id=self.a)
        self.assertNotIn(expired, self.Card.search(draft._number_domain()))
        order = self._document("activation", requested, subject=self._subject(self.a))
        requested._set_valid_until(yesterday)
        with self.assertRaisesRegex(UserError, "valid until"), self.env.cr.savepoint():
            order._step_for_subject(SYSTEM, "execute")
        self.assertMoney(self.a, "5000", "0")
        transfer = self._document("transfer", sent, subject=self._subject(self.a), receiver_dealer_id=self.b.id)
        sent._set_valid_until(yesterday)
        transfer._step_for_subject(SYSTEM, "receive")
        self.assertEqual(transfer.state, "done", "what is on its way arrives")
        expired._set_valid_until(business_date())
        self._activate(expired, self.a)
        self.assertMoney(self.a, "4400", "0")

    @covers(
        "CH-14", "own activation orders", "stored value first, then credit", "too little of both: nothing activated"
    )
    def test_the_example_of_the_rules(self):
        self._example()
        order = self._document("activation", self.cards[:20], subject=self._subject(self.a))
        with self.assertRaisesRegex(UserError, "5[, ]?000"), self.env.cr.savepoint():
            order._step_for_subject(self._subject(self.a), "execute")
        self.assertMoney(self.a, "5000", "8000")
        self.assertEqual((order.state, order.amount_charged), ("submitted", 0))
        self.assertCards(self.cards[:20], state="inactive", transit_id=order.id, charged_amount=0)

        order = self._document("activation", self.cards[20:30], ("submit", "execute"), self._subject(self.a))
        self.assertMoney(self.a, "0", "9000")
        self.assertEqual((order.amount_charged, order.amount_stored, order.amount_credit), (6000, 5000, 1000))
        self.assertCards(self.cards[20:30], state="active", charged_amount=600, charge_id=order.id, transit_id=0)
        self.assertBalanced()
        self._intact()

    @covers("HQ-10", "dealer tree activated by its level 1", via="web")
    @covers("HQ-12", "charges level 1's price whatever level sold", "lower levels' own price recorded", via="web")
    @covers("HQ-30", "activation by head office", "every move recorded and shown", via="web")
    @covers("CH-14", "requests of level 3 under a level 2")
    def test_a_request_of_level_3_climbs_and_charges_level_1s_price(self):
        self._fund(self.a, stored=10000)
        mine = self.cards[:10]
        self._transfer(mine, self.a, self.b)
        self._transfer(mine, self.b, self.c)
        order = self._draft("activation", sender_dealer_id=self.c)
        self._pick(order, method="lowest", product_id=self.card_product, quantity=10)
        self.assertEqual(order.amount_total, 6000)
        self._press(order, "action_submit")
        self.assertEqual(
            (order.state, order.waiting_dealer_id, order.executor_dealer_id), ("submitted", self.b, self.a)
        )
        self._press(order, "action_pass_on")
        self.assertEqual((order.state, order.waiting_dealer_id), ("passed_on", self.a))
        self.assertFalse(self._sees(order, "action_pass_on"))
        self._press(order, "action_execute")
        order.action_execute()
        self.assertEqual((order.state, order.amount_charged), ("done", 6000))
        self.assertMoney(self.a, "4000", "0")
        self.assertEqual(
            {(p.dealer_id, p.unit_price, p.sale_price, p.quantity, p.amount_earned, p.is_own) for p in order.price_ids},
            {
                (self.a, 600, 700, 10, 1000, False),
                (self.b, 700, 800, 10, 1000, False),
                (self.c, 800, self._member_price(), 10, 10 * (self._member_price() - 800), True),
            },
        )
        events = mine[0].event_ids.sorted("sequence").mapped("event")
        self.assertEqual(events[-2:], ["reserve", "activate"])
        self.assertBalanced()

    def _member_price(self):
        return float(self.Order._customer_prices(self.card_product)[self.card_product.id])

    @covers("CH-14", "requests of level 2", "requests of a direct level 3")
    def test_requests_of_level_2_and_direct_level_3_go_to_level_1_at_once(self):
        self._transfer(self.cards[:2], self.a, self.b)
        self._transfer(self.cards[2:4], self.a, self.d)
        for dealer, cards in ((self.b, self.cards[:2]), (self.d, self.cards[2:4])):
            order = self._document("activation", cards, subject=self._subject(dealer))
            self.assertEqual((order.state, order.waiting_dealer_id), ("submitted", self.a))
            with self.assertRaisesRegex(UserError, "passes on"):
                order.with_user(self.keeper).action_pass_on()

    def test_a_request_that_the_level_1_cannot_pay_tells_it_at_once(self):
        """The dealer below need not wait until its level 1 tries (HQ-11)."""
        self._fund(self.a, stored=1000)
        self._transfer(self.cards[:6], self.a, self.b)
        self._transfer(self.cards[:3], self.b, self.c)
        told = self.env["crab.outbox"].search([("event", "=", "wallet.short")])
        order = self._document("activation", self.cards[3:4], subject=self._subject(self.b))  # this one is covered
        self.assertEqual(self.env["crab.outbox"].search([("event", "=", "wallet.short")]), told)
        order = self._document("activation", self.cards[:3], subject=self._subject(self.c))
        self.assertEqual(self.env["crab.outbox"].search([("event", "=", "wallet.short")]), told, "not its turn yet")
        order._step_for_subject(self._subject(self.b), "pass_on")
        event = self.env["crab.outbox"].search([("event", "=", "wallet.short")]) - told
        self.assertEqual(
            (event.payload["dealer_code"], event.payload["missing"], event.payload["reference"]),
            ("TA", "800.00", order.name),
        )
        self.assertEqual(order.state, "passed_on")

    @covers("HQ-11", "message to top up, also for a lower dealer's request", via="web")
    @covers("HQ-11", "not covered: nothing below is activated")
    def test_without_funds_the_request_stays_open_and_works_after_a_top_up(self):
        self._transfer(self.cards[:3], self.a, self.b)
        rep = self._new_user("order-rep-of-a", "sales_rep")
        self.a.user_id = rep
        order = self._document("activation", self.cards[:3], subject=self._subject(self.b))
        self.env["crab.outbox"].search([("event", "=", "wallet.short")])._notice_wallet_short()
        shown = self.env["crab.wallet"].with_user(rep).search([("activity_ids.user_id", "=", rep.id)])
        self.assertIn("1800.00", shown.activity_ids.note)
        with self._own_transactions_here():
            try:  # without a savepoint, which would take the message back
                order._step_for_subject(self._subject(self.a), "execute")
                self.fail("this cannot be paid")
            except UserError as refusal:
                self.assertIn("1,800", str(refusal))
        told = self.env["crab.outbox"].search([("event", "=", "wallet.short")], order="id desc", limit=1)
        self.assertEqual((told.payload["dealer_code"], told.payload["missing"]), ("TA", "1800.00"))
        self.env.invalidate_all()
        self.assertEqual(order.state, "submitted")
        self.assertCards(self.cards[:3], state="inactive", transit_id=order.id)
        self._fund(self.a, stored=1800)
        order._step_for_subject(self._subject(self.a), "execute")
        self.assertEqual(order.state, "done")
        self.assertMoney(self.a, "0", "0")

    def test_prices_are_quoted_at_the_request_and_frozen_at_execution(self):
        self._fund(self.a, stored=10000)
        order = self._document("activation", self.cards[:2], sender_dealer_id=self.a.id)
        self.assertEqual(order.amount_total, 1200)
        self.a._set_ratio(0.625, "test")
        order._step_for_subject(self._subject(self.a), "execute")
        self.assertEqual((order.amount_charged, order.line_ids.ratio, order.line_ids.unit_price), (1250, 0.625, 625))
        self.a._set_ratio(0.61, "test")
        self.env.invalidate_all()
        self.assertEqual((order.amount_total, order.line_ids.unit_price), (1250, 625))

    def test_a_unit_price_is_rounded_half_up_before_it_is_multiplied(self):
        odd = self._new_card_product("ODD", Decimal("33.35"))
        cards = self._new_cards(3, odd, prefix="ODD")
        self._issue(cards, self.a)
        self.a._set_ratio(0.61, "test")  # 33.35 × 0.61 = 20.3435
        self._fund(self.a, stored=100)
        order = self._activate(cards, self.a)
        self.assertEqual(dec(order.amount_charged), Decimal("61.02"))
        self.assertEqual({dec(card.charged_amount) for card in cards}, {Decimal("20.34")})

    def test_numbers_of_two_origins_need_two_documents(self):
        other = self._new_cards(1, prefix="Z")
        self._issue(other, self.z)
        self._transfer(self.cards[:1], self.a, self.d)
        self.d._relocate(self.z, reason="test")
        self._transfer(other, self.z, self.d)
        with self.assertRaisesRegex(UserError, "different level-1"):
            self._document("activation", self.cards[:1] | other, sender_dealer_id=self.d.id)
        self._fund(self.a, stored=600)
        order = self._document("activation", self.cards[:1], subject=self._subject(self.d))
        with self.assertRaises(AccessError):
            order._step_for_subject(self._subject(self.z), "execute")
        order._step_for_subject(self._subject(self.a), "execute")  # its origin is charged, wherever the dealer is now
        self.assertMoney(self.a, "0", "0")
        # who was charged is who sold to the dealer at its price
        self.assertEqual(
            {(price.dealer_id, price.unit_price, price.sale_price) for price in order.price_ids},
            {(self.a, 600, 750), (self.d, 750, self._member_price())},
        )

    @covers("HQ-37", "level 1's own", "of level 2", "of level 3", via="web")
    def test_activations_are_told_apart_by_level(self):
        self._transfer(self.cards[:3], self.a, self.b)
        self._transfer(self.cards[:1], self.b, self.c)
        self._transfer(self.cards[4:5], self.a, self.d)
        scopes = {}
        for dealer, card in (
            (self.a, self.cards[10]),
            (self.b, self.cards[1]),
            (self.c, self.cards[0]),
            (self.d, self.cards[4]),
        ):
            scopes[dealer] = self._document("activation", card, sender_dealer_id=dealer.id).activation_scope
        self.assertEqual(scopes, {self.a: "level1", self.b: "level2", self.c: "level3_below_2", self.d: "level3"})
        found = self.Order.with_user(self.keeper).search(
            [("kind", "=", "activation"), ("activation_scope", "=", "level2")]
        )
        self.assertIn(self.b, found.sender_dealer_id)

    def test_an_override_charges_nobody_and_needs_finance(self):
        order = self._draft("activation", sender_dealer_id=self.a, is_free=True, reason="damaged cards")
        self._pick(order, method="lowest", product_id=self.card_product, quantity=2)
        self.assertEqual(order.amount_total, 0)
        order.is_free = False
        self.assertEqual(order.amount_total, 1200)
        order.write({"is_free": True, "reason": " "})
        with self.assertRaisesRegex(UserError, "reason"):
            order.action_submit()
        order.reason = "damaged cards"
        self._press(order, "action_submit")
        self.assertTrue(order.needs_approval)
        self.assertFalse(self._sees(order, "action_execute"))
        with self.assertRaisesRegex(UserError, "approval of finance"):
            order.action_execute()
        with self.assertRaises(AccessError):
            order.action_approve()
        self._press(order, "action_approve", self.finance)
        order.with_user(self.finance).action_approve()
        self._press(order, "action_execute")
        self.assertEqual((order.state, order.amount_charged, order.approved_by_id), ("done", 0, self.finance))
        self.assertCards(self.cards[:2], state="active", charged_amount=0)
        self.assertFalse(self._money(self.a)[0])
        self.assertBalanced()

    def test_the_platforms_own_numbers_need_finance_too(self):
        mine = self._new_cards(2, prefix="P")
        order = self._draft("activation")
        self._pick(order, method="entered", text=" ".join(mine.mapped("number")))
        self._press(order, "action_submit")
        with self.assertRaisesRegex(UserError, "approval of finance"):
            order.action_execute()
        order.with_user(self.finance).action_approve()
        order.with_user(self.finance).action_execute()
        self.assertCards(mine, state="active", charged_amount=0, holder_kind="platform")

    @covers("HQ-30", "activation by level 1", via="web")
    @covers("HQ-33", "dealer activates after selling", via="web")
    def test_head_office_sees_what_a_level_1_activated_after_selling(self):
        self._fund(self.a, stored=10000)
        order = self._document("activation", self.cards[:3], ("submit", "execute"), self._subject(self.a))
        shown = self.Order.with_user(self.keeper).search(
            [("kind", "=", "activation"), ("number_search", "ilike", self.cards[1].number)]
        )
        self.assertEqual(shown, order)
        values = shown.web_read({name: {} for name in ("orderer_name", "state", "amount_charged", "activation_scope")})[
            0
        ]
        del values["id"]
        self.assertEqual(
            values,
            {
                "orderer_name": self.a.display_name,
                "state": "done",
                "amount_charged": 1800,
                "activation_scope": "level1",
            },
        )

    def test_rejecting_and_cancelling_a_request_free_its_numbers(self):
        self._transfer(self.cards[:2], self.a, self.b)
        order = self._document("activation", self.cards[:2], subject=self._subject(self.b))
        order._step_for_subject(self._subject(self.a), "reject", reason="not paid")
        self.assertEqual((order.state, order.refusal_reason), ("rejected", "not paid"))
        self.assertCards(self.cards[:2], transit_id=0, state="inactive")
        order = self._document("activation", self.cards[:2], subject=self._subject(self.b))
        order._step_for_subject(self._subject(self.b), "cancel")
        self.assertEqual(order.state, "cancelled")
        self.assertCards(self.cards[:2], transit_id=0, state="inactive")

    def test_the_staff_member_who_sold_gets_a_share_that_is_frozen(self):
        self._fund(self.a, stored=10000)
        staff = self._new_staff(self.a, commission_ratio=0.25)
        order = self._document(
            "activation",
            self.cards[:3],
            (),
            self._subject(self.a),
            staff_id=staff.id,
            sale_prices={self.card_product.id: Decimal(901)},
        )
        for step in ("submit", "execute"):
            order._step_for_subject(self._subject(self.a), step)
        staff.commission_ratio = 0.5
        price = order.price_ids
        self.assertEqual((price.staff_id, price.staff_ratio, price.sale_price), (staff, 0.25, 901))
        self.assertEqual((price.amount_retail, price.amount_earned, price.amount_staff), (3000, 903, 225.75))
        with self.assertRaisesRegex(UserError, "works for another dealer"):
            self._document(
                "activation", self.cards[4:5], staff_id=self._new_staff(self.z).id, sender_dealer_id=self.a.id
            )

    def test_a_closed_level_2_is_passed_over(self):
        self._transfer(self.cards[:4], self.a, self.b)
        self._transfer(self.cards[:4], self.b, self.c)
        self._fund(self.a, stored=3000)
        waiting = self._document("activation", self.cards[:1], subject=self._subject(self.c))
        refused = self._document("activation", self.cards[1:2], subject=self._subject(self.c))
        self.assertEqual(waiting.waiting_dealer_id, self.b)
        with self.assertRaises(AccessError):
            waiting._step_for_subject(self._subject(self.a), "execute")
        self.b._close("test")
        waiting._step_for_subject(self._subject(self.a), "execute")
        refused._step_for_subject(self._subject(self.a), "reject", reason="not paid")
        new = self._document("activation", self.cards[2:3], subject=self._subject(self.c))
        self.assertEqual((waiting.state, refused.state, new.waiting_dealer_id), ("done", "rejected", self.a))

    def test_a_request_goes_on_the_way_it_began_when_the_tree_changes(self):
        self._transfer(self.cards[:1], self.a, self.b)
        self._transfer(self.cards[:1], self.b, self.c)
        self._fund(self.a, stored=600)
        order = self._document("activation", self.cards[:1], subject=self._subject(self.c))
        self.c._relocate(self.y, reason="test")
        with self.assertRaises(MissingError):
            order._step_for_subject(self._subject(self.y), "pass_on")
        order._step_for_subject(self._subject(self.b), "pass_on")
        order._step_for_subject(self._subject(self.a), "execute")
        self.assertEqual(order.state, "done")
        self.assertMoney(self.a, "0", "0")

    def test_the_statistics_show_own_sales_and_the_networks(self):
        self._fund(self.a, stored=10000)
        self._transfer(self.cards[:2], self.a, self.b)
        self._activate(self.cards[:2], self.b)
        self._activate(self.cards[5:6], self.a)
        self.env.flush_all()
        rows = (
            self.env["crab.card.sales.report"]
            .with_user(self.finance)
            ._read_group(
                [("dealer_id", "in", (self.a | self.b).ids)],
                ["dealer_id"],
                ["amount_own:sum", "amount_network:sum", "amount_earned:sum"],
            )
        )
        member = self._member_price()
        self.assertEqual(
            {dealer: values for dealer, *values in rows},
            {self.a: [1000, 2000, 200 + member - 600], self.b: [2000, 0, 2 * (member - 700)]},
        )

    def test_sale_prices_are_entered_in_the_draft_only(self):
        order = self._document("activation", self.cards[:1], (), sender_dealer_id=self.a.id).with_user(self.keeper)
        with Form(order, view="crab_card_order.crab_card_order_view_form") as form, form.line_ids.edit(0) as line:
            line.sale_price = 950
        self.assertEqual(order.line_ids.sale_price, 950)
        order.action_submit()
        with self.assertRaises(UserError):
            order.write({"line_ids": [Command.update(order.line_ids.id, {"sale_price": 1})]})
        with self.assertRaises(UserError):
            order.line_ids.write({"quantity": 1000})
