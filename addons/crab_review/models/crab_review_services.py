import re

from psycopg2 import errors

from odoo import api, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .crab_review import MAX_TEXT

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class CrabReview(models.Model):
    """What members write and see."""

    _inherit = "crab.review"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    @api.model
    def _pending(self, subject):
        """The order lines of a member that wait for a review (待评价), the latest first, in sudo.

        They wait for the set days after the receipt.
        """
        orders_sudo = self.env["sale.order"]._for_subject(
            subject, self.env["sale.order"]._crab_waiting_for_review(), order="id desc"
        )
        return orders_sudo._crab_unreviewed()

    @api.model
    def _write_review(self, subject, order_id, reviews, key=None):
        """Review products of a received order.

        :param order_id: ``sale.order`` of the member
        :param reviews: dicts ``line_id`` (goods line of the order), ``score`` (1 to 5), and optionally ``text`` (plain,
            at most 1,000 characters), ``is_anonymous``, ``pictures`` (files as bytes, at most 9)
        :param str key: idempotency key, per order
        :return: the reviews in sudo; for a repeated key those written first
        :raise MissingError: (404) when the order is not the member's
        :raise UserError: for what was not received, was given back or is reviewed already, for a wrong score, text or
            picture; nothing is written then
        :raise LockError: (409) when the key came before with other content
        """
        order_sudo = self.env["sale.order"]._get_for_subject(subject, [order_id])._crab_locked()
        vals_list = self._review_values(reviews, key)
        written = key and self._for_subject(subject, [("order_id", "=", order_sudo.id), ("key", "=", key)])
        if written:
            return written._check_repeated(vals_list)
        if not order_sudo.crab_received_at or order_sudo.crab_state == "closed":
            raise UserError(self.env._("Order %(order)s can be reviewed once it was received.", order=order_sudo.name))
        free = {line.id: line for line in order_sudo._crab_unreviewed()}
        for vals in vals_list:
            line = free.pop(vals["order_line_id"], None)
            if not line:
                raise UserError(self.env._("This product was reviewed already, or given back."))
            vals.update(
                {
                    "order_id": order_sudo.id,
                    "product_tmpl_id": line.product_id.product_tmpl_id.id,
                    "member_id": order_sudo.crab_member_id.id,
                }
            )
        # of two who review this order at once one starts again, and sees what the other wrote
        self.env.cr.execute(SQL("UPDATE sale_order SET crab_state = crab_state WHERE id = %s", order_sudo.id))
        reviews_sudo = subject.bind(self.sudo()).with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        try:
            with self.env.cr.savepoint():
                written = reviews_sudo.create(vals_list)
        except errors.UniqueViolation as exc:
            raise ConcurrencyError(self.env._("This product was reviewed just now.")) from exc
        for review, given in zip(written, reviews, strict=True):
            review._add_pictures(list(given.get("pictures") or []))
        if not free and order_sudo.crab_state == "to_review":
            order_sudo._crab_set_state("done")
        return written

    @api.model
    def _review_values(self, reviews, key):
        if not reviews:
            raise UserError(self.env._("Enter a review."))
        vals_list = []
        for given in reviews:
            score = given.get("score")
            if type(score) is not int or not 1 <= score <= 5:
                raise UserError(self.env._("Give a score from 1 to 5."))
            vals_list.append(
                {
                    "order_line_id": given.get("line_id"),
                    "score": score,
                    "text": self._clean_text(given.get("text")),
                    "is_anonymous": bool(given.get("is_anonymous")),
                    "key": key,
                }
            )
        return vals_list

    @api.model
    def _clean_text(self, text):
        """Plain text without control characters, False if nothing is left.

        :raise UserError: when it has more than 1,000 characters
        """
        text = CONTROL.sub("", str(text or "").replace("\r\n", "\n")).encode("utf-8", "ignore").decode().strip()
        if len(text) > MAX_TEXT:
            raise UserError(self.env._("A text has at most %(count)s characters.", count=MAX_TEXT))
        return text or False

    def _check_repeated(self, vals_list):
        """These reviews, if they are what the key stood for before.

        :raise LockError: (409) the key came before with other content
        """
        fields = ("score", "text", "is_anonymous")
        made = {review.order_line_id.id: tuple(review[field] for field in fields) for review in self}
        if made != {vals["order_line_id"]: tuple(vals[field] for field in fields) for vals in vals_list}:
            raise LockError(self.env._("This request was sent before with other content."))
        return self

    @api.model
    def _of_subject(self, subject, cursor=None, limit=20):
        """``(a member's own reviews in sudo, cursor of the next page or None)``, the newest first; hidden ones too."""
        reviews_sudo = subject.bind(self.sudo())  # what is the subject's own follows from the domain
        return reviews_sudo._page(self._subject_domain(subject), cursor, limit)

    @api.model
    def _of_product(self, product, cursor=None, limit=20):
        """What everybody sees below a product: ``(shown reviews in sudo, cursor of the next page or None)``.

        The newest first. Who wrote them is told by ``_shown_author`` only.
        """
        reviews_sudo = self.sudo()  # shown reviews are public
        return reviews_sudo._page(
            Domain("product_tmpl_id", "=", product.id) & Domain("state", "=", "shown"), cursor, limit
        )

    def _shown_author(self):
        """Whom others see as the author: the first character of the name, or nobody."""
        self.ensure_one()
        if self.is_anonymous:
            return self.env._("Anonymous member")
        return f"{self.member_id.name[:1]}**"
