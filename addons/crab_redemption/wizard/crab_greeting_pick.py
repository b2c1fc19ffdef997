import re

from odoo import fields, models
from odoo.exceptions import UserError


class CrabGreetingPick(models.TransientModel):
    """Choose numbers for a corporate gift: typed, pasted from Excel, or as a range (HQ-31)."""

    _name = "crab.greeting.pick"
    _description = "Choose numbers for a corporate gift"

    greeting_id = fields.Many2one("crab.greeting", "Corporate gift", required=True, readonly=True, ondelete="cascade")
    numbers = fields.Text("Card numbers", help="One number per line, or separated by blanks or commas.")
    first_number = fields.Char("Range from")
    last_number = fields.Char("to")

    def action_add(self):
        """Add the numbers that are not in the document yet; all of them, or none with the reason."""
        self.ensure_one()
        self.greeting_id.check_access("write")
        typed = [number for number in re.split(r"[\s,;，；、]+", self.numbers or "") if number]
        ranges = [(self.first_number, self.last_number)] if self.first_number or self.last_number else []
        if ranges and not (self.first_number and self.last_number):
            raise UserError(self.env._("A range needs its first and its last number."))
        cards = self.env["crab.card"]._resolve(typed, ranges) - self.greeting_id.line_ids.card_id
        if not cards:
            raise UserError(self.env._("Choose numbers that are not in the document yet."))
        self.env["crab.greeting.line"].create(
            [{"greeting_id": self.greeting_id.id, "card_id": card_id} for card_id in cards.ids]
        )
        return {"type": "ir.actions.act_window_close"}
