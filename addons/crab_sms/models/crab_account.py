from odoo import models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """What was sent to the person's number goes, and what waits is not sent any more."""
        phones = [phone for phone in self.mapped("phone") if phone]
        result = super()._erase()
        self.env["crab.sms.code"].search([("phone", "in", phones)]).unlink()
        # one that is being sent keeps its number until the provider has answered
        messages = self.env["sms.sms"].search([("number", "in", phones), ("state", "!=", "process")])
        messages.filtered(lambda sms: sms.state == "outgoing").action_set_canceled()
        messages.write({"number": False, "body": False, "crab_params": False, "partner_id": False})
        return result
