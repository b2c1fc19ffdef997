from datetime import timedelta
from decimal import Decimal
from itertools import product

from psycopg2 import DatabaseError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_dealer.tests.common import DealerCase

from .common import CardCase

PATHS = {
    ("inactive", "active"),
    ("active", "used"),
    ("used", "active"),
    ("active", "inactive"),
    ("inactive", "cancelled"),
    ("active", "cancelled"),
}


class TestDoor(DealerCase, CardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(30)
        cls.document, cls.other = cls.cards.batch_id, cls.env["crab.card.batch"].create(
            {"name": "other", "source": "import", "company_id": cls.group.id}
        )  # fmt: skip
        cls.events = cls.env["crab.card.event"]

    def _activate(self, cards, amount="600.00"):
        return cards._activate(self.document, dict.fromkeys(cards.ids, Decimal(amount)))

    @covers("HQ-30", "every move recorded and shown", via="service")
    def test_every_change_writes_one_line_with_both_sides(self):
        card = self.cards[0]
        card._reserve(self.document)
        card._hand_over(self.document, self.a, origin=self.a)
        self._activate(card)
        card._use(self.document)
        self.assertEqual(card.event_ids.mapped("event"), ["import", "reserve", "hand_over", "activate", "use"])
        handed = card.event_ids[2]
        self.assertEqual(
            (handed.holder_kind_from, handed.holder_kind_to, handed.holder_id_to), ("platform", "dealer", self.a.id)
        )
        self.assertEqual((handed.document_model, handed.document_id), ("crab.card.batch", self.document.id))
        self.assertEqual(handed.actor_kind, "system")
        activated = card.event_ids[3]
        self.assertEqual((activated.state_from, activated.state_to, activated.amount), ("inactive", "active", 600.0))
        self.assertEqual((card.state, card.dealer_id, card.origin_dealer_id), ("used", self.a, self.a))
        self.assertEqual((card.charged_amount, card.charge_id, card.transit_id), (600.0, self.document.id, False))
        self.assertEqual((card.event_count, card.head_hash), (5, card.event_ids[-1].hash))
        self.assertFalse(self.events._verify_chain(self.cards.ids))

    def test_one_number_that_does_not_fit_refuses_the_whole_set_with_names(self):
        self._activate(self.cards[:2])
        with self.assertRaises(UserError) as caught:
            self._activate(self.cards)
        self.assertIn("2 of 30", str(caught.exception))
        self.assertIn("T00000001: its state is “Active”", str(caught.exception))
        self.assertEqual(set(self.cards[2:].mapped("state")), {"inactive"})
        self.assertEqual(self.cards[5].event_count, 1)

    def test_at_most_twenty_numbers_are_named(self):
        with self.assertRaises(UserError) as caught:
            self.cards._use(self.document)
        self.assertEqual(str(caught.exception).count("its state is"), 20)
        self.assertIn("and 10 more", str(caught.exception))

    def test_in_transit_belongs_to_its_document(self):
        cards = self.cards[:3]
        cards._reserve(self.document)
        for act in (cards._reserve, cards._release, cards._cancel):
            with self.subTest(act.__name__), self.assertRaisesRegex(UserError, "in transit with another document"):
                act(self.other)
        with self.assertRaisesRegex(UserError, "in transit"):
            cards._hand_over(self.other, self.a)
        cards._release(self.document)
        cards._hand_over(self.other, self.a, origin=self.a)
        with self.assertRaisesRegex(UserError, "not in transit with this document"):
            cards._release(self.document)

    def test_expectation_of_the_caller_is_checked_too(self):
        self.cards[0]._hand_over(self.document, self.b)
        with self.assertRaisesRegex(UserError, "held by"):
            self.cards[:2]._reserve(self.document, expect={"dealer_id": self.a})
        self.cards[0]._reserve(self.document, expect={"holder_kind": ("dealer",), "dealer_id": (self.a.id, self.b.id)})

    def test_every_setter_allows_exactly_its_states(self):
        ready = {
            "inactive": self.cards[0:8],
            "active": self._activate(self.cards[8:16]),
            "used": self._activate(self.cards[16:23])._use(self.document),
            "cancelled": self.cards[23:30]._cancel(self.document),
        }
        setters = {
            "_reserve": {"inactive", "active"},
            "_hand_over": {"inactive", "active"},
            "_activate": {"inactive"},
            "_deactivate": {"active"},
            "_use": {"active"},
            "_unuse": {"used"},
            "_cancel": {"inactive", "active"},
        }
        for position, ((name, allowed), state) in enumerate(product(setters.items(), ready)):
            card = ready[state][position // 4]
            arguments = {"_activate": [{card.id: 1}], "_hand_over": [self.a]}.get(name, [])
            with self.subTest(setter=name, state=state):
                if state in allowed:
                    getattr(card, name)(self.document, *arguments)
                else:
                    with self.assertRaises(UserError):
                        getattr(card, name)(self.document, *arguments)
                    self.assertEqual(card.state, state)
        self.assertFalse(self.events._verify_chain(self.cards.ids))

    def test_the_database_knows_the_state_paths_and_its_door(self):
        card = self.cards[0]
        states = ("inactive", "active", "used", "cancelled")
        for before, after in product(states, states):
            if before == after:
                continue
            with self.subTest(before=before, after=after), mute_logger("odoo.sql_db"), self.cr.savepoint() as savepoint:
                self.cr.execute("ALTER TABLE crab_card DISABLE TRIGGER crab_card_state_path")
                self.cr.execute(
                    "UPDATE crab_card SET state = %s, event_count = event_count + 1, head_hash = 'a' WHERE id = %s",
                    [before, card.id],
                )
                self.cr.execute("ALTER TABLE crab_card ENABLE TRIGGER crab_card_state_path")
                change = "UPDATE crab_card SET state = %s, event_count = event_count + 1, head_hash = 'b' WHERE id = %s"
                if (before, after) in PATHS:
                    self.cr.execute(change, [after, card.id])
                else:
                    with self.assertRaises(DatabaseError), self.cr.savepoint(flush=False):
                        self.cr.execute(change, [after, card.id])
                savepoint.rollback()

    @mute_logger("odoo.sql_db")
    def test_used_and_cancelled_numbers_never_change_again(self):
        used, cancelled = self._activate(self.cards[0])._use(self.document), self.cards[1]._cancel(self.document)
        for card in (used, cancelled):
            for act in (
                lambda card: card._set_vip(True),
                lambda card: card._set_valid_until(business_date()),
                lambda card: card._hand_over(self.document, self.a),
                lambda card: card._bind(None, self.env["crab.member"].browse(1)),
                lambda card: card._reserve(self.document),
                lambda card: card._renew_passwords(self.document, {}, None),
            ):
                with self.assertRaises(UserError):
                    act(card)
            with self.assertRaises(DatabaseError), self.cr.savepoint(flush=False):
                self.cr.execute(
                    "UPDATE crab_card SET is_vip = true, event_count = event_count + 1, head_hash = 'x' WHERE id = %s",
                    [card.id],
                )
        self.assertEqual((used.event_count, cancelled.event_count), (3, 2))

    @mute_logger("odoo.sql_db")
    def test_below_the_door_the_database_refuses(self):
        card = self.cards[0]
        for change in (
            "state = 'active'",
            "holder_kind = 'dealer', dealer_id = (SELECT min(id) FROM crab_dealer)",
            "is_vip = true",
            "valid_until = '2099-01-01'",
            "charged_amount = 1, charge_model = 'x', charge_id = 1",
            "charge_model = 'x', charge_id = 1",
            "event_count = 0",
            "transit_model = 'x', transit_id = 1",
            "head_hash = 'x'",
            "event_count = 9",
            "number = 'T99999999', event_count = event_count + 1, head_hash = 'x'",
            "batch_id = 0, event_count = event_count + 1, head_hash = 'x'",
            "holder_kind = 'dealer', event_count = event_count + 1, head_hash = 'x'",
        ):
            with self.subTest(change), self.assertRaises(DatabaseError), self.cr.savepoint(flush=False):
                self.cr.execute(f"UPDATE crab_card SET {change} WHERE id = {card.id}")  # pylint: disable=sql-injection
        for statement in (
            "DELETE FROM crab_card",
            "TRUNCATE crab_card CASCADE",
            "INSERT INTO crab_card (number, state, holder_kind, kind, product_id, company_id, batch_id, event_count)"
            f" VALUES ('T99999999', 'inactive', 'platform', 'physical', {self.card_product.id}, {self.group.id},"
            f" {self.document.id}, 0)",
            "DELETE FROM crab_card_event",
            "UPDATE crab_card_event SET amount = 1",
            f"DELETE FROM product_product WHERE id = {self.card_product.id}",
            f"DELETE FROM crab_card_batch WHERE id = {self.document.id}",
        ):
            with self.subTest(statement), self.assertRaises(DatabaseError), self.cr.savepoint(flush=False):
                self.cr.execute(statement)  # pylint: disable=sql-injection

    def test_a_line_forged_below_the_triggers_is_found(self):
        self._activate(self.cards[:2])
        self.cr.execute("ALTER TABLE crab_card_event DISABLE TRIGGER USER")
        self.cr.execute(
            "UPDATE crab_card_event SET amount = 1 WHERE card_id = %s AND event = 'activate'", [self.cards[1].id]
        )
        self.cr.execute("ALTER TABLE crab_card_event ENABLE TRIGGER USER")
        problems = self.events._verify_chain(self.cards.ids)
        self.assertEqual(
            [(found["parent_id"], found["problem"]) for found in problems], [(self.cards[1].id, "changed")]
        )
        self.assertEqual(self.cards[0].action_verify()["params"]["type"], "success")
        self.assertEqual(self.cards[1].action_verify()["params"]["type"], "danger")

    def test_expired_numbers_are_not_redeemed(self):
        card = self._activate(self.cards[0])
        card._set_valid_until(business_date() - timedelta(days=1))
        with self.assertRaisesRegex(UserError, "valid until"):
            card._use(self.document)
        card._set_valid_until(business_date())
        card._use(self.document)
        self.assertEqual(card.event_ids[2].note, str(business_date() - timedelta(days=1)))

    def test_only_the_document_that_redeemed_takes_it_back(self):
        card = self._activate(self.cards[0])._use(self.document)
        with self.assertRaisesRegex(UserError, "not redeemed by this document"):
            card._unuse(self.other)
        card._unuse(self.document)
        card._use(self.other)
        with self.assertRaises(UserError):
            card._unuse(self.document)
        card._unuse(self.other)
        self.assertEqual(card.state, "active")

    def test_deactivating_forgets_the_charge(self):
        card = self._activate(self.cards[0])
        card._deactivate(self.document)
        self.assertEqual((card.state, card.charged_amount, card.charge_id), ("inactive", 0.0, False))

    def test_ten_thousand_numbers_take_a_constant_number_of_statements(self):
        few, many = self._new_cards(10, prefix="F"), self._new_cards(2000, prefix="M")
        counts = []
        for cards in (few, many):
            before = self.cr.sql_log_count
            self._activate(cards)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[1], 12)

    def test_selecting_normalises_and_names_what_is_unknown(self):
        Card = self.env["crab.card"]
        self.assertEqual(Card._resolve([" ｔ00000003 ", "T00000003", "t00000001"]), self.cards[0] | self.cards[2])
        self.assertEqual(Card._resolve(ranges=[("T00000005", "T00000009")]), self.cards[4:9])
        with self.assertRaisesRegex(UserError, "XX1, XX2"):
            Card._resolve(["XX2", "T00000001", "XX1"])
        with self.assertRaisesRegex(UserError, "T00000001"):
            Card._resolve(["T00000001"], domain=[("state", "=", "active")])
        for first, last in (
            ("T00000009", "T00000001"),
            ("T00000001", "T000000010"),
            ("T00000001", "U00000009"),
            ("", "T00000001"),
        ):
            with self.subTest(first=first, last=last), self.assertRaisesRegex(UserError, "no range"):
                Card._resolve(ranges=[(first, last)])
        with self.assertRaisesRegex(UserError, "no number"):
            Card._resolve(ranges=[("X00000001", "X00000009")])

    def test_lowest_is_by_code_point(self):
        self._new_cards(2, prefix="S9")
        self._new_cards(2, prefix="SA")
        lowest = self.env["crab.card"]._lowest([("number", "=like", "S%")], 3)
        self.assertEqual(lowest.mapped("number"), ["S900000001", "S900000002", "SA00000001"])
