from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_open_prices(self):
        """Retail, member and dealer prices of this product, highest first."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_price.crab_price_list_action")
        return {
            **action,
            "name": self.env._("Prices of %(name)s", name=self.display_name),
            "domain": [("product_tmpl_id", "=", self.id)],
            "context": {"crab_one": "product"},
        }
