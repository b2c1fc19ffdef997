from odoo import fields, models


class CrabCardBatch(models.Model):
    _name = "crab.card.batch"
    _description = "Batch of card numbers"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    source = fields.Selection(
        [("import", "Import"), ("generation", "Generation"), ("sale", "Online sale")], required=True, readonly=True
    )
    company_id = fields.Many2one("res.company", string="Issuer", required=True, readonly=True, ondelete="restrict")
    valid_until = fields.Date(readonly=True)
    count = fields.Integer("Numbers", readonly=True)
