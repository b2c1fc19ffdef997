import math

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


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
    unit_price = fields.Monetary(
        readonly=True, copy=False, help="Price of one number for whom the order price is meant."
    )
    sale_price = fields.Monetary(
        copy=False,
        help="What the customer paid the seller for one number; empty: the default member price."
        " For statistics and staff only.",
    )
    discount = fields.Monetary(
        help="What the member pays less for this line, with the reason in the document; spread over the numbers."
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)

    _product_uniq = models.UniqueIndex("(order_id, product_id)", "Each product stands once in a document.")
    _quantity_check = models.Constraint("CHECK (quantity BETWEEN 0 AND 1000000)", "The quantity is 0 to 1,000,000.")
    _price_check = models.Constraint(
        "CHECK (unit_price >= 0 AND sale_price >= 0 AND unit_price < 100000000 AND sale_price < 100000000)",
        "A price is not negative and below 100 million.",
    )
    _discount_check = models.Constraint(
        "CHECK (discount >= 0 AND amount >= 0)", "A discount is not negative and not higher than the price."
    )

    @api.depends("quantity", "unit_price", "discount")
    def _compute_amount(self):
        for line in self:
            if not math.isfinite(line.discount):  # JSON of a client can hold NaN
                raise ValidationError(self.env._("The discount is higher than the price."))
            line.amount = line.currency_id.round(line.quantity * line.unit_price - line.discount)

    @api.onchange("product_id")
    def _onchange_product_id(self):
        if self.product_id and self.order_id.kind == "direct":
            self.update(self.order_id._line_prices(self.product_id)[self.product_id.id])

    @api.model_create_multi
    def create(self, vals_list):
        names = {name for vals in vals_list for name in vals} - {"order_id"}
        lines = super().create([self._with_prices(vals) for vals in vals_list])
        lines._ensure_editable(names)
        return lines

    def write(self, vals):
        self._ensure_editable(set(vals))
        if "product_id" in vals:
            for line in self:
                super().write(self._with_prices({"order_id": line.order_id.id, **vals}))
            return True
        return super().write(vals)

    def _with_prices(self, vals):
        """Lines of a direct sale have the member's price from the beginning."""
        order_sudo = self.env["crab.card.order"].sudo().browse(vals.get("order_id"))  # prices follow from the document
        product_sudo = self.env["product.product"].sudo().browse(vals.get("product_id"))
        if order_sudo.kind != "direct" or not product_sudo:
            return vals
        return {**vals, **order_sudo._line_prices(product_sudo)[product_sudo.id]}

    @api.ondelete(at_uninstall=False)
    def _unlink_of_direct_drafts_only(self):
        self._ensure_editable({"product_id"})

    def _ensure_editable(self, names):
        """People may enter what a member orders, and the sale price of an activation; steps write everything else."""
        if self.env.su:
            return
        for order in self.order_id:
            allowed = {"direct": {"product_id", "quantity", "discount"}, "activation": {"sale_price"}}
            if order.state != "draft" or names - allowed.get(order.kind, set()):
                raise UserError(
                    self.env._(
                        "The lines of %(document)s follow from its numbers and cannot be edited.", document=order.name
                    )
                )

    @api.constrains("quantity", "discount")
    def _check_sale(self):
        for line in self.filtered(lambda line: line.order_id.kind == "direct"):
            if line.quantity < 1:
                raise ValidationError(self.env._("Order at least one number of each card."))
            if line.amount < 0:
                raise ValidationError(self.env._("The discount is higher than the price."))
