from odoo import fields, models
from odoo.exceptions import UserError


class CrabCardOrderReceive(models.TransientModel):
    """Confirm a partial receipt: which numbers arrived, or which did not. The rest stays open until it does."""

    _name = "crab.card.order.receive"
    _inherit = ["crab.card.order.input"]
    _description = "Partial receipt"

    meaning = fields.Selection(
        [("arrived", "These numbers arrived"), ("missing", "All arrived except these")],
        string="Entered are", required=True, default="arrived",
    )  # fmt: skip
    number_count = fields.Integer(related="order_id.number_count", string="Numbers in the document")
    received_count = fields.Integer(related="order_id.received_count", string="Received so far")

    def _refusals(self, card_ids):
        known = set(self.order_id.sudo()._card_ids("reserved", "received"))
        return {card_id: self.env._("not in this document") for card_id in card_ids if card_id not in known}

    def _input_domain(self):
        return [("transit_model", "=", "crab.card.order"), ("transit_id", "=", self.order_id.id)]

    def action_receive(self):
        """Take over what arrived; mistakes are shown and nothing is received."""
        self.ensure_one()
        self.errors = False
        cards = self._entered_cards()
        if self.errors:
            return self._reopen()
        order = self.order_id
        numbers = set(cards.mapped("number"))
        if self.meaning == "missing":
            in_transit = self.env["crab.card"].search(self._input_domain())
            numbers = set(in_transit.mapped("number")) - numbers
            if not numbers:
                raise UserError(self.env._("Nothing arrived then. Reject the document instead."))
        order.action_receive(sorted(numbers))
        return {"type": "ir.actions.act_window_close"}
