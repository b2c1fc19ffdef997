from odoo import fields, models


class CrabGreetingLine(models.Model):
    _inherit = "crab.greeting.line"

    sms_id = fields.Many2one("sms.sms", "SMS", readonly=True, index="btree_not_null", copy=False, ondelete="set null")
    sms_state = fields.Selection(related="sms_id.state", string="State of the SMS")
    sms_reason = fields.Char(related="sms_id.crab_reason", string="Reason of the SMS")

    def action_open_sms(self):
        """Show the SMS by which this number was greeted."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_sms.sms_sms_action")
        form = self.env.ref("crab_sms.sms_sms_view_form")
        return {**action, "views": [(form.id, "form")], "view_mode": "form", "res_id": self.sms_id.id}
