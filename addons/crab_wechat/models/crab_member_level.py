from odoo import api, fields, models

from odoo.addons.crab_member.models.crab_member_level import INVITERS


class CrabMemberLevel(models.Model):
    _inherit = "crab.member.level"

    crab_wxacode = fields.Binary(groups=INVITERS)

    @api.model
    def _read_token(self, token):
        """A scene of a mini-program code is as good as the invitation for which it stands."""
        return super()._read_token(self.env["crab.wechat.scene"]._token_of(token))
