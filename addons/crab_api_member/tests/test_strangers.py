import re

from odoo.tests import tagged

from odoo.addons.crab_base.tools.subject import Subject

from ..routers import ROUTERS
from .common import KEY, MemberApiCase

# what everybody may ask for
PUBLIC = {
    ("GET", "/catalog/categories"),
    ("GET", "/catalog/products"),
    ("GET", "/catalog/products/{product_id}"),
    ("GET", "/catalog/products/{product_id}/reviews"),
    ("GET", "/site/home"),
    ("GET", "/site/about"),
    ("GET", "/site/articles"),
    ("GET", "/site/articles/{article_id}"),
    ("GET", "/site/agreements"),
    ("GET", "/site/agreements/{kind}"),
    ("GET", "/site/regions"),
    ("POST", "/redemptions/quick/options"),
    ("POST", "/redemptions/quick"),
    ("GET", "/gifts/{token}"),
}
# what every role may ask for, each its own
EVERY_ROLE = {("GET", "/catalog/prices"), ("GET", "/feedback"), ("POST", "/feedback")}
# whoever has the link of a gift may take it: that is what the link is for
BY_LINK = {("POST", "/gifts/{token}/claim")}


@tagged("post_install", "-at_install")
class TestStrangers(MemberApiCase):
    """Every path without login, in another role, and with another member's ids."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._received((cls.thousand, 2))
        subject = Subject("member", cls.member.id, cls.member.account_id.id)
        owned = cls._active_numbers(2, "OWNED", member=cls.member)
        ecard = cls._numbers(cls._bought())
        address = cls.env["crab.member.address"]._add(subject, {**cls.receiver, "district_id": cls.district.id})
        gift = cls.env["crab.card.gift"]._give(subject, ecard.id)
        redemption = cls.env["crab.redemption"]._redeem_held(
            subject, owned[1], {**cls.receiver, "district_id": cls.district.id}
        )
        goods = cls._goods(cls.order)
        request = cls.env["crab.aftersale"]._ask(subject, cls.order.public_id, [(goods, 1, None)], "refund", "quality")
        returned = cls.env["crab.card.order"]._create_for_subject(subject, "return", owned[0])
        cls.ids = {
            "order_id": cls.order.public_id,
            "address_id": address.public_id,
            "aftersale_id": request.public_id,
            "return_id": returned.public_id,
            "card_id": owned[0].number,
            "redemption_id": redemption.name,
            "token": gift.token,
            "product_id": cls.thousand.public_id,
            "article_id": "none",
            "kind": "service",
        }
        line = {"product_id": cls.thousand.public_id, "quantity": 1}
        pair = {"number": owned[0].number, "password": "wrong"}
        cls.bodies = {
            "/member/me": {"name": "Name"},
            "/member/agreements": {"ids": ["none"]},
            "/member/addresses": cls.receiver,
            "/member/addresses/{address_id}": {"street": "Stolen road"},
            "/member/messages/read": {},
            "/feedback": {"text": "Text"},
            "/dealer-applications": {"name": "Name", "contact_name": "Contact", "phone": "13900001234"},
            "/cart/lines": line,
            "/cart/lines/{product_id}": {"quantity": 1},
            "/orders/quote": {"lines": [line], "address_id": address.public_id},
            "/orders": {"lines": [line], "address_id": address.public_id},
            "/orders/{order_id}/pay": {},
            "/orders/{order_id}/fapiao": {"kind": "personal", "title": "Title"},
            "/orders/{order_id}/reviews": {"reviews": [{"product_id": cls.thousand.public_id, "score": 5}]},
            "/orders/{order_id}/after-sales": {"kind": "refund", "reason": "quality", "lines": [line]},
            "/after-sales/{aftersale_id}/parcel": {"carrier": "SF", "tracking_number": "SF1"},
            "/cards/bind": pair,
            "/cards/{card_id}/gifts": {},
            "/member/card-returns": {"numbers": [owned[0].number]},
            "/cards/{card_id}/redemptions": {"receiver": cls.receiver},
            "/redemptions/{redemption_id}": {"receiver": {**cls.receiver, "street": "Stolen road"}},
            "/redemptions/quick/options": pair,
            "/redemptions/quick": {"token": "none", "receiver": cls.receiver},
        }

    def _routes(self):
        for router in ROUTERS:
            for route in router.routes:
                for method in sorted(route.methods):
                    yield method, route.path

    def _call(self, client, method, path):
        request = {"json": self.bodies[path]} if path in self.bodies and method in ("POST", "PUT", "PATCH") else {}
        if path == "/catalog/prices":
            request["params"] = {"ids": self.ids["product_id"]}
        address = re.sub(r"{(\w+)}", lambda match: self.ids[match[1]], path)
        return client.call(method, address, key=KEY, **request)

    def test_nobody_gets_anywhere_without_login(self):
        for method, path in self._routes():
            with self.subTest(method=method, path=path):
                got = self._call(self.nobody, method, path)
                if (method, path) in PUBLIC:
                    self.assertNotIn(got.status, (401, 403), got.json)
                else:
                    self._refused_as(got, 401)

    def test_other_roles_get_nowhere(self):
        clients = {"dealer": self.dealers, "staff": self.api(self._who(self.staff))}
        for method, path in self._routes():
            for role, client in clients.items():
                with self.subTest(method=method, path=path, role=role):
                    got = self._call(client, method, path)
                    if (method, path) in PUBLIC | EVERY_ROLE:
                        self.assertNotIn(got.status, (401, 403), got.json)
                    else:
                        self._refused_as(got, 403)

    def test_another_members_things_do_not_exist(self):
        """Lists are empty, what is named is not found, and nothing of the owner's is in any answer."""
        secrets = {value for name, value in self.ids.items() if name not in ("product_id", "kind", "article_id")}
        secrets |= {self.receiver["street"], self.member.phone, self.order.name}
        before = self._state()
        for method, path in self._routes():
            if (method, path) == ("DELETE", "/member/me"):
                continue  # it would end the other member
            with self.subTest(method=method, path=path):
                got = self._call(self.theirs, method, path)
                own = re.findall(r"{(order_id|address_id|aftersale_id|return_id|card_id|redemption_id)}", path)
                if own or (method, path) in {("DELETE", "/gifts/{token}"), ("POST", "/member/card-returns")}:
                    self._refused_as(got, 404)
                elif path in ("/orders", "/orders/quote") and method == "POST":
                    self._refused_as(got, 404)
                elif (method, path) not in BY_LINK and path != "/member/addresses":
                    text = got.content.decode("utf-8", "replace")
                    self.assertFalse([secret for secret in secrets if secret in text])
        self.assertEqual(self._state(), before)

    def _state(self):
        """What must be as it was of the owner's."""
        self.env.invalidate_all()
        cards = self.env["crab.card"].search([("member_id", "=", self.member.id), ("kind", "=", "physical")])
        addresses = self.env["crab.member.address"].search([("member_id", "=", self.member.id)])
        requests = self.env["crab.aftersale"].search([("member_id", "=", self.member.id)])
        return (
            [(card.number, card.state, card.transit_id) for card in cards],
            addresses.mapped("street"),
            [(request.state, request.tracking_reference) for request in requests],
            (self.order.crab_state, self.order.crab_amount_refunded, len(self.order.crab_review_ids)),
            self.env["crab.redemption"].search([("name", "=", self.ids["redemption_id"])]).delivery_id.street,
            self.member.name,
        )
