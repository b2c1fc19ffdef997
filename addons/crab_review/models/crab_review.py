from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.subject import Subject

MAX_TEXT = 1000
GOOD = 4  # and better


class CrabReview(models.Model):
    """What a member says of a product that it ordered and received (MB-18, HQ-46); written once per order line."""

    _name = "crab.review"
    _description = "Review"
    _inherit = [
        "crab.by.buttons.mixin",
        "crab.pictures.mixin",
        "crab.public.id.mixin",
        "crab.subject.mixin",
        "mail.thread",
    ]
    _order = "id desc"
    _rec_name = "product_tmpl_id"

    order_line_id = fields.Many2one("sale.order.line", "Order line", required=True, readonly=True, ondelete="restrict")
    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, index=True, ondelete="restrict")
    product_tmpl_id = fields.Many2one("product.template", "Product", required=True, readonly=True, ondelete="restrict")
    member_id = fields.Many2one("crab.member", "Member", required=True, readonly=True, ondelete="restrict")
    score = fields.Integer(required=True, readonly=True, aggregator="avg")
    text = fields.Text("Review", readonly=True)
    is_anonymous = fields.Boolean("Anonymous", readonly=True, help="Other members do not see who wrote it.")
    state = fields.Selection(
        [("shown", "Shown"), ("hidden", "Hidden")], required=True, readonly=True, default="shown", tracking=True
    )
    hide_reason = fields.Char("Reason of hiding", readonly=True, tracking=True)
    reply = fields.Text(readonly=True, help="Shown to all below the review.")
    replied_at = fields.Datetime("Replied on", readonly=True)
    replied_by = fields.Char("Reply by", readonly=True)
    reply_actor_kind = fields.Char(readonly=True)
    reply_actor_id = fields.Integer(readonly=True)
    key = fields.Char("Key of the request", readonly=True, copy=False)

    _once = models.UniqueIndex("(order_line_id)", "This product was reviewed already.")
    _score = models.Constraint("CHECK (score BETWEEN 1 AND 5)", "A score is from 1 to 5.")
    _text_length = models.Constraint(
        f"CHECK (length(text) <= {MAX_TEXT} AND length(reply) <= {MAX_TEXT})", f"At most {MAX_TEXT} characters."
    )
    _hidden = models.Constraint(
        "CHECK ((state = 'hidden') = (hide_reason IS NOT NULL))", "A review is hidden for a reason."
    )
    _of_product_idx = models.Index("(product_tmpl_id, id) WHERE state = 'shown'")
    _scores_idx = models.Index("(product_tmpl_id, score) WHERE state = 'shown'")
    _member_idx = models.Index("(member_id, id)")

    # ------------------------------------------------------------------ access

    @api.model
    def _subject_domain(self, subject: Subject):
        """A member sees its own reviews, hidden ones too, and those it wrote before accounts were merged."""
        asking_sudo = self.env["crab.member"]._asking(subject)
        return super()._subject_domain(subject) | Domain("member_id", "in", asking_sudo._with_merged().ids)

    def _check_service(self):
        """:raise AccessError: for who does not handle reviews"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_customer_service"):
            raise AccessError(self.env._("Only customer service handles reviews."))

    # ------------------------------------------------------------------ what head office does

    def _hide(self, reason):
        """Take reviews from the product's page; a second time changes nothing.

        :raise UserError: without a reason
        """
        self._check_service()
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))
        reviews_sudo = self.sudo()  # checked above; see write
        lock_rows(reviews_sudo)
        reviews_sudo.filtered(lambda review: review.state == "shown").write(
            {"state": "hidden", "hide_reason": reason.strip()}
        )

    def _answer(self, text):
        """Reply in the merchant's name, or change the reply; author and time are those of the last change.

        :raise UserError: without a text, or for one of more than 1,000 characters
        """
        self._check_service()
        text = self._clean_text(text)
        if not text:
            raise UserError(self.env._("Enter a reply."))
        actor = Subject.of(self.env)
        self.sudo().write(  # checked above; see write
            {
                "reply": text,
                "replied_at": fields.Datetime.now(),
                "replied_by": self.env.user.name,
                "reply_actor_kind": actor.kind,
                "reply_actor_id": actor.id,
            }
        )

    def action_hide(self):
        """Ask for the reason, then hide."""
        return self._action_wizard("crab.review.hide", self.env._("Hide"))

    def action_show(self):
        """Show hidden reviews again."""
        self._check_service()
        reviews_sudo = self.sudo()  # checked above; see write
        lock_rows(reviews_sudo)
        reviews_sudo.filtered(lambda review: review.state == "hidden").write({"state": "shown", "hide_reason": False})

    def action_reply(self):
        """Enter or change the reply."""
        return self._action_wizard("crab.review.reply", self.env._("Reply"))

    def _action_wizard(self, model, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_review_ids": self.ids},
        }
