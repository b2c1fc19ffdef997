from odoo import models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """Of the person's after-sales requests the texts and pictures go; the requests and their sums stay."""
        result = super()._erase()
        requests = self.env["crab.aftersale"].search([("member_id", "in", self._erase_members().ids)])
        requests.picture_ids.unlink()
        requests.write({"text": False, "note": False})
        requests.message_ids.unlink()
        return result
