from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabCardOrderLine(models.Model):
    """What a document has of one product: follows from its numbers; of a direct sale, it is what was ordered."""

    _name = "crab.card.order.line"
    _description = "Product of a card document"
    _order = "order_id, id"

    order_id = fields.Many2one("crab.card.order", string="Document", required=True, ondelete="cascade", index=True)
    product_id = fields.Many2one(
        "product.product", string="Card", required=True, ondelete="restrict", index=True,
        domain="[('crab_kind', '=', 'physical_card')]",
    )  # fmt: skip
    quantity = fields.Integer(required=True, default=1)
    chosen_quantity = fields.Integer("Chosen numbers", readonly=True, copy=False)
    received_quantity = fields.Integer("Received", readonly=True, copy=False)
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    retail_price = fields.Monetary(
        readonly=True, copy=False, help="Nationwide price when the document was made or executed."
    )
    ratio = fields.Float(digits=(5, 4), readonly=True, copy=False)
    unit_price = fields.Monetary(help="Price of one number for whom the order price is meant.")
    sale_price = fields.Monetary(
        copy=False,
        help="What the customer paid the seller for one number; empty: the default member price."
        " For statistics and staff only.",
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)

    _product_uniq = models.UniqueIndex("(order_id, product_id)", "Each product stands once in a document.")
    _quantity_check = models.Constraint("CHECK (quantity BETWEEN 0 AND 1000000)", "The quantity is 0 to 1,000,000.")
    _price_check = models.Constraint(
        "CHECK (unit_price >= 0 AND sale_price >= 0 AND unit_price < 100000000 AND sale_price < 100000000)",
        "A price is not negative and below 100 million.",
    )

    @api.depends("quantity", "unit_price")
    def _compute_amount(self):
        for line in self:
            line.amount = line.currency_id.round(line.quantity * line.unit_price)

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._ensure_editable({name for vals in vals_list for name in vals} - {"order_id"})
        return lines

    def write(self, vals):
        self._ensure_editable(set(vals))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_of_direct_drafts_only(self):
        self._ensure_editable({"product_id"})

    def _ensure_editable(self, names):
        """People may enter what a member orders, and the sale price of an activation; steps write everything else."""
        if self.env.su:
            return
        for order in self.order_id:
            allowed = {"direct": {"product_id", "quantity", "unit_price"}, "activation": {"sale_price"}}.get(
                order.kind, set()
            )
            if order.state != "draft" or names - allowed:
                raise UserError(
                    self.env._(
                        "The lines of %(document)s follow from its numbers and cannot be edited.", document=order.name
                    )
                )

    @api.constrains("quantity")
    def _check_quantity(self):
        for line in self:
            if line.order_id.kind == "direct" and line.quantity < 1:
                raise UserError(self.env._("Order at least one number of each card."))
