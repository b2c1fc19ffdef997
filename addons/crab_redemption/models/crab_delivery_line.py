from odoo import fields, models


class CrabDeliveryLine(models.Model):
    """Goods of a parcel: each line is taken from stock as it is; a package with parts has a line for each part."""

    _name = "crab.delivery.line"
    _description = "Delivery line"
    _order = "delivery_id, id"

    delivery_id = fields.Many2one("crab.delivery", required=True, readonly=True, index=True, ondelete="cascade")
    package_id = fields.Many2one(
        "product.product", "Package", required=True, readonly=True, index=True, help="What was chosen or ordered."
    )
    product_id = fields.Many2one("product.product", "Goods", required=True, readonly=True, index=True)
    quantity = fields.Float(required=True, readonly=True, digits="Product Unit", default=1)
    currency_id = fields.Many2one(related="delivery_id.currency_id")
    price_settlement = fields.Monetary(
        "Settlement Price",
        readonly=True,
        groups="crab_base.group_finance,crab_base.group_auditor",
        help="Of a unit, as it was on the day of shipping.",
    )

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A quantity is more than zero.")

    def _supply_facts(self, buyer, reference):
        """Facts of what the owner of these shipped goods supplied to ``buyer``, at the settlement prices frozen."""
        delivery = self.delivery_id
        return self.env["crab.ledger.fact"]._supply_facts(
            delivery.company_id,
            buyer,
            [(line.product_id, line.quantity, line.price_settlement, f"supply-{line.id}") for line in self],
            document_model=delivery._name,
            document_id=delivery.id,
            reference=reference,
        )

    def _describe(self):
        """The lines of one package in words."""
        parts = "、".join(f"{line.product_id.name} × {line.quantity:g}" for line in self)
        package = self.package_id
        return parts if self.product_id == package else f"{package.name}（{parts}）"
