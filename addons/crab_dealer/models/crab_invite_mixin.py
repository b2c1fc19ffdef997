import base64
import io
import secrets

import qrcode

from odoo import api, fields, models

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else
_ALPHABET_OF_BYTES = (ALPHABET * (256 // len(ALPHABET))).encode()  # 32 letters: each as often as the others
CODE_LENGTH = 12  # 60 random bits: a code cannot be guessed


def new_code(_self=None):
    """A random code for links and QR pictures."""
    return secrets.token_bytes(CODE_LENGTH).translate(_ALPHABET_OF_BYTES).decode()


def qr_png(text):
    """A QR picture of ``text`` as PNG, base64 as binary fields hold it."""
    buffer = io.BytesIO()
    qrcode.make(text, box_size=8, border=3).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue())


def qr_download(record, name):
    """The action that saves the picture in ``invite_qr`` of a record."""
    return {
        "type": "ir.actions.act_url",
        "url": f"/web/content/{record._name}/{record.id}/invite_qr?download=true&filename={name}.png",
        "target": "download",
    }


class CrabInviteMixin(models.AbstractModel):
    """Something with a code of its own that people follow by link or QR picture."""

    _name = "crab.invite.mixin"
    _description = "Invitation by link and QR picture"
    _invite_parameter = "invite"

    invite_code = fields.Char("Invitation code", required=True, readonly=True, copy=False, default=new_code)
    invite_link = fields.Char("Invitation link", compute="_compute_invite_link")
    invite_qr = fields.Binary("Invitation QR picture", compute="_compute_invite_qr", attachment=False)

    _invite_code_uniq = models.Constraint("UNIQUE(invite_code)", "This invitation code is in use.")

    @api.depends("invite_code")
    def _compute_invite_link(self):
        for record in self:
            record.invite_link = record._invite_url(record._invite_token())

    def _invite_token(self):
        """Hook: what the link carries; the code, unless a model signs it."""
        self.ensure_one()
        return self.invite_code

    @api.model
    def _invite_url(self, token):
        """The address of the phone application that takes an invitation."""
        # sudo: the address of the phone application is no secret
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        base = parameters_sudo.get_param("crab.app_url") or parameters_sudo.get_param("web.base.url", "") + "/m/"
        return f"{base}?{self._invite_parameter}={token}"

    @api.depends("invite_link")
    def _compute_invite_qr(self):
        for record in self:
            record.invite_qr = qr_png(record.invite_link)

    def action_download_qr(self):
        """Save the QR picture."""
        self.ensure_one()
        self.check_access("read")
        return qr_download(self, self.invite_code)
