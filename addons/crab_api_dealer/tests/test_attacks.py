import json
import re

from odoo.addons.crab_api_dealer.routers import card, card_order, dealer, dealer_staff, earning, staff, wallet

from .common import BASE_KEY, DealerApiCase

ROUTERS = (dealer, dealer_staff, card, card_order, wallet, earning, staff)
BODIES = {
    "/dealer/network/{dealer_id}/ratio": {"ratio": "0.9", "reason": "mine"},
    "/dealer/staff/{staff_id}": {"is_active": False},
    "/dealer/staff/{staff_id}/commission": {"ratio": "0.5"},
    "/dealer/staff/{staff_id}/settlements": {},
    "/dealer/card-orders/{order_id}/receive": {},
    "/dealer/card-orders/{order_id}/reject": {"reason": "mine"},
    "/dealer/card-orders/{order_id}/close": {"reason": "mine"},
    "/dealer/withdrawals/{withdrawal_id}/invoice": {"picture": "x", "number": "1"},
}
OPEN = {"/dealer-invitations/{code}"}  # for whom the code reached


class TestAttacks(DealerApiCase):
    """Every path of this addon, called by those whom it is not for, and with the ids of another dealer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.routes = [
            (method.lower(), route.path)
            for part in ROUTERS
            for route in part.router.routes
            for method in route.methods
            if route.path not in OPEN
        ]
        cls.victim_staff = cls._new_staff(cls.z, commission_ratio=0.1)
        cls.attacker_staff = cls._new_staff(cls.a)
        of_z = cls._new_member(dealer_id=cls.z.id, staff_id=cls.victim_staff.id, level_id=cls.gold.id)
        order = cls._paid([(cls.thousand, 1)], of_z)
        cls._ship(order)
        order._crab_receive()
        cls.env["crab.earning"]._credit_orders(order)
        cls.withdrawal = cls.env["crab.withdrawal"]._request(
            cls._subject(cls.z),
            100,
            {"bank_name": "ICBC", "bank_account": "6222020011112222", "bank_holder": "Holder"},
        )
        cards = cls._new_cards(2)
        cls._issue(cards, cls.z)
        cls.order = cls.Order._create_for_subject(cls._subject(cls.z), "transfer", cards, receiver_dealer_id=cls.y.id)
        cls.order._step_for_subject(cls._subject(cls.z), "submit")
        cls.invitation = cls.env["crab.dealer.invitation"]._invite_for_subject(cls._subject(cls.z), "2", 0.8)
        cls.ids = {
            "dealer_id": cls.y.public_id,
            "invitation_id": cls.invitation.public_id,
            "staff_id": cls.victim_staff.public_id,
            "order_id": cls.order.public_id,
            "earning_id": cls.env["crab.earning"].search([("dealer_id", "=", cls.z.id)]).public_id,
            "withdrawal_id": cls.withdrawal.public_id,
            "wallet": "stored",
        }

    def _knock(self, who, method, route, ids=None):
        """The status of a call of ``route``."""
        path = route.format(**(ids or self.ids))
        options = {} if method in ("get", "delete") else {"json": BODIES.get(route, {})}
        DealerApiCase.keys += 1
        key = f"{BASE_KEY}{DealerApiCase.keys}"
        return getattr(self._client(who), method)(path, key=key, **options).status

    def test_strangers_and_other_roles(self):
        for method, route in self.routes:
            is_staff = route.startswith("/staff/")
            wrong = self.a if is_staff else self.attacker_staff
            for who, status in ((None, 401), (self.member, 403), (wrong, 403)):
                with self.subTest(route=f"{method} {route}", who=who and who.display_name):
                    self.assertEqual(self._knock(who, method, route), status)

    def test_ids_of_another_dealer_are_not_found(self):
        with_ids = [(method, route) for method, route in self.routes if re.search(r"_id\}", route)]
        self.assertGreater(len(with_ids), 20)
        for method, route in with_ids:
            with self.subTest(route=f"{method} {route}"):
                self.assertEqual(self._knock(self.a, method, route), 404)
                unknown = dict.fromkeys(self.ids, "0192f0c1-0000-7000-8000-000000000000")
                self.assertEqual(self._knock(self.a, method, route, unknown), 404)
                if method == "get":  # and it is there for its owner
                    self.assertEqual(self._knock(self.z, method, route), 200)
        self.env.invalidate_all()
        self.assertEqual((self.victim_staff.active, self.victim_staff.commission_ratio), (True, 0.1))
        self.assertEqual((self.order.state, self.invitation.status, self.y.ratio), ("in_transit", "open", 0.65))
        self.assertFalse(self.env["crab.staff.settlement"].search([]))

    def test_lists_hold_nothing_of_another_dealer(self):
        for method, route in self.routes:
            if method != "get" or "{" in route or "statement" in route:
                continue
            who = self.attacker_staff if route.startswith("/staff/") else self.a
            with self.subTest(route=route):
                text = self._client(who).get(route).content.decode()
                for secret in (*self.ids.values(), self.z.name, self.victim_staff.name, "Z00000001"):
                    if secret != "stored":
                        self.assertNotIn(secret, text)

    def test_integer_ids_are_no_ids(self):
        for route, record in (
            ("/dealer/network/{}", self.b),
            ("/dealer/staff/{}", self.attacker_staff),
        ):
            with self.subTest(route=route):
                self._get(self.a, route.format(record.id), 404)

    def test_odd_texts_are_no_errors(self):
        for text in ("\x00", "%", "_", "\\", "'", "𠮷" * 64, "9" * 80, "-", "~" * 60):
            for path, name in (
                ("/dealer/members", "q"),
                ("/dealer/staff", "q"),
                ("/dealer/network", "q"),
                ("/dealer/network", "parent"),
                ("/dealer/cards", "number"),
                ("/dealer/cards", "product"),
                ("/dealer/cards", "cursor"),
                ("/dealer/card-orders", "number"),
                ("/dealer/card-orders", "cursor"),
                ("/dealer/wallets/stored/entries", "kind"),
                ("/dealer/earnings", "order"),
            ):
                with self.subTest(text=text, path=path, name=name):
                    status = self._client(self.a).get(path, params={name: text}).status
                    self.assertIn(status, (200, 404, 422))
        self.assertEqual(self._client(self.a).get("/dealer/network/a%00b").status, 422)
        self.assertEqual(self._client(None).get("/dealer-invitations/a%00b").status, 422)
        for text in ("\x00", "\ud800", "x" * 5000):
            for data in (
                {"kind": "return", "lines": [{"numbers": [text]}]},
                {"kind": "return", "lines": [{"ranges": [[text, text]]}]},
                {"kind": "return", "lines": [{"numbers": []}], "note": text},
                {"kind": "transfer", "to": text, "lines": [{"numbers": []}]},
            ):
                with self.subTest(data=data):
                    body = json.dumps(data).encode()
                    for headers in ({"Content-Type": "application/json"}, {}):
                        answer = self._client(self.a).post("/dealer/card-orders/quote", content=body, headers=headers)
                        self.assertIn(answer.status, (200, 404, 422))
