from odoo import fields, models

from .crab_wechat_scene import wxacode_download


class CrabInviteMixin(models.AbstractModel):
    """Invitations also have a mini-program code (HQ-04, MB-21)."""

    _inherit = "crab.invite.mixin"
    _wechat_kind = "invite"

    crab_wxacode = fields.Binary("Mini-program code", compute="_compute_crab_wxacode", attachment=False)

    def _compute_crab_wxacode(self):
        tokens = {record: record._invite_token() for record in self if record.id}
        kept = self.env["crab.wechat.scene"]._kept_pictures(self._wechat_kind, set(tokens.values()))
        for record in self:
            record.crab_wxacode = kept.get(tokens.get(record), False)

    def action_download_wxacode(self):
        """Save the mini-program code of this invitation."""
        self.ensure_one()
        self.check_access("read")
        self._check_field_access(self._fields["invite_code"], "read")  # it carries the same
        self.env["crab.wechat.scene"]._picture(self._wechat_kind, self._invite_token())
        return wxacode_download(self, "crab_wxacode", self.invite_code)


class CrabDealerInvitation(models.Model):
    _inherit = "crab.dealer.invitation"
    _wechat_kind = "dealer"
