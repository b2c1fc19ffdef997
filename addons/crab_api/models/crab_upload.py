from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.fields import Domain

from odoo.addons.crab_base.tools import pictures
from odoo.addons.crab_base.tools.subject import Subject

from ..errors import ApiError

KEPT_DAYS = 2
MOST_A_DAY = 200


class CrabUpload(models.Model):
    """A picture that was sent before it is used: in a review, a request, feedback, as a portrait.

    Written anew from its pixels when it comes. Whoever uses it makes a copy of its own; what is left is removed after
    two days.
    """

    _name = "crab.upload"
    _description = "Uploaded picture"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _log_access = False

    subject_kind = fields.Char(required=True, readonly=True)
    subject_id = fields.Integer(required=True, readonly=True)
    attachment_id = fields.Many2one("ir.attachment", required=True, readonly=True, index=True, ondelete="cascade")
    uploaded_at = fields.Datetime(required=True, readonly=True, index=True)

    _subject_idx = models.Index("(subject_kind, subject_id, uploaded_at)")

    @api.model
    def _subject_domain(self, subject: Subject):
        return Domain("subject_kind", "=", subject.kind) & Domain("subject_id", "=", subject.id)

    @api.model
    def _keep(self, subject, content):
        """Keep a picture of ``subject``.

        :param bytes content: the file
        :return: upload, in sudo
        :raise UserError: when it is no picture or too large
        :raise ApiError: (429) after 200 in a day
        """
        raw, mimetype = pictures.clean(self.env, content)
        now = fields.Datetime.now()
        today = [("uploaded_at", ">", now - timedelta(days=1))]
        if len(self._for_subject(subject, today, limit=MOST_A_DAY)) >= MOST_A_DAY:
            raise ApiError(429, "too_many", self.env._("Too many pictures for one day."), 3600)
        upload_sudo = self.sudo()  # sudo: people outside have no user
        attachment_sudo = upload_sudo.env["ir.attachment"].create(
            {"name": "upload", "raw": raw, "mimetype": mimetype, "res_model": self._name}
        )
        kept_sudo = upload_sudo.create(
            {
                "subject_kind": subject.kind,
                "subject_id": subject.id,
                "attachment_id": attachment_sudo.id,
                "uploaded_at": now,
            }
        )
        attachment_sudo.res_id = kept_sudo.id
        return kept_sudo

    @api.model
    def _contents(self, subject, public_ids):
        """The files of these uploads of ``subject``, as bytes, in this order.

        :raise MissingError: (404) for unknown ones and for other people's alike
        """
        found = {upload.public_id: upload for upload in self._for_subject(subject, [("public_id", "in", public_ids)])}
        if missing := set(public_ids) - set(found):
            raise MissingError(self.env._("%(count)s of the pictures do not exist any more.", count=len(missing)))
        return [found[public_id].attachment_id.raw for public_id in public_ids]

    def _url(self):
        """Where the picture can be seen, as a path on this server."""
        self.ensure_one()
        return f"/crab/upload/{self.public_id}"

    def unlink(self):
        attachments_sudo = self.sudo().attachment_id  # sudo: they go with the upload
        result = super().unlink()
        attachments_sudo.unlink()
        return result

    @api.autovacuum
    def _gc_old(self):
        self.search([("uploaded_at", "<", fields.Datetime.now() - timedelta(days=KEPT_DAYS))], limit=2000).unlink()
