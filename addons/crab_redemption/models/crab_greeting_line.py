from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.crab_base.tools import cells

from ..tools.phone import PhoneError, clean_phone

EDITABLE = {"card_id", "greeting_id", "phone"}


class CrabGreetingLine(models.Model):
    _name = "crab.greeting.line"
    _description = "Number of a corporate gift"
    _order = "greeting_id desc, id"

    greeting_id = fields.Many2one("crab.greeting", "Corporate gift", required=True, index=True, ondelete="cascade")
    card_id = fields.Many2one("crab.card", "Number", required=True, ondelete="restrict")
    card_state = fields.Selection(related="card_id.state", string="State of the number")
    phone = fields.Char(size=32, help="Empty: the phone of the redemption.")
    state = fields.Selection(
        [("waiting", "Waiting"), ("sent", "Greeted")], required=True, readonly=True, default="waiting"
    )
    sent_at = fields.Datetime("Greeted on", readonly=True)

    _card_once = models.UniqueIndex("(card_id)", "This number belongs to a corporate gift already.")
    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(
            [{**vals, **self._clean_phone(vals), "state": "waiting", "sent_at": False} for vals in vals_list]
        )
        lines.greeting_id._ensure_draft()
        lines._check_cards()
        return lines

    def write(self, vals):
        if not self.env.su and vals.keys() - EDITABLE:
            raise AccessError(self.env._("Only number and phone of a greeting can be changed."))
        if EDITABLE & vals.keys() and not self.env.su:
            self._check_open()
        result = super().write({**vals, **self._clean_phone(vals)})
        if {"card_id", "greeting_id"} & vals.keys():
            self.greeting_id._ensure_draft()
            self._check_cards()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._check_open()

    def _check_open(self):
        self.greeting_id._ensure_draft()
        if self.filtered(lambda line: line.state == "sent"):
            raise UserError(self.env._("A number that was greeted stays as it is in the document."))

    def _check_cards(self):
        gone = self.card_id.filtered(lambda card: card.state == "cancelled")
        if gone:
            raise ValidationError(
                self.env._("These numbers are cancelled: %(numbers)s", numbers=gone._enumerate(gone.mapped("number")))
            )

    @api.model
    def _clean_phone(self, vals):
        if not vals.get("phone"):
            return {"phone": False} if "phone" in vals else {}
        try:
            return {"phone": clean_phone(cells.text(32)(vals["phone"]))}
        except (cells.CellError, PhoneError) as error:
            label = self._fields["phone"]._description_string(self.env)
            raise ValidationError(
                self.env._("%(field)s: %(reason)s", field=label, reason=self.env._(error.reason))
            ) from error
