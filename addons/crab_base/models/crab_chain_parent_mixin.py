from odoo import fields, models


class CrabChainParentMixin(models.AbstractModel):
    """What a record with a hash-linked history keeps of it; written only by ``crab.chain.mixin``."""

    _name = "crab.chain.parent.mixin"
    _description = "Record with a hash-linked history"

    event_count = fields.Integer("History Lines", readonly=True, copy=False, default=0)
    head_hash = fields.Char("History Head", readonly=True, copy=False, size=64)
