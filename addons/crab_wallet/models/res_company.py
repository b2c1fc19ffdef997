from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_wallet_approval_amount = fields.Monetary(
        "Second person above",
        default=50000,
        help="Top-ups, credit grants and repayments above this amount take effect when a second person has approved"
        " them.",
    )
