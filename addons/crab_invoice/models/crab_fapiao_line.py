from odoo import fields, models

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabFapiaoLine(models.Model):
    _name = "crab.fapiao.line"
    _description = "Fapiao line"
    _order = "fapiao_id, id"

    fapiao_id = fields.Many2one("crab.fapiao", required=True, readonly=True, index=True, ondelete="cascade")
    order_line_id = fields.Many2one(
        "sale.order.line", "Order line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_id = fields.Many2one(related="order_line_id.product_id")
    currency_id = fields.Many2one(related="fapiao_id.currency_id")
    tax_id = fields.Many2one("account.tax", "Tax", readonly=True)
    quantity = fields.Float(readonly=True, digits="Product Unit", help="0: an amount only, nothing was taken back.")
    amount = fields.Monetary(required=True, readonly=True, help="With tax.")

    _amounts = models.Constraint("CHECK (amount > 0 AND quantity >= 0)", "A line of a fapiao has an amount.")

    def _sign(self):
        return -1 if self.fapiao_id.is_red else 1

    def _prepare_invoice_line(self):
        """The line of the customer invoice; with pieces where the price of one is exact."""
        self.ensure_one()
        amount, quantity = dec(self.amount), dec(self.quantity)
        price = round_cents(amount / quantity) if quantity else amount
        if not quantity or price * quantity != amount:
            price, quantity = amount, dec(1)
        company = self.fapiao_id.company_id
        is_card = self.order_line_id.order_id.crab_kind != "package" and self.order_line_id.crab_role == "goods"
        purpose = "contract_liability" if is_card else "revenue"
        return {
            "name": self.product_id.display_name,
            "quantity": quantity,
            "price_unit": price,
            "account_id": self.env["crab.ledger"]._account(company, purpose).id,
            "tax_ids": [fields.Command.set(self.tax_id.ids)],
        }
