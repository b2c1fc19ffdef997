from odoo import models


class CrabImportCardSales(models.AbstractModel):
    """Numbers that the Sales company issues: for members who buy from the platform (decisions.md, Companies)."""

    _name = "crab.import.card_sales"
    _inherit = "crab.import.card"
    _description = "Import of card numbers of the Sales company"
    _issuer = "sales"
