from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.rows import insert_like
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
        """Add lines by the acting subject, in sets.

        :param vals_list: dicts with the same keys
        """
        if not vals_list:
            return self.browse()
        subject = Subject.of(self.env)
        author = {
            "actor_kind": subject.kind,
            "actor_id": subject.id,
            "author": self.env["crab.dealer.ratio"]._author_name(subject),
        }
        first, *others = vals_list
        line = self.sudo().create({**author, **first})  # sudo: nobody has the right to write the history
        if not others:
            return line
        return line + insert_like(line, {column: [vals[column] for vals in others] for column in first})
