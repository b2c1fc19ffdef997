from odoo import fields, models


class CrabCard(models.Model):
    _inherit = "crab.card"

    redemption_ids = fields.One2many("crab.redemption", "card_id", "Redemptions", readonly=True)
    redemption_count = fields.Integer(compute="_compute_redemption_count")

    def _compute_redemption_count(self):
        counts = dict(self.env["crab.redemption"]._read_group([("card_id", "in", self.ids)], ["card_id"], ["__count"]))
        for card in self:
            card.redemption_count = counts.get(card, 0)

    def action_open_redemptions(self):
        """Show how this number was redeemed."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Redemptions"),
            "res_model": "crab.redemption",
            "view_mode": "list,form",
            "domain": [("card_id", "=", self.id)],
            "context": {"create": False},
        }
