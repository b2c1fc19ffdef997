from odoo import api, models

from odoo.addons.base.models.res_users import ResUsers


class CrabImportDealer(models.AbstractModel):
    _inherit = "crab.import.dealer"

    @api.model
    def _after_load(self, dealers, rows):
        """储值 is one opening top-up, 额度 one credit grant; above the limit they wait for a second person's approval.

        Code may name that person by the context key ``crab_wallet_approver``: a user record, which no client can send.
        """
        result = super()._after_load(dealers, rows)
        requests = [
            (dealer, kind, row[column], f"opening:{kind}:{dealer.id}")
            for dealer, row in zip(dealers, rows, strict=True)
            for column, kind in (("stored", "topup"), ("credit", "credit_grant"))
            if row[column]
        ]
        if requests:
            approver = self.env.context.get("crab_wallet_approver")
            approver = approver if isinstance(approver, ResUsers) else None
            self.env["crab.wallet.document"]._open_all(requests, approver)
        return result
