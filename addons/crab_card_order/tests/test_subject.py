from odoo.exceptions import AccessError, MissingError, UserError

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import OrderCase


class TestSubject(OrderCase):
    """Dealers, staff and members through the services: what is theirs, and attacks on what is not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(20)
        cls._issue(cls.cards[:10], cls.a)
        cls._issue(cls.cards[10:15], cls.z)
        cls._transfer(cls.cards[:4], cls.a, cls.b)
        cls._transfer(cls.cards[:2], cls.b, cls.c)
        cls.member = cls._new_member()

    def _make(self, dealer, kind, cards, **values):
        return self.Order._create_for_subject(self._subject(dealer), kind, cards, **values)

    @covers(
        "CH-13",
        "choose a lower dealer",
        "choose numbers and ranges",
        "create the order",
        "receiver's library in order of receipt",
    )
    def test_a_dealer_passes_numbers_to_its_child_who_receives_them(self):
        cards = self.Card._for_subject(self._subject(self.a))._resolve(
            [self.cards[5].number], [(self.cards[7].number, self.cards[8].number)], [("dealer_id", "=", self.a.id)]
        )
        order = self._make(self.a, "transfer", cards, receiver_dealer_id=self.d.id)
        self.assertEqual((order.state, order.number_count, order.orderer_name), ("draft", 3, self.a.display_name))
        order._step_for_subject(self._subject(self.a), "submit")
        order._step_for_subject(self._subject(self.d), "receive", numbers=[self.cards[5].number])
        order._step_for_subject(self._subject(self.d), "receive")
        order._step_for_subject(self._subject(self.d), "receive")
        self.assertEqual(order.state, "done")
        self.assertCards(cards, dealer_id=self.d)
        library = self.Card._for_subject(self._subject(self.d), order="received_at desc, number")
        self.assertEqual(library, cards.sorted("number"))
        self.assertTrue(all(card.received_at for card in cards))
        self.assertEqual(cards[0].event_ids.sorted("sequence")[-1].actor_name, self.d.display_name)

    def test_staff_act_for_their_dealer(self):
        staff = self._new_staff(self.b)
        order = self.Order._create_for_subject(self._subject(staff), "activation", self.cards[2:4])
        order._step_for_subject(self._subject(staff), "submit")
        self.assertEqual((order.state, order.sender_dealer_id), ("submitted", self.b))
        staff.active = False
        with self.assertRaises(MissingError):
            order._step_for_subject(self._subject(staff), "cancel")

    def test_a_repeated_request_gets_the_first_document(self):
        values = {"receiver_dealer_id": self.d.id, "key": "abc"}
        first = self._make(self.a, "transfer", self.cards[5:7], **values)
        self.assertEqual(self._make(self.a, "transfer", self.cards[5:7], **values), first)
        with self.assertRaises(IdempotencyConflict):
            self._make(self.a, "transfer", self.cards[5:8], **values)
        other = self.Order._create_for_subject(
            self._subject(self.z), "transfer", self.cards[10:11], receiver_dealer_id=self.y.id, key="abc"
        )
        self.assertNotEqual(other, first)

    def test_a_quote_makes_nothing_and_says_what_fits_and_who_pays(self):
        self._fund(self.a, stored=1000)
        subject = self._subject(self.a)
        self._make(self.a, "transfer", self.cards[5], receiver_dealer_id=self.d.id)._step_for_subject(subject, "submit")
        before = self.Order.search_count([])
        cards, strange = self.Order._own_numbers(
            subject, [self.cards[0].number, "NOSUCHNUMBER"], [(self.cards[5].number, self.cards[9].number)]
        )
        self.assertEqual(strange, sorted([self.cards[0].number, "NOSUCHNUMBER"]))
        quote = self.Order._quote_for_subject(subject, "activation", cards)
        self.assertEqual(quote["refused"], [(self.cards[5].number, "in transit with another document")])
        self.assertEqual(quote["cards"].mapped("number"), self.cards[6:10].mapped("number"))
        self.assertEqual((quote["amount"], quote["payer"], quote["next"]), (2400, self.a, self.a))
        self.assertEqual((quote["funds"]["from_stored"], quote["funds"]["missing"]), (1000, 1400))
        self.assertEqual(self.Order.search_count([]), before)
        with self.assertRaises(AccessError):
            self.Order._quote_for_subject(subject, "issue", cards)
        self.assertFalse(self.Order._own_numbers(self._member_subject(), [self.cards[6].number])[0])

    def test_documents_are_seen_by_those_concerned_and_their_ancestors(self):
        order = self._make(self.c, "activation", self.cards[:1])
        seen = {d.code for d in self.dealers if self.Order._for_subject(self._subject(d), [("id", "=", order.id)])}
        self.assertEqual(seen, {"TC"}, "a draft is its author's")
        order._step_for_subject(self._subject(self.c), "submit")
        seen = {d.code for d in self.dealers if self.Order._for_subject(self._subject(d), [("id", "=", order.id)])}
        self.assertEqual(seen, {"TA", "TB", "TC"})
        self.b._relocate(self.z, reason="test")  # the document keeps the chain it was made with
        seen = {d.code for d in self.dealers if self.Order._for_subject(self._subject(d), [("id", "=", order.id)])}
        self.assertEqual(seen, {"TA", "TB", "TC"})

    def test_strangers_do_not_see_a_document(self):
        order = self._make(self.a, "transfer", self.cards[5:6], receiver_dealer_id=self.d.id)
        order._step_for_subject(self._subject(self.a), "submit")
        strangers = [
            self._subject(self.z),
            self._subject(self.y),
            self._subject(self.b),
            self._member_subject(),
            self._subject(self._new_staff(self.z)),
        ]
        strangers.append(Subject("dealer", 2**31 - 1))
        for stranger in strangers:
            for step in ("submit", "receive", "reject", "cancel", "close", "execute", "pass_on"):
                with self.assertRaises(MissingError, msg=f"{stranger} {step}"):
                    order._step_for_subject(stranger, step)
        self.assertEqual(order.state, "in_transit")

    def test_those_concerned_take_their_own_steps_only(self):
        transfer = self._make(self.a, "transfer", self.cards[5:6], receiver_dealer_id=self.d.id)
        transfer._step_for_subject(self._subject(self.a), "submit")
        request = self._make(self.c, "activation", self.cards[:1])
        request._step_for_subject(self._subject(self.c), "submit")
        wrong = [
            (transfer, self.a, "receive"), (transfer, self.a, "reject"),
            (transfer, self.d, "cancel"), (transfer, self.d, "close"),
            (request, self.c, "pass_on"), (request, self.c, "execute"), (request, self.c, "reject"),
            (request, self.b, "execute"), (request, self.b, "cancel"),
            (request, self.a, "execute"), (request, self.a, "pass_on"), (request, self.a, "reject"),
            (request, self.a, "cancel"),
        ]  # fmt: skip
        for step in ("send", "approve", "decide", "confirm_payment", "confirm_refund", "write", "unlink", ""):
            wrong += [(transfer, self.a, step), (request, self.a, step), (request, self.c, step)]
        for order, dealer, step in wrong:
            with self.assertRaises(AccessError, msg=f"{order.kind} {dealer.code} {step}"):
                order._step_for_subject(
                    self._subject(dealer), step, reason="x"
                ) if step == "reject" else order._step_for_subject(self._subject(dealer), step)
        request._step_for_subject(self._subject(self.b), "pass_on")
        with self.assertRaises(AccessError):
            request._step_for_subject(self._subject(self.b), "execute")
        with self.assertRaises(AccessError):
            request._step_for_subject(self._subject(self.b), "reject", reason="too late")
        self.assertEqual(request.state, "passed_on")

    def test_only_allowed_kinds_and_values(self):
        mine = self.cards[5:6]
        for kind in ("issue", "cancel", "direct", "extension", "nonsense"):
            with self.assertRaises(AccessError):
                self._make(self.a, kind, mine)
        for kind in ("transfer", "activation", "issue"):
            with self.assertRaises(AccessError):
                self.Order._create_for_subject(self._member_subject(), kind, mine)
        for values in ({"is_free": True}, {"sender_dealer_id": self.z.id}, {"state": "done"}, {"company_id": 1}):
            with self.assertRaises(UserError):
                self._make(self.a, "activation", mine, **values)
        with self.assertRaises(UserError):
            self._make(self.d, "return", self.Card, receiver_dealer_id=self.z.id)

    def test_other_peoples_numbers_are_refused_without_telling_about_them(self):
        for dealer, cards in (
            (self.a, self.cards[10:11]),
            (self.a, self.cards[:1]),
            (self.b, self.cards[5:6]),
            (self.z, self.cards[15:16]),
        ):
            for kind in ("activation", "return"):
                with self.assertRaises(UserError) as caught:
                    self._make(dealer, kind, cards)
                self.assertIn("not in the sender's hands", str(caught.exception))
                self.assertNotIn(cards.holder_name, str(caught.exception).replace(dealer.name, ""))

    def test_transfers_go_to_direct_children_only(self):
        for receiver in (self.c, self.z, self.y, self.a):
            with self.assertRaisesRegex(UserError, "not directly below") as caught:
                self._make(self.a, "transfer", self.cards[5:6], receiver_dealer_id=receiver.id)
            if receiver != self.a:
                self.assertNotIn(receiver.name, str(caught.exception), "nobody learns of strangers")
        with self.assertRaises(UserError):
            self._make(self.c, "transfer", self.cards[:1], receiver_dealer_id=self.b.id)

    def test_documents_are_found_by_their_public_id_only_by_those_concerned(self):
        order = self._make(self.a, "transfer", self.cards[5:6], receiver_dealer_id=self.d.id)
        order._step_for_subject(self._subject(self.a), "submit")
        by_id, staff = [("public_id", "=", order.public_id)], self._new_staff(self.d)
        for subject in (self._subject(self.a), self._subject(self.d), self._subject(staff)):
            self.assertEqual(self.Order._for_subject(subject, by_id), order)
        fired = self._new_staff(self.d)
        fired.active = False
        for subject in (
            self._subject(self.z),
            self._subject(self.b),
            self._subject(fired),
            self._subject(self._new_staff(self.y)),
            self._member_subject(),
        ):
            self.assertFalse(self.Order._for_subject(subject, by_id))
        self.d._close("test")
        for subject in (self._subject(self.d), self._subject(staff)):
            self.assertFalse(self.Order._for_subject(subject, by_id))

    def test_a_closed_dealer_starts_nothing(self):
        order = self._make(self.d, "return", self.Card)
        self.d._close("test")
        with self.assertRaises(AccessError):
            self._make(self.d, "return", self.Card)
        with self.assertRaises(MissingError):
            order._step_for_subject(self._subject(self.d), "submit")
        with self.assertRaisesRegex(UserError, "closed"):
            self._make(self.a, "transfer", self.cards[5:6], receiver_dealer_id=self.d.id)

    def test_a_back_office_subject_needs_the_role(self):
        keeper, finance = Subject("user", self.keeper.id), Subject("user", self.finance.id)
        order = self.Order._create_for_subject(keeper, "issue", self.cards[15:17], receiver_dealer_id=self.a.id)
        order._step_for_subject(keeper, "submit")
        self.assertEqual((order.state, order.orderer_name), ("in_transit", self.keeper.name))
        with self.assertRaises(AccessError):
            self.Order._create_for_subject(finance, "issue", self.cards[17:18], receiver_dealer_id=self.a.id)
        with self.assertRaises(AccessError):
            order._step_for_subject(finance, "receive")
        with self.assertRaises(AccessError):
            self.Order._create_for_subject(
                keeper, "issue", self.cards[17:18], receiver_dealer_id=self.a.id, state="done"
            )

    def test_a_member_sees_and_returns_its_own_only(self):
        other = self._new_member()
        sale = self.Order.create({"kind": "direct", "company_id": self.group.id, "receiver_member_id": self.member.id})
        subject = self._member_subject()
        self.assertFalse(self.Order._for_subject(subject))
        self.env["crab.card.order.line"].create(
            {"order_id": sale.id, "product_id": self.card_product.id, "quantity": 1}
        )
        sale._run_step("submit")
        self.assertEqual(self.Order._for_subject(subject), sale)
        self.assertFalse(self.Order._for_subject(self._member_subject(other)))
        sale._run_step("confirm_payment", reference="BANK")
        sale._link_cards(self.cards[15:16].ids)
        sale._run_step("send")
        with self.assertRaises(MissingError):
            sale._step_for_subject(self._member_subject(other), "receive")
        with self.assertRaises(AccessError):
            sale._step_for_subject(subject, "cancel")
        sale._step_for_subject(subject, "receive")
        self.assertCards(self.cards[15:16], member_id=self.member)
        with self.assertRaisesRegex(UserError, "not in the sender's hands"):
            self.Order._create_for_subject(self._member_subject(other), "return", self.cards[15:16])
        back = self.Order._create_for_subject(subject, "return", self.cards[15:16])
        back._step_for_subject(subject, "submit")
        with self.assertRaises(AccessError):
            back._step_for_subject(subject, "receive")
        back._step_for_subject(subject, "cancel")
        self.assertEqual(back.state, "cancelled")
