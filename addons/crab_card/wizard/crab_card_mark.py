import re

from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabCardMark(models.TransientModel):
    """Mark numbers as VIP cards, or take the mark away (HQ-32)."""

    _name = "crab.card.mark"
    _description = "Mark VIP cards"

    is_vip = fields.Selection(
        [("yes", "Mark as VIP cards"), ("no", "Remove the VIP mark")], "Do", required=True, default="yes"
    )
    numbers = fields.Text("Card numbers", help="One number per line, or separated by blanks or commas.")
    first_number = fields.Char("Range from")
    last_number = fields.Char("to")
    selected_count = fields.Integer("Selected numbers", compute="_compute_selected_count")

    @api.depends_context("active_ids", "active_model")
    def _compute_selected_count(self):
        self.selected_count = len(self._selected())

    def _selected(self):
        is_register = self.env.context.get("active_model") == "crab.card"
        return self.env["crab.card"].browse(self.env.context.get("active_ids") or [] if is_register else [])

    def action_mark(self):
        """Mark what was selected, typed and given as a range; numbers that are so already stay.

        :raise UserError: for unknown numbers, or when there is nothing to do
        """
        self.ensure_one()
        is_vip = self.is_vip == "yes"
        cards = self._selected()
        typed = [number for number in re.split(r"[\s,;，；、]+", self.numbers or "") if number]
        ranges = [(self.first_number, self.last_number)] if self.first_number or self.last_number else []
        if ranges and not (self.first_number and self.last_number):
            raise UserError(self.env._("A range needs its first and its last number."))
        cards |= cards._resolve(typed, ranges)
        if not cards:
            raise UserError(self.env._("Choose numbers first."))
        cards._mark_vip(is_vip)
        return {"type": "ir.actions.act_window_close"}
