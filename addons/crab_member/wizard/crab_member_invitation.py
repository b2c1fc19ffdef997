from odoo import api, fields, models

from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_dealer.models.crab_invite_mixin import qr_download, qr_png


class CrabMemberInvitation(models.TransientModel):
    """Link and QR picture by which a dealer or a staff member invites to a level; head office hands it out (HQ-21)."""

    _name = "crab.member.invitation"
    _description = "Member invitation"

    dealer_id = fields.Many2one("crab.dealer", "Invites as dealer", readonly=True)
    staff_id = fields.Many2one("crab.dealer.staff", "Invites as staff", readonly=True)
    open_level_ids = fields.Many2many("crab.member.level", compute="_compute_open_level_ids")
    level_id = fields.Many2one(
        "crab.member.level",
        "Level",
        required=True,
        domain="[('id', 'in', open_level_ids)]",
        default=lambda self: self.env["crab.member.level"]._default().with_env(self.env),
        help="The base level, or one that head office has opened to the inviter (in the level, page Invitation).",
    )
    invite_link = fields.Char("Invitation link", compute="_compute_invitation")
    invite_qr = fields.Binary("Invitation QR picture", compute="_compute_invitation", attachment=False)

    def _subject(self):
        """Who invites, if the user sees it."""
        inviter = self.staff_id or self.dealer_id
        inviter.check_access("read")
        return Subject("staff" if self.staff_id else "dealer", inviter.id)

    @api.depends("dealer_id", "staff_id")
    def _compute_open_level_ids(self):
        for wizard in self:
            field = "is_open_to_staff" if wizard.staff_id else "is_open_to_dealers"
            wizard.open_level_ids = self.env["crab.member.level"].search(
                ["|", (field, "=", True), ("is_default", "=", True)]
            )

    @api.depends("dealer_id", "staff_id", "level_id")
    def _compute_invitation(self):
        """:raise AccessError: for a level that is not opened to the inviter"""
        for wizard in self:
            wizard.invite_link = wizard.invite_qr = False
            if wizard.level_id:
                invitation = wizard.level_id._invitation_for_subject(wizard._subject(), wizard.level_id)
                wizard.invite_link = invitation["link"]
                wizard.invite_qr = qr_png(invitation["link"])

    def action_download_qr(self):
        """Save the QR picture."""
        self.ensure_one()
        inviter = self.staff_id or self.dealer_id
        return qr_download(self, f"{inviter.invite_code}-{self.level_id.id}")
