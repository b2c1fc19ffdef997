from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import DealerCase


class TestDealerStaff(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff_model = cls.env["crab.dealer.staff"]
        cls.staff = cls._new_staff(cls.a, commission_ratio=0.1)

    @covers("CH-03", "add a staff login", "delete archives and keeps history")
    def test_a_dealer_adds_and_removes_staff(self):
        staff = self.staff_model._add_for_subject(self._subject(self.b), "Ms Li", "139 1111 2222", 0.2)
        self.assertEqual((staff.dealer_id, staff.phone, staff.account_id.name), (self.b, "+8613911112222", "Ms Li"))
        self.assertTrue(self.env["crab.dealer"]._for_subject(self._subject(staff)))
        generation = staff.account_id.token_generation
        self.staff_model._archive_for_subject(self._subject(self.b), staff.id)
        self.assertFalse(staff.active)
        self.assertEqual(staff.account_id.token_generation, generation)  # it may be a member as well
        self.assertFalse(self.env["crab.dealer"]._for_subject(self._subject(staff)))
        self.assertTrue(staff.ratio_ids)
        again = self.staff_model._add_for_subject(self._subject(self.a), "Ms Li", "13911112222")
        self.assertEqual(again.account_id, staff.account_id)
        with self.assertRaisesRegex(UserError, "already works"):
            staff.active = True

    def test_one_job_per_person(self):
        with self.assertRaisesRegex(UserError, "already works"):
            self.staff_model._add_for_subject(self._subject(self.b), "X", self.staff.phone)
        with self.assertRaisesRegex(UserError, "already works"):
            self.staff_model.create([{"dealer_id": self.a.id, "name": "X", "phone": "13911112222"}] * 2)

    @covers("CH-01", "own staff with total", "search by name and phone")
    def test_a_dealer_lists_its_own_staff(self):
        other = self._new_staff(self.b)
        found = self.staff_model._for_subject(self._subject(self.a))
        self.assertEqual(found, self.staff)
        self.assertEqual(len(found), 1)
        for domain in ([("name", "ilike", "of TA")], [("phone", "ilike", self.staff.phone[-6:])]):
            self.assertEqual(self.staff_model._for_subject(self._subject(self.a), domain), self.staff)
        for subject in (
            self._subject(self.c),
            self._subject(other),
            Subject("member", self.staff.id),
            Subject("user", self.env.uid),
        ):
            self.assertNotIn(self.staff, self.staff_model._for_subject(subject))

    @covers("CH-04", "own ratio per staff member", "holds from then on only")
    def test_commission_has_a_history(self):
        other = self._new_staff(self.a, commission_ratio=0.1)
        self.staff_model._set_commission_for_subject(self._subject(self.a), self.staff.id, 0.25)
        self.assertEqual((self.staff.commission_ratio, other.commission_ratio), (0.25, 0.1))
        lines = self.staff.ratio_ids
        self.assertEqual(lines.mapped("ratio"), [0.25, 0.1])
        self.assertEqual(
            (lines[0].ratio_before, lines[0].actor_kind, lines[0].author), (0.1, "dealer", self.a.display_name)
        )
        self.staff.commission_ratio = 0.25
        self.assertEqual(len(self.staff.ratio_ids), 2, "no change, no line")
        for attempt in (lambda: lines[0].write({"ratio": 1}), lines[0].unlink):
            with self.assertRaises(UserError):
                attempt()

    def test_other_dealers_staff_is_out_of_reach(self):
        for subject in (self._subject(self.b), self._subject(self.c), self._subject(self.z)):
            for method, arguments in (("_set_commission_for_subject", (0.5,)), ("_archive_for_subject", ())):
                with self.subTest(subject=subject, method=method), self.assertRaises(MissingError):
                    getattr(self.staff_model, method)(subject, self.staff.id, *arguments)
        for subject in (self._subject(self.staff), Subject("member", 1), Subject("user", self.env.uid)):
            with self.subTest(kind=subject.kind), self.assertRaises(AccessError):
                self.staff_model._set_commission_for_subject(subject, self.staff.id, 0.5)
            with self.subTest(kind=subject.kind), self.assertRaises(AccessError):
                self.staff_model._add_for_subject(subject, "X", "13911112222")
        self.assertEqual(self.staff.commission_ratio, 0.1)

    def test_bad_input(self):
        for values in ({"name": " "}, {"phone": ""}, {"phone": "12"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self._new_staff(self.a, **values)
        with self.assertRaises(UserError):
            self.staff.unlink()
        with self.assertRaises(UserError):
            self.staff.write({"phone": "13911112222"})
        admin = self._new_user("staff-admin", "admin")
        with self.assertRaises(UserError):
            self.staff.with_user(admin).write({"dealer_id": self.b.id})

    def test_head_office_form(self):
        admin = self._new_user("staff-admin", "admin")
        form = Form(self.staff_model.with_user(admin).with_context(default_dealer_id=self.a.id))
        form.name = "Entered"
        form.phone = "13911112222"
        form.commission_ratio = 0.05
        staff = form.save()
        self.assertEqual(staff.display_name, "Entered · Dealer TA")
        with Form(staff) as form:
            form.name = "Renamed"
            form.commission_ratio = 0.06
        self.assertEqual((staff.name, staff.account_id.name, len(staff.ratio_ids)), ("Renamed", "Entered", 2))
        staff.action_archive()
        self.assertFalse(staff.active)

    def test_who_has_that_number_already_keeps_the_own_name(self):
        [account] = self.env["crab.account"]._get_or_create([{"name": "Secret Name", "phone": "13911113333"}])
        staff = self.staff_model._add_for_subject(self._subject(self.a), "Typed", "13911113333")
        self.assertEqual((staff.account_id, staff.name), (account, "Typed"))
        account.name = "Other Secret"
        self.assertEqual(staff.name, "Typed")
        staff.name = "Typed anew"
        self.assertEqual((staff.name, account.name), ("Typed anew", "Other Secret"))
        with self.assertRaisesRegex(UserError, r"\+8613911113333 already works") as refusal:
            self.staff_model._add_for_subject(self._subject(self.b), "X", "13911113333")
        self.assertNotIn("Secret", str(refusal.exception))
        staff.active = False
        account._erase_person("Asked for it")
        self.assertEqual(staff.name, account._pseudonym())

    def test_a_guessed_name_binds_nobody(self):
        # what a number's account is called until its person says otherwise is easily guessed
        [account] = self.env["crab.account"]._get_or_create([{"name": "139****3333", "phone": "13911113333"}])
        staff = self.staff_model._add_for_subject(self._subject(self.a), account.name, "13911113333")
        staff.write({"name": "Abused"})
        self.assertEqual((account.name, account.partner_id.name), ("139****3333", "139****3333"))
        staff.write({"name": account.name})
        account.name = "Secret Name"
        self.assertEqual(staff.name, "139****3333")

    def test_merged_login_takes_the_roles_along(self):
        target = self.env["crab.account"].create({"name": "Same person", "phone": "13911112222"})
        self.staff.account_id._merge_into(target)
        self.assertEqual((self.staff.account_id, self.staff.phone), (target, "+8613911112222"))
        with self.assertRaisesRegex(UserError, "Both accounts are in use"):
            self.a.account_id._merge_into(self.b.account_id)
