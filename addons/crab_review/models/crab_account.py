from odoo import models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """Of the person's reviews the scores stay; texts and pictures go."""
        result = super()._erase()
        reviews = self.env["crab.review"].search([("member_id", "in", self._erase_members().ids)])
        reviews.picture_ids.unlink()
        reviews.write({"text": False, "is_anonymous": True})
        return result
