from odoo import api, fields, models


class CrabSmsTemplate(models.Model):
    _inherit = "crab.sms.template"

    key = fields.Selection(
        selection_add=[("greeting", "Greetings of corporate gifts")], ondelete={"greeting": "set null"}
    )

    @api.model
    def _uses(self):
        return {**super()._uses(), "greeting": ({"company", "text"}, {"text"})}

    @api.constrains("body")
    def _check_notices(self):
        """What notices are told by this text can still name all of it."""
        self.env["crab.notice.template"].with_context(active_test=False).search(
            [("sms_template_id", "in", self.ids)]
        )._check_sms()
