from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.subject import Subject, names_of_subjects


class CrabLogMixin(models.AbstractModel):
    """A line of history with its author. Lines are only added, by :meth:`_log`."""

    _name = "crab.log.mixin"
    _description = "Line of history with its author"
    _order = "id desc"

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
        """Add lines by the acting subject.

        :param vals_list: dicts without the author
        :return: the lines in sudo: nobody has the right to write a history
        """
        author = self._author_values()
        return self.sudo().create([{**author, **vals} for vals in vals_list])

    @api.model
    def _author_values(self):
        """``actor_kind``, ``actor_id`` and ``author`` of the acting subject."""
        subject = Subject.of(self.env)
        return {"actor_kind": subject.kind, "actor_id": subject.id, "author": self._author_name(subject)}

    @api.model
    def _author_name(self, subject):
        """The name that a history shows for a subject, whatever becomes of its record later."""
        who = subject.kind, subject.id
        return names_of_subjects(self.env, [who]).get(who) or self.env._("System")
