from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from .common import KEY, OTHER_KEY, MemberApiCase

PASSWORD = "secret1234"


@tagged("post_install", "-at_install")
class TestRedemptions(MemberApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sealed = cls._active_numbers(4, "SEALED", password=PASSWORD)
        cls.day = str(business_date() + timedelta(days=2))

    def _given(self, **values):
        return {"receiver": self.receiver, "delivery_date": self.day, **values}

    @covers("MB-16", "redeem from the list", "fixed package or choice", via="api")
    def test_an_own_card_is_redeemed_and_cancelled(self):
        card = self.sealed[0]
        card._bind(None, self.member)
        options = self._ok(self.mine.get(f"/cards/{card.number}/redemption-options"))
        self.assertEqual(
            (options["choose"], [one["id"] for one in options["choices"]]), (1, [self.printed_package.public_id])
        )
        self.assertIn(self.day, options["delivery_dates"])
        path = f"/cards/{card.number}/redemptions"
        got = self._ok(self.mine.post(path, json=self._given(), key=KEY), 201)
        self.assertEqual((got["card"], got["state"], got["delivery_date"]), (card.number, "confirmed", self.day))
        self.assertEqual((got["receiver"]["street"], got["parcel"]["state"]), ("Example road 1", "waiting"))
        self.assertEqual(card.state, "used")
        self.assertEqual(self._ok(self.mine.post(path, json=self._given(), key=KEY), 201), got)
        self._refused_as(self.mine.post(path, json=self._given(delivery_date=None), key=KEY), 409)
        self._refused_as(self.mine.post(path, json=self._given(), key=OTHER_KEY), 422)
        self._refused_as(self.mine.get(f"/cards/{card.number}/redemption-options"), 422, "already been redeemed")
        self.assertEqual(self._ok(self.mine.get(f"/member/cards/{card.number}"))["redemption_id"], got["id"])
        one = f"/redemptions/{got['id']}"
        self._refused_as(self.theirs.get(one), 404)
        self._refused_as(self.theirs.delete(one), 404)
        self.assertEqual(card.state, "used")
        self.assertEqual(self.mine.delete(one).status, 204)
        self.assertEqual((card.state, self._ok(self.mine.get(one))["state"]), ("active", "cancelled"))
        self._refused_as(self.mine.delete(one), 422, "cancelled already")

    def test_what_has_left_is_not_cancelled(self):
        card = self.sealed[0]
        card._bind(None, self.member)
        got = self._ok(self.mine.post(f"/cards/{card.number}/redemptions", json=self._given(), key=KEY), 201)
        delivery = self.env["crab.redemption"].search([("name", "=", got["id"])]).delivery_id
        delivery._ship("SF", {delivery.id: "SF77"})
        change = {"receiver": {**self.receiver, "street": "Too late 1"}}
        self._refused_as(self.mine.patch(f"/redemptions/{got['id']}", json=change), 422, "no longer be changed")
        got = self._ok(self.mine.get(f"/redemptions/{got['id']}"))
        self.assertEqual(got["receiver"]["street"], "Example road 1")
        self.assertEqual(
            (got["state"], got["parcel"]["tracking_number"], got["can_cancel"]), ("shipped", "SF77", False)
        )
        self._refused_as(self.mine.delete(f"/redemptions/{got['id']}"), 422, "shipped")

    @covers("MB-16", "wished date within capacity", via="api")
    def test_receiver_and_day_change_until_it_has_left(self):
        card = self.sealed[0]
        card._bind(None, self.member)
        made = self._ok(self.mine.post(f"/cards/{card.number}/redemptions", json=self._given(), key=KEY), 201)
        path = f"/redemptions/{made['id']}"
        delivery = self.env["crab.redemption"].search([("name", "=", made["id"])]).delivery_id
        delivery._prepare_waves()
        wave = delivery.picking_id
        later = made["delivery_dates"][5]
        got = self._ok(self.mine.patch(path, json={"delivery_date": later}))
        self.assertEqual((got["delivery_date"], got["receiver"], got["can_cancel"]), (later, made["receiver"], True))
        self.assertNotEqual(delivery.picking_id, wave, "it does not leave with those of the old day")
        elsewhere = {**self.receiver, "receiver_name": "Aunt", "region_code": "320506", "street": "New road 2"}
        got = self._ok(self.mine.patch(path, json={"receiver": elsewhere}))
        self.assertEqual((got["receiver"]["receiver_name"], got["receiver"]["province"]), ("Aunt", "江苏省"))
        self.assertEqual((delivery.street, str(delivery.wish_date)), ("New road 2", later))
        address = self._ok(self.mine.post("/member/addresses", json=self.receiver, key=OTHER_KEY), 201)
        got = self._ok(self.mine.patch(path, json={"address_id": address["id"]}))
        self.assertEqual((got["receiver"]["street"], got["receiver"]["region_code"]), ("Example road 1", "310101"))
        wrong = (
            ({"delivery_date": str(business_date())}, 422, "on this day"),
            ({"delivery_date": later, "receiver": {**elsewhere, "receiver_phone": "x"}}, 422, "phone number"),
            ({"address_id": "none"}, 404, "address"),
            ({"address_id": address["id"], "receiver": elsewhere}, 422, "not both"),
            ({"state": "shipped"}, 422, ""),
        )
        for given, status, text in wrong:
            self._refused_as(self.mine.patch(path, json=given), status, text)
        self.assertEqual(self._ok(self.mine.get(path)), got)
        theirs = self._ok(self.theirs.post("/member/addresses", json=elsewhere, key=KEY), 201)
        self._refused_as(self.mine.patch(path, json={"address_id": theirs["id"]}), 404)
        self._refused_as(self.theirs.patch(path, json={"receiver": elsewhere}), 404)
        self.assertEqual(self.mine.delete(path).status, 204)
        self._refused_as(self.mine.patch(path, json={"receiver": elsewhere}), 422, "no longer be changed")

    def test_wrong_redemptions_change_nothing(self):
        card = self.sealed[0]
        card._bind(None, self.member)
        path = f"/cards/{card.number}/redemptions"
        wrong = (
            ({"delivery_date": self.day}, 422, "Where do the goods go"),
            (self._given(delivery_date=str(business_date() - timedelta(days=1))), 422, "on this day"),
            (self._given(choice=[self.thousand.public_id]), 422, "cannot be redeemed for"),
            (self._given(choice=["none"]), 404, "product"),
            (self._given(receiver={**self.receiver, "region_code": "999999"}), 404, "region"),
            (self._given(receiver={**self.receiver, "receiver_phone": "x"}), 422, "phone number"),
            (self._given(receiver=None, address_id="none"), 404, "address"),
        )
        for given, status, text in wrong:
            self._refused_as(self.mine.post(path, json=given, key=KEY), status, text)
        self.assertEqual(card.state, "active")
        self._refused_as(self.theirs.post(path, json=self._given(), key=KEY), 404)
        self._refused_as(self.theirs.get(f"/cards/{card.number}/redemption-options"), 404)

    @covers("MB-16", "fixed package or choice", via="api")
    def test_a_card_with_a_choice(self):
        choices = (self.package1 | self.package2 | self.thousand).product_variant_ids
        self.printed.write({"crab_rule": "choice", "crab_choice_ids": [(6, 0, choices.ids)], "crab_choice_count": 2})
        card = self.sealed[0]
        card._bind(None, self.member)
        options = self._ok(self.mine.get(f"/cards/{card.number}/redemption-options"))
        self.assertEqual((options["choose"], len(options["choices"])), (2, 3))
        path = f"/cards/{card.number}/redemptions"
        self._refused_as(self.mine.post(path, json=self._given(), key=KEY), 422, "Choose")
        one = self._given(choice=[self.package1.public_id])
        self._refused_as(self.mine.post(path, json=one, key=KEY), 422, "Choose 2")
        both = self._given(choice=[self.package1.public_id, self.thousand.public_id])
        got = self._ok(self.mine.post(path, json=both, key=KEY), 201)
        redemption = self.env["crab.redemption"].search([("name", "=", got["id"])])
        self.assertEqual(redemption.product_ids, (self.package1 | self.thousand).product_variant_ids)

    # ------------------------------------------------------------------ without login

    def _options(self, number=None, password=PASSWORD, client=None):
        pair = {"number": number or self.sealed[0].number, "password": password}
        return (client or self.nobody).post("/redemptions/quick/options", json=pair)

    @covers("MB-16", "redeem by number and password without registering", via="api")
    def test_by_number_and_password_without_login(self):
        card = self.sealed[0]
        options = self._ok(self._options())
        self.assertEqual(options["options"]["choices"][0]["id"], self.printed_package.public_id)
        given = {"token": options["token"], **self._given()}
        got = self._ok(self.nobody.post("/redemptions/quick", json=given, key=KEY), 201)
        self.assertEqual((got["number"], got["redemption"]["state"], card.state), (card.number, "confirmed", "used"))
        self.assertEqual(self._ok(self.nobody.post("/redemptions/quick", json=given, key=KEY), 201), got)
        self._refused_as(self.nobody.post("/redemptions/quick", json={**given, "delivery_date": None}, key=KEY), 409)
        self._refused_as(self.nobody.post("/redemptions/quick", json=given, key=OTHER_KEY), 422)
        redemption = self.env["crab.redemption"].search([("card_id", "=", card.id)])
        self.assertEqual((len(redemption), redemption.source, redemption.receiver_name), (1, "quick", "Receiver"))
        used = self._ok(self._options())
        self.assertEqual((used["state"], used["token"], used["options"]), ("used", None, None))
        self.assertEqual(used["redemption"], got["redemption"])
        self.assertNotIn("Example road", str(used))

    def test_the_same_key_of_two_strangers_is_two_requests(self):
        for card in self.sealed[:2]:
            options = self._ok(self._options(card.number))
            given = {"token": options["token"], **self._given()}
            key = KEY if card == self.sealed[0] else OTHER_KEY
            self._ok(self.nobody.post("/redemptions/quick", json=given, key=key), 201)
            self.assertEqual(card.state, "used")

    def test_a_token_is_the_servers_and_for_ten_minutes(self):
        token = self._ok(self._options())["token"]
        other = self._ok(self._options(self.sealed[1].number))["token"]
        mixed = f"{other.split('.')[0]}.{token.split('.')[1]}"
        for wrong in (token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1"), mixed, "", ".", "a.b", "x" * 500):
            got = self.nobody.post("/redemptions/quick", json={"token": wrong, **self._given()}, key=KEY)
            self._refused_as(got, 422, code="token_expired")
        with self._when(fields.Datetime.now() + timedelta(seconds=601)):
            got = self.nobody.post("/redemptions/quick", json={"token": token, **self._given()}, key=KEY)
            self._refused_as(got, 422, code="token_expired")
        self.assertEqual(set(self.sealed.mapped("state")), {"active"})
        for path in ("/member/me", f"/cards/{self.sealed[0].number}/redemption-options"):
            got = self.nobody.call("GET", path, headers={"Authorization": f"Bearer {token}"})
            self._refused_as(got, 401)

    def test_strangers_do_not_lock_out_each_other(self):
        answers = {str(self._options(number, "wrong").json) for number in ("SEALED00000001", "UNKNOWN0001")}
        self.assertEqual(len(answers), 1)
        self._new_numbers(30, "LOCKED")
        for number in range(1, 30):
            self._guess(1, f"LOCKED{number:08d}", self.env["crab.api.redemption.service"]._stranger(), "testclient")
        self.assertEqual(self.env["crab.card.guess"].search_count([("number", "=like", "LOCKED%")]), 29)
        self._ok(self._options())
        self._guess(5, self.sealed[1].number, self.env["crab.api.redemption.service"]._stranger(), "testclient")
        self.assertIn("too many", self._options(self.sealed[1].number).json["detail"])

    def test_the_password_is_neither_kept_nor_logged(self):
        with self.assertLogs(level="DEBUG") as logs:
            options = self._ok(self._options())
            self._options(password="wrong-secret")
            self._ok(
                self.nobody.post("/redemptions/quick", json={"token": options["token"], **self._given()}, key=KEY), 201
            )
        text = "\n".join(logs.output)
        self.assertNotIn(PASSWORD, text)
        self.assertNotIn("wrong-secret", text)
        self.env.flush_all()
        for table in ("crab_idempotency", "crab_card_guess", "crab_redemption"):
            self.env.cr.execute(f"SELECT COUNT(*) FROM {table} row WHERE row::text LIKE %s", [f"%{PASSWORD}%"])
            self.assertEqual(self.env.cr.fetchone(), (0,), table)
