from odoo import api, fields, models


class CrabLedgerFact(models.Model):
    _inherit = "crab.ledger.fact"

    kind = fields.Selection(
        selection_add=[
            ("shop_paid", "Order paid"),
            ("shop_paid_card", "Cards paid"),
            ("shop_shipped", "Order shipped"),
            ("shop_supplied", "Cost of goods of orders"),
            ("shop_refunded", "Refund before shipping"),
            ("shop_refunded_card", "Refund of cards"),
            ("shop_refunded_shipped", "Refund after shipping"),
        ],
        ondelete={
            name: "cascade"
            for name in (
                "shop_paid", "shop_paid_card", "shop_shipped", "shop_supplied", "shop_refunded", "shop_refunded_card",
                "shop_refunded_shipped",
            )
        },
    )  # fmt: skip

    @api.model
    def _kind_lines(self):
        def move(debit, credit):
            return [(debit, "net", 1), (credit, "net", -1)]

        gross = ("net", "tax")
        return {
            **super()._kind_lines(),
            "shop_paid": move("payment_clearing", "order_advance"),
            "shop_paid_card": move("payment_clearing", "contract_liability"),
            "shop_refunded": move("order_advance", "payment_clearing"),
            "shop_refunded_card": move("contract_liability", "payment_clearing"),
            "shop_refunded_shipped": [
                ("revenue", "net", 1),
                ("vat_output", "tax", 1),
                *(("payment_clearing", column, -1) for column in gross),
            ],
            "shop_shipped": [
                *(("order_advance", column, 1) for column in gross),
                ("revenue", "net", -1),
                ("vat_output", "tax", -1),
            ],
            "shop_supplied": [("cost", "cost", 1), ("inventory", "cost", -1)],
        }
