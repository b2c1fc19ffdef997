from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.money import dec


class CrabFreightTemplate(models.Model):
    """What the delivery of some goods costs, by region, by pieces or weight, free from an amount (HQ-62)."""

    _name = "crab.freight.template"
    _description = "Freight template"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_default = fields.Boolean(
        "For all other products", tracking=True, help="Products without a template of their own go by this one."
    )
    counted_by = fields.Selection(
        [("pieces", "Pieces"), ("weight", "Weight (kg)")], required=True, default="pieces", tracking=True
    )
    rule_ids = fields.One2many("crab.freight.rule", "template_id", "Regions")
    product_ids = fields.One2many("product.template", "crab_freight_template_id", "Products", readonly=True)

    _default_uniq = models.UniqueIndex(
        "(is_default) WHERE is_default AND active", "Only one template can be for all other products."
    )

    def _fee(self, lines, regions):
        """What the delivery of these lines of a quote costs (Decimal yuan).

        :param regions: ``crab.region`` of the receiver, the smallest first
        :raise UserError: where nothing is delivered
        """
        self.ensure_one()
        amount = sum(line["paid"] for line in lines)
        units = sum(
            dec(line["quantity"]) * (dec(line["product"].weight) if self.counted_by == "weight" else 1)
            for line in lines
        )
        return self._rule_for(regions)._fee(units, amount)

    def _rule_for(self, regions):
        for region in regions:
            rule = self.rule_ids.filtered(lambda rule, region=region: region in rule.region_ids)
            if rule:
                return rule[0]
        everywhere = self.rule_ids.filtered(lambda rule: not rule.region_ids)
        if not everywhere:
            raise UserError(self.env._("We do not deliver these goods to this address."))
        return everywhere[0]
