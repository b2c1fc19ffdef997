from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import ReviewCase, picture


class TestHeadOffice(ReviewCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.review = cls._write(cls._received(), 2, text="too small", pictures=[picture()])

    def _wizard(self, action, reviews=None, user=None):
        reviews = (reviews or self.review).with_user(user or self.service)
        values = getattr(reviews, action)()
        return Form(self.env[values["res_model"]].with_user(user or self.service).with_context(**values["context"]))

    @covers("HQ-46", "reviews", via="web")
    def test_reply_is_one_and_can_be_changed(self):
        for text in ("Sorry, we send another one.", "Sorry, it is on its way."):
            wizard = self._wizard("action_reply")
            self.assertEqual(wizard.reply or False, self.review.reply)
            wizard.reply = text
            wizard.save().action_reply()
            self.assertEqual((self.review.reply, self.review.replied_by), (text, "review-service"))
        self.assertEqual((self.review.reply_actor_kind, self.review.reply_actor_id), ("user", self.service.id))
        self.assertTrue(self.review.replied_at)
        with self._refused("at most 1000", UserError):
            self.review.with_user(self.service)._answer("x" * 1001)
        with self._refused("Enter a reply", UserError):
            self.review.with_user(self.service)._answer(" \n ")

    @covers("HQ-46", "reviews", via="web")
    def test_hidden_for_a_reason_and_shown_again(self):
        wizard = self._wizard("action_hide")
        wizard.reason = "insults"
        wizard.save().action_hide()
        self.assertEqual((self.review.state, self.review.hide_reason), ("hidden", "insults"))
        self.assertFalse(self.Review._of_product(self.thousand)[0])
        self.assertEqual(self.Review._of_subject(self.subject)[0], self.review, "the author still sees it")
        self.review.with_user(self.service)._hide("again")
        self.assertEqual(self.review.hide_reason, "insults")
        for _again in range(2):
            self.review.with_user(self.service).action_show()
        self.assertEqual((self.review.state, self.review.hide_reason), ("shown", False))
        with self._refused("Enter a reason", UserError):
            self.review.with_user(self.service)._hide(" ")

    @covers("HQ-46", "reviews", via="web")
    def test_found_by_filters_and_buttons(self):
        answered = self._write(self._received((self.package1, 1)), 5)
        answered.with_user(self.service)._answer("Thanks")
        view = self.Review.with_user(self.service).get_view(view_type="search")["arch"]
        for name in ("unanswered", "with_pictures", "bad", "hidden"):
            self.assertIn(f'name="{name}"', view)
        seen = self.Review.with_user(self.service)
        ours = [("id", "in", (self.review | answered).ids)]
        for domain in ([("reply", "=", False)], [("picture_ids", "!=", False)], [("score", "<", 3)]):
            self.assertEqual(seen.search(ours + domain), self.review)
        for record in (self.thousand, self.review.order_id, self.member):
            action = record.with_user(self.service).action_crab_reviews()
            self.assertIn(self.review, seen.search(action["domain"]))
        self.assertEqual(
            Form(self.review.order_id.with_user(self.service), "crab_shop.sale_order_view_form").crab_review_count, 1
        )

    def test_number_on_the_members_page(self):
        self.env.invalidate_all()
        self.assertEqual(Form(self.member.with_user(self.service)).crab_review_count, 1)

    def test_others_change_nothing(self):
        for role in ("finance", "warehouse", "sales_rep", "auditor"):
            user = self._new_user(f"review-{role}", role)
            for call in (
                lambda review: review._hide("x"),
                lambda review: review._answer("x"),
                lambda review: review.action_show(),
            ):
                with self._refused("", AccessError):
                    call(self.review.with_user(user))
        admin = self._new_user("review-admin", "admin")
        values = {"order_line_id": self.review.order_line_id.id, "score": 5}
        for method, args in (
            ("create", [values]),
            ("write", [self.review.ids, {"score": 5}]),
            ("write", [self.review.ids, {"state": "hidden", "hide_reason": "x"}]),
            ("unlink", [self.review.ids]),
        ):
            with self._refused("", (AccessError, UserError)):
                call_kw(self.Review.with_user(admin), method, args, {})
        self.assertEqual((self.review.score, self.review.state), (2, "shown"))
