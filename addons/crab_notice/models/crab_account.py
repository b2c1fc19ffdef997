from odoo import models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """What the person was told goes."""
        result = super()._erase()
        self.env["crab.notice"].search([("member_id", "in", self._erase_members().ids)]).unlink()
        return result
