from odoo import models


class CrabMemberLevel(models.Model):
    _inherit = "crab.member.level"

    def action_open_prices(self):
        """What members of this level pay."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_price.crab_price_list_action")
        return {
            **action,
            "name": self.env._("Prices of %(name)s", name=self.name),
            "domain": [("level_id", "=", self.id)],
            "context": {"crab_one": "level"},
        }
