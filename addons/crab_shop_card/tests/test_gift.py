from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import EcardCase


@tagged("post_install", "-at_install")
class TestGift(EcardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls._numbers(cls._bought(1))
        cls.gifts = cls.env["crab.card.gift"]
        cls.giver, cls.taker = Subject("member", cls.member.id), Subject("member", cls.friend.id)
        cls.third = Subject("member", cls._new_member("Third").id)

    def _give(self, **values):
        return self.gifts._give(self.giver, self.card.id, **values)

    def _events(self):
        return self.card.event_ids.sorted("sequence").mapped("event")

    @covers("MB-17", "give by link with a time limit", "every move in the history", via="service")
    @covers("HQ-40", "history including gifts", via="service")
    def test_whoever_has_the_link_takes_the_card(self):
        gift = self._give(greeting="中秋快乐")
        self.assertGreaterEqual(len(gift.token), 32)
        lasts = gift.expires_at - gift.create_date
        self.assertTrue(timedelta(hours=24) <= lasts < timedelta(hours=25), lasts)
        self.gifts._claim(self.taker, gift.token)
        self.assertEqual((self.card.member_id, self.card.state, self.card.transit_id), (self.friend, "active", 0))
        self.assertEqual((gift.state, gift.receiver_member_id), ("claimed", self.friend))
        self.assertEqual(self._events()[-2:], ["reserve", "hand_over"])
        self.assertFalse(self.env["crab.card.event"]._verify_chain(self.card.ids))
        self.assertEqual(self.env["crab.card"]._for_subject(self.taker), self.card)
        self.assertFalse(self.env["crab.card"]._for_subject(self.giver))

    def test_taking_changes_nothing_but_the_holder(self):
        before = self.card.read(
            ["state", "charged_amount", "charge_id", "company_id", "valid_until", "origin_dealer_id"]
        )
        self.gifts._claim(self.taker, self._give().token)
        after = self.card.read(
            ["state", "charged_amount", "charge_id", "company_id", "valid_until", "origin_dealer_id"]
        )
        self.assertEqual(before, after)

    def test_who_took_it_may_ask_again_and_nobody_else(self):
        gift = self._give()
        self.gifts._claim(self.taker, gift.token)
        events = self._events()
        self.assertEqual(self.gifts._claim(self.taker, gift.token), gift)
        self.assertEqual(self._events(), events)
        with self._refused("taken by somebody else", UserError):
            self.gifts._claim(self.third, gift.token)
        self.assertEqual(self.card.member_id, self.friend)

    @covers("MB-17", "revoke before claimed", via="service")
    def test_revoked_gifts_cannot_be_taken(self):
        gift = self._give()
        self.gifts._revoke(self.giver, gift.token)
        self.gifts._revoke(self.giver, gift.token)
        self.assertEqual((gift.state, self.card.member_id, self.card.transit_id), ("revoked", self.member, 0))
        with self._refused("was revoked", UserError):
            self.gifts._claim(self.taker, gift.token)
        again = self._give()
        self.assertNotEqual(again.token, gift.token)
        self.gifts._claim(self.taker, again.token)
        with self._refused("taken already", UserError):
            self.gifts._revoke(self.giver, again.token)

    def test_a_gift_ends_by_its_time(self):
        gift = self._give()
        gift.sudo().expires_at = fields.Datetime.now() - timedelta(seconds=1)
        with self._refused("has expired", UserError):
            self.gifts._claim(self.taker, gift.token)
        self._run_cron("crab.card.gift", "_cron_expire")
        self.assertEqual((gift.state, self.card.transit_id, self.card.member_id), ("expired", 0, self.member))
        self.gifts._claim(self.taker, self._give().token)

    def test_a_card_in_a_gift_is_used_by_nobody(self):
        self._give()
        with self._refused("in transit", UserError):
            self._give()
        with self._refused("in transit", UserError):
            self.card._use(None)

    def test_only_own_free_ecards_are_given(self):
        with self._refused("", MissingError):
            self.gifts._give(self.taker, self.card.id)
        physical = self._new_cards(1, prefix="PHYS")
        physical._activate(self.member, {physical.id: 0})
        physical._bind(None, self.member)
        with self._refused("Only e-cards", UserError):
            self.gifts._give(self.giver, physical.id)
        self.card._use(None)
        with self._refused("Used", UserError):
            self._give()

    def test_strangers_learn_nothing_and_change_nothing(self):
        gift = self._give()
        for token in ("", None, "x" * 32, gift.token[:-1], "%"):
            with self._refused("no such gift", MissingError):
                self.gifts._claim(self.taker, token)
        with self._refused("no such gift", MissingError):
            self.gifts._revoke(self.taker, gift.token)
        self.assertFalse(self.gifts._for_subject(self.third))
        with self._refused("your own", UserError):
            self.gifts._claim(self.giver, gift.token)
        for subject in (Subject("dealer", self.dealer3.id), Subject("staff", self.staff.id)):
            self.assertFalse(self.gifts._for_subject(subject))
            with self._refused("", (MissingError, UserError, AccessError)):
                self.gifts._claim(subject, gift.token)
        self.assertEqual(gift.state, "open")

    def test_the_number_of_a_member_in_the_mouth_of_another_kind_is_refused(self):
        """A dealer whose id is a member's id is not that member."""
        for kind in ("dealer", "staff", "user"):
            with self._refused("no such gift", MissingError):
                self.gifts._give(Subject(kind, self.member.id), self.card.id)
        gift = self._give()
        for kind in ("dealer", "staff", "user"):
            with self._refused("no such gift", MissingError):
                self.gifts._claim(Subject(kind, self.friend.id), gift.token)
            with self._refused("no such gift", MissingError):
                self.gifts._revoke(Subject(kind, self.member.id), gift.token)
        self.gifts._claim(self.taker, gift.token)
        with self._refused("no such gift", MissingError):
            self.gifts._claim(Subject("dealer", self.friend.id), gift.token)

    def test_a_closed_member_takes_nothing(self):
        gift = self._give()
        self.friend._close("left")
        with self._refused("", (MissingError, UserError)):
            self.gifts._claim(self.taker, gift.token)
        self.assertEqual(self.card.member_id, self.member)

    def test_the_gift_of_a_merged_member_is_taken_all_the_same(self):
        gift = self._give()
        self.member._merge_into(self.env["crab.member"].browse(self.third.id))
        self.gifts._claim(self.taker, gift.token)
        self.assertEqual(self.card.member_id, self.friend)

    def test_the_back_office_reads_no_links_and_writes_nothing(self):
        gift = self._give()
        for role in ("card_keeper", "customer_service", "auditor", "admin"):
            user = self._role(role)
            self.assertNotIn("token", self.gifts.with_user(user).fields_get())
            with self._refused("", AccessError):
                gift.with_user(user).read(["token"])
            with self._refused("", AccessError):
                gift.with_user(user).write({"state": "claimed"})
            with self._refused("", AccessError):
                gift.with_user(user).unlink()
        with self._refused("", AccessError):
            gift.with_user(self._role("finance")).read(["state"])

    def test_customer_service_revokes_for_the_member(self):
        gift = self._give()
        with self._refused("Only customer service", AccessError):
            gift.with_user(self._role("auditor")).action_revoke()
        gift.with_user(self._role("customer_service")).action_revoke()
        self.assertEqual((gift.state, self.card.transit_id), ("revoked", 0))
