from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.number_text import parse


class CrabCardOrderPick(models.TransientModel):
    """Choose the numbers of a draft: singly, by ranges, pasted, scanned, from Excel, or the lowest that are free."""

    _name = "crab.card.order.pick"
    _inherit = ["crab.card.order.input"]
    _description = "Choose numbers"

    method = fields.Selection(
        [("lowest", "The lowest free numbers"), ("entered", "Numbers, ranges or scanner"), ("file", "Excel file")],
        string="How", required=True, default="lowest",
    )  # fmt: skip
    product_id = fields.Many2one("product.product", string="Card", domain="[('crab_kind', '=', 'physical_card')]")
    quantity = fields.Integer(default=100)
    available_count = fields.Integer("Free numbers", compute="_compute_available_count")
    number_count = fields.Integer(related="order_id.number_count", string="Numbers in the document")

    @api.depends("product_id", "order_id", "method")
    def _compute_available_count(self):
        for wizard in self:
            wizard.available_count = (
                self.env["crab.card"].search_count(wizard._free_domain())
                if wizard.product_id and wizard.order_id
                else 0
            )

    def _free_domain(self):
        """Free numbers of the product that fit and are chosen in no other draft either."""
        chosen = SQL(
            "(SELECT card_id FROM crab_card_order_number WHERE state = 'chosen' OR order_id = %s)", self.order_id.id
        )
        return (
            self.order_id._number_domain()
            & Domain("product_id", "=", self.product_id.id)
            & Domain("id", "not in", chosen)
        )

    def _refusals(self, card_ids):
        return {card_id: reason for card_id, _number, reason in self.order_id.sudo()._misfits(card_ids)}

    def _input_domain(self):
        return self.order_id._number_domain()

    def action_add(self):
        """Add the numbers to the document; all of them, or none with the reasons shown."""
        self.ensure_one()
        order = self._editable_order()
        cards = self._chosen_cards()
        if self.errors:
            return self._reopen()
        order._refuse_misfits(cards.ids)
        order._link_cards(cards.ids)
        return {"type": "ir.actions.act_window_close"}

    def _chosen_cards(self):
        self.errors = False
        if self.method == "lowest":
            if not self.product_id or self.quantity < 1:
                raise UserError(self.env._("Choose a card and how many numbers."))
            cards = self.env["crab.card"]._lowest(self._free_domain(), self.quantity)
            if len(cards) < self.quantity:
                raise UserError(
                    self.env._(
                        "Only %(count)s free numbers of %(card)s can be chosen here.",
                        count=len(cards),
                        card=self.product_id.display_name,
                    )
                )
            return cards
        if self.method == "entered":
            self.file = False
        else:
            self.text = False
        return self._entered_cards()

    def action_remove(self):
        """Take the entered numbers out of the document again."""
        self.ensure_one()
        order = self._editable_order()
        numbers, ranges = parse(self.text)
        if not numbers and not ranges:
            raise UserError(self.env._("Enter the numbers to take out."))
        chosen = [("id", "in", order._card_ids("chosen"))]
        order._unlink_cards(self.env["crab.card"]._resolve(numbers, ranges, domain=chosen).ids)
        return {"type": "ir.actions.act_window_close"}

    def _editable_order(self):
        self.order_id.check_access("write")
        return self.order_id._ensure_choosable()
