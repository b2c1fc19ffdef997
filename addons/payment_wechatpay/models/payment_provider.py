import ipaddress
import logging
import re
import secrets
import time
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .. import const
from ..tools import client

_logger = logging.getLogger(__name__)

PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)
SECRETS = ("wechatpay_private_key", "wechatpay_api_key")


def is_loopback(host):
    """Whether the name of a host is this machine and cannot be anything else."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def pem_of(text, kind):
    """A key as PEM: the line breaks that a one-line field has swallowed are put back. What is no key stays as it is."""
    found = PEM.search(text or "")
    words = re.sub(r"\s+", "", found[2] if found else text or "")
    if not re.fullmatch(r"[A-Za-z0-9+/]{64,}={0,2}", words):
        return text
    label = found[1] if found else kind
    return "\n".join([f"-----BEGIN {label}-----", *re.findall(".{1,64}", words), f"-----END {label}-----", ""])


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    code = fields.Selection(selection_add=[("wechatpay", "WeChat Pay")], ondelete={"wechatpay": "set default"})
    wechatpay_base_url = fields.Char(
        string="Address of WeChat Pay",
        help="https://api.mch.weixin.qq.com is the real one. At first it is the sandbox of this machine.",
        default=const.SANDBOX_URL,
        required_if_provider="wechatpay",
        groups="base.group_system",
    )
    wechatpay_mchid = fields.Char(
        string="Merchant Number", required_if_provider="wechatpay", copy=False, groups="base.group_system"
    )
    wechatpay_appid = fields.Char(
        string="AppID",
        help="Of the mini-program or official account that is bound to the merchant number.",
        required_if_provider="wechatpay",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_serial_no = fields.Char(
        string="Serial Number of the Merchant Certificate",
        required_if_provider="wechatpay",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_private_key = fields.Char(
        string="Merchant Private Key",
        help="The content of apiclient_key.pem.",
        required_if_provider="wechatpay",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_api_key = fields.Char(
        string="APIv3 Key",
        help="32 characters, set in the merchant platform under API security.",
        required_if_provider="wechatpay",
        copy=False,
        groups="base.group_system",
    )
    wechatpay_mode = fields.Selection(
        [("public_key", "WeChat Pay public key"), ("certificate", "Platform certificates")],
        string="Signatures of WeChat Pay",
        help="New merchants have a public key. Older ones may still have platform certificates, which are fetched and "
        "renewed by themselves. During a change-over enter the public key as well: both are accepted then.",
        default="public_key",
        groups="base.group_system",
    )
    wechatpay_public_key_id = fields.Char(string="Public Key ID", copy=False, groups="base.group_system")
    wechatpay_public_key = fields.Text(
        string="Public Key", help="The content of pub_key.pem.", copy=False, groups="base.group_system"
    )
    wechatpay_certificates = fields.Text(
        string="Platform Certificates", readonly=True, copy=False, groups="base.group_system"
    )
    wechatpay_certificates_at = fields.Datetime(
        string="Certificates Fetched On", readonly=True, copy=False, groups="base.group_system"
    )
    wechatpay_minutes = fields.Integer(
        string="Minutes to Pay",
        help="After these minutes a payment that was begun can no longer be made, unless its document says otherwise.",
        default=30,
        groups="base.group_system",
    )
    wechatpay_notify_url = fields.Char(
        string="Address of the Notifications", compute="_compute_wechatpay_notify_url", groups="base.group_system"
    )

    _wechatpay_minutes_positive = models.Constraint(
        "CHECK(wechatpay_minutes IS NULL OR wechatpay_minutes BETWEEN 1 AND 1440)",
        "The minutes to pay must lie between 1 and 1440.",
    )

    # === COMPUTE METHODS === #

    def _compute_feature_support_fields(self):
        """Override of `payment`: refunds in parts."""
        res = super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code == "wechatpay").support_refund = "partial"
        return res

    def _compute_wechatpay_notify_url(self):
        for provider in self:
            known = provider.code == "wechatpay" and provider.id
            provider.wechatpay_notify_url = (
                known and f"{provider.get_base_url()}/payment/wechatpay/notify/{provider.id}"
            )

    def _get_supported_currencies(self):
        """Override of `payment`: yuan only."""
        currencies = super()._get_supported_currencies()
        if self.code == "wechatpay":
            currencies = currencies.filtered(lambda currency: currency.name in const.CURRENCIES)
        return currencies

    # === CONSTRAINT METHODS === #

    @api.constrains("code", "state", "wechatpay_base_url")
    def _check_wechatpay_base_url(self):
        """Keys and payers' data never leave this machine in clear, and live payments never go to a sandbox."""
        for provider in self.filtered(lambda provider: provider.code == "wechatpay" and provider.wechatpay_base_url):
            url = urlsplit(provider.wechatpay_base_url)
            loopback = is_loopback(url.hostname)
            if not url.hostname or url.scheme not in ("http", "https") or url.query or url.fragment or url.username:
                raise ValidationError(
                    self.env._("The address of WeChat Pay must look like %(example)s.", example=const.LIVE_URL)
                )
            if url.scheme != "https" and not loopback:
                raise ValidationError(self.env._("The address of WeChat Pay must begin with https://."))
            if provider.state == "enabled" and loopback:
                raise ValidationError(
                    self.env._(
                        "The sandbox takes no real payments: choose the test mode, or enter %(address)s.",
                        address=const.LIVE_URL,
                    )
                )

    @api.constrains(
        "state",
        "wechatpay_private_key",
        "wechatpay_api_key",
        "wechatpay_mode",
        "wechatpay_public_key_id",
        "wechatpay_public_key",
    )
    def _check_wechatpay_keys(self):
        for provider in self.filtered(lambda provider: provider.code == "wechatpay"):
            for name, read in (
                ("wechatpay_private_key", client.private_key_of),
                ("wechatpay_public_key", client.public_key_of),
            ):
                try:
                    provider[name] and read(provider[name])
                except (ValueError, TypeError) as error:
                    label = self._fields[name]._description_string(self.env)
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” cannot be read. Paste the whole content of the file, with its first and last"
                            " line.",
                            field=label,
                        )
                    ) from error
            if provider.wechatpay_api_key and len(provider.wechatpay_api_key.encode()) != 32:
                raise ValidationError(self.env._("The APIv3 key has 32 characters."))
            if provider.wechatpay_mode != "certificate" and provider.state != "disabled":
                if not provider.wechatpay_public_key or not provider.wechatpay_public_key_id:
                    raise ValidationError(self.env._("Enter WeChat Pay's public key and its ID."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._wechatpay_cleaned(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._wechatpay_cleaned(vals))

    @api.model
    def _wechatpay_cleaned(self, vals):
        """What is pasted brings blanks along, and loses line breaks."""
        cleaned = {
            name: value.strip() if name.startswith("wechatpay_") and isinstance(value, str) else value
            for name, value in vals.items()
        }
        for name, kind in (("wechatpay_private_key", "PRIVATE KEY"), ("wechatpay_public_key", "PUBLIC KEY")):
            if cleaned.get(name):
                cleaned[name] = pem_of(cleaned[name], kind)
        return cleaned

    def _get_default_payment_method_codes(self):
        """Override of `payment`."""
        self.ensure_one()
        return const.PAYMENT_METHOD_CODES if self.code == "wechatpay" else super()._get_default_payment_method_codes()

    def _get_reset_values(self):
        """Override of `payment`."""
        values = super()._get_reset_values()
        if self.code == "wechatpay":
            credentials = ("mchid", "appid", "serial_no", "public_key_id", "public_key", "certificates")
            values |= dict.fromkeys([*SECRETS, *(f"wechatpay_{name}" for name in credentials)], None)
        return values

    # === ACTION METHODS === #

    def action_wechatpay_test(self):
        """Ask for an order that cannot exist: a signed "not found" proves address, numbers and keys; no money moves."""
        self.ensure_one()
        self.check_access("write")
        try:
            self._wechatpay_call("query", out_trade_no=f"test-{secrets.token_hex(8)}")
        except client.Refused as error:
            if error.code not in const.NOT_FOUND:
                raise UserError(
                    self.env._(
                        "WeChat Pay refuses: %(message)s (%(code)s). Check the numbers and keys.",
                        message=error,
                        code=error.code,
                    )
                ) from error
        except client.Unknown as error:
            raise UserError(
                self.env._("WeChat Pay cannot be reached, or its answer is not signed as expected: %s", error)
            ) from error
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self.env._("WeChat Pay answers. Numbers and keys are right.")},
        }

    def action_wechatpay_renew_certificates(self):
        """Fetch the platform certificates now."""
        self.check_access("write")
        for provider in self:
            try:
                provider._wechatpay_renew_certificates()
            except (client.Refused, client.Unknown) as error:
                raise UserError(self.env._("The certificates cannot be fetched: %s", error)) from error

    def _wechatpay_action(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"payment_wechatpay.{xmlid}")
        return {**action, "domain": [("provider_id", "=", self.id)], "context": {"default_provider_id": self.id}}

    def action_wechatpay_notifications(self):
        """The notifications that came for this provider."""
        return self._wechatpay_action("payment_wechatpay_notification_action")

    def action_wechatpay_bills(self):
        """The daily bills of this provider."""
        return self._wechatpay_action("payment_wechatpay_bill_action")

    def action_wechatpay_issues(self):
        """The transactions of this provider that somebody has to look at."""
        return self._wechatpay_action("payment_transaction_issue_action")

    # === REQUEST HELPERS === #

    def _wechatpay_client(self):
        """The client with this provider's keys. In sudo: whoever pays has no right on them."""
        self.ensure_one()
        provider_sudo = self.sudo()
        return client.Client(
            url=provider_sudo.wechatpay_base_url or const.NOWHERE_URL,
            mchid=provider_sudo.wechatpay_mchid,
            appid=provider_sudo.wechatpay_appid,
            serial_no=provider_sudo.wechatpay_serial_no,
            private_key=provider_sudo.wechatpay_private_key or "",
            api_key=provider_sudo.wechatpay_api_key or "",
            mode=provider_sudo.wechatpay_mode,
            public_key_id=provider_sudo.wechatpay_public_key_id,
            public_key=provider_sudo.wechatpay_public_key,
            certificates=provider_sudo.wechatpay_certificates,
        )

    def _wechatpay_call(self, name, **values):
        """Call WeChat Pay by a method of :class:`client.Client`; the answer as an object.

        :raise client.Unknown: when what became of the call is not known: ask again with the same values
        :raise client.Refused: when WeChat Pay refuses
        """
        try:
            api = self._wechatpay_client()
        except (ValueError, TypeError) as error:
            raise client.Unknown("the keys of the provider cannot be read") from error
        try:
            return getattr(api, name)(**values)
        finally:
            if api.renewed:
                self._wechatpay_keep_certificates(api.renewed)

    @api.model
    def _wechatpay_check_may_reconcile(self):
        """Hook: who fetches bills and clears up differences; nobody writes bills, whatever the rights.

        :raise AccessError: for others than administrators
        """
        if not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only administrators work with the bills of WeChat Pay."))

    def _wechatpay_keep_certificates(self, certificates):
        self.sudo().write({"wechatpay_certificates": certificates, "wechatpay_certificates_at": fields.Datetime.now()})

    def _wechatpay_renew_certificates(self):
        self._wechatpay_call("renew_certificates")

    def _wechatpay_open_notification(self, headers, body):
        """The notification in clear. It calls nobody.

        :raise client.Forged: when it is not WeChat Pay's, not for this merchant, or too old
        """
        try:
            api = self._wechatpay_client()
        except (ValueError, TypeError) as error:
            raise client.Forged("unready") from error
        notification = api.open_notification(headers, body)
        if notification["resource"].get("mchid") != self.sudo().wechatpay_mchid:
            raise client.Forged("merchant")
        return notification

    def _wechatpay_jsapi_values(self, prepay_id):
        """The parameters of ``wx.requestPayment``, signed; they are made anew each time, for their time must be now."""
        provider_sudo = self.sudo()
        values = {
            "appId": provider_sudo.wechatpay_appid,
            "timeStamp": str(int(time.time())),
            "nonceStr": secrets.token_hex(16),
            "package": f"prepay_id={prepay_id}",
        }
        signature = self._wechatpay_client().sign(list(values.values()))
        return {**values, "signType": "RSA", "paySign": signature}

    # === CRON METHODS === #

    @api.model
    def _cron_wechatpay_certificates(self):
        """Renew the platform certificates twice a day, so that a new one is known before WeChat signs with it."""
        providers = self.search(
            [("code", "=", "wechatpay"), ("state", "!=", "disabled"), ("wechatpay_mode", "=", "certificate")]
        )
        for provider in providers:
            try:
                provider._wechatpay_renew_certificates()
            except (client.Refused, client.Unknown) as error:
                _logger.warning("The certificates of WeChat Pay for %s cannot be fetched: %s", provider.name, error)
            self.env["ir.cron"]._commit_progress(1)
