import base64

from odoo.addons.crab_api.tests.test_files import picture
from odoo.addons.crab_base.tests.common import covers

from .common import DealerApiCase


class TestDealer(DealerApiCase):
    """A dealer looks at itself and its network, changes ratios, invites."""

    def _codes(self, dealer, **params):
        return sorted(item["code"] for item in self._get(dealer, "/dealer/network", **params)["items"])

    @covers("CH-06", "exclusive store orders goods and delivers", "city partner only sells", via="api")
    @covers("CH-06", "level 2 rights", "level 3 rights", via="api")
    def test_level_and_type_say_what_a_dealer_may_do(self):
        everyone = {"sell", "earn_online"}
        for dealer, more in (
            (self.a, {"invite_dealers", "wallet", "order_b2b", "deliver"}),
            (self.z, {"invite_dealers", "wallet"}),
            (self.b, {"invite_dealers"}),
            (self.d, set()),
        ):
            with self.subTest(dealer=dealer.code):
                me = self._get(dealer, "/dealer/me")
                self.assertEqual(set(me["may"]), everyone | more)
                self.assertEqual((me["code"], me["level"]), (dealer.code, dealer.level))
                is_level1 = dealer.level == "1"
                self._get(dealer, "/dealer/wallets", 200 if is_level1 else 403)
                self._get(dealer, "/dealer/invitations", 403 if dealer.level == "3" else 200)
        self.assertEqual(self._get(self.d, "/dealer/invitations", 403)["code"], "not_for_this_dealer")

    def test_me_counts_and_names_the_terms_of_invitations(self):
        self._new_staff(self.a)
        me = self._get(self.a, "/dealer/me")
        self.assertEqual(me["counts"], {"level2": 1, "level3": 2, "staff": 1, "members": 0})
        terms = me["invitation_terms"]
        self.assertEqual((terms["levels"], terms["ratio_above"]), (["2", "3"], "0.60"))
        self.assertEqual(self._get(self.b, "/dealer/me")["invitation_terms"]["levels"], ["3"])
        self.assertIsNone(self._get(self.c, "/dealer/me")["invitation_terms"])

    @covers("CH-07", "shows the upstream dealer", via="api")
    def test_upstream(self):
        upstream = self._get(self.b, "/dealer/upstream")["upstream"]
        self.assertEqual(upstream, {"name": "Dealer TA", "contact_name": "Contact TA", "phone": self.a.phone})
        self.assertIsNone(self._get(self.a, "/dealer/upstream")["upstream"])

    @covers("CH-08", "level 1 sees level 2 and all level 3 below", "level 2 sees its level 3", via="api")
    @covers("CH-08", "level 3 sees none", via="api")
    def test_network(self):
        self.assertEqual(self._codes(self.a), ["TB", "TC", "TD"])
        self.assertEqual(self._codes(self.a, level="3"), ["TC", "TD"])
        self.assertEqual(self._codes(self.a, parent=self.b.public_id), ["TC"])
        self.assertEqual(self._codes(self.a, q="Dealer TD"), ["TD"])
        self.assertEqual(self._codes(self.b), ["TC"])
        self.assertEqual(self._codes(self.c), [])
        self.assertEqual(len(self.assertPages(self.a, "/dealer/network")), 3)
        self._get(self.a, "/dealer/network", 404, parent=self.y.public_id)
        for dealer in (self.a, self.z, self.y):  # itself is not below
            self._get(self.a, f"/dealer/network/{dealer.public_id}", 404)

    def test_a_network_of_any_length_takes_the_same_queries(self):
        for number in range(6):
            self._new_dealer(f"TN{number}", "3", 0.85, self.a)
        self.assertSameQueries(self.a, "/dealer/network", few=2, many=6)

    def test_prices_further_away_are_not_shown(self):
        items = {item["code"]: item for item in self._get(self.a, "/dealer/network")["items"]}
        self.assertEqual(
            {code: item["ratio"] for code, item in items.items()}, {"TB": "0.70", "TC": None, "TD": "0.75"}
        )
        detail = self._get(self.a, f"/dealer/network/{self.c.public_id}")
        self.assertEqual((detail["ratio"], detail["ratio_above"], detail["ratio_history"]), (None, None, []))

    # ------------------------------------------------------------------ ratio

    @covers(
        "CH-34", "direct children only", "between own ratio and the children's", "below the member ratio", via="api"
    )
    def test_a_dealer_sets_the_ratio_of_its_direct_children(self):
        path = f"/dealer/network/{self.b.public_id}"
        detail = self._get(self.a, path)
        self.assertEqual((detail["ratio_above"], detail["ratio_below"]), ("0.60", "0.80"))
        self.assertEqual(detail["actions"], ["set_ratio"])
        changed = self._call(self.a, "put", path + "/ratio", json={"ratio": "0.7125", "reason": "season"})
        self.assertEqual((changed["ratio"], changed["ratio_history"][0]["reason"]), ("0.7125", "season"))
        self.assertEqual(changed["ratio_history"][0]["by"], self.a.display_name)
        for ratio in ("0.60", "0.80", "0.999"):
            with self.subTest(ratio=ratio):
                self._call(self.a, "put", path + "/ratio", 422, json={"ratio": ratio, "reason": "no"})
        for ratio in ("1", "0", "-0.1", "0.61234", "NaN", "x"):
            with self.subTest(ratio=ratio):
                self._call(self.a, "put", path + "/ratio", 422, json={"ratio": ratio, "reason": "no"})
        self.env.invalidate_all()
        self.assertEqual(self.b.ratio, 0.7125)

    def test_ratios_of_others_are_not_a_dealers_to_set(self):
        data = {"ratio": "0.81", "reason": "mine"}
        for dealer, status in ((self.c, 403), (self.a, 403), (self.y, 404), (self.z, 404)):
            with self.subTest(dealer=dealer.code):
                self._call(self.a, "put", f"/dealer/network/{dealer.public_id}/ratio", status, json=data)
        self._call(self.c, "put", f"/dealer/network/{self.b.public_id}/ratio", 404, json=data)

    # ------------------------------------------------------------------ invitations

    @covers("CH-09", "invitation carries a level lower than own", "QR picture and link", via="api")
    @covers("CH-09", "invitation carries a ratio above own and below the members'", via="api")
    def test_a_dealer_invites_below_itself(self):
        made = self._post(self.a, "/dealer/invitations", {"level": "2", "ratio": "0.72", "max_uses": 2})
        self.assertEqual((made["level"], made["ratio"], made["state"]), ("2", "0.72", "open"))
        self.assertIn(made["code"], made["link"])
        self.assertTrue(made["qr_picture"].startswith("data:image/png;base64,iVBOR"))
        self.assertEqual(self._get(self.a, f"/dealer/invitations/{made['id']}"), made)
        seen = self._get(None, f"/dealer-invitations/{made['code'].lower()}")
        self.assertEqual((seen["inviter"], seen["level"], seen["ratio"]), (self.a.name, "2", "0.72"))
        self._get(None, "/dealer-invitations/NOSUCHCODE22", 422)
        for dealer, level, ratio in (
            (self.b, "2", "0.8"),
            (self.a, "2", "0.6"),
            (self.a, "3", "0.5"),
            (self.a, "1", "0.7"),
            (self.b, "3", "1"),
        ):
            with self.subTest(dealer=dealer.code, level=level, ratio=ratio):
                self._post(dealer, "/dealer/invitations", {"level": level, "ratio": ratio}, 422)
        self._post(self.c, "/dealer/invitations", {"level": "3", "ratio": "0.9"}, 403)
        self.assertEqual(len(self._get(self.a, "/dealer/invitations")["items"]), 1)

    def test_an_invitation_is_made_once_per_key_and_can_be_revoked(self):
        data = {"level": "3", "ratio": "0.9"}
        first = self._post(self.a, "/dealer/invitations", data, key="one")
        self.assertEqual(self._post(self.a, "/dealer/invitations", data, key="one"), first)
        self._post(self.a, "/dealer/invitations", {**data, "ratio": "0.91"}, 409, key="one")
        for _again in range(2):
            revoked = self._post(self.a, f"/dealer/invitations/{first['id']}/revoke", status=200)
            self.assertEqual((revoked["state"], revoked["actions"]), ("revoked", []))
            self.assertIn("Revoked", self._get(None, f"/dealer-invitations/{first['code']}", 422)["detail"])
        self.assertEqual(len(self._get(self.a, "/dealer/invitations", state="revoked")["items"]), 1)
        self.assertFalse(self._get(self.a, "/dealer/invitations", state="open")["items"])

    def test_invitations_take_the_same_queries_however_many(self):
        self.env["crab.dealer.invitation"].create(
            [{"dealer_id": self.a.id, "level": "3", "ratio": 0.9} for _number in range(5)]
        )
        self.assertSameQueries(self.a, "/dealer/invitations")
        self.assertEqual(len(self.assertPages(self.a, "/dealer/invitations")), 5)

    @covers("CH-32", "dealer's own member-invitation link and QR", "each staff member's own link and QR", via="api")
    @covers("CH-32", "who registers belongs to the dealer", "who registers by staff belongs to the staff member too")
    def test_members_are_invited_by_dealer_and_staff(self):
        staff = self._new_staff(self.b)
        self.gold.is_open_to_staff = True
        of_dealer = self._get(self.b, "/dealer/member-invitations")
        of_staff = self._get(self.b, f"/dealer/staff/{staff.public_id}/member-invitations")
        self.assertEqual(of_staff, self._get(staff, "/staff/member-invitations"))
        self.assertEqual([item["level"] for item in of_dealer], [self.base.name])
        self.assertEqual([item["level"] for item in of_staff], [self.base.name, "T gold"])
        owners = []
        for invitation in (of_dealer[0], of_staff[1]):
            self.assertIn(invitation["token"], invitation["link"])
            self.assertTrue(invitation["qr_picture"].startswith("data:image/png;base64,"))
            account = self.env["crab.account"].create({"name": "New", "phone": self._phone()})
            member = self.Member._sign_up(account, invitation["token"])
            owners.append((member.dealer_id, member.staff_id, member.level_id))
        self.assertEqual(owners, [(self.b, self.env["crab.dealer.staff"], self.base), (self.b, staff, self.gold)])

    # ------------------------------------------------------------------ members

    def _invited(self):
        """Whom b invited, whom its staff did, whom the first of them did; a member of c."""
        self.seller = self._new_staff(self.b)
        own = self._new_member("Own Person", dealer_id=self.b.id)
        by_staff = self._new_member("Staff Person", dealer_id=self.b.id, staff_id=self.seller.id)
        by_member = self._new_member("Friend", inviter_id=own.id)
        self._new_member("Other", dealer_id=self.c.id)
        return own, by_staff, by_member

    @covers("CH-10", "members invited by dealer or staff and those they invited", "search by name and phone", via="api")
    @covers("CS-04", "only members invited directly", "search", via="api")
    def test_members_of_the_dealer_and_of_its_staff(self):
        own, by_staff, by_member = self._invited()
        found = self._get(self.b, "/dealer/members")
        self.assertEqual(
            [(item["name"], item["invited_by"], item["inviter_name"]) for item in found["items"]],
            [
                ("Friend", "member", "Own Person"),
                ("Staff Person", "staff", self.seller.name),
                ("Own Person", "dealer", None),
            ],
        )
        self.assertEqual(found["total"], 3)
        self.assertEqual(found["items"][2]["invited_count"], 1)
        self.assertEqual(found["items"][0]["joined_on"], by_member.registered_date.isoformat())
        for text, expected in (("friend", by_member), (own.phone, own), (own.phone.removeprefix("+86"), own)):
            with self.subTest(text=text):
                items = self._get(self.b, "/dealer/members", q=text)["items"]
                self.assertEqual([item["id"] for item in items], [expected.public_id])
        only = self._get(self.b, "/dealer/members", staff=self.seller.public_id)["items"]
        mine = self._get(self.seller, "/staff/members")
        self.assertEqual(only, mine["items"])
        self.assertEqual([item["id"] for item in mine["items"]], [by_staff.public_id])
        self.assertEqual(self._get(self.seller, "/staff/members", q="staff pers")["total"], 1)
        self.assertEqual(self._get(self.seller, "/staff/members", q="Own")["total"], 0)
        self.assertEqual(len(self.assertPages(self.b, "/dealer/members")), 3)
        by_staff._close("gone")
        for who, me, members in (
            (self.b, "/dealer/me", "/dealer/members"),
            (self.seller, "/staff/me", "/staff/members"),
        ):
            shown = self._get(who, me)
            count = shown["counts"]["members"] if who == self.b else shown["member_count"]
            self.assertEqual(count, self._get(who, members)["total"], "figure and list agree")
        self.assertEqual(self._get(self.b, f"/dealer/staff/{self.seller.public_id}")["member_count"], 0)
        self.assertEqual(self._get(self.b, "/dealer/staff")["items"][0]["member_count"], 0)

    @covers("CH-10", "name, avatar, phone, join time", via="api")
    def test_members_show_their_face(self):
        own, by_staff, _by_member = self._invited()
        own.partner_id.image_1920 = base64.b64encode(picture())
        shown = {item["id"]: item for item in self._get(self.b, "/dealer/members")["items"]}
        mine = shown[own.public_id]
        self.assertTrue(mine["avatar"].startswith("data:image/png;base64,"))
        self.assertEqual(
            (mine["name"], mine["phone"], mine["joined_on"]),
            ("Own Person", own.phone, own.registered_date.isoformat()),
        )
        self.assertIsNone(shown[by_staff.public_id]["avatar"])

    def test_members_take_the_same_queries_however_many(self):
        for _number in range(3):
            self._new_member(dealer_id=self.b.id)
        for member in self._invited():
            member.partner_id.image_1920 = base64.b64encode(picture())
        self.assertSameQueries(self.b, "/dealer/members", few=3, many=6)
