from odoo.exceptions import MissingError

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import DealerCase


class TestDealerSubject(DealerCase):
    """What people outside the back office see of dealers, and attempts to see more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.env["crab.dealer"]
        cls.staff = cls._new_staff(cls.b)

    @covers("CH-08", "level 1 sees level 2 and all level 3 below", "level 2 sees its level 3", "level 3 sees none")
    def test_a_dealer_sees_itself_and_its_subtree(self):
        expected = {
            self.a: self.a | self.b | self.c | self.d,
            self.b: self.b | self.c,
            self.c: self.c,
            self.d: self.d,
            self.z: self.z | self.y,
            self.y: self.y,
        }
        for dealer, seen in expected.items():
            with self.subTest(dealer=dealer.code):
                self.assertEqual(self.model._for_subject(self._subject(dealer)), seen)
                self.assertEqual(self.model._get_for_subject(self._subject(dealer), seen.ids), seen)
                for other in self.dealers - seen:
                    with self.assertRaises(MissingError):
                        self.model._get_for_subject(self._subject(dealer), other.ids)
                    with self.assertRaises(MissingError):
                        self.model._get_for_subject(self._subject(dealer), (seen | other).ids)

    def test_domains_only_narrow(self):
        subject = self._subject(self.b)
        for domain in (
            [(1, "=", 1)],
            [("id", "in", self.dealers.ids)],
            ["|", ("id", "!=", 0), ("id", "=", 0)],
            [("parent_id", "=", self.a.id)],
            [("child_ids", "in", self.b.ids)],
        ):
            self.assertLessEqual(self.model._for_subject(subject, domain), self.b | self.c)
        self.assertFalse(self.model._for_subject(subject, [("id", "=", self.a.id)]))

    def test_staff_see_their_dealer_only(self):
        self.assertEqual(self.model._for_subject(self._subject(self.staff)), self.b)
        self.staff.active = False
        self.assertFalse(self.model._for_subject(self._subject(self.staff)))
        self.assertFalse(self.env["crab.dealer.staff"]._for_subject(self._subject(self.staff)))

    def test_staff_of_a_closed_dealer_see_nothing(self):
        self.b._close("test")
        for model in ("crab.dealer", "crab.dealer.staff", "crab.dealer.invitation", "crab.dealer.application"):
            for subject in (self._subject(self.staff), self._subject(self.b)):
                self.assertFalse(self.env[model]._for_subject(subject), (model, subject.kind))
        self.assertIn(self.b, self.model._for_subject(self._subject(self.a)), "the dealer above still sees it")

    def test_nobody_else_sees_anything(self):
        subjects = [
            Subject("member", self.a.id),
            Subject("user", self.env.uid),
            Subject("system", 1),
            Subject("dealer", 0),
            Subject("dealer", 2**31 - 1),
            Subject("staff", self.a.id + 10**6),
        ]
        for subject in subjects:
            for model in ("crab.dealer", "crab.dealer.staff", "crab.dealer.invitation", "crab.dealer.application"):
                with self.subTest(subject=subject, model=model):
                    self.assertFalse(self.env[model]._for_subject(subject))

    def test_a_dealer_id_is_no_staff_id(self):
        staff_as_dealer = Subject("dealer", self.staff.id)
        if self.staff.id not in self.dealers.ids:
            self.assertFalse(self.model._for_subject(staff_as_dealer) & self.dealers)

    def test_what_was_moved_is_seen_by_the_new_network_only(self):
        self.b._relocate(self.z, reason="test")
        self.assertNotIn(self.c, self.model._for_subject(self._subject(self.a)))
        self.assertIn(self.c, self.model._for_subject(self._subject(self.z)))

    @covers("CH-07", "shows the upstream dealer")
    def test_upstream(self):
        upstream = {"name": self.a.name, "contact_name": self.a.contact_name, "phone": self.a.phone}
        self.assertEqual(self.model._upstream_for_subject(self._subject(self.b)), upstream)
        self.assertEqual(self.model._upstream_for_subject(self._subject(self.staff)), upstream)
        self.assertEqual(self.model._upstream_for_subject(self._subject(self.d)), upstream)
        self.assertIsNone(self.model._upstream_for_subject(self._subject(self.a)))
        self.assertIsNone(self.model._upstream_for_subject(Subject("member", self.b.id)))

    @covers(
        "CH-06",
        "exclusive store orders goods and delivers",
        "city partner only sells",
        "level 2 rights",
        "level 3 rights",
    )
    def test_what_each_level_may_do(self):
        self.assertEqual(
            self.a._capabilities(), {"sell", "invite_dealers", "wallet", "earn_online", "order_b2b", "deliver"}
        )
        self.assertEqual(self.z._capabilities(), {"sell", "invite_dealers", "wallet", "earn_online"})
        self.assertEqual(self.b._capabilities(), {"sell", "invite_dealers", "earn_online"})
        self.assertEqual(self.c._capabilities(), {"sell", "earn_online"})
        self.z.is_offline = False
        self.assertNotIn("wallet", self.z._capabilities())
        self.z.write({"is_offline": True, "is_online": False})
        self.assertNotIn("earn_online", self.z._capabilities())
