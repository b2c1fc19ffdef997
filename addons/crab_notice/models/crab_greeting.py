from odoo import api, fields, models


class CrabGreeting(models.Model):
    _inherit = "crab.greeting"

    count_failed = fields.Integer("SMS failed", compute="_compute_count_failed")

    @api.depends("line_ids.sms_id")
    def _compute_count_failed(self):
        lines_sudo = self.env["crab.greeting.line"].sudo()  # how many, not which: not all who see it see SMS
        groups = lines_sudo._read_group(
            [("greeting_id", "in", self.ids), ("sms_id.state", "=", "error")], ["greeting_id"], ["__count"]
        )
        counts = {greeting.id: count for greeting, count in groups}
        for greeting in self:
            greeting.count_failed = counts.get(greeting.id, 0)

    @api.model
    def _has_channel(self):
        """Without an approved text nobody would be greeted: everything waits."""
        return super()._has_channel() and bool(self.env["crab.sms.template"]._for("greeting"))
