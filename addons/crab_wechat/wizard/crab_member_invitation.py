from odoo import api, fields, models

from ..models.crab_wechat_scene import wxacode_download


class CrabMemberInvitation(models.TransientModel):
    """The invitation to a level also has a mini-program code; a short scene stands for its signed token."""

    _inherit = "crab.member.invitation"

    crab_wxacode = fields.Binary("Mini-program code", compute="_compute_crab_wxacode", attachment=False)

    @api.depends("dealer_id", "staff_id", "level_id")
    def _compute_crab_wxacode(self):
        for wizard in self:
            token = wizard._token()
            wizard.crab_wxacode = self.env["crab.wechat.scene"]._kept_pictures("invite", [token]).get(token, False)

    def _token(self):
        """:raise AccessError: for a level that is not opened to the inviter"""
        return self.level_id._invitation_for_subject(self._subject(), self.level_id)["token"]

    def action_download_wxacode(self):
        """Save the mini-program code of this invitation."""
        self.ensure_one()
        self.env["crab.wechat.scene"]._picture("invite", self._token())
        inviter = self.staff_id or self.dealer_id
        return wxacode_download(self, "crab_wxacode", f"{inviter.invite_code}-{self.level_id.id}")
