import ipaddress
import secrets
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.orm.models import NO_ACCESS

from ..tools import client


def is_loopback(host):
    """Whether the name of a host is this machine and cannot be anything else."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


class CrabSmsAccount(models.Model):
    """Where a company sends its SMS: the account at a provider. A company has one at a time."""

    _name = "crab.sms.account"
    _description = "Account at an SMS provider"
    _inherit = ["mail.thread"]
    _order = "company_id, id"
    _rec_name = "sign_name"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, tracking=True, default=lambda self: self.env.company
    )
    provider = fields.Selection(
        [("tencent", "Tencent Cloud"), ("aliyun", "Aliyun")], required=True, default="tencent", tracking=True
    )
    sign_name = fields.Char(
        "Signature",
        required=True,
        tracking=True,
        help="As the provider approved it, without the brackets; it stands before each SMS.",
    )
    key_id = fields.Char("Key ID", required=True, copy=False, help="SecretId of Tencent Cloud, AccessKey ID of Aliyun.")
    key_secret = fields.Char("Stored secret", groups=NO_ACCESS, copy=False)
    new_secret = fields.Char(
        "Secret",
        compute="_compute_new_secret",
        inverse="_inverse_new_secret",
        help="SecretKey of Tencent Cloud, AccessKey Secret of Aliyun. Never shown again; enter one to replace it.",
    )
    has_secret = fields.Boolean("Secret entered", compute="_compute_has_secret")
    app_id = fields.Char("SDK AppID", copy=False, help="Of the SMS application; Tencent Cloud only.")
    region = fields.Char(help="Of Tencent Cloud only. Empty: ap-guangzhou.")
    endpoint = fields.Char(
        "Address",
        help="Empty: the provider's own. A sandbox on this machine may be entered here, such as http://127.0.0.1:8490.",
    )
    report_token = fields.Char(
        "Secret part of the address",
        default=lambda self: secrets.token_urlsafe(24),
        required=True,
        groups=NO_ACCESS,
        copy=False,
    )
    report_url = fields.Char(
        "Address of delivery reports",
        compute="_compute_report_url",
        groups="crab_base.group_admin",
        help="Enter it in the provider's console. Keep it secret: whoever knows it can claim that an SMS arrived.",
    )
    active = fields.Boolean(default=True, help="Switched off: nothing is sent by it; delivery reports are still taken.")
    template_ids = fields.One2many("crab.sms.template", "account_id", "Templates")

    _company_uniq = models.UniqueIndex("(company_id) WHERE active", "A company has one active account for SMS.")
    _token_uniq = models.Constraint("UNIQUE(report_token)", "The address of delivery reports belongs to one account.")

    # ------------------------------------------------------------------ compute

    def _compute_new_secret(self):
        self.new_secret = False

    def _inverse_new_secret(self):
        for account in self.filtered("new_secret"):
            account.sudo().key_secret = account.new_secret.strip()  # sudo: nobody reads it

    @api.depends("key_secret")
    def _compute_has_secret(self):
        for account in self:
            account.has_secret = bool(account.sudo().key_secret)  # sudo: whether, not which

    @api.depends("provider", "report_token")
    def _compute_report_url(self):
        for account in self:
            token = account.sudo().report_token  # sudo: the field on screen has its own group
            account.report_url = account.id and f"{account.get_base_url()}/callback/sms/{account.provider}/{token}"

    # ------------------------------------------------------------------ constraints

    @api.constrains("endpoint")
    def _check_endpoint(self):
        for account in self.filtered("endpoint"):
            url = urlsplit(account.endpoint)
            if not url.hostname or url.path.strip("/") or url.query or url.fragment or url.username:
                raise ValidationError(
                    self.env._("The address must look like %(example)s.", example=client.ENDPOINTS[account.provider])
                )
            if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname)):
                raise ValidationError(self.env._("The address must begin with https://."))

    @api.constrains("provider", "app_id")
    def _check_app_id(self):
        for account in self:
            if account.provider == "tencent" and not account.app_id:
                raise ValidationError(self.env._("Tencent Cloud needs the SDK AppID of the SMS application."))

    @api.constrains("company_id")
    def _check_company_of_templates(self):
        if self.env["sms.sms"].sudo().search_count([("crab_template_id.account_id", "in", self.ids)], limit=1):
            raise ValidationError(self.env._("SMS were sent by this account: its company stays."))

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._stripped(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._stripped(vals))

    @api.model
    def _stripped(self, vals):
        return {name: value.strip() if isinstance(value, str) else value for name, value in vals.items()}

    # ------------------------------------------------------------------ business

    def _is_ready(self):
        """Whether SMS can be sent by it."""
        return bool(self.active and self.sudo().key_secret)

    def _client(self):
        """What talks to the provider (``tools.client``), with the account's values and without the database."""
        self.ensure_one()
        own = self.sudo()  # the secret has no reader
        return client.CLIENTS[own.provider](
            own.key_id, own.key_secret, own.app_id, own.sign_name, own.region, own.endpoint
        )

    @api.model
    def _by_token(self, provider, token):
        """The account whose delivery reports come with this secret, in sudo; empty if there is none."""
        if "\0" in token:
            return self.browse()
        return (
            self.sudo()  # the sender is nobody; the secret says whose reports they are
            .with_context(active_test=False)
            .search([("report_token", "=", token), ("provider", "=", provider)])
        )
