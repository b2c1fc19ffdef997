from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import DealerCase


class TestDealerApplication(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("application-admin", "admin")
        cls.applications = cls.env["crab.dealer.application"]

    def _form_values(self, **values):
        return {"name": "New shop", "contact_name": "Mr Wang", "phone": "13911112222", "level": "1", **values}

    @covers("HQ-08", "approve applications", via="web")
    def test_approve(self):
        application = self.applications._apply(
            self._form_values(dealer_type="city_partner", agreement_version="2026-01", street="3 Crab Road")
        )
        self.assertEqual((application.source, application.state, application.phone), ("form", "new", "+8613911112222"))
        self.assertTrue(application.agreement_at)
        as_admin = application.with_user(self.admin)
        with self.assertRaisesRegex(UserError, "price ratio"):
            as_admin.action_approve()
        with Form(as_admin) as form:
            form.ratio = 0.6
        action = as_admin.action_approve()
        dealer = application.dealer_id
        self.assertEqual((action["res_model"], action["res_id"]), ("crab.dealer", dealer.id))
        self.assertEqual((application.state, application.decided_by_id), ("approved", self.admin))
        self.assertEqual(
            (dealer.name, dealer.phone, dealer.level, dealer.ratio), ("New shop", "+8613911112222", "1", 0.6)
        )
        self.assertEqual((dealer.partner_id.street, dealer.contact_name), ("3 Crab Road", "Mr Wang"))
        with self.assertRaisesRegex(UserError, "already decided"):
            as_admin.action_approve()
        with self.assertRaisesRegex(UserError, "already decided"):
            as_admin.action_reject()
        with self.assertRaisesRegex(UserError, "decided"):
            as_admin.write({"ratio": 0.5})

    @covers("HQ-08", "approve applications", via="web")
    def test_approval_obeys_the_network(self):
        application = self.applications.with_user(self.admin).create(
            self._form_values(level="2", parent_id=self.a.id, ratio=0.55)
        )
        with self.assertRaisesRegex(ValidationError, "TA"), self.env.cr.savepoint():
            application.action_approve()
        self.assertEqual(application.state, "new")
        application.ratio = 0.75
        application.action_approve()
        self.assertEqual(application.dealer_id.parent_id, self.a)
        taken = self.applications.with_user(self.admin).create(
            self._form_values(phone=self.b.phone, dealer_type="city_partner", ratio=0.5)
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            taken.action_approve()

    @covers("HQ-08", "reject applications", via="web")
    def test_reject(self):
        application = self.applications._apply(self._form_values(dealer_type="city_partner"))
        action = application.with_user(self.admin).action_reject()
        wizard = Form(self.env[action["res_model"]].with_user(self.admin).with_context(**action["context"]))
        wizard.reason = "No shop there"
        wizard.save().action_reject()
        self.assertEqual((application.state, application.reject_reason), ("rejected", "No shop there"))
        self.assertFalse(application.dealer_id)
        with self.assertRaises(UserError):
            application.with_user(self.admin)._set_rejected("twice")
        self.applications._apply(self._form_values(dealer_type="city_partner"))  # may try again

    def test_several_at_once_all_or_nothing(self):
        good = self.applications.create(self._form_values(dealer_type="city_partner", ratio=0.6))
        bad = self.applications.create(
            self._form_values(phone="13911112223", level="2", parent_id=self.a.id, ratio=0.5)
        )
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            (good | bad).with_user(self.admin).action_approve()
        self.assertEqual(good.state, "new")
        bad.ratio = 0.8
        (good | bad).with_user(self.admin).action_approve()
        self.assertEqual((good | bad).mapped("state"), ["approved", "approved"])

    def test_the_form_sets_only_its_own_fields(self):
        for values in (
            {"ratio": 0.1},
            {"parent_id": self.a.id},
            {"state": "approved"},
            {"source": "office"},
            {"dealer_id": 1},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.applications._apply(self._form_values(**values))
        for values in ({"phone": ""}, {"phone": "12"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.applications._apply(self._form_values(**values))
        self.applications._apply(self._form_values())
        with self.assertRaisesRegex(UserError, "waiting"):
            self.applications._apply(self._form_values(phone="139 1111 2222"))

    def test_rights(self):
        application = self.applications._apply(self._form_values(dealer_type="city_partner"))
        application.ratio = 0.6
        for role in ("finance", "card_keeper", "warehouse", "customer_service", "auditor", "sales_rep"):
            user = self._new_user(f"application-{role}", role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                application.with_user(user).action_approve()
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["crab.dealer.application.reject"].with_user(user).create(
                    {"application_ids": application.ids, "reason": "x"}
                )
        for values in ({"state": "approved"}, {"dealer_id": self.a.id}):
            with self.subTest(values=values), self.assertRaises(UserError):
                application.with_user(self.admin).write(values)

    def test_applications_of_others_are_kept(self):
        application = self.applications._apply(self._form_values())
        with self.assertRaises(UserError):
            application.with_user(self.admin).unlink()
        mine = self.applications.with_user(self.admin).create(self._form_values(phone="13911112223"))
        mine.unlink()
        self.assertFalse(mine.exists())

    def test_of_an_erased_person_applications_do_not_tell_who_it_was(self):
        account = self.env["crab.account"].create({"name": "Zhang San", "phone": "13911112222"})
        values = self._form_values(
            name="Zhang San's shop", contact_name="Zhang San", street="3 Crab Road", note="Zhang"
        )
        application = self.applications._apply({**values, "latitude": 31.1, "longitude": 120.2})
        other = self.applications._apply({**values, "phone": "13911112223"})
        with self.assertRaisesRegex(UserError, "waits for a decision"):
            account._erase_person("asked")
        (application | other)._set_rejected("Zhang San is too far away")
        account._erase_person("asked")
        told = application.read(["name", "contact_name", "phone", "street", "note", "reject_reason"])[0]
        self.assertNotRegex(str(told), "Zhang|1391|Road")
        self.assertEqual((application.latitude, application.longitude, application.state), (0, 0, "rejected"))
        self.assertFalse(application.message_ids.filtered(lambda message: "Zhang" in (message.body or "")))
        self.assertEqual(other.contact_name, "Zhang San", "somebody else's")

    def test_of_an_erased_contact_the_approved_application_keeps_the_dealers_name_only(self):
        application = self.applications._apply(self._form_values(dealer_type="city_partner", street="3 Crab Road"))
        application.ratio = 0.6
        dealer = application._set_approved()
        dealer._close("Left")
        dealer.account_id._erase_person("asked")
        self.assertEqual(
            (application.name, application.contact_name, application.phone, application.street),
            ("New shop", "*", "*", False),
        )

    def test_rejected_applications_are_forgotten_after_three_years(self):
        application = self.applications._apply(self._form_values())
        application._set_rejected("Too far away")
        for days, phone in ((1094, "+8613911112222"), (1096, "*")):
            with freeze_time(fields.Datetime.add(application.decided_at, days=days)):
                self.applications._gc_rejected()
            self.assertEqual(application.phone, phone)
