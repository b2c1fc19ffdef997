from odoo import models


class CrabOutbox(models.Model):
    _inherit = "crab.outbox"

    def _handlers(self):
        handlers = super()._handlers()
        handlers.setdefault("wallet.short", []).append("_notice_wallet_short")
        return handlers

    def _notice_wallet_short(self):
        """Tell the level 1 to top up, also when a lower dealer asked (HQ-11)."""
        wallets = {wallet.id: wallet for wallet in self.env["crab.wallet"].browse(self.mapped("aggregate_id")).exists()}
        for event in self:
            if event.aggregate_id in wallets:
                wallets[event.aggregate_id]._notice_short(event.payload)
