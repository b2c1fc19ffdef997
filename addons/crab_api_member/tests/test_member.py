import base64
import io

from PIL import Image

from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers

from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestMember(MemberApiCase):
    @covers("MB-20", "avatar, name, phone, level", via="api")
    def test_the_member_sees_and_changes_itself(self):
        me = self._ok(self.mine.get("/member/me"))
        self.assertEqual(
            (me["id"], me["name"], me["phone"], me["level"], me["avatar"]),
            (self.member.public_id, "Buyer", self.member.phone, {"name": "T gold", "ratio": 0.95}, None),
        )
        self.assertEqual((me["dealer"], me["points"]), (self.dealer3.name, 0))
        me = self._ok(self.mine.patch("/member/me", json={"name": "Wang", "avatar": self._upload()}))
        self.assertEqual((me["name"], self.member.name), ("Wang", "Wang"))
        self.assertRegex(me["avatar"], r"^/crab/file/avatar/")
        self.assertEqual(self._ok(self.mine.patch("/member/me", json={})), me, "what is not given stays")
        self._refused_as(self.mine.patch("/member/me", json={"avatar": self._upload(self.theirs)}), 404)
        self._refused_as(self.mine.patch("/member/me", json={"name": "  "}), 422)
        self._refused_as(self.mine.patch("/member/me", json={"level": "other"}), 422, code="invalid")
        self.assertEqual(self.member.name, "Wang")

    @covers("MB-22", "states", via="api")
    def test_what_waits_is_counted(self):
        self._place([(self.thousand, 1)])
        self._paid([(self.thousand, 1)])
        self._shipped()
        self._received()
        order = self._received()
        self._ask(order, (1, None))
        self.env["crab.cart.line"]._put(self.member, self.package1.product_variant_id, 1)
        self._active_numbers(2, member=self.member)
        me = self._ok(self.mine.get("/member/me"))
        self.assertEqual(me["orders"], {"to_pay": 1, "to_ship": 1, "to_receive": 1, "to_review": 2, "aftersale": 1})
        self.assertEqual((me["cart"], me["cards"], me["points"]), (1, 2, 3800))
        theirs = self._ok(self.theirs.get("/member/me"))
        self.assertEqual((set(theirs["orders"].values()), theirs["cart"], theirs["cards"]), ({0}, 0, 0))

    @covers("MB-21", "own invitation QR", "the chain stays with the inviter's dealer", via="api")
    @covers("MB-01", "member belongs to the inviter's dealer", via="api")
    def test_invitation_and_who_followed_it(self):
        got = self._ok(self.mine.get("/member/invitation"))
        self.assertIn(got["code"], got["link"])
        kind, data = got["qr"].split(",")
        self.assertEqual(kind, "data:image/png;base64")
        self.assertEqual(Image.open(io.BytesIO(base64.b64decode(data))).format, "PNG")
        for name in ("Zhang San", "Li Si", "Wang Wu"):
            account = self.env["crab.account"].sudo().create({"name": name, "phone": self._phone()})
            new = self.env["crab.member"]._sign_up(account, got["code"])
            self.assertEqual((new.inviter_id, new.dealer_id, new.level_id), (self.member, self.dealer3, self.base))
        invited = self._pages(self.mine, "/member/invited")
        self.assertEqual([one["name"] for one in invited], ["W**", "L**", "Z**"])
        self.assertEqual(self._pages(self.theirs, "/member/invited"), [])

    @covers("MB-25", "favourites", via="api")
    @covers("MB-08", "favourite", via="api")
    def test_favourites(self):
        for product in (self.package1, self.thousand, self.package1):
            self.assertEqual(self.mine.put(f"/member/favourites/{product.public_id}").status, 204)
        found = self._pages(self.mine, "/member/favourites", limit=1)
        self.assertEqual([one["product"]["id"] for one in found], [self.thousand.public_id, self.package1.public_id])
        [own] = self._ok(self.mine.get("/catalog/prices", params={"ids": self.thousand.public_id}))
        self.assertTrue(own["is_favourite"])
        self.assertEqual(self._pages(self.theirs, "/member/favourites"), [])
        self.thousand.crab_state = "off_sale"
        self.assertFalse(self._pages(self.mine, "/member/favourites")[0]["is_on_sale"])
        self._refused_as(self.mine.put(f"/member/favourites/{self.thousand.public_id}"), 404)
        for _again in range(2):
            self.assertEqual(self.mine.delete(f"/member/favourites/{self.thousand.public_id}").status, 204)
        self.assertEqual(len(self._pages(self.mine, "/member/favourites")), 1)
        self._refused_as(self.mine.delete("/member/favourites/1"), 404)

    @covers("MB-26", "address book", "default address", "province, city, district", via="api")
    @covers("MB-10", "choose, add, default address", via="api")
    def test_address_book(self):
        first = self._ok(self.mine.post("/member/addresses", json=self.receiver, key=KEY), 201)
        self.assertEqual((first["province"], first["is_default"]), ("上海市", True))
        again = self._ok(self.mine.post("/member/addresses", json=self.receiver, key=KEY), 201)
        self.assertEqual(again, first, "sent again it is the same one")
        other = {**self.receiver, "receiver_name": "Other", "is_default": True}
        self._refused_as(self.mine.post("/member/addresses", json=other, key=KEY), 409)
        second = self._ok(self.mine.post("/member/addresses", json=other, key=OTHER_KEY), 201)
        book = self._ok(self.mine.get("/member/addresses"))
        self.assertEqual([(one["id"], one["is_default"]) for one in book], [(second["id"], True), (first["id"], False)])
        path = f"/member/addresses/{first['id']}"
        got = self._ok(self.mine.patch(path, json={"street": "New road 2", "is_default": True}))
        self.assertEqual((got["street"], got["region_code"], got["is_default"]), ("New road 2", "310101", True))
        self.assertEqual(self._ok(self.mine.patch(path, json={"region_code": "320506"}))["province"], "江苏省")
        self._refused_as(self.mine.patch(path, json={"receiver_phone": "none"}), 422, "phone number")
        self._refused_as(self.mine.patch(path, json={"region_code": "999999"}), 404)
        self._refused_as(self.mine.patch(path, json={"member_id": 1}), 422, code="invalid")
        self.assertEqual(self.mine.delete(path).status, 204)
        self._refused_as(self.mine.delete(path), 404)
        self.assertTrue(self._ok(self.mine.get("/member/addresses"))[0]["is_default"])
        self.assertEqual(self._ok(self.theirs.get("/member/addresses")), [])
        self._refused_as(self.mine.post("/member/addresses", json=self.receiver), 422, code="invalid")

    @covers("MB-20", "avatar, name, phone, level", via="api")
    def test_points_and_how_they_came(self):
        order = self._received()
        self._refund(order, (0, 100))
        got = self._ok(self.mine.get("/member/points", params={"limit": 1}))
        self.assertEqual((got["balance"], got["items"][0]["points"]), (1800, -100))
        self.assertEqual(got["items"][0]["order_id"], order.public_id)
        rest = self._ok(self.mine.get("/member/points", params={"cursor": got["next_cursor"]}))
        self.assertEqual([one["points"] for one in rest["items"]], [1900])
        self.assertEqual(self._ok(self.theirs.get("/member/points"))["balance"], 0)

    @covers("MB-20", "avatar, name, phone, level", via="api")
    def test_what_is_asked_for_the_levels_above(self):
        self.env["crab.member.level"].search([]).write({"min_spend": 0, "min_orders": 0, "min_invitations": 0})
        level = {"ratio": 0.9, "min_spend": 5000, "min_orders": 9, "condition_mode": "all", "period_days": 30}
        self.env["crab.member.level"].create(
            [
                {"name": "T below", "ratio": 0.97, "min_orders": 1},
                {"name": "T highest", "ratio": 0.85, "min_invitations": 3},
                {"name": "T higher", **level},
                {"name": "T by hand", "ratio": 0.88},
            ]
        )
        self._received()
        nearest, highest = self._ok(self.mine.get("/member/levels"))
        self.assertEqual(
            nearest,
            {
                "name": "T higher",
                "ratio": 0.9,
                "is_any": False,
                "period_days": 30,
                "conditions": [
                    {"kind": "spend", "asked": "5000.00", "reached": "1900.00"},
                    {"kind": "orders", "asked": "9", "reached": "1"},
                ],
            },
        )
        self.assertEqual((highest["name"], highest["is_any"], highest["period_days"]), ("T highest", True, None))
        theirs = {level["name"]: level for level in self._ok(self.theirs.get("/member/levels"))}
        self.assertEqual(list(theirs), ["T below", "T higher", "T highest"])
        self.assertEqual(theirs["T higher"]["conditions"][0]["reached"], "0.00", "nobody's but the caller's")

    @covers("MB-31", "close account", via="api")
    def test_closing_names_what_runs_and_what_is_lost(self):
        order = self._paid([(self.thousand, 1)])
        closing = self._ok(self.mine.get("/member/me/closing"))
        self.assertEqual((closing["can_close"], closing["running"][0]["count"], closing["lost"]), (False, 1, []))
        self._refused_as(self.mine.delete("/member/me", params={"is_confirmed": True}), 422, "must end first")
        self._ship(order)
        order._crab_receive()
        closing = self._ok(self.mine.get("/member/me/closing"))
        self.assertTrue(closing["can_close"])
        self.assertIn(950, [one["count"] for one in closing["lost"]])
        self._refused_as(self.mine.delete("/member/me"), 422, "Points: 950", code="confirmation_required")
        self.assertEqual(self.member.state, "active")
        self.assertEqual(self.mine.delete("/member/me", params={"is_confirmed": True}).status, 204)
        self.assertEqual(self.member.state, "closed")
        self._refused_as(self.mine.get("/member/me"), 401)
