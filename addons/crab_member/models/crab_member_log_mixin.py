from odoo import api, fields, models

from odoo.addons.crab_base.tools.rows import insert_like


class CrabMemberLogMixin(models.AbstractModel):
    """A line of the history of members or levels, added in sets: levels change for a whole season's members at once."""

    _name = "crab.member.log.mixin"
    _inherit = "crab.log.mixin"
    _description = "History of members and levels"

    happened_at = fields.Datetime("When", required=True, readonly=True, default=fields.Datetime.now)
    reason = fields.Char(required=True, readonly=True)

    @api.model
    def _log(self, vals_list):
        """Add lines by the acting subject, in sets.

        :param vals_list: dicts with the same keys
        """
        if not vals_list:
            return self.browse()
        first, *others = vals_list
        line = super()._log([first])
        if not others:
            return line
        return line + insert_like(line, {column: [vals[column] for vals in others] for column in first})
