from odoo.addons.crab_base.tests.common import covers

from .common import DealerApiCase

ORDERS = "/dealer/card-orders"


class TestCardOrders(DealerApiCase):
    """Numbers T00000001 … of a card of 1000: a holds 1–10 and 15–20, b 11–12, c 13–14; z holds Z…"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(20)
        cls.strange = cls._new_cards(2, prefix="Z")
        cls._issue(cls.cards, cls.a)
        cls._issue(cls.strange, cls.z)
        cls._transfer(cls.cards[10:14], cls.a, cls.b)
        cls._transfer(cls.cards[12:14], cls.b, cls.c)

    def _make(self, dealer, kind, *numbers, status=201, **values):
        return self._post(dealer, ORDERS, {"kind": kind, "lines": [{"numbers": [*numbers]}], **values}, status)

    def _step(self, dealer, order, step, json=None, status=200, key=None):
        return self._post(dealer, f"{ORDERS}/{order['id']}/{step}", json, status, key)

    def _actions(self, dealer, order):
        return self._get(dealer, f"{ORDERS}/{order['id']}")["actions"]

    def _number(self, place):
        return f"T{place:08d}"

    # ------------------------------------------------------------------ numbers

    @covers("CH-16", "number, card name, state, holder", "own library and subtree", "nothing of other trees", via="api")
    def test_numbers_of_the_dealer_and_its_subtree(self):
        items = self._get(self.b, "/dealer/cards")["items"]
        self.assertEqual(
            [(item["number"], item["product"]["name"], item["state"], item["holder"]["name"]) for item in items],
            [
                (self._number(11), "Card TESTCARD", "inactive", "Dealer TB"),
                (self._number(12), "Card TESTCARD", "inactive", "Dealer TB"),
                (self._number(13), "Card TESTCARD", "inactive", "Dealer TC"),
                (self._number(14), "Card TESTCARD", "inactive", "Dealer TC"),
            ],
        )
        self.assertEqual([item["holder"]["is_own"] for item in items], [True, True, False, False])
        self.assertEqual(len(self.assertPages(self.b, "/dealer/cards")), 4)
        for params, count in (
            ({"number": self._number(13)}, 1),
            ({"number": f"{self._number(12)}-{self._number(13)}"}, 2),
            ({"number": self._number(1)}, 0),
            ({"number": "Z"}, 0),
            ({"holder": self.c.public_id}, 2),
            ({"state": "active"}, 0),
            ({"product": "TESTCARD", "in_transit": False}, 4),
        ):
            with self.subTest(params=params):
                self.assertEqual(len(self._get(self.b, "/dealer/cards", **params)["items"]), count)
        self._get(self.b, "/dealer/cards", 404, product="NONE")
        self._get(self.b, "/dealer/cards", 404, holder=self.z.public_id)
        self.assertEqual(
            self._get(self.a, "/dealer/cards/stock")["items"],
            [
                {
                    "product": {"code": "TESTCARD", "name": "Card TESTCARD"},
                    "inactive": 16, "active": 0, "used": 0, "cancelled": 0, "in_transit": 0,
                }
            ],
        )  # fmt: skip

    def test_lists_take_the_same_queries_however_many(self):
        self.assertSameQueries(self.a, "/dealer/cards", few=13, many=18)
        for place in range(1, 6):
            self._step(self.a, self._make(self.a, "transfer", self._number(place), to=self.d.public_id), "submit")
        self.assertSameQueries(self.a, ORDERS, few=2, many=7)
        order = self._get(self.a, ORDERS, kind="issue")["items"][0]
        self.assertSameQueries(self.a, f"{ORDERS}/{order['id']}/numbers", few=2, many=18)

    # ------------------------------------------------------------------ transfers

    @covers("CH-13", "choose a lower dealer", "choose numbers and ranges", "create the order", via="api")
    @covers("CH-13", "receiver's library in order of receipt", via="api")
    def test_a_transfer_from_quote_to_receipt(self):
        data = {
            "kind": "transfer",
            "to": self.d.public_id,
            "lines": [{"numbers": [self._number(6)], "ranges": [[self._number(1), self._number(3)]]}],
        }
        quote = self._post(self.a, ORDERS + "/quote", data, 200)
        self.assertEqual((quote["quantity"], quote["refused_count"], quote["can_submit"]), (4, 0, True))
        self.assertEqual((quote["amount"], quote["own_amount"]), ("3000.00", "2400.00"))
        self.assertEqual((quote["price_of"]["id"], quote["next"]["id"]), (self.d.public_id, self.d.public_id))
        self.assertFalse(self.Order.search([("receiver_dealer_id", "=", self.d.id)]))
        made = self._post(self.a, ORDERS, data, key="t")
        self.assertEqual(self._post(self.a, ORDERS, data, key="t")["id"], made["id"])
        self._post(self.a, ORDERS, {**data, "note": "other"}, 409, key="t")
        self.assertEqual((made["state"], made["quantity"], made["amount"]), ("draft", 4, "3000.00"))
        self.assertEqual(
            [(run["first"], run["last"], run["count"]) for run in made["ranges"]],
            [(self._number(1), self._number(3), 3), (self._number(6), self._number(6), 1)],
        )
        self.assertEqual(made["actions"], ["submit", "cancel"])
        self._get(self.d, f"{ORDERS}/{made['id']}", 404)  # a draft is its author's
        sent = self._step(self.a, made, "submit")
        self.assertEqual((sent["state"], sent["waiting_for"]["id"]), ("in_transit", self.d.public_id))
        self.assertEqual(self._actions(self.a, made), ["cancel"])
        self.assertEqual(self._actions(self.d, made), ["receive", "reject"])
        self.assertEqual([item["id"] for item in self._get(self.d, ORDERS, role="to_do")["items"]], [made["id"]])
        partly = self._step(self.d, made, "receive", {"numbers": [self._number(6)]})
        self.assertEqual((partly["state"], partly["received_quantity"]), ("partly_received", 1))
        self.assertEqual(self._actions(self.a, made), ["close"])
        numbers = self._get(self.d, f"{ORDERS}/{made['id']}/numbers", state="reserved")["items"]
        self.assertEqual([item["number"] for item in numbers], [self._number(place) for place in (1, 2, 3)])
        done = self._step(self.d, made, "receive", {"ranges": [[self._number(1), self._number(3)]]})
        self.assertEqual((done["state"], done["actions"]), ("done", []))
        library = self._get(self.d, "/dealer/cards", sort="received")["items"]
        self.assertEqual(sorted(item["number"] for item in library), [self._number(place) for place in (1, 2, 3, 6)])
        self.env.cr.execute(
            "SELECT number FROM crab_card WHERE dealer_id = %s ORDER BY received_at DESC, number", [self.d.id]
        )
        self.assertEqual([item["number"] for item in library], [row[0] for row in self.env.cr.fetchall()])
        self.assertEqual(self.assertPages(self.d, "/dealer/cards", sort="received"), library)

    def test_quotes_say_which_numbers_are_refused_and_why(self):
        self._step(self.a, self._make(self.a, "transfer", self._number(5), to=self.d.public_id), "submit")
        asked = [self._number(4), self._number(5), self._number(11), self.strange[0].number, "NOSUCHNUMBER"]
        data = {"kind": "transfer", "to": self.b.public_id, "lines": [{"numbers": asked}]}
        quote = self._post(self.a, ORDERS + "/quote", data, 200)
        self.assertEqual((quote["quantity"], quote["can_submit"]), (1, False))
        reasons = {refusal["number"]: refusal["reason"] for refusal in quote["refused"]}
        strange = "not in your hands"  # the same for numbers of others and those that do not exist
        self.assertEqual(
            reasons,
            {
                self._number(5): "in transit with another document",
                self._number(11): strange,
                self.strange[0].number: strange,
                "NOSUCHNUMBER": strange,
            },
        )
        refused = self._post(self.a, ORDERS, data, 422)
        self.assertEqual(refused["code"], "numbers_refused")
        data["lines"][0]["numbers"] = asked[:2]
        self.assertEqual(self._post(self.a, ORDERS, data, 422)["code"], "numbers_refused")
        self.assertNotIn(
            "draft", [one["state"] for one in self._get(self.a, ORDERS, role="sent", kind="transfer")["items"]]
        )

    def test_what_cannot_be_made(self):
        one = [self._number(1)]
        for data in (
            {"kind": "issue", "to": self.b.public_id, "lines": [{"numbers": one}]},
            {"kind": "transfer", "lines": [{"numbers": one}]},
            {"kind": "transfer", "to": self.c.public_id, "lines": [{"numbers": one}]},  # not directly below
            {"kind": "activation", "to": self.b.public_id, "lines": [{"numbers": one}]},
            {"kind": "transfer", "to": self.b.public_id, "lines": []},
            {"kind": "transfer", "to": self.b.public_id, "lines": [{"ranges": [["T9", "T1"]]}]},
            {"kind": "transfer", "to": self.b.public_id, "lines": [{"numbers": one}], "sender": "x"},
            {"kind": "activation", "lines": [{"numbers": one, "sale_price": "1"}]},
        ):
            with self.subTest(data=data):
                self._post(self.a, ORDERS, data, 422)
        for data in (
            {"kind": "transfer", "to": self.y.public_id, "lines": [{"numbers": one}]},
            {"kind": "activation", "lines": [{"product": "NONE", "numbers": one}]},
            {"kind": "activation", "staff": self._new_staff(self.b).public_id, "lines": [{"numbers": one}]},
        ):
            with self.subTest(data=data):
                self._post(self.a, ORDERS, data, 404)

    def test_a_rejected_transfer_and_a_closed_difference_come_back(self):
        order = self._make(self.a, "transfer", self._number(1), self._number(2), to=self.d.public_id)
        self._step(self.a, order, "submit")
        self._step(self.a, order, "reject", {"reason": "mine"}, 403)
        self._step(self.d, order, "cancel", status=403)
        rejected = self._step(self.d, order, "reject", {"reason": "too many"})
        self.assertEqual((rejected["state"], rejected["refusal_reason"]), ("rejected", "too many"))
        order = self._make(self.a, "transfer", self._number(1), self._number(2), to=self.d.public_id)
        self._step(self.a, order, "submit")
        self._step(self.d, order, "receive", {"numbers": [self._number(1)]})
        closed = self._step(self.a, order, "close", {"reason": "lost one"})
        self.assertEqual((closed["state"], closed["given_back_quantity"]), ("done", 1))
        order = self._make(self.a, "transfer", self._number(2), to=self.d.public_id)
        self._step(self.a, order, "submit")
        self.assertEqual(self._step(self.a, order, "cancel")["state"], "cancelled")

    # ------------------------------------------------------------------ activations

    @covers("CH-14", "own activation orders", "stored value first, then credit", via="api")
    @covers("CH-14", "too little of both: nothing activated", via="api")
    def test_a_level_1_sees_its_funds_before_it_activates(self):
        self._fund(self.a, stored=1000, credit_limit=500)
        data = {"kind": "activation", "lines": [{"ranges": [[self._number(1), self._number(3)]]}]}
        quote = self._post(self.a, ORDERS + "/quote", data, 200)
        self.assertEqual(
            quote["funds"],
            {
                "amount": "1800.00", "stored": "1000.00", "credit": "500.00", "from_stored": "1000.00",
                "from_credit": "500.00", "missing": "300.00", "is_enough": False, "currency": "CNY",
            },
        )  # fmt: skip
        order = self._post(self.a, ORDERS, data)
        self.assertEqual(order["funds"], quote["funds"])
        self.assertEqual(self._step(self.a, order, "submit")["actions"], ["confirm", "reject", "cancel"])
        with self._own_transactions_here():
            refused = self._step(self.a, order, "confirm", status=422)
        self.assertEqual(refused["code"], "wallet_short")
        self.assertIn("300.00", refused["detail"])
        self.assertCards(self.cards[:3], state="inactive")
        self.assertMoney(self.a, 1000, 0)
        self._fund(self.a, credit_limit=400)
        done = self._step(self.a, order, "confirm", key="pay")
        self.assertEqual(self._step(self.a, order, "confirm", key="pay")["id"], done["id"])
        self._step(self.a, order, "confirm")  # taken already: nothing is charged again
        self.assertEqual(
            (done["state"], done["charged"], done["charged_stored"], done["charged_credit"], done["funds"]),
            ("done", "1800.00", "1000.00", "800.00", None),
        )
        self.assertCards(self.cards[:3], state="active")
        self.assertMoney(self.a, 0, 800)

    @covers("CH-14", "requests of level 2", "requests of level 3 under a level 2", via="api")
    @covers("CH-14", "requests of a direct level 3", via="api")
    def test_requests_go_up_to_the_level_1(self):
        self._fund(self.a, stored=5000)
        self._transfer(self.cards[0], self.a, self.d)
        orders = {
            dealer: self._make(dealer, "activation", self._number(place))
            for dealer, place in ((self.b, 11), (self.c, 13), (self.d, 1))
        }
        for dealer, order in orders.items():
            self._step(dealer, order, "submit")
        of_c = orders[self.c]
        self.assertEqual(self._actions(self.a, of_c), [])
        self._step(self.a, of_c, "confirm", status=403)
        self.assertEqual(self._actions(self.b, of_c), ["confirm", "reject"])
        self.assertEqual(self._step(self.b, of_c, "confirm")["state"], "passed_on")
        scopes = {item["id"]: item["scope"] for item in self._get(self.a, ORDERS, role="to_do")["items"]}
        self.assertEqual(
            scopes,
            {orders[self.b]["id"]: "level2", of_c["id"]: "level3_below_2", orders[self.d]["id"]: "level3"},
        )
        for scope in ("level2", "level3_below_2", "level3"):
            self.assertEqual(len(self._get(self.a, ORDERS, kind="activation", scope=scope)["items"]), 1)
        for order in orders.values():
            self.assertEqual(self._step(self.a, order, "confirm")["state"], "done")
        self.assertMoney(self.a, 5000 - 3 * 600, 0)

    def test_nobody_sees_the_price_of_who_stands_above(self):
        self._fund(self.a, stored=5000)
        order = self._make(self.c, "activation", self._number(13))
        for step, dealer in (("submit", self.c), ("confirm", self.b), ("confirm", self.a)):
            self._step(dealer, order, step)
        for dealer, own, price in ((self.a, "600.00", "600.00"), (self.b, "700.00", None), (self.c, "800.00", None)):
            with self.subTest(dealer=dealer.code):
                seen = self._get(dealer, f"{ORDERS}/{order['id']}")
                [line] = seen["lines"]
                self.assertEqual((line["own_price"], line["price"], line["retail_price"]), (own, price, "1000.00"))
                self.assertEqual((seen["amount"], seen["charged"]), (price, price))
                self.assertEqual(seen["price_of"] and seen["price_of"]["id"], price and dealer.public_id)
        quote = self._post(
            self.c, ORDERS + "/quote", {"kind": "return", "lines": [{"numbers": [self._number(14)]}]}, 200
        )
        self.assertEqual((quote["amount"], quote["own_amount"], quote["funds"]), ("800.00", "800.00", None))
        quote = self._post(
            self.c, ORDERS + "/quote", {"kind": "activation", "lines": [{"numbers": [self._number(14)]}]}, 200
        )
        self.assertEqual(
            (quote["amount"], quote["own_amount"], quote["next"]["id"]), (None, "800.00", self.b.public_id)
        )

    # ------------------------------------------------------------------ returns

    @covers(
        "CH-15", "return to the platform from level 1", "return to level 1 from level 2 and direct level 3", via="api"
    )
    @covers("CH-15", "return to level 2 from its level 3", "one step up, to the direct parent", via="api")
    @covers("CH-15", "receiver confirms", via="api")
    def test_numbers_go_back_one_step(self):
        self._transfer(self.cards[0], self.a, self.d)
        for sender, place, receiver, scope in (
            (self.c, 13, self.b, "level3_to_2"),
            (self.b, 11, self.a, "level2_to_1"),
            (self.d, 1, self.a, "level3_to_1"),
        ):
            with self.subTest(sender=sender.code):
                order = self._make(sender, "return", self._number(place))
                sent = self._step(sender, order, "submit")
                self.assertEqual((sent["receiver"]["id"], sent["scope"]), (receiver.public_id, scope))
                self.assertCards(self.cards[place - 1], dealer_id=sender)
                self._step(sender, order, "receive", {}, 403)
                self.assertEqual(self._step(receiver, order, "receive", {})["state"], "done")
                self.assertCards(self.cards[place - 1], dealer_id=receiver)
        order = self._make(self.a, "return", self._number(2))
        sent = self._step(self.a, order, "submit")
        self.assertEqual((sent["receiver"], sent["receiver_name"], sent["scope"]), (None, "Platform", "level1"))
        self.Order.search([("public_id", "=", order["id"])]).with_user(self.keeper).action_receive()
        self.assertCards(self.cards[1], holder_kind="platform")

    # ------------------------------------------------------------------ volume

    def test_ten_thousand_numbers_take_a_bounded_number_of_queries(self):
        cards = self._new_cards(10_000, prefix="V")
        self._issue(cards, self.a)
        span = ["V00000001", "V00010000"]
        data = {"kind": "transfer", "to": self.b.public_id, "lines": [{"ranges": [span]}]}
        counts = {}
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        quote = self._post(self.a, ORDERS + "/quote", data, 200)
        counts["quote"] = self.env.cr.sql_log_count - start
        start = self.env.cr.sql_log_count
        order = self._post(self.a, ORDERS, data)
        counts["create"] = self.env.cr.sql_log_count - start
        start = self.env.cr.sql_log_count
        self._step(self.a, order, "submit")
        counts["submit"] = self.env.cr.sql_log_count - start
        start = self.env.cr.sql_log_count
        self._step(self.b, order, "receive", {"ranges": [span]})
        counts["receive"] = self.env.cr.sql_log_count - start
        self.assertEqual((quote["quantity"], order["quantity"]), (10_000, 10_000))
        self.assertEqual([(run["first"], run["last"], run["count"]) for run in order["ranges"]], [(*span, 10_000)])
        self.assertLess(max(counts.values()), 200, counts)
        self.assertCards(cards[:5], dealer_id=self.b)
