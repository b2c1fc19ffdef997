from odoo import models


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _move_roles(self, target):
        """A dealer's contact and its staff follow the merged login."""
        super()._move_roles(target)
        for model in ("crab.dealer", "crab.dealer.staff"):
            # sudo comes with the accounts; archived staff and closed dealers follow too
            self.env[model].sudo().with_context(active_test=False).search([("account_id", "=", self.id)]).write(
                {"account_id": target.id}
            )
