from odoo import api, fields, models


class CrabFapiaoAsk(models.TransientModel):
    """Who the fapiao of an order is for, and how many pieces of each line it holds."""

    _name = "crab.fapiao.ask"
    _description = "Ask for a fapiao"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection([("personal", "Personal"), ("company", "Company")], required=True, default="personal")
    title = fields.Char("Buyer's title", required=True)
    tax_number = fields.Char("Tax number")
    email = fields.Char("E-mail", help="The electronic fapiao is sent there.")
    line_ids = fields.One2many("crab.fapiao.ask.line", "ask_id", "Lines")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        order = self.env["sale.order"].browse(values.get("order_id"))
        order.check_access("read")
        lines = order.sudo().order_line.filtered("crab_role")  # the order may be read
        values["line_ids"] = [
            fields.Command.create({"order_line_id": line.id, "quantity": left[0]})
            for line in lines
            if (left := line._crab_fapiao_left())[1] > 0
        ]
        return values

    def action_confirm(self):
        """Ask for the fapiao. A second click finds nothing left."""
        self.ensure_one()
        fapiao = self.env["crab.fapiao"]
        fapiao._check_right()
        self.order_id.check_access("read")
        buyer = {name: self[name] for name in ("kind", "title", "tax_number", "email")}
        wishes = {line.order_line_id: line.quantity for line in self.line_ids}
        fapiao = fapiao._ask(self.order_id, buyer, wishes)
        return {
            "type": "ir.actions.act_window",
            "res_model": "crab.fapiao",
            "res_id": fapiao.id,
            "view_mode": "form",
        }
