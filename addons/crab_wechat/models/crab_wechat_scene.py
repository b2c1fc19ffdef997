import base64
import re
from datetime import timedelta
from urllib.parse import quote

from odoo import api, fields, models
from odoo.orm.models import NO_ACCESS

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_dealer.models.crab_invite_mixin import ALPHABET, CODE_LENGTH, new_code

from ..tools import client

LETTERS = {"home": "", "invite": "i", "dealer": "d", "gift": "g"}
SHORT = "W"  # begins what stands for a token that is too long for a scene
SHORT_CODE = re.compile(rf"{SHORT}[{ALPHABET}]{{{CODE_LENGTH}}}")
LONGEST_TOKEN = client.LONGEST_SCENE - 2
SPARE = timedelta(days=3)  # a link that is given out is good for at least that long


class CrabWechatScene(models.Model):
    """What a mini-program code or link leads to: an invitation, a gift, or the program itself (HQ-04, IF-04, MB-21).

    A scene has at most 32 characters. It is a letter for the kind and the token; for a longer token, a short code that
    stands for it here. Pictures and links are fetched once and kept; tokens end by themselves, as in any other link.
    """

    _name = "crab.wechat.scene"
    _description = "Mini-program code"
    _log_access = False
    _rec_name = "scene"

    app_id = fields.Many2one("crab.wechat.app", required=True, readonly=True, ondelete="cascade", index=True)
    kind = fields.Selection(
        [("home", "Mini-program"), ("invite", "Member invitation"), ("dealer", "Dealer invitation"), ("gift", "Gift")],
        required=True,
        readonly=True,
    )
    token = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    scene = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    picture = fields.Binary(attachment=True, readonly=True, groups=NO_ACCESS)
    picture_leads_to = fields.Char(readonly=True)
    link = fields.Char(readonly=True, groups=NO_ACCESS)
    link_leads_to = fields.Char(readonly=True)
    link_until = fields.Datetime(readonly=True)

    _token_uniq = models.Constraint("UNIQUE(app_id, kind, token)", "A token has one scene.")
    _scene_uniq = models.Constraint("UNIQUE(app_id, scene)", "A scene stands for one token.")

    # ------------------------------------------------------------------ services

    @api.model
    def _picture(self, kind, token):
        """The mini-program code that leads to ``token``; WeChat is asked for it once.

        It commits what it keeps by itself and calls WeChat: nothing may be locked meanwhile.

        :param kind: a key of ``LETTERS``
        :return: bytes of a JPEG or PNG
        :raise UserError: when the mini-program is not set up, or WeChat refuses or cannot be reached
        """
        app_sudo = self.env["crab.wechat.app"]._ensure_active()
        scene_id, scene, kept = self._own(lambda scenes: scenes._kept(app_sudo.id, kind, token, "picture"))
        if not kept:
            leads_to, content = app_sudo._leads_to(), self._call(app_sudo, "picture", scene, app_sudo.entry_page)
            kept = base64.b64encode(content)
            self._own(lambda scenes: scenes._keep(scene_id, {"picture": kept, "picture_leads_to": leads_to}))
        return base64.b64decode(kept)

    @api.model
    def _link(self, kind, token):
        """An address that opens the mini-program at ``token`` from anywhere; as :meth:`_picture`.

        :return: ``{"path": for sharing within WeChat, "link": for everywhere else, "until": datetime}``
        """
        app_sudo = self.env["crab.wechat.app"]._ensure_active()
        scene_id, scene, kept = self._own(lambda scenes: scenes._kept(app_sudo.id, kind, token, "link"))
        if not kept:
            leads_to, until = app_sudo._leads_to(), fields.Datetime.now() + timedelta(days=client.LINK_DAYS)
            kept = self._call(app_sudo, "link", app_sudo.entry_page, scene), until
            values = {"link": kept[0], "link_leads_to": leads_to, "link_until": until}
            self._own(lambda scenes: scenes._keep(scene_id, values))
        path = f"{app_sudo.entry_page}?scene={quote(scene, safe='')}"
        return {"path": path, "link": kept[0], "until": kept[1]}

    @api.model
    def _token_of(self, text):
        """The token that a scene stands for, with or without its letter; any other text as it is."""
        if not isinstance(text, str):
            return text
        found = text.strip()
        if found[1:2] == "=" and found[:1] in LETTERS.values():
            found = found[2:]
        if not SHORT_CODE.fullmatch(found):
            return found
        scenes = [f"{letter}={found}" for letter in LETTERS.values()]
        scenes_sudo = self.sudo()  # whoever follows a code has no user
        return scenes_sudo.search([("scene", "in", scenes)], limit=1).token or found

    @api.model
    def _kept_pictures(self, kind, tokens):
        """``{token: base64 of its picture}`` of those that were fetched."""
        app_sudo = self.env["crab.wechat.app"]._active()
        scenes_sudo = self.sudo()  # whoever sees what the code leads to may see the code
        found = scenes_sudo.search([("app_id", "=", app_sudo.id), ("kind", "=", kind), ("token", "in", list(tokens))])
        return {scene.token: scene.picture for scene in found}

    # ------------------------------------------------------------------ within

    @api.model
    def _own(self, func):
        return transaction.run(self.env.registry, lambda env: func(env[self._name]))

    @api.model
    def _call(self, app, name, *args):
        try:
            return app._wechat(name, *args)
        except (client.Refused, client.Unreachable, client.Unknown) as error:
            raise app._in_words(error) from None

    @api.model
    def _kept(self, app_id, kind, token, what):
        """Id, scene and what was fetched for ``token``; the row is made if there is none."""
        row = self.search([("app_id", "=", app_id), ("kind", "=", kind), ("token", "=", token)])
        if not row:
            short = token if len(token) <= LONGEST_TOKEN else f"{SHORT}{new_code()}"
            scene = f"{LETTERS[kind]}={short}" if LETTERS[kind] else short
            row = self.create({"app_id": app_id, "kind": kind, "token": token, "scene": scene})
        if row[f"{what}_leads_to"] != row.app_id._leads_to():
            return row.id, row.scene, None
        if what == "picture":
            return row.id, row.scene, row.picture
        is_good = row.link_until and row.link_until > fields.Datetime.now() + SPARE
        return row.id, row.scene, (row.link, row.link_until) if is_good else None

    @api.model
    def _keep(self, scene_id, values):
        self.browse(scene_id).write(values)


class CrabWechatApp(models.Model):
    """The program's own code (HQ-04)."""

    _inherit = "crab.wechat.app"

    wxacode = fields.Binary("Mini-program code", compute="_compute_wxacode", attachment=False)

    def _compute_wxacode(self):
        kept = self.env["crab.wechat.scene"]._kept_pictures("home", ["home"])
        for app in self:
            app.wxacode = kept.get("home", False) if app.active else False

    def _leads_to(self):
        """What pictures and links depend on besides their scene."""
        return f"{self.env_version} {self.entry_page}"

    def action_download_wxacode(self):
        """Save the mini-program code of the program itself."""
        self.ensure_one()
        self.check_access("read")
        self.env["crab.wechat.scene"]._picture("home", "home")
        return wxacode_download(self, "wxacode", self.app_id)


def wxacode_download(record, field, name):
    """The action that saves the mini-program code in a field of a record."""
    return {
        "type": "ir.actions.act_url",
        "url": f"/web/content/{record._name}/{record.id}/{field}?download=true&filename=wechat-{name}.png",
        "target": "download",
    }
