from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import PHONE, SmsCase


class TestRights(SmsCase):
    def test_phones_are_seen_by_customer_service_and_auditors_only(self):
        sms = self.queue(self.shipped, PHONE)
        for role in ("finance", "card_keeper", "warehouse", "sales_rep"):
            with self.subTest(role), self.assertRaises(AccessError):
                sms.with_user(self._new_user(f"sms-{role}", role)).read(["number"])
        with self.assertRaises(AccessError):
            sms.with_user(new_test_user(self.env, "sms-none", "base.group_user")).read(["number"])
        auditor = self._new_user("sms-auditor", "auditor")
        for user in (self.agent, auditor):
            self.assertEqual(sms.with_user(user).number, sms.number)
            for values in ({"state": "sent"}, {"body": "x"}):
                with self.assertRaises(AccessError):
                    sms.with_user(user).write(values)
        for button in ("action_crab_cancel", "send"):
            with self.assertRaises(AccessError):
                getattr(sms.with_user(auditor), button)()
        self.assertEqual(sms.state, "outgoing")

    def test_another_companys_sms_are_not_found(self):
        sms = self.queue(self.shipped, PHONE) | self.queue(self.news, PHONE)
        agent = self._new_user("sms-of-group", "customer_service", companies=self.group)
        self.assertEqual(self.Sms.with_user(agent).search([("id", "in", sms.ids)]), sms[1])
        with self.assertRaises(AccessError):
            sms[0].with_user(agent).action_crab_cancel()

    def test_values_and_secrets_have_no_reader(self):
        sms = self.queue(self.shipped, PHONE)
        admin = self._new_user("sms-admin", "admin")
        for record, field in ((sms, "crab_params"), (self.tencent, "key_secret"), (self.tencent, "report_token")):
            with self.subTest(field), self.assertRaises(AccessError):
                record.with_user(admin).read([field])

    def test_a_text_belongs_to_its_accounts_company_whatever_an_administrator_writes(self):
        admin = self._new_user("sms-admin", "admin")
        self.shipped.with_user(admin).write({"company_id": self.group.id})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.shipped.company_id, self.sales)
        of_group = self._new_user("sms-text-of-group", "customer_service", companies=self.group)
        found = self.env["crab.sms.template"].with_user(of_group).search([("id", "in", (self.shipped | self.news).ids)])
        self.assertEqual(found, self.news)
        with self.assertRaises(AccessError):
            self.shipped.with_user(of_group).read(["body"])

    def test_buttons(self):
        sms = self.queue(self.shipped, PHONE)
        own = sms.with_user(self.agent)
        with self.assertRaises(UserError):
            own.action_crab_retry()
        own.action_crab_cancel()
        self.run_queue()
        self.assertEqual((sms.state, self.sandbox.ctl("received")), ("canceled", []))
        with self.assertRaises(UserError):
            own.action_crab_cancel()
        own.action_crab_retry()
        self.run_queue()
        self.assertEqual(sms.state, "pending")
        with self.assertRaises(UserError):
            own.action_crab_retry()
