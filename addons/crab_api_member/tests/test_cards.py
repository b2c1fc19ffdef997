from datetime import timedelta
from typing import get_args
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from ..schemas.card import CardShown
from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestCards(MemberApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sealed = cls._active_numbers(2, "SEALED", password="secret1234")

    def _pair(self, number=None, password="secret1234"):
        return {"number": number or self.sealed[0].number, "password": password}

    @covers("MB-14", "right pair binds the card to the member", "state does not change", via="api")
    def test_the_right_pair_binds_a_card(self):
        for _again in range(2):
            card = self._ok(self.mine.post("/cards/bind", json=self._pair()))
            self.assertEqual((card["id"], card["state"], card["can_redeem"]), (self.sealed[0].number, "active", True))
        self.assertEqual(self.sealed[0].member_id, self.member)
        self._refused_as(self.theirs.post("/cards/bind", json=self._pair()), 422, "another member")
        self._refused_as(self.dealers.post("/cards/bind", json=self._pair()), 403)
        self._refused_as(self.nobody.post("/cards/bind", json=self._pair()), 401)

    @covers("MB-14", "inactive number: not yet activated, nothing bound", via="api")
    def test_an_inactive_number_is_not_bound(self):
        card = self._new_numbers(1, "SLEEP", password="secret1234")
        self._refused_as(self.mine.post("/cards/bind", json=self._pair(card.number)), 422, "not yet activated")
        self.assertFalse(card.member_id)

    @covers("MB-14", "wrong pairs are throttled", "lockout does not tell which half was wrong", via="api")
    def test_wrong_pairs_say_nothing_and_are_counted(self):
        answers = [
            self.mine.post("/cards/bind", json=pair)
            for pair in (self._pair(password="wrong"), self._pair("SEALED99999999"), self._pair("no number"))
        ]
        self.assertEqual(len({str(got.json) for got in answers}), 1)
        self._refused_as(answers[0], 422, "wrong")
        self._guess(5, self.sealed[0].number, self._who(self.member), "testclient")
        got = self.mine.post("/cards/bind", json=self._pair())
        self.assertIn(got.status, (422, 429))
        self.assertIn("too many", got.json["detail"])
        self.assertFalse(self.sealed[0].member_id)

    def test_guesses_spread_over_members_and_addresses(self):
        """One number guessed by many, many numbers by one member, many by one network: each has its limit."""
        first, second, third = self._active_numbers(3, "SPREAD", password="secret1234")
        fresh = self.api(self._who(self._new_member("Fresh")), source="198.51.100.1")
        for number in range(15):
            self._guess(1, first.number, self._who(self._new_member(f"Guesser {number}")), f"10.0.0.{number}")
        self._refused_as(fresh.post("/cards/bind", json=self._pair(first.number)), 422, "too many")
        self._refused_as(
            self.api(source="198.51.100.2").post("/redemptions/quick/options", json=self._pair(first.number)),
            422,
            "too many",
        )
        busy = self._new_member("Busy")
        for number in range(20):
            self._guess(1, f"NONE{number:08}", self._who(busy), f"10.0.1.{number}")
        elsewhere = self.api(self._who(busy), source="198.51.100.3")
        self._refused_as(elsewhere.post("/cards/bind", json=self._pair(second.number)), 422, "too many")
        self._ok(fresh.post("/cards/bind", json=self._pair(second.number)))
        self.env["ir.config_parameter"].set_param("crab_card.guess_address", "6")
        for number in range(6):
            self._guess(1, f"NONE{number:08}", self._who(self._new_member(f"Neighbour {number}")), "198.51.100.4")
        third_pair = self._pair(third.number)
        crowded = self.api(self._who(self._new_member("Crowded")), source="198.51.100.4")
        self._refused_as(crowded.post("/cards/bind", json=third_pair), 422, "too many")
        self._ok(fresh.post("/cards/bind", json=third_pair))

    def test_a_code_by_sms_goes_beyond_the_limit(self):
        stranger = self.env["crab.api.redemption.service"]._stranger()
        for source in range(15):
            self._guess(1, self.sealed[0].number, stranger, f"10.0.0.{source}")
        guesses, shown = type(self.env["crab.card.guess"]), []

        def prove(_guess, phone, code, _source):
            shown.append((phone, code))
            return phone

        with patch.object(guesses, "_has_codes", lambda _guess: True), patch.object(guesses, "_prove", prove):
            for client, path in ((self.mine, "/cards/bind"), (self.nobody, "/redemptions/quick/options")):
                self._refused_as(client.post(path, json=self._pair()), 422, code="sms_code_required")
                self._ok(client.post(path, json={**self._pair(), "phone": "13800000001", "code": "123456"}))
        self.assertEqual(shown, [("13800000001", "123456")] * 2)

    @covers("MB-15", "list with state", "sort by time received, product, state", via="api")
    def test_cards_are_listed_in_each_order(self):
        old, used, young = self._active_numbers(3, "MINE")
        now = fields.Datetime.now()
        (old | used | young)._bind(None, self.member)
        sold = self._numbers(self._bought(1))
        with self._when(now + timedelta(days=1)):
            last = self._active_numbers(1, "LATER", member=self.member)
        self.env["crab.redemption"]._redeem_held(
            self._who(self.member), used, {**self.receiver, "district_id": self.district.id}
        )
        cards = old | used | young | sold | last
        listed = [one["id"] for one in self._pages(self.mine, "/member/cards")]
        self.assertEqual((listed[0], set(listed)), (last.number, set(cards.mapped("number"))))
        by_product = [one["product"]["id"] for one in self._pages(self.mine, "/member/cards", sort="product")]
        self.assertEqual(
            len(set(by_product)), 1 + sum(a != b for a, b in zip(by_product, by_product[1:], strict=False))
        )
        states = [one["state"] for one in self._pages(self.mine, "/member/cards", sort="state")]
        self.assertEqual(states, ["active"] * 4 + ["used"])
        [one] = self._pages(self.mine, "/member/cards", state="used")
        self.assertEqual((one["id"], one["can_redeem"], one["can_give"]), (used.number, False, False))
        self.assertEqual(self._pages(self.theirs, "/member/cards"), [])
        self._refused_as(self.mine.get("/member/cards", params={"sort": "number"}), 422)
        self._refused_as(self.theirs.get("/member/cards", params={"cursor": used.number}), 404)

    def test_a_longer_list_takes_no_more_queries(self):
        self._active_numbers(12, "MANY", member=self.member)
        counts = []
        for limit in (2, 2, 12):
            before = self.env.cr.sql_log_count
            self._ok(self.mine.get("/member/cards", params={"limit": limit}))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])

    @covers("MB-17", "give by link with a time limit", "every move in the history", via="api")
    def test_an_ecard_is_given_by_its_link(self):
        order = self._bought()
        card = self._numbers(order)
        path = f"/cards/{card.number}/gifts"

        def of_order():
            [one] = self._ok(self.mine.get(f"/orders/{order.public_id}"))["cards"]
            return one["away"], one["is_mine"]

        self.assertEqual(of_order(), (None, True))
        gift = self._ok(self.mine.post(path, json={"greeting": "Enjoy"}, key=KEY), 201)
        self.assertEqual(of_order(), ("gift", True))
        self.assertIn(gift["token"], gift["link"])
        self.assertEqual(self._ok(self.mine.post(path, json={"greeting": "Enjoy"}, key=KEY), 201), gift)
        self._refused_as(self.mine.post(path, json={}, key=OTHER_KEY), 422)
        kept = self.env["crab.idempotency"].search([("key", "=", KEY)])
        self.assertNotIn(gift["token"], str(kept.mapped("response")), "who reads answered requests cannot take it")
        seen = self._ok(self.nobody.get(f"/gifts/{gift['token']}"))
        self.assertEqual((seen["giver"], seen["greeting"], seen["can_claim"]), ("B**", "Enjoy", True))
        self.assertEqual((seen["card"], seen["token"], seen["link"]), (None, None, None))
        own = self._ok(self.mine.get(f"/gifts/{gift['token']}"))
        self.assertEqual((own["is_mine"], own["can_claim"], own["can_revoke"]), (True, False, True))
        away = self._ok(self.mine.get(f"/member/cards/{card.number}"))
        self.assertEqual((away["away"], away["why_not"]["redeem"]), ("gift", "This card is being given away."))
        self.assertEqual(self._shown_as(), {"gift": {card.number}})
        self._refused_as(self.mine.post(f"/gifts/{gift['token']}/claim"), 422, "your own")
        for _again in range(2):
            taken = self._ok(self.theirs.post(f"/gifts/{gift['token']}/claim"))
            self.assertEqual((taken["state"], taken["card"]), ("claimed", card.number))
        self.assertEqual(of_order(), (None, False))
        self._refused_as(self.mine.get(f"/member/cards/{card.number}"), 404)
        history = self._ok(self.theirs.get(f"/member/cards/{card.number}"))["history"]
        self.assertEqual(
            [(event["event"], event["document"]) for event in history],
            [("hand_over", "gift"), ("reserve", "gift"), ("sell", None)],
        )
        self._refused_as(
            self.api(self._who(self._new_member("Late"))).post(f"/gifts/{gift['token']}/claim"), 422, "taken"
        )
        self.assertEqual([one["state"] for one in self._pages(self.mine, "/member/gifts")], ["claimed"])
        self.assertIsNone(self._pages(self.mine, "/member/gifts")[0]["token"])

    @covers("MB-17", "revoke before claimed", "give by link with a time limit", via="api")
    def test_a_gift_is_revoked_or_ends(self):
        card = self._numbers(self._bought())
        gift = self._ok(self.mine.post(f"/cards/{card.number}/gifts", json={}, key=KEY), 201)
        self._refused_as(self.theirs.delete(f"/gifts/{gift['token']}"), 404)
        for _again in range(2):
            self.assertEqual(self.mine.delete(f"/gifts/{gift['token']}").status, 204)
        self._refused_as(self.theirs.post(f"/gifts/{gift['token']}/claim"), 422, "revoked")
        self.assertTrue(self._ok(self.mine.get(f"/member/cards/{card.number}"))["can_give"])
        second = self._ok(self.mine.post(f"/cards/{card.number}/gifts", json={}, key=OTHER_KEY), 201)
        with self._when(fields.Datetime.now() + timedelta(hours=25)):
            seen = self._ok(self.nobody.get(f"/gifts/{second['token']}"))
            self.assertEqual((seen["state"], seen["can_claim"]), ("expired", False))
            self.assertIn("expired", seen["why_not"])
        self._refused_as(self.nobody.get("/gifts/none"), 404)
        physical = self._active_numbers(1, "PHYS", member=self.member)
        self._refused_as(self.mine.post(f"/cards/{physical.number}/gifts", json={}, key="key-00000003"), 422, "e-cards")

    def _shown_as(self):
        """``{state: numbers of the member that are listed so}``, for those that have any."""
        found = {
            state: {one["id"] for one in self._pages(self.mine, "/member/cards", state=state)}
            for state in get_args(CardShown)
        }
        return {state: numbers for state, numbers in found.items() if numbers}

    def test_each_card_is_shown_as_one_thing(self):
        usable, over, used, ended = self._active_numbers(4, "EACH", member=self.member)
        today = business_date()
        (over | used | ended)._set_valid_until(today)
        usable._set_valid_until(today + timedelta(days=1))
        where = {**self.receiver, "district_id": self.district.id}
        self.env["crab.redemption"]._redeem_held(self._who(self.member), used, where)
        ended._cancel(None)
        expected = {"active": usable, "expired": over, "used": used, "cancelled": ended}
        place = "odoo.addons.crab_api_member.models.crab_api_card_service.business_date"
        with patch(place, lambda: today + timedelta(days=1)):
            self.assertEqual(self._shown_as(), {state: {card.number} for state, card in expected.items()})
            listed = self._pages(self.mine, "/member/cards")
        self.assertEqual([one["id"] for one in listed if one["is_expired"]], [over.number])

    def _returnable(self):
        """Numbers of the printed card that the member bought and received."""
        self._stock_cards(self.printed, 3)
        order = self._paid([(self.printed, 2)])
        sale = order.crab_card_order_ids
        free = self.env["crab.card"].search(
            [("product_id", "=", self.printed.product_variant_id.id), ("holder_kind", "=", "platform"),
             ("state", "=", "inactive")], limit=2,
        )  # fmt: skip
        sale._link_cards(free.ids)
        sale.action_send()
        order._crab_receive()
        return order, free

    @covers("MB-33", "give back an unused own card", "platform confirms, number cancelled", via="api")
    @covers("MB-33", "refund by the original route", "earnings reversed", via="api")
    @covers("CH-15", "return to the platform from members", via="api")
    def test_bought_cards_are_given_back(self):
        order, cards = self._returnable()
        given = {"numbers": [cards[0].number], "reason": "Too many"}
        self.assertTrue(self._ok(self.mine.get(f"/member/cards/{cards[0].number}"))["can_return"])
        made = self._ok(self.mine.post("/member/card-returns", json=given, key=KEY), 201)
        self.assertEqual((made["cards"], made["reason"], made["can_cancel"]), ([cards[0].number], "Too many", True))
        self.assertEqual(self._ok(self.mine.post("/member/card-returns", json=given, key=KEY), 201)["id"], made["id"])
        self._refused_as(self.mine.post("/member/card-returns", json=given, key=OTHER_KEY), 422)
        self._refused_as(self.theirs.get(f"/member/card-returns/{made['id']}"), 404)
        self._refused_as(self.theirs.post(f"/member/card-returns/{made['id']}/cancel"), 404)
        away = self._ok(self.mine.get(f"/member/cards/{cards[0].number}"))
        self.assertEqual((away["away"], away["why_not"]["redeem"]), ("return", "This card is being given back."))
        self.assertEqual(self._shown_as(), {"return": {cards[0].number}, "inactive": {cards[1].number}})
        self.assertEqual(
            [event["document"] for event in away["history"] if event["event"] == "reserve"], ["return", None]
        )
        document = self.env["crab.card.order"].search([("public_id", "=", made["id"])])
        document.action_receive()
        self.assertEqual(cards[0].state, "cancelled")
        self.assertEqual(order.crab_amount_refunded, 950)
        earnings = self.env["crab.earning"].search([("order_id", "=", order.id)])
        self.assertEqual(sorted(earnings.mapped("amount")), [-950, 1900])
        [done] = self._pages(self.mine, "/member/card-returns")
        self.assertEqual((done["state"], done["can_cancel"]), ("done", False))
        second = self._ok(
            self.mine.post("/member/card-returns", json={"numbers": [cards[1].number]}, key="key-00000003"), 201
        )
        for _again in range(2):
            got = self._ok(self.mine.post(f"/member/card-returns/{second['id']}/cancel"))
            self.assertEqual(got["state"], "cancelled")
        self.assertFalse(cards[1].transit_id)

    def test_only_own_bought_cards_are_given_back(self):
        bound = self._active_numbers(1, "BOUND", member=self.member)
        theirs = self._active_numbers(1, "THEIRS", member=self.friend)
        path = "/member/card-returns"
        self._refused_as(
            self.mine.post(path, json={"numbers": [bound.number]}, key=KEY), 422, "bought from the platform"
        )
        self._refused_as(self.mine.post(path, json={"numbers": [theirs.number]}, key=KEY), 404)
        self._refused_as(self.mine.post(path, json={"numbers": []}, key=KEY), 422, code="invalid")
        self.assertEqual(self._pages(self.mine, path), [])
