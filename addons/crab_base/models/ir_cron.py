from odoo import models


class IrCron(models.Model):
    """What a scheduled action writes is in the language of its user, as if the user had pressed a button."""

    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        in_language = self.with_context(lang=self.env.user.lang)
        return super(IrCron, in_language)._callback(cron_name, server_action_id)
