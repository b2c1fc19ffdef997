from odoo import models


class CrabMember(models.Model):
    _inherit = "crab.member"

    def _crab_with_merged(self):
        """These members and those who were merged into them: their orders stay under the number they were placed by."""
        found = merged = self
        while merged:
            merged = self.with_context(active_test=False).search([("merged_into_id", "in", merged.ids)]) - found
            found |= merged
        return found

    def _merge_into(self, target):
        """The cart goes on with ``target``; what stands in both stays as it is there."""
        result = super()._merge_into(target)
        lines = self.env["crab.cart.line"].search([("member_id", "=", self.id)])
        there = self.env["crab.cart.line"].search([("member_id", "=", target.id)]).product_id
        lines.filtered(lambda line: line.product_id not in there).member_id = target
        return result
