from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import MemberCase


class TestMember(MemberCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls._new_user("member-service", "customer_service")

    @covers("HQ-22", "edit", via="web")
    def test_customer_service_enters_and_edits_a_member(self):
        form = Form(self.Member.with_user(self.service))
        self.assertEqual(form.level_id, self.base)
        form.name = "王小明"
        form.phone = "139 1234 5678"
        form.dealer_id = self.dealer1
        member = form.save()
        self.assertRegex(member.number, r"^MB\d{8}$")
        self.assertEqual(member.phone, "+8613912345678")
        with Form(member) as form:
            form.name = "王大明"
            form.phone = "13912345679"
        self.assertEqual((member.account_id.sudo().name, member.account_id.sudo().phone), ("王大明", "+8613912345679"))
        with self._refused("is a member already", UserError):
            self.Member.create({"name": "Other", "phone": "13912345679"})
        with self._refused("name and a phone"):
            member.write({"phone": ""})
        with self._refused("not a phone number"):
            member.write({"phone": "12"})

    def test_a_dealers_contact_may_be_a_member(self):
        member = self.Member.create({"name": "Ignored", "phone": self.dealer1.phone})
        self.assertEqual(member.account_id, self.dealer1.account_id)
        self.assertEqual(member.name, "Contact T-A1")

    @covers("HQ-22", "search by name", "search by phone", "search by level", "search by the level's ratio", via="web")
    @covers("HQ-22", "search by owner dealer", "search by owner staff", "search by registration period", via="web")
    def test_search(self):
        wanted = self._new_member("赵敏", staff_id=self.staff.id, level_id=self.gold.id, registered_date="2025-03-15")
        self._new_member("钱多", dealer_id=self.dealer1.id, registered_date="2025-04-01")
        searches = {
            "name": [("name", "ilike", "赵")],
            "phone": [("phone", "ilike", wanted.phone[-8:])],
            "level": [("level_id", "ilike", "T gold")],
            "ratio": [("level_ratio", "=", 0.95)],
            "dealer": [("dealer_id", "ilike", "T-B1")],
            "network": [("dealer_id", "child_of", self.dealer2.id)],
            "staff": [("staff_id", "ilike", "Staff")],
            "period": [("registered_date", ">=", "2025-03-01"), ("registered_date", "<=", "2025-03-31")],
        }
        columns = {"number": {}, "name": {}, "level_ratio": {}, "dealer_id": {"fields": {"display_name": {}}}}
        for name, domain in searches.items():
            with self.subTest(search=name):
                found = call_kw(self.Member.with_user(self.service), "web_search_read", (domain, columns), {})
                self.assertEqual([row["id"] for row in found["records"]], wanted.ids)
        names = call_kw(self.Member.with_user(self.service), "name_search", (wanted.phone[3:],), {})
        self.assertEqual([row[0] for row in names], wanted.ids)

    @covers("HQ-22", "close", via="web")
    def test_close_and_reopen(self):
        member = self._new_member()
        contact = self.Member.create({"name": "Contact", "phone": self.dealer1.phone})
        generation = {record: record.account_id.sudo().token_generation for record in member | contact}
        wizard = Form(
            self.env["crab.member.close"]
            .with_user(self.service)
            .with_context(**(member | contact).action_close()["context"])
        )
        self.assertFalse(wizard.is_reopening)
        wizard.reason = "asked for"
        wizard.save().action_apply()
        self.assertEqual({member.state, contact.state}, {"closed"})
        self.assertEqual(
            (member.account_id.state, contact.account_id.state),
            ("closed", "live"),
            "a dealer's contact keeps the login",
        )
        for record, before in generation.items():
            self.assertGreater(record.account_id.sudo().token_generation, before)
        with self._refused("is closed", UserError):
            member._close("again")
        wizard = Form(
            self.env["crab.member.close"].with_user(self.service).with_context(**member.action_close()["context"])
        )
        self.assertTrue(wizard.is_reopening)
        wizard.reason = "came back"
        wizard.save().action_apply()
        self.assertEqual((member.state, member.account_id.state), ("active", "live"))
        self.assertFalse(self.Member._for_subject(self._subject(contact)))

    def test_many_are_closed_by_as_many_queries_as_few(self):
        def spent(count):
            members = self.Member.union(*(self._new_member() for _number in range(count)))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            members._close("moved away")
            self.env.flush_all()
            spent = self.env.cr.sql_log_count - before
            self.assertIn("moved away", members[-1].message_ids[0].body)
            return spent

        spent(1)  # fills caches
        self.assertEqual(spent(9), spent(3))

    def test_a_number_given_to_somebody_else_stays_there(self):
        member = self._new_member()
        phone = member.phone
        member._close("gone")
        other = self.Member.create({"name": "New owner", "phone": phone})
        self.assertNotEqual(other, member)
        with self._refused("given to another account", UserError):
            member._reopen("back")

    @covers("HQ-22", "delete", via="web")
    def test_delete_only_without_history(self):
        admin = self._new_user("member-admin", "admin")
        plain, inviter = self._new_member(dealer_id=self.dealer1.id), self._new_member()
        self._new_member(inviter_id=inviter.id)
        account = plain.account_id
        plain.with_user(admin).unlink()
        self.assertFalse(plain.exists())
        self.assertEqual(account.state, "closed")
        with self._refused("Close it instead", UserError):
            inviter.with_user(admin).unlink()

    def test_one_person_twice_becomes_one_member(self):
        early = self._new_member(dealer_id=self.dealer1.id, registered_date="2025-01-01", level_id=self.silver.id)
        late = self._new_member(staff_id=self.staff.id, registered_date="2025-06-01")
        invited = self._new_member(inviter_id=early.id)
        early.account_id._merge_into(late.account_id)
        self.assertEqual((early.state, early.merged_into_id), ("closed", late))
        self.assertEqual(
            (late.level_id, late.dealer_id, late.staff_id.id), (self.silver, self.dealer1, False), "first touch wins"
        )
        self.assertEqual(str(late.registered_date), "2025-01-01")
        self.assertEqual(invited.inviter_id, late)
        self.assertEqual(late.ownership_ids[0].from_staff_id, self.staff)
        with self._refused("was merged", UserError):
            early._reopen("no")

    def test_a_closed_member_is_not_merged(self):
        """Head office closed it: neither does the person get round that, nor do good members end in a closed one."""
        contact = self.Member.create({"name": "Contact", "phone": self.dealer1.phone})
        contact._close("abuse")
        other = self._new_member()
        for source, target in ((contact, other), (other, contact)):
            with self._refused("is closed", UserError):
                source.account_id._merge_into(target.account_id)
        self.assertEqual((other.state, other.account_id.state), ("active", "live"))

    def test_merging_follows_a_single_member(self):
        member = self._new_member()
        target = self.dealer1.account_id
        member.account_id._merge_into(target)
        self.assertEqual(member.account_id, target)

    def test_numbers_in_use_are_passed_over(self):
        sequence = self.env.ref("crab_member.sequence_member")
        upcoming = sequence.get_next_char(sequence.number_next_actual)
        self._new_member(number=upcoming)
        members = self.Member.create([{"name": "A", "phone": self._phone()}, {"name": "B", "phone": self._phone()}])
        self.assertEqual(len({upcoming, *members.mapped("number")}), 3)

    def test_what_cannot_be_a_member(self):
        with self._refused("Enter name and phone"):
            self.Member.create({"name": "", "phone": self._phone()})
        with self._refused("cannot be duplicated", UserError):
            self._new_member().copy()
        account = self._new_member().account_id
        with self._refused("is a member already", UserError):
            self.Member.create({"account_id": account.id})
