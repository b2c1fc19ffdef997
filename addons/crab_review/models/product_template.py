from odoo import fields, models
from odoo.tools import SQL

from .crab_review import GOOD


class ProductTemplate(models.Model):
    _inherit = "product.template"

    crab_review_count = fields.Integer("Reviews", compute="_compute_crab_reviews", help="Hidden ones do not count.")
    crab_review_average = fields.Float("Average score", compute="_compute_crab_reviews", digits=(2, 1), aggregator=None)
    crab_review_good = fields.Float(
        "Good reviews", compute="_compute_crab_reviews", aggregator=None, help="Share of those with 4 or 5 points."
    )

    def _compute_crab_reviews(self):
        figures = self._crab_review_figures()
        for template in self:
            of_template = figures.get(template._origin.id, {})
            template.crab_review_count = of_template.get("count", 0)
            template.crab_review_average = of_template.get("average", 0)
            template.crab_review_good = of_template.get("good", 0)

    def _crab_review_figures(self):
        """What everybody may know of the shown reviews of these products, in one query.

        :return: ``{product.template id: {"count": reviews, "average": score with one decimal, "good": share from 0 to
            1 of those with 4 or 5}}``; products without reviews are left out
        """
        if not self.ids:
            return {}
        self.env["crab.review"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT product_tmpl_id, COUNT(*), ROUND(AVG(score), 1),
                       ROUND(COUNT(*) FILTER (WHERE score >= %s)::numeric / COUNT(*), 4)
                  FROM crab_review WHERE product_tmpl_id = ANY(%s) AND state = 'shown' GROUP BY 1
                """,
                GOOD,
                list(self.ids),
            )
        )
        return {
            product_id: {"count": count, "average": float(average), "good": float(good)}
            for product_id, count, average, good in self.env.cr.fetchall()
        }

    def action_crab_reviews(self):
        """What members say of this product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_review.crab_review_action")
        return {**action, "domain": [("product_tmpl_id", "=", self.id)], "context": {}}
