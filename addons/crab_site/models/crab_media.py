import base64
import mimetypes
import re
from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.crab_base.tools import pictures

from ..tools.links import clean_link
from ..tools.videos import video_type

VIDEO_MAX_MB = 50
LARGEST_MB = 90  # what the server takes in one request, less a third for base64


class CrabMedia(models.Model):
    """Pictures and videos to put into product pages, articles and agreements (HQ-65).

    A picture stands in the editor's own dialogue for pictures. A video is inserted as a link to its address, which the
    app plays in place; its traffic is counted there. What is in use under an address never changes: another content is
    another record.
    """

    _name = "crab.media"
    _description = "Picture or video"
    _inherit = ["crab.public.id.mixin"]
    _order = "id desc"

    name = fields.Char(required=True, size=128, index="trigram")
    active = fields.Boolean(default=True, help="Archived ones are no longer served.")
    kind = fields.Selection([("picture", "Picture"), ("video", "Video")], required=True, default="picture")
    tag_ids = fields.Many2many("crab.media.tag", string="Tags")
    content = fields.Binary(
        "File",
        compute="_compute_content",
        inverse="_inverse_content",
        help="Pictures: JPEG, PNG, WebP or GIF of at most 5 MB. "
        "Videos: MP4 or WebM, at most as large as the settings say.",
    )
    url = fields.Char(
        "Video elsewhere",
        help="Address of a video in storage of your own, instead of a file. Only its plays are counted here, "
        "its bytes by that storage.",
    )
    attachment_id = fields.Many2one("ir.attachment", "Attachment", readonly=True, copy=False, ondelete="restrict")
    mimetype = fields.Char("Type", related="attachment_id.mimetype")
    size = fields.Integer("Size (bytes)", related="attachment_id.file_size")
    seconds = fields.Integer("Length (seconds)", aggregator=None)
    address = fields.Char(compute="_compute_address", help="For everybody who has it; copy it into texts.")
    preview = fields.Char(compute="_compute_address")
    plays = fields.Integer(compute="_compute_plays", help="Of all months.")

    _seconds_positive = models.Constraint("CHECK (seconds >= 0)", "A video is not shorter than nothing.")

    # ------------------------------------------------------------------ content

    def _compute_content(self):
        self.content = False  # only taken in: what is kept is looked at by its address

    def _inverse_content(self):
        """Judge the file by its content and keep it; once."""
        for media in self.filtered("content"):
            if media.attachment_id or media.url:
                raise UserError(
                    self.env._("“%(name)s” may be in use. Add the other file as a new one.", name=media.name)
                )
            raw, mimetype = media._clean_content(media.content)
            attachments_sudo = self.env["ir.attachment"].sudo()  # a part of the record
            media.sudo().attachment_id = attachments_sudo.create(  # sudo: set by this method only
                {
                    "name": media._file_name(mimetype),
                    "raw": raw,
                    "mimetype": mimetype,
                    "res_model": self._name,
                    "res_id": media.id,
                    # the editor's dialogue shows public ones; videos go only by the address that counts them
                    "public": media.kind == "picture",
                }
            )

    def _clean_content(self, value):
        """``(bytes, mimetype)`` of what was uploaded.

        :raise UserError: for what is not what its kind says, or too large
        """
        try:
            content = base64.b64decode(value, validate=True)
        except (TypeError, ValueError):
            content = b""
        if self.kind == "picture":
            return pictures.clean(self.env, content)
        largest = self._video_max_mb()
        if len(content) > largest * 1_000_000:
            raise UserError(
                self.env._(
                    "The video is larger than %(size)s MB. Make it smaller, or enter its address in your own storage.",
                    size=largest,
                )
            )
        mimetype = video_type(content)
        if not mimetype:
            raise UserError(self.env._("This file is no video that every phone plays (MP4 or WebM)."))
        return content, mimetype

    @api.model
    def _video_max_mb(self):
        # sudo: the setting is no secret
        return int(self.env["ir.config_parameter"].sudo().get_param("crab_site.video_max_mb", VIDEO_MAX_MB))

    def _file_name(self, mimetype):
        """A name for addresses, with the ending of what it is."""
        stem = re.sub(r"[^\w.-]+", "-", re.sub(r"\.\w{1,5}$", "", self.name)).strip(".-_") or self.kind
        return f"{stem}{mimetypes.guess_extension(mimetype) or ''}"

    @api.depends("attachment_id.name", "url")
    def _compute_address(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")  # sudo: no secret
        for media in self:
            attachment_sudo = media.attachment_id.sudo()  # a part of the record
            name = attachment_sudo.name or ("video" if media.url else None)
            media.address = f"{base}/crab/media/{media.public_id}/{quote(name)}" if name else False
            media.preview = f"/web/image/{attachment_sudo.id}/300x200" if name and media.kind == "picture" else False

    def _compute_plays(self):
        plays = dict(
            self.env["crab.media.hit"]
            .sudo()  # the sum is no secret of those who see the video
            ._read_group([("media_id", "in", self.ids)], ["media_id"], ["plays:sum"])
        )
        for media in self:
            media.plays = plays.get(media._origin.sudo(), 0)

    # ------------------------------------------------------------------ CRUD

    def _check_content(self):
        for media in self:
            if bool(media.url) == bool(media.attachment_id):
                raise ValidationError(
                    self.env._("“%(name)s” needs a file, or else the address of a video.", name=media.name)
                )
            if media.url and media.kind == "picture":
                raise ValidationError(
                    self.env._("Pictures are kept here: choose the file of “%(name)s”.", name=media.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any("attachment_id" in vals for vals in vals_list):
            raise UserError(self.env._("Choose the file itself."))
        media = super().create([self._clean_url(vals) for vals in vals_list])
        media._check_content()  # now that the file is kept
        return media

    def write(self, vals):
        if {"kind", "url"} & vals.keys() or ("attachment_id" in vals and not self.env.su):
            raise UserError(self.env._("What may be in use stays as it is. Add the other one as a new one."))
        return super().write(vals)

    @api.model
    def _clean_url(self, vals):
        return {**vals, "url": clean_link(self.env, vals["url"], ("https",))} if vals.get("url") else vals

    @api.ondelete(at_uninstall=False)
    def _unlink_except_played(self):
        if self.env["crab.media.hit"].sudo().search_count([("media_id", "in", self.ids)], limit=1):  # sudo: facts count
            raise UserError(self.env._("A video that was played is kept with its traffic. Archive it instead."))

    # ------------------------------------------------------------------ buttons

    def action_open_traffic(self):
        """Plays and bytes of these per month."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_site.crab_media_traffic_action")
        return {**action, "domain": [("media_id", "in", self.ids)], "context": {}}
