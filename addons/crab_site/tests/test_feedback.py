from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import SCRIPT, SiteCase, picture


class TestFeedback(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Feedback = cls.env["crab.feedback"]

    def _send(self, text="The crabs were great.", subject=None, **values):
        return self.Feedback._send(subject or self.subject, text, **values)

    @covers("MB-27", "feedback with pictures")
    def test_a_member_writes_with_pictures(self):
        feedback = self._send("  One was dead.\r\nSee the picture.\x00 ", pictures=[picture(), picture(kind="PNG")])
        self.assertEqual(feedback.text, "One was dead.\nSee the picture.")
        self.assertEqual((feedback.state, feedback.role, feedback.member_id), ("new", "member", self.member))
        self.assertEqual(feedback.picture_ids.mapped("mimetype"), ["image/jpeg"] * 2)
        self.assertEqual(set(feedback.picture_ids.mapped("res_id")), {feedback.id})
        self.assertEqual(feedback.display_name, "One was dead. See the picture.")

    def test_wrong_ones_leave_nothing(self):
        for text, pictures, message in (
            ("", [], "write something"),
            (" \n\x00 ", [], "write something"),
            ("字" * 1001, [], "at most 1000 characters"),
            ("x", [b"no picture"], "no picture"),
            ("x", [picture() + b"x" * 5_000_000], "larger than 5 MB"),
            ("x", [picture()] * 10, "At most 9"),
        ):
            with self.subTest(message), self._refused(message, UserError):
                self._send(text, pictures=pictures)
        self.assertFalse(self.Feedback.search([]))
        self.assertEqual(len(self._send("字" * 1000).text), 1000)

    def test_text_is_plain(self):
        feedback = self._send(SCRIPT.decode())
        self.assertEqual(feedback.text, SCRIPT.decode(), "kept as it was written, shown as text")

    @covers("HQ-64", "feedback with handling", via="web")
    def test_customer_service_handles_it(self):
        feedback = self._send(pictures=[picture()]).with_user(self.service)
        self.assertEqual(self.Feedback.with_user(self.service).search([("text", "ilike", "great")]), feedback)
        self.assertTrue(feedback.picture_ids.raw, "who may read it may see its pictures")
        feedback.action_take()
        self.assertEqual((feedback.state, feedback.user_id), ("in_hand", self.service))
        with self._refused("Enter the answer", UserError):
            feedback.action_answer()
        feedback.activity_schedule("mail.mail_activity_data_todo", user_id=self.service.id)
        with Form(feedback) as form:
            form.answer = "Thank you!"
        self.assertEqual(self.Feedback._for_subject(self.subject).state, "in_hand")
        feedback.action_answer()
        self.assertEqual((feedback.state, feedback.answered_by_id), ("answered", self.service))
        self.assertTrue(feedback.answered_at)
        self.assertFalse(feedback.activity_ids)
        own = self.Feedback._for_subject(self.subject)
        self.assertEqual((own.state, own.answer), ("answered", "Thank you!"))
        with self._refused("already", UserError):
            feedback.action_answer()
        with self._refused("already", UserError):
            feedback.answer = "Other"
        feedback.action_close()
        with self._refused("already", UserError):
            feedback.action_close()
        feedback.action_reopen()
        self.assertEqual(feedback.state, "in_hand")
        feedback.answer = "Thank you very much!"
        feedback.action_answer()
        self.assertEqual(own.answer, "Thank you very much!")

    def test_several_are_closed_together(self):
        feedback = (self._send() | self._send("Again")).with_user(self.service)
        feedback.action_close()
        self.assertEqual(feedback.mapped("state"), ["closed"] * 2)
        self.assertEqual(feedback.user_id, self.service)

    def test_dealers_and_staff_write_too(self):
        for record, role in ((self.dealer1, "dealer"), (self.staff, "staff")):
            subject = self._subject(record)
            feedback = self._send(role, subject)
            self.assertEqual((feedback.role, feedback.account_id), (role, record.account_id))
            self.assertEqual(self.Feedback._for_subject(subject), feedback)
        self.assertEqual(feedback.dealer_id, self.staff.dealer_id)
        self.assertFalse(self.Feedback._for_subject(self.subject))

    def test_only_the_own_ones_are_seen(self):
        mine = self._send()
        self.assertFalse(self.Feedback._for_subject(self._subject(self.other)))
        self.assertFalse(self.Feedback._for_subject(self._subject(self.other), [("id", "=", mine.id)]))
        self.assertEqual(self.Feedback._for_subject(self.subject), mine)
        self.member._close("Left")
        for subject in (*self.strangers, self.subject):
            with self.subTest(subject=subject):
                with self.assertRaises(AccessError):
                    self._send(subject=subject)
                with self.assertRaises(AccessError):
                    self.Feedback._for_subject(subject)

    def test_twenty_open_ones_a_day(self):
        for number in range(20):
            self._send(str(number))
        with self._refused("20 times today", UserError):
            self._send()
        self._send(subject=self._subject(self.other))
        self.Feedback.search([], limit=2).with_user(self.service).action_close()
        self._send()
        old = self.Feedback._for_subject(self.subject, limit=5)
        old.write({"received_at": old[0].received_at - timedelta(days=1)})
        self.env.flush_all()
        self._send()

    def test_nobody_writes_it_by_hand(self):
        feedback = self._send()
        for user in (self.admin, self.service, self.auditor):
            for attack in (
                lambda user=user: feedback.with_user(user).write({"text": "x"}),
                lambda user=user: feedback.with_user(user).write({"state": "closed"}),
                lambda user=user: feedback.with_user(user).write({"answered_by_id": self.admin.id, "answer": "x"}),
                lambda user=user: feedback.with_user(user).unlink(),
                lambda user=user: self.Feedback.with_user(user).create(
                    {"account_id": self.member.account_id.id, "role": "member", "text": "x"}
                ),
            ):
                with self._refused("", UserError):
                    attack()
        for method in ("action_take", "action_answer", "action_close", "action_reopen"):
            with self.assertRaises(AccessError):
                getattr(feedback.with_user(self.auditor), method)()
        finance = self._new_user("site_finance", "finance")
        with self.assertRaises(AccessError):
            feedback.with_user(finance).read(["text"])

    def test_of_an_erased_person_no_word_stays(self):
        feedback = self._send("Zhang San", pictures=[picture()]).sudo()
        feedback.answer = "Dear Zhang San"
        attachment = feedback.picture_ids
        self.member.account_id._erase_person("asked")
        self.assertEqual((feedback.text, feedback.answer), ("*", "*"))
        self.assertFalse(feedback.picture_ids or attachment.exists())
