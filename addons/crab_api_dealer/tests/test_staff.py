from odoo.addons.crab_base.tests.common import covers

from .common import DealerApiCase


class TestStaff(DealerApiCase):
    """``staff`` works for dealer2 for a tenth: 25 of an order of 1000 by a gold member."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = f"/dealer/staff/{cls.staff.public_id}"
        cls.invited = cls._new_member(dealer_id=cls.dealer2.id, staff_id=cls.staff.id, level_id=cls.gold.id)

    def _credited(self):
        order = self._paid([(self.thousand, 1)], self.invited)
        self._ship(order)
        order._crab_receive()
        self.env["crab.earning"]._credit_orders(order)
        return order

    @covers("CH-01", "own staff with total", "search by name and phone", via="api")
    def test_own_staff_with_total_and_search(self):
        other = self._new_staff(self.dealer2, name="Zhang San")
        self._new_staff(self.dealer1)
        found = self._get(self.dealer2, "/dealer/staff")
        self.assertEqual((found["total"], [item["name"] for item in found["items"]]), (2, ["Zhang San", "Staff"]))
        for text in ("zhang", other.phone, other.phone.removeprefix("+86")):
            with self.subTest(text=text):
                items = self._get(self.dealer2, "/dealer/staff", q=text)["items"]
                self.assertEqual([item["id"] for item in items], [other.public_id])
        self.assertEqual(len(self.assertPages(self.dealer2, "/dealer/staff")), 2)

    def test_staff_take_the_same_queries_however_many(self):
        for _number in range(4):
            self._new_staff(self.dealer2)
        self.assertSameQueries(self.dealer2, "/dealer/staff")

    @covers("CH-02", "details and members introduced", "ratio and amount to settle", via="api")
    @covers("CH-05", "sum of earnings", "marked settled by hand", "record of each marking", via="api")
    def test_what_is_to_settle_and_each_marking(self):
        self._credited()
        self._paid([(self.thousand, 1)], self.invited)
        detail = self._get(self.dealer2, self.path)
        self.assertEqual((detail["name"], detail["member_count"], detail["commission_ratio"]), ("Staff", 1, "0.10"))
        figures = {name: detail["figures"][name] for name in ("total", "not_credited", "settled", "to_settle")}
        self.assertEqual(figures, {"total": "50.00", "not_credited": "25.00", "settled": "0.00", "to_settle": "25.00"})
        self.assertIn("settle", detail["actions"])
        marked = self._post(self.dealer2, self.path + "/settlements", {"amount": "20", "note": "cash"}, key="s")
        self.assertEqual(
            self._post(self.dealer2, self.path + "/settlements", {"amount": "20", "note": "cash"}, key="s"), marked
        )
        self._post(self.dealer2, self.path + "/settlements", {"amount": "5"}, 409, key="s")
        for amount in ("5.01", "0", "-1", "0.001", "x"):
            with self.subTest(amount=amount):
                self._post(self.dealer2, self.path + "/settlements", {"amount": amount}, 422)
        self._post(self.dealer2, self.path + "/settlements", {})
        found = self._get(self.dealer2, self.path + "/settlements")
        self.assertEqual(
            [(item["number"], item["to_settle_before"], item["amount"], item["note"]) for item in found["items"]],
            [(2, "5.00", "5.00", None), (1, "25.00", "20.00", "cash")],
        )
        self.assertEqual((found["total"], found["items"][0]["by"]), (2, self.dealer2.display_name))
        self.assertNotIn("settle", self._get(self.dealer2, self.path)["actions"])
        earned = self._get(self.dealer2, self.path + "/earnings")["items"]
        self.assertEqual(
            [(item["amount"], item["state"]) for item in earned], [("25.00", "pending"), ("25.00", "credited")]
        )

    @covers("CH-03", "add a staff login", "delete archives and keeps history", via="api")
    @covers("CS-01", "login granted by the dealer", "revoked at once", via="api")
    def test_a_login_is_granted_and_ends_at_once(self):
        phone = self._phone()
        data = {"name": "New Person", "phone": phone, "commission_ratio": "0.2"}
        made = self._post(self.dealer2, "/dealer/staff", data, key="n")
        self.assertEqual(self._post(self.dealer2, "/dealer/staff", data, key="n")["id"], made["id"])
        self._post(self.dealer2, "/dealer/staff", {**data, "name": "Other"}, 409, key="n")
        self._post(self.dealer1, "/dealer/staff", data, 422)  # works for a dealer
        staff = self.env["crab.dealer.staff"].search([("public_id", "=", made["id"])])
        self.assertEqual((staff.dealer_id, staff.name), (self.dealer2, "New Person"))
        self.assertEqual(self._get(staff, "/staff/me")["dealer"]["name"], self.dealer2.name)
        self._call(self.dealer2, "delete", f"/dealer/staff/{made['id']}", 204)
        self._call(self.dealer2, "delete", f"/dealer/staff/{made['id']}", 204)
        self._get(staff, "/staff/me", 401)
        detail = self._get(self.dealer2, f"/dealer/staff/{made['id']}")
        self.assertEqual((detail["is_active"], detail["actions"]), (False, ["reinstate"]))
        self.assertEqual(self._get(self.dealer2, "/dealer/staff", active=True)["total"], 1)
        self._call(self.dealer2, "patch", f"/dealer/staff/{made['id']}", json={"is_active": True})
        self._get(staff, "/staff/me", 401)  # the old login stays ended
        self.assertEqual(self.api(self.subject(staff)).get("/staff/me").status, 200)

    @covers("CS-01", "revoked at once", via="api")
    def test_whoever_is_added_and_removed_goes_on_as_who_they_are(self):
        victim = self._new_member("Victim")
        member, other = self.api(self.subject(victim)), self.api(self.subject(victim))
        made = self._post(self.dealer2, "/dealer/staff", {"name": "Typed", "phone": victim.phone})
        staff = self.env["crab.dealer.staff"].search([("public_id", "=", made["id"])])
        job = self.api(self.subject(staff))
        other.use(other.post("/auth/switch", json={"role": "staff"}).json)
        for client in (job, other):
            self.assertEqual(client.get("/staff/me").status, 200)

        def renewed(client):
            return client.post("/auth/refresh", json={"refresh_token": client._tokens["refresh_token"]})

        def assert_over():
            for client in (job, other):
                self.assertEqual(client.get("/staff/me").status, 401)
                self.assertEqual(renewed(client).status, 401)
            self.assertEqual(member.get("/auth/roles").status, 200)

        self._call(self.dealer2, "delete", f"/dealer/staff/{made['id']}", 204)
        assert_over()
        self.assertEqual(member.post("/auth/switch", json={"role": "staff"}).status, 403)
        self.assertEqual(member.use(renewed(member).json).get("/auth/roles").status, 200)

        # nor by a login that was under way meanwhile, when the job is given back
        self.env["crab.session"].search([("role", "=", "staff"), ("role_id", "=", staff.id)]).ended_at = False
        self._call(self.dealer2, "patch", f"/dealer/staff/{made['id']}", json={"is_active": True})
        assert_over()
        again = member.use(member.post("/auth/switch", json={"role": "staff"}).json)
        self.assertEqual(again.get("/staff/me").status, 200)

    def test_a_number_does_not_tell_whose_it_is(self):
        stranger = self._new_member("Secret Name")
        data = {"name": "Typed", "phone": stranger.phone}
        made = self._post(self.dealer2, "/dealer/staff", data)
        self.assertEqual(made["name"], "Typed")
        staff = self.env["crab.dealer.staff"].search([("public_id", "=", made["id"])])
        self.assertEqual((staff.account_id, stranger.name), (stranger.account_id, "Secret Name"))
        self.assertEqual(self._get(staff, "/staff/me")["name"], "Typed")
        stranger.account_id.name = "Other Secret"
        for answer in (
            self._get(self.dealer2, f"/dealer/staff/{made['id']}"),
            self._get(self.dealer2, "/dealer/staff", q="Typed"),
            self._post(self.dealer1, "/dealer/staff", {**data, "name": "Mine"}, 422),
        ):
            self.assertNotIn("Secret", str(answer))
        self.assertFalse(self._get(self.dealer2, "/dealer/staff", q="Secret")["items"])

    def test_a_guessed_name_does_not_tell_the_next_one(self):
        stranger = self._new_member("Secret Name")
        made = self._post(self.dealer2, "/dealer/staff", {"name": stranger.name, "phone": stranger.phone})
        stranger.name = "Other Secret"
        self.assertEqual(self._get(self.dealer2, f"/dealer/staff/{made['id']}")["name"], "Secret Name")
        staff = self.env["crab.dealer.staff"].search([("public_id", "=", made["id"])])
        staff.name = stranger.name
        staff.name = "Abused"
        self.assertEqual((stranger.name, stranger.account_id.name), ("Other Secret", "Other Secret"))

    def test_a_closed_dealers_staff_is_out_at_once(self):
        self._get(self.staff, "/staff/me")
        self._get(self.dealer2, "/dealer/me")
        self.dealer2._close("test")
        self._get(self.staff, "/staff/me", 401)
        self._get(self.dealer2, "/dealer/me", 401)

    @covers("CH-04", "own ratio per staff member", "holds from then on only", via="api")
    def test_the_commission_holds_from_then_on(self):
        before = self._place([(self.thousand, 1)], self.invited)
        changed = self._call(self.dealer2, "put", self.path + "/commission", json={"ratio": "0.5"})
        self.assertEqual(changed["commission_ratio"], "0.50")
        self.assertEqual(
            [(change["ratio_before"], change["ratio"]) for change in changed["commission_history"]],
            [("0.10", "0.50"), ("0.00", "0.10")],
        )
        self._pay(before)
        self._paid([(self.thousand, 1)], self.invited)
        other = self._new_staff(self.dealer2, commission_ratio=0.2)
        self._paid(
            [(self.thousand, 1)], self._new_member(dealer_id=self.dealer2.id, staff_id=other.id, level_id=self.gold.id)
        )
        earned = self._get(self.dealer2, self.path + "/earnings")["items"]
        self.assertEqual([(item["ratio"], item["amount"]) for item in earned], [("0.50", "125.00"), ("0.10", "25.00")])
        earned = self._get(other, "/staff/earnings")["items"]
        self.assertEqual([(item["ratio"], item["amount"]) for item in earned], [("0.20", "50.00")])
        for ratio in ("1.1", "-0.1", "0.12345"):
            with self.subTest(ratio=ratio):
                self._call(self.dealer2, "put", self.path + "/commission", 422, json={"ratio": ratio})

    # ------------------------------------------------------------------ the person itself

    @covers("CS-02", "count and records of settlements", via="api")
    @covers("CS-03", "shows the dealer", via="api")
    @covers("CS-05", "total, to settle, settled", "not yet credited", via="api")
    def test_staff_see_their_dealer_and_their_money(self):
        self._credited()
        self._paid([(self.thousand, 1)], self.invited)
        self._post(self.dealer2, self.path + "/settlements", {"amount": "10"})
        me = self._get(self.staff, "/staff/me")
        self.assertEqual(me["dealer"]["name"], self.dealer2.name)
        self.assertEqual(me["dealer"]["phone"], self.dealer2.phone)
        money = me["figures"]
        self.assertEqual(
            (money["total"], money["not_credited"], money["settled"], money["to_settle"], money["settlements"]),
            ("50.00", "25.00", "10.00", "15.00", 1),
        )
        settled = self._get(self.staff, "/staff/settlements")
        self.assertEqual((settled["total"], settled["items"][0]["amount"]), (1, "10.00"))
        colleague = self._new_staff(self.dealer2)
        self.assertEqual(self._get(colleague, "/staff/settlements")["total"], 0)
        self.assertFalse(self._get(colleague, "/staff/earnings")["items"])

    @covers("CS-06", "online distribution", "offline dealing", via="api")
    def test_earnings_come_from_online_and_offline(self):
        seller = self._new_staff(self.a, commission_ratio=0.25)
        member = self._new_member(dealer_id=self.a.id, staff_id=seller.id, level_id=self.gold.id)
        self._paid([(self.thousand, 1)], member)
        cards = self._new_cards(2)
        self._issue(cards, self.a)
        self._fund(self.a, stored=5000)
        made = self._post(
            self.a,
            "/dealer/card-orders",
            {
                "kind": "activation",
                "staff": seller.public_id,
                "lines": [{"product": "TESTCARD", "numbers": cards.mapped("number"), "sale_price": "901"}],
            },
        )
        for step in ("submit", "confirm"):
            self._post(self.a, f"/dealer/card-orders/{made['id']}/{step}", status=200)
        earned = {
            source: self._get(seller, "/staff/earnings", source=source)["items"] for source in ("online", "offline")
        }
        self.assertEqual([(item["amount"], item["kind"]) for item in earned["online"]], [("87.50", "package")])
        self.assertEqual(
            [(item["amount"], item["sold"], item["reference"]) for item in earned["offline"]],
            [("150.50", "1802.00", made["name"])],
        )
        self.assertEqual(len(self.assertPages(seller, "/staff/earnings")), 2)

    def test_earnings_take_the_same_queries_however_many(self):
        for _number in range(4):
            self._credited()
        self.assertSameQueries(self.staff, "/staff/earnings")
        for _number in range(4):
            self._post(self.dealer2, self.path + "/settlements", {"amount": "1"})
        self.assertSameQueries(self.staff, "/staff/settlements")
