import re
import uuid

from odoo import api, fields, models

from odoo.addons.crab_base.tools.subject import Subject

from ..models.crab_aftersale import REASONS


class CrabAftersaleAsk(models.TransientModel):
    """Customer service enters what a member asks for on the phone."""

    _name = "crab.aftersale.ask"
    _description = "Ask for after-sales"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="cascade")
    order_kind = fields.Selection(related="order_id.crab_kind", string="Kind of order")
    kind = fields.Selection(
        [("refund", "Refund only"), ("return", "Return and refund")], required=True, default="refund",
        help="Return: the goods are sent back first, and refunded when they have arrived.",
    )  # fmt: skip
    reason = fields.Selection(REASONS, required=True)
    text = fields.Char("In the member's words")
    numbers = fields.Text(
        "Numbers given back", help="Of physical cards that the member has and has not used, apart by blanks or lines."
    )
    line_ids = fields.One2many("crab.aftersale.ask.line", "ask_id", "Lines")
    key = fields.Char(default=lambda self: str(uuid.uuid4()), readonly=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        order = self.env["sale.order"].browse(values.get("order_id"))
        values["line_ids"] = self.env["crab.aftersale.ask.line"]._of_order(order)
        return values

    def action_confirm(self):
        """Make the request. A second click finds the first one's."""
        self.ensure_one()
        self.order_id.check_access("read")
        requests = self.env["crab.aftersale"]
        requests._check_right()
        subject = Subject.of(self.env)
        request = requests.sudo()._ask_once(  # the right was checked
            subject,
            self.order_id,
            self.line_ids._wishes(),
            self.kind,
            self.reason,
            text=self.text,
            numbers=[text for text in re.split(r"[\s,，;；、]+", self.numbers or "") if text],
            key=self.key,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "crab.aftersale",
            "res_id": request.id,
            "view_mode": "form",
        }
