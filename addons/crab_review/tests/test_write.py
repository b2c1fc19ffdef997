from datetime import timedelta

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import fields
from odoo.exceptions import LockError, MissingError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import ReviewCase, picture


class TestWrite(ReviewCase):
    @covers("MB-18", "review each product of a completed order")
    @covers("MB-19", "own reviews")
    def test_each_product_of_a_received_order(self):
        order = self._received((self.thousand, 1), (self.package1, 2))
        self.assertEqual(self.Review._pending(self.subject), self._goods(order))
        first = self._write(order, 5, text="  好吃\r\n新鲜 ", pictures=[picture(), picture("blue")])
        self.assertEqual((first.text, len(first.picture_ids)), ("好吃\n新鲜", 2))
        self.assertEqual(first.picture_ids.mapped("res_model"), ["crab.review"] * 2)
        self.assertEqual(self.Review._pending(self.subject), self._goods(order)[1])
        self.assertEqual(order.crab_state, "to_review", "a product is left")
        second = self._write(order, None, 3, is_anonymous=True)
        self.assertEqual(order.crab_state, "done")
        self.assertFalse(self.Review._pending(self.subject))
        self.assertEqual(self.Review._of_subject(self.subject)[0], second + first)

    @covers("MB-18", "only once")
    def test_a_product_is_reviewed_once(self):
        order = self._received((self.thousand, 1), (self.package1, 1))
        review = self._write(order, 4, key="k1", text="good")
        self.assertEqual(self._write(order, 4, key="k1", text="good"), review, "a repeated request")
        for values in ({"key": "k2"}, {}):
            with self._refused("reviewed already", UserError):
                self._write(order, 4, text="good", **values)
        with self._refused("other content", LockError):
            self._write(order, 3, key="k1", text="good")
        line = self._goods(order)[1]
        with self._refused("reviewed already", UserError):
            wish = {"line_id": line.id, "score": 5}
            self.Review._write_review(self.subject, order.id, [wish, dict(wish)])
        self.assertEqual(self.Review.search([("order_id", "=", order.id)]), review)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO crab_review (order_line_id, order_id, product_tmpl_id, member_id, score, state) SELECT"
                " order_line_id, order_id, product_tmpl_id, member_id, 1, 'shown' FROM crab_review WHERE id = %s",
                [review.id],
            )

    def test_what_is_not_received_closed_or_given_back_is_refused(self):
        order = self._paid([(self.thousand, 1), (self.package1, 2)])
        with self._refused("once it was received", UserError):
            self._write(order, 5)
        self._ship(order)
        order._crab_receive()
        self._refund(order, (1, None), (1, None))
        self.assertEqual(self.Review._pending(self.subject), self._goods(order)[1])
        with self._refused("given back", UserError):
            self._write(order, 5)
        self._write(order, None, 5)
        self.assertEqual(order.crab_state, "done", "nothing is left to review")
        foreign = self._received()
        with self._refused("reviewed already, or given back", UserError):
            self.Review._write_review(self.subject, order.id, [{"line_id": self._goods(foreign).id, "score": 5}])

    def test_wrong_scores_texts_and_pictures_write_nothing(self):
        order = self._received()
        for score in (0, 6, -1, 4.5, "5", True, None):
            with self._refused("from 1 to 5", UserError):
                self.Review._write_review(self.subject, order.id, [{"line_id": self._goods(order).id, "score": score}])
        with self._refused("at most 1000 characters", UserError):
            self._write(order, 5, text="x" * 1001)
        with self._refused("Enter a review", UserError):
            self.Review._write_review(self.subject, order.id, [])
        with self._refused("no picture", UserError):
            self._write(order, 5, pictures=[picture(), b"<svg onload='alert(1)'/>"])
        with self._refused("At most 9 pictures", UserError):
            self._write(order, 5, pictures=[picture()] * 10)
        self.assertFalse(self.Review.search([("order_id", "=", order.id)]))
        self.assertEqual(order.crab_state, "to_review")
        review = self._write(order, 5, text="\x00<b>plain</b>\x07\ud800" + "x" * 988)
        self.assertEqual(review.text, "<b>plain</b>" + "x" * 988)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE crab_review SET score = 6 WHERE id = %s", [review.id])

    @covers("MB-18", "review each product of a completed order")
    def test_strangers_reach_no_order_and_no_review(self):
        order = self._received()
        other = self._new_member("Other")
        strangers = [self._subject(record) for record in (other, self.dealer3, self.dealer1, self.staff)]
        for stranger in [*strangers, Subject("member", 0), Subject("user", self.env.uid)]:
            with self._refused("does not exist", MissingError):
                self.Review._write_review(stranger, order.id, [{"line_id": self._goods(order).id, "score": 1}])
            self.assertFalse(self.Review._pending(stranger))
        mine = self._received(member=other)
        with self._refused("reviewed already, or given back", UserError):  # another member's line in the own order
            self.Review._write_review(strangers[0], mine.id, [{"line_id": self._goods(order).id, "score": 1}])
        review = self._write(order, 5)
        for stranger in strangers:
            self.assertFalse(self.Review._of_subject(stranger)[0])
            with self._refused("does not exist", MissingError):
                self.Review._get_for_subject(stranger, review.ids)

    def test_merged_members_review_what_they_ordered_before(self):
        known = self._new_member("Known")
        order, other = self._received(), self._received()
        review = self._write(order, 5)
        self.member.account_id._merge_into(known.account_id)
        self.assertEqual(self.Review._pending(self._subject(known)), self._goods(other))
        self.assertEqual(self.Review._of_subject(self._subject(known))[0], review)
        self._write(other, 4, member=known)
        self.env.invalidate_all()
        self.assertEqual(known.crab_review_count, 2)

    def test_of_an_erased_person_the_score_stays(self):
        review = self._write(self._received(), 5, text="Zhang San was here", pictures=[picture()])
        attachment = review.picture_ids
        self.member.account_id._erase_person("asked")
        self.assertEqual((review.score, review.text, review.is_anonymous), (5, False, True))
        self.assertFalse(review.picture_ids or attachment.exists())
        self.assertEqual(self.Review._of_product(self.thousand)[0], review)

    def test_orders_are_done_when_the_days_are_over(self):
        old, fresh, reviewed = (self._received() for _n in range(3))
        self._write(reviewed, 5)
        old.sudo().crab_received_at = fields.Datetime.now() - timedelta(days=16)
        self.assertEqual(self.Review._pending(self.subject), self._goods(fresh))
        self._run_cron("_cron_finish_unreviewed")
        self.assertEqual([order.crab_state for order in (old, fresh, reviewed)], ["done", "to_review", "done"])
        self.assertTrue(self._write(old, 4), "it can still be reviewed")
        self.env["ir.config_parameter"].set_param("crab_review.days", "20")
        again = self._received()
        again.sudo().crab_received_at = fields.Datetime.now() - timedelta(days=16)
        self._run_cron("_cron_finish_unreviewed")
        self.assertEqual(again.crab_state, "to_review")

    def test_setting_of_the_days(self):
        with Form(self.env["res.config.settings"]) as form:
            self.assertEqual(form.crab_review_days, 15)
            form.crab_review_days = 30
        form.record.execute()
        self.assertEqual(self.env["res.config.settings"].create({}).crab_review_days, 30)
        for days in (0, 366):
            with self._refused("from 1 to 365", UserError):
                self.env["res.config.settings"].create({"crab_review_days": days})
