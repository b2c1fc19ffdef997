from odoo import models

BLANK = "*"


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """Of the person's fapiao the address for delivery goes, and the buyer where none was issued.

        Title and tax number of issued ones are part of an accounting document that the law keeps. One that is asked for
        is issued or cancelled first (``crab.member._open_items``).
        """
        result = super()._erase()
        fapiao = self.env["crab.fapiao"].search([("order_id.crab_member_id", "in", self._erase_members().ids)])
        fapiao.email = False
        fapiao.filtered(lambda one: one.state == "cancelled").write({"title": BLANK, "tax_number": False})
        return result
