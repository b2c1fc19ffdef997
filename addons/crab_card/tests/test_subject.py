from decimal import Decimal

from odoo.exceptions import MissingError, UserError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_dealer.tests.common import DealerCase

from .common import CardCase


class SubjectCase(DealerCase, CardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members = cls.env["crab.member"].create(
            [{"name": f"Member {position}", "phone": cls._phone(), "dealer_id": cls.c.id} for position in range(2)]
        )
        cls.member, cls.stranger = cls.members
        cls.subject = Subject("member", cls.member.id)
        cls.cards = cls._new_cards(12, password="Pass1234")
        cls.document = cls.cards.batch_id
        for dealer, cards in (
            (cls.a, cls.cards[0:2]),
            (cls.b, cls.cards[2:4]),
            (cls.c, cls.cards[4:6]),
            (cls.z, cls.cards[6:8]),
        ):
            cards._hand_over(cls.document, dealer, origin=dealer.level1_id)

    def _activate(self, cards):
        return cards._activate(self.document, dict.fromkeys(cards.ids, Decimal("600")))


class TestSubject(SubjectCase):
    @covers("CH-16", "own library and subtree", "nothing of other trees", via="service")
    def test_a_dealer_sees_its_library_and_subtree_only(self):
        Card = self.env["crab.card"]
        expected = {
            self.a: self.cards[0:6],
            self.b: self.cards[2:6],
            self.c: self.cards[4:6],
            self.d: Card,
            self.z: self.cards[6:8],
            self.y: Card,
        }
        for dealer, cards in expected.items():
            with self.subTest(dealer=dealer.code):
                self.assertEqual(Card._for_subject(self._subject(dealer)), cards)
                staff = self._new_staff(dealer)
                self.assertEqual(
                    Card._for_subject(self._subject(staff)), cards.filtered_domain([("dealer_id", "=", dealer.id)])
                )
        for subject in (
            Subject("system", 1),
            Subject("user", 2),
            Subject("dealer", 10**8),
            Subject("staff", 10**8),
            Subject("member", 10**8),
        ):
            self.assertFalse(Card._for_subject(subject))

    def test_a_closed_dealer_and_its_staff_see_nothing(self):
        staff = self._new_staff(self.z)
        self.z._close("test")
        for subject in (self._subject(self.z), self._subject(staff)):
            self.assertFalse(self.env["crab.card"]._for_subject(subject))

    @covers("CH-16", "number, card name, state, holder", via="service")
    def test_what_is_shown_of_a_number(self):
        card = self.env["crab.card"]._for_subject(self._subject(self.a), limit=1)
        self.assertEqual(
            (card.number, card.product_id.name, card.state, card.holder_name),
            ("T00000001", "Card TESTCARD", "inactive", self.a.display_name),
        )

    def test_conditions_only_narrow_what_one_may_see(self):
        Card = self.env["crab.card"]
        everything = ["|", ("id", "!=", 0), ("id", "=", 0)]
        self.assertEqual(Card._for_subject(self._subject(self.c), everything), self.cards[4:6])
        self.assertEqual(Card._for_subject(self._subject(self.c), [("dealer_id", "=", self.z.id)]), Card)
        for foreign in (self.cards[0].ids, self.cards[4:7].ids, [10**8]):
            with self.subTest(foreign), self.assertRaises(MissingError):
                Card._get_for_subject(self._subject(self.c), foreign)
        self.assertEqual(Card._get_for_subject(self._subject(self.c), self.cards[4:6].ids), self.cards[4:6])

    def test_moved_numbers_are_seen_by_their_new_holder_only(self):
        self.cards[4]._hand_over(self.document, self.z)
        Card = self.env["crab.card"]
        self.assertNotIn(self.cards[4], Card._for_subject(self._subject(self.a)))
        self.assertIn(self.cards[4], Card._for_subject(self._subject(self.z)))

    @covers("MB-15", "list with state", "sort by time received, product, state", via="service")
    def test_a_member_lists_its_own_cards(self):
        other_product = self._new_card_product("OTHERCARD", 500)
        others = self._new_cards(2, other_product, prefix="B")
        cards = self._activate(self.cards[0:3] | others)
        cards[0:2]._bind(None, self.member)
        others._bind(None, self.member)
        cards[2]._bind(None, self.stranger)
        cards[1]._use(self.document)
        Card = self.env["crab.card"]
        mine = Card._for_subject(self.subject)
        self.assertEqual(mine, cards[0:2] | others, "by number, nobody else's")
        self.assertEqual(Card._for_subject(self.subject, order="received_at desc, number"), others | cards[0:2])
        self.assertEqual(Card._for_subject(self.subject, order="product_id, number"), others | cards[0:2])
        self.assertEqual(Card._for_subject(self.subject, order="state desc, number")[0], cards[1])


class TestMerge(SubjectCase):
    def test_cards_of_a_merged_member_go_on_with_the_one_it_became(self):
        cards = self._activate(self.cards[0:4])
        cards._bind(None, self.member)
        cards[1]._use(self.document)
        cards[2]._reserve(self.document)
        cards[3]._cancel(self.document)
        self.member.account_id._merge_into(self.stranger.account_id)
        self.assertEqual(
            [card.member_id.id for card in cards], [self.stranger.id, self.member.id, self.stranger.id, self.member.id]
        )
        self.assertEqual(cards[2].transit_id, self.document.id)
        line = cards[0].event_ids[-1]
        self.assertEqual(
            (line.event, line.holder_id_from, line.holder_id_to), ("merge", self.member.id, self.stranger.id)
        )
        Card = self.env["crab.card"]
        self.assertEqual(Card._for_subject(Subject("member", self.stranger.id)), cards, "used ones are shown too")
        self.assertFalse(Card._for_subject(self.subject))
        self.assertFalse(self.env["crab.card.event"]._verify_chain(cards.ids))
        with self.assertRaises(UserError):
            self.member.unlink()

    def test_a_member_with_cards_is_not_deleted(self):
        self._activate(self.cards[0])._bind(None, self.member)
        with self.assertRaisesRegex(UserError, "has a history"):
            self.member.unlink()


class TestBind(SubjectCase):
    def _bind(self, number="T00000001", password="Pass1234", subject=None):
        return self.env["crab.card"]._bind_for_subject(subject or self.subject, number, password, "203.0.113.1")

    @covers("MB-14", "right pair binds the card to the member", "state does not change", via="service")
    def test_the_right_pair_binds(self):
        self._activate(self.cards[0])
        card = self._bind(" ｔ00000001 ", "Pass1234 ")
        self.assertEqual(card, self.cards[0])
        self.assertEqual(
            (card.state, card.holder_kind, card.member_id, card.dealer_id),
            ("active", "member", self.member, self.env["crab.dealer"]),
        )
        self.assertEqual(card.origin_dealer_id, self.a)
        line = card.event_ids[-1]
        self.assertEqual((line.event, line.actor_kind, line.actor_id), ("bind", "member", self.member.id))
        count = card.event_count
        self.assertEqual(self._bind(), card, "again: nothing to do")
        self.assertEqual(card.event_count, count)

    @covers("MB-14", "inactive number: not yet activated, nothing bound", via="service")
    def test_inactive_numbers_are_not_bound(self):
        with self.assertRaisesRegex(UserError, "not yet activated"):
            self._bind()
        self.assertEqual(
            (self.cards[0].state, self.cards[0].holder_kind, self.cards[0].event_count), ("inactive", "dealer", 2)
        )
        with self.assertRaisesRegex(UserError, "number or the password is wrong"):
            self._bind(password="Wrong123")

    def test_cards_of_others_and_finished_cards_are_not_bound(self):
        self._activate(self.cards[0:4])
        self.cards[0]._bind(None, self.stranger)
        self.cards[1]._use(self.document)
        self.cards[2]._cancel(self.document)
        self.cards[3]._reserve(self.document)
        for number, reason in (
            ("T00000001", "another member"),
            ("T00000002", "already been redeemed"),
            ("T00000003", "cancelled"),
            ("T00000004", "handed over"),
        ):
            before = self.cards.mapped("event_count")
            with self.subTest(number), self.assertRaisesRegex(UserError, reason):
                self._bind(number)
            self.assertEqual(self.cards.mapped("event_count"), before)

    @covers("MB-14", "wrong pairs are throttled", via="service")
    def test_wrong_pairs_are_counted(self):
        self._activate(self.cards[0])
        for _attempt in range(5):
            with self.assertRaisesRegex(UserError, "number or the password is wrong"):
                self._bind(password="Wrong123")
        with self.assertRaisesRegex(UserError, "too many"):
            self._bind()
        self.assertFalse(self.cards[0].member_id)

    def test_only_members_bind(self):
        for subject in (self._subject(self.a), Subject("user", self.env.uid), Subject("member", 10**8)):
            with self.subTest(subject), self.assertRaises(UserError):
                self._bind(subject=subject)
