from odoo import api, fields, models


class CrabLedgerFact(models.Model):
    _inherit = "crab.ledger.fact"

    kind = fields.Selection(
        selection_add=[("wechatpay_fee", "Fees of WeChat Pay")], ondelete={"wechatpay_fee": "cascade"}
    )

    @api.model
    def _kind_lines(self):
        return {
            **super()._kind_lines(),
            "wechatpay_fee": [("payment_fee", "net", 1), ("payment_clearing", "net", -1)],
        }
