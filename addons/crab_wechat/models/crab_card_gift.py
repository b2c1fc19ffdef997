from odoo import api, models


class CrabCardGift(models.Model):
    _inherit = "crab.card.gift"

    @api.model
    def _by_token(self, token):
        """A scene of a mini-program code is as good as the link for which it stands."""
        return super()._by_token(self.env["crab.wechat.scene"]._token_of(token))
