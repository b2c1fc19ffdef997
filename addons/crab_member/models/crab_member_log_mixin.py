from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.subject import Subject


class CrabMemberLogMixin(models.AbstractModel):
    """A line of history with its author. Lines are only added."""

    _name = "crab.member.log.mixin"
    _description = "History of members and levels"
    _order = "id desc"

    happened_at = fields.Datetime("When", required=True, readonly=True, default=fields.Datetime.now)
    reason = fields.Char(required=True, readonly=True)
    actor_kind = fields.Char(required=True, readonly=True)
    actor_id = fields.Integer(required=True, readonly=True)
    author = fields.Char("By", required=True, readonly=True)

    def write(self, vals):
        self.check_access("write")
        if vals:
            raise UserError(self.env._("This history is only added to."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ever(self):
        raise UserError(self.env._("This history is only added to."))

    @api.model
    def _log(self, vals_list):
        """Add lines by the acting subject, in sets."""
        subject = Subject.of(self.env)
        author = {
            "actor_kind": subject.kind,
            "actor_id": subject.id,
            "author": self.env["crab.dealer.ratio"]._author_name(subject),
        }
        return self.sudo().create(
            [{**author, **vals} for vals in vals_list]
        )  # sudo: nobody has the right to write the history
