import re
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.orm.models import NO_ACCESS

from odoo.addons.crab_sms.models.crab_sms_account import is_loopback

from ..tools import answers, client

SECRETS = ("app_secret", "message_token", "aes_key")
PAGE = re.compile(r"[\w-]+(/[\w-]+)*", re.ASCII)


class CrabWechatApp(models.Model):
    """The mini-program of the suite: who it is for WeChat. There is one at a time."""

    _name = "crab.wechat.app"
    _description = "Mini-program"
    _inherit = ["mail.thread"]
    _order = "id"

    name = fields.Char(required=True, tracking=True, help="As members see it in WeChat.")
    app_id = fields.Char("AppID", required=True, tracking=True, copy=False)
    app_secret = fields.Char("Stored secret", groups=NO_ACCESS, copy=False)
    new_app_secret = fields.Char(
        "AppSecret",
        compute="_compute_new",
        inverse="_inverse_new",
        help="Never shown again; enter one to replace it.",
    )
    has_app_secret = fields.Boolean("AppSecret entered", compute="_compute_has")
    message_token = fields.Char("Stored token", groups=NO_ACCESS, copy=False)
    new_message_token = fields.Char(
        "Token",
        compute="_compute_new",
        inverse="_inverse_new",
        help="As in WeChat's console under message push. Never shown again; enter one to replace it.",
    )
    aes_key = fields.Char("Stored key", groups=NO_ACCESS, copy=False)
    new_aes_key = fields.Char(
        "EncodingAESKey",
        compute="_compute_new",
        inverse="_inverse_new",
        help="43 letters and digits, as in WeChat's console; choose the safe mode there. Never shown again.",
    )
    has_callback = fields.Boolean(
        "Messages can be received", compute="_compute_has", help="Token and EncodingAESKey are entered."
    )
    callback_url = fields.Char(
        "Address of messages", compute="_compute_callback_url", help="Enter it in WeChat's console under message push."
    )
    corp_id = fields.Char(
        "Corp ID", tracking=True, help="Of WeChat customer service (微信客服), bound to the mini-program."
    )
    service_url = fields.Char(
        "Customer service link",
        tracking=True,
        help="Of the customer service account, https://work.weixin.qq.com/kfid/…",
    )
    entry_page = fields.Char(
        "Entrance page",
        required=True,
        default="pages/launch/index",
        tracking=True,
        help="Where codes and links lead; it must be in the published version.",
    )
    env_version = fields.Selection(
        [("release", "Published"), ("trial", "Trial"), ("develop", "Development")],
        "Version",
        required=True,
        default="release",
        tracking=True,
        help="The version that codes, links and messages open.",
    )
    base_url = fields.Char(
        "Address",
        tracking=True,
        help="Empty: WeChat's own. A sandbox on this machine may be entered here, such as http://127.0.0.1:8500.",
    )
    active = fields.Boolean(default=True, help="Switched off: nobody logs in by it and nothing is sent.")

    _active_uniq = models.UniqueIndex("(active) WHERE active", "There is one active mini-program.")
    _app_id_uniq = models.Constraint("UNIQUE(app_id)", "This mini-program is entered already.")

    # ------------------------------------------------------------------ compute

    def _compute_new(self):
        for name in SECRETS:
            self[f"new_{name}"] = False

    def _inverse_new(self):
        for app in self:
            for name in SECRETS:
                if app[f"new_{name}"]:
                    app.sudo()[name] = app[f"new_{name}"].strip()  # sudo: nobody reads it

    @api.depends(*SECRETS)
    def _compute_has(self):
        for app in self:
            own = app.sudo()  # whether, not which
            app.has_app_secret = bool(own.app_secret)
            app.has_callback = bool(own.message_token and own.aes_key)

    def _compute_callback_url(self):
        for app in self:
            app.callback_url = f"{app.get_base_url()}/wechat/callback"

    # ------------------------------------------------------------------ constraints

    @api.constrains("base_url")
    def _check_base_url(self):
        for app in self.filtered("base_url"):
            url = urlsplit(app.base_url)
            if not url.hostname or url.path.strip("/") or url.query or url.fragment or url.username:
                raise ValidationError(self.env._("The address must look like %(example)s.", example=client.HOST))
            if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname)):
                raise ValidationError(self.env._("The address must begin with https://."))

    @api.constrains("service_url")
    def _check_service_url(self):
        if any(app.service_url and urlsplit(app.service_url).scheme != "https" for app in self):
            raise ValidationError(self.env._("The address must begin with https://."))

    @api.constrains("entry_page")
    def _check_entry_page(self):
        if not all(PAGE.fullmatch(app.entry_page) for app in self):
            raise ValidationError(self.env._("A page looks like pages/launch/index: no slash before it, no values."))

    @api.constrains("aes_key")
    def _check_aes_key(self):
        if any(app.aes_key and not re.fullmatch(r"[A-Za-z0-9]{43}", app.aes_key) for app in self.sudo()):
            raise ValidationError(self.env._("The EncodingAESKey has 43 letters and digits."))

    @api.model_create_multi
    def create(self, vals_list):
        apps = super().create([self._stripped(vals) for vals in vals_list])
        # sudo: nobody has rights on tokens
        self.env["crab.wechat.token"].sudo().create([{"app_id": app.id} for app in apps])
        return apps

    def write(self, vals):
        vals = self._stripped(vals)
        if "app_id" in vals and any(app.app_id != vals["app_id"] for app in self):
            raise UserError(self.env._("The AppID stays: members are known by it. Enter another mini-program instead."))
        return super().write(vals)

    @api.model
    def _stripped(self, vals):
        return {name: value.strip() if isinstance(value, str) else value for name, value in vals.items()}

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A mini-program is switched off, not deleted."))

    # ------------------------------------------------------------------ business

    @api.model
    def _active(self):
        """The active mini-program, in sudo; empty if there is none."""
        return self.sudo().search([], limit=1)  # sudo: whoever logs in, or is told something, has no right on it

    @api.model
    def _ensure_active(self):
        """The active mini-program, in sudo.

        :raise UserError: when there is none that could be used
        """
        app_sudo = self._active()
        if not app_sudo._is_ready():
            raise UserError(self.env._("The mini-program is not set up yet."))
        return app_sudo

    def _is_ready(self):
        """Whether WeChat can be called."""
        return bool(self.active and self.sudo().app_secret)

    def _client(self):
        """What talks to WeChat (``tools.client``), with the program's values and without the database."""
        self.ensure_one()
        own = self.sudo()  # the secret has no reader
        return client.Client(own.app_id, own.app_secret, own.base_url, own.env_version)

    def _wechat(self, name, *args):
        """Call WeChat with the access token; one that it refuses is renewed once.

        Nothing may be locked meanwhile, and nothing written before: a transaction that is restarted calls again.

        :param name: of a method of ``tools.client.Client`` that takes a token
        :raise Refused, Unreachable, Unknown: of ``tools.client``
        """
        call, tokens = getattr(self._client(), name), self.env["crab.wechat.token"]
        token = tokens._get(self)
        try:
            return call(token, *args)
        except client.Refused as refusal:
            if refusal.code not in client.BAD_TOKEN:
                raise
        return call(tokens._get(self, refused=token), *args)

    @api.model
    def _in_words(self, error):
        """``UserError`` for the person who waits for a call that failed."""
        if isinstance(error, client.Refused):
            text = answers.meaning(error.code)
            reason = self.env._(text) if text else f"{error.code} {error.message}"
            return UserError(self.env._("WeChat refuses: %(reason)s", reason=reason))
        return UserError(self.env._("WeChat cannot be reached. Please try again in a moment."))

    # ------------------------------------------------------------------ buttons

    def action_test(self):
        """Ask WeChat for an access token: it proves AppID and secret."""
        self.ensure_one()
        self.check_access("write")
        try:
            self._client().token()
        except (client.Refused, client.Unreachable, client.Unknown) as error:
            raise self._in_words(error) from None
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self.env._("WeChat accepts AppID and secret.")},
        }
