from odoo import api, fields, models

from ..models.crab_dealer import LEVELS, RATIO_DIGITS, TYPES, TYPES_OF_LEVEL


class CrabDealerMove(models.TransientModel):
    _name = "crab.dealer.move"
    _description = "Change place in the network"

    dealer_id = fields.Many2one("crab.dealer", required=True, readonly=True)
    network_count = fields.Integer(related="dealer_id.network_count")
    level = fields.Selection(
        LEVELS, required=True, compute="_compute_place", store=True, readonly=False, precompute=True
    )
    dealer_type = fields.Selection(
        TYPES, "Type", compute="_compute_dealer_type", store=True, readonly=False, precompute=True
    )
    parent_id = fields.Many2one(
        "crab.dealer",
        "New parent",
        compute="_compute_place",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('level', '<', level), ('state', '=', 'active'), '!', ('id', 'child_of', dealer_id)]",
    )
    parent_ratio = fields.Float("Parent's ratio", related="parent_id.ratio", digits=RATIO_DIGITS)
    ratio = fields.Float(
        "Price ratio", digits=RATIO_DIGITS, compute="_compute_place", store=True, readonly=False, precompute=True
    )
    reason = fields.Char(required=True)

    @api.depends("dealer_id")
    def _compute_place(self):
        for wizard in self:
            wizard.level = wizard.dealer_id.level
            wizard.parent_id = wizard.dealer_id.parent_id
            wizard.ratio = wizard.dealer_id.ratio

    @api.depends("level")
    def _compute_dealer_type(self):
        for wizard in self:
            fitting = TYPES_OF_LEVEL.get(wizard.level, ())
            present = wizard.dealer_type or wizard.dealer_id.dealer_type
            wizard.dealer_type = present if present in fitting else fitting[0] if len(fitting) == 1 else False

    def action_apply(self):
        """Move the dealer with everything below it."""
        self.ensure_one()
        self.dealer_id.check_access("write")
        self.dealer_id._relocate(
            self.parent_id if self.level != "1" else self.parent_id.browse(),
            level=self.level,
            dealer_type=self.dealer_type or None,
            ratio=self.ratio,
            reason=self.reason,
        )
        return {"type": "ir.actions.act_window_close"}
