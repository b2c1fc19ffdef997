from odoo import api, fields, models

from odoo.addons.crab_base.tools.money import dec


class CrabEarningExplain(models.TransientModel):
    """Where an earning comes from: the order, what was paid, the frozen prices, the walk up (domain.md §5)."""

    _name = "crab.earning.explain"
    _description = "Explanation of an earning"

    earning_id = fields.Many2one("crab.earning", required=True, readonly=True, ondelete="cascade")
    order_id = fields.Many2one(related="earning_id.order_id")
    line_id = fields.Many2one(related="earning_id.line_id")
    currency_id = fields.Many2one(related="earning_id.currency_id")
    product_name = fields.Char("Goods", compute="_compute_line", compute_sudo=True)
    quantity = fields.Float(compute="_compute_line", compute_sudo=True, digits="Product Unit")
    paid = fields.Monetary("Paid for these goods", compute="_compute_line", compute_sudo=True)
    refunded = fields.Monetary(compute="_compute_line", compute_sudo=True)
    step_ids = fields.One2many("crab.earning.explain.step", "explain_id", "Up the chain", readonly=True)

    @api.depends("line_id")
    def _compute_line(self):
        for explain in self:
            line = explain.line_id
            explain.product_name, explain.quantity = line.name, line.product_uom_qty
            explain.paid, explain.refunded = line.crab_paid, line.crab_refunded

    @api.model
    def _explain(self, earning):
        """A new explanation of ``earning``: one step per dealer of the frozen chain, the platform last."""
        earning.check_access("read")
        steps = [
            {"name": step["dealer"].display_name or self.env._("Platform"), **step}
            for step in self._walk(earning.sudo().line_id)  # who may see the earning may see what it comes from
        ]
        for step in steps:
            del step["dealer"]
        explanations_sudo = self.sudo()  # shown to whoever may read the earning, never entered
        return explanations_sudo.create(
            {"earning_id": earning.id, "step_ids": [fields.Command.create(values) for values in steps]}
        )

    @api.model
    def _walk(self, line):
        """How what was paid for an order line is shared, up its frozen chain.

        :return: a list of dicts: ``dealer`` (empty: the platform, last) and the values of a step; amounts are Decimal
        """
        rest = dec(line.crab_paid)
        net = {}
        for row in self.env["crab.earning"].sudo().search([("line_id", "=", line.id)]):
            net[row.dealer_id.id] = net.get(row.dealer_id.id, 0) + dec(row.amount)
        steps = []
        passed_over = self.env._("passed over: closed, or no online distribution")
        if line.order_id.crab_kind == "physical_card":
            passed_over = self.env._("physical cards bought online earn nothing for dealers")
        for chain in line.crab_chain_ids:
            takes_part = chain.is_earning and line.order_id.crab_kind != "physical_card"
            price = dec(chain.unit_price) * dec(line.product_uom_qty)
            below = min(price, rest) if takes_part else rest
            steps.append(
                {
                    "dealer": chain.dealer_id,
                    "ratio": chain.ratio,
                    "unit_price": chain.unit_price,
                    "amount_before": rest,
                    "amount_after": below,
                    "share": rest - below,
                    "given_back": rest - below - net.get(chain.dealer_id.id, 0),
                    "note": False if takes_part else passed_over,
                }
            )
            rest = below
        steps.append(
            {
                "dealer": line.env["crab.dealer"],
                "amount_before": rest,
                "share": rest,
                "given_back": rest - net.get(False, 0),
            }
        )
        return steps
