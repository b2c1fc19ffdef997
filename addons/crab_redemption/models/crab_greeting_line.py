from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabGreetingLine(models.Model):
    _name = "crab.greeting.line"
    _description = "Number of a corporate gift"
    _order = "greeting_id desc, id"

    greeting_id = fields.Many2one("crab.greeting", "Corporate gift", required=True, index=True, ondelete="cascade")
    card_id = fields.Many2one("crab.card", "Number", required=True, index=True, ondelete="restrict")
    card_state = fields.Selection(related="card_id.state", string="State of the number")
    phone = fields.Char(help="Empty: the phone of the redemption.")
    state = fields.Selection(
        [("waiting", "Waiting"), ("sent", "Greeted")], required=True, readonly=True, default="waiting", index=True
    )
    sent_at = fields.Datetime("Greeted on", readonly=True)

    _card_once = models.UniqueIndex("(card_id)", "This number belongs to a corporate gift already.")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create([{**vals, "state": "waiting", "sent_at": False} for vals in vals_list])
        lines.greeting_id._ensure_draft()
        return lines

    def write(self, vals):
        if {"card_id", "greeting_id", "phone"} & vals.keys() and not self.env.su:
            self.greeting_id._ensure_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if self.filtered(lambda line: line.state == "sent"):
            raise UserError(self.env._("A number that was greeted stays in the document."))
        self.greeting_id._ensure_draft()
