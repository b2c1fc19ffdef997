from odoo import api, fields, models


class CrabDeliverySplit(models.TransientModel):
    """Part of an order's goods leaves before the rest, in a delivery of its own (HQ-61)."""

    _name = "crab.delivery.split"
    _description = "Split a delivery"

    delivery_id = fields.Many2one("crab.delivery", "Delivery", required=True, readonly=True, ondelete="cascade")
    line_ids = fields.One2many("crab.delivery.split.line", "split_id", "Goods")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        delivery = self.env["crab.delivery"].browse(values.get("delivery_id"))
        delivery.check_access("read")
        held = delivery.sudo()._held_of_order()  # the warehouse sees what it ships, not the order
        values["line_ids"] = [fields.Command.create({"order_line_id": line.id}) for line in held]
        return values

    def action_confirm(self):
        """Make the second delivery and open it."""
        self.ensure_one()
        self.delivery_id._ensure_warehouse()
        part = self.delivery_id._split_order({line.sudo().order_line_id: line.quantity for line in self.line_ids})
        return {
            "type": "ir.actions.act_window",
            "res_model": "crab.delivery",
            "res_id": part.id,
            "view_mode": "form",
        }
