import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

PLACEHOLDER = re.compile(r"\{(\w+)\}")
NOTHING = "-"  # providers refuse an empty value
# what a text for this use can name, and must
USES = {"code": ({"code", "minutes"}, {"code"})}


class CrabSmsTemplate(models.Model):
    """A text that the provider has approved. SMS are sent by the number of a template and its values, never as text."""

    _name = "crab.sms.template"
    _description = "Text of SMS"
    _order = "account_id, id"

    name = fields.Char(required=True)
    account_id = fields.Many2one("crab.sms.account", "Sent by", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="account_id.company_id")  # not stored: who writes texts could write it
    key = fields.Selection(
        [("code", "Codes")],
        "Used for",
        help="What is sent by this text by itself. Texts of notices are chosen in the words of the notice.",
    )
    body = fields.Text(
        "Text",
        required=True,
        help="As approved, with {name} where the provider has ${name} (Aliyun) or {1}, {2} (Tencent Cloud, by order).",
    )
    provider_code = fields.Char("Template number", required=True, help="The provider's number, such as SMS_123456789.")
    placeholders = fields.Char("Values", compute="_compute_placeholders")
    active = fields.Boolean(default=True, help="Switched off: nothing is sent by this text.")

    _key_uniq = models.UniqueIndex(
        "(account_id, key) WHERE active AND key IS NOT NULL", "An account has one active text for this use."
    )

    @api.depends("body")
    def _compute_placeholders(self):
        for template in self:
            template.placeholders = " ".join(f"{{{name}}}" for name in template._names())

    @api.model
    def _uses(self):
        """``{key: (what its text can name, what it must name)}``."""
        return USES

    @api.constrains("key", "body")
    def _check_names(self):
        for template in self.filtered("key"):
            can, must = self._uses()[template.key]
            names = set(template._names())
            if names - can or must - names:
                raise ValidationError(
                    self.env._(
                        "A text for this use names %(must)s, and nothing but %(can)s.",
                        must=" ".join(f"{{{name}}}" for name in sorted(must)),
                        can=" ".join(f"{{{name}}}" for name in sorted(can)),
                    )
                )

    @api.constrains("account_id", "body", "provider_code")
    def _check_used(self):
        waiting = [("crab_template_id", "in", self.ids), ("state", "=", "outgoing")]
        if self.env["sms.sms"].sudo().search_count(waiting, limit=1):  # sudo: its reader need not see SMS
            raise ValidationError(self.env._("SMS with this text are about to be sent. Change it when they are gone."))

    # ------------------------------------------------------------------ business

    def _names(self):
        """What the text names, each once, in its order."""
        return list(dict.fromkeys(PLACEHOLDER.findall(self.body or "")))

    def _clean_params(self, values):
        """``{name: text}`` for this text out of ``values``; what is empty becomes a dash.

        :raise UserError: when ``values`` lacks one
        """
        self.ensure_one()
        missing = [name for name in self._names() if name not in values]
        if missing:
            raise UserError(
                self.env._(
                    "The SMS “%(text)s” needs %(values)s.",
                    text=self.name,
                    values=" ".join(f"{{{name}}}" for name in missing),
                )
            )
        return {name: " ".join(str(values[name] or "").split()) or NOTHING for name in self._names()}

    def _written(self, params):
        """The text as it is kept and shown: with the signature; a code is not in it."""
        self.ensure_one()
        shown = {**params, "code": "******"} if self.key == "code" else params
        return f"【{self.account_id.sign_name}】{PLACEHOLDER.sub(lambda match: shown.get(match[1], ''), self.body)}"

    @api.model
    def _for(self, key):
        """The active text for a use, in sudo: the Sales company's, else another's; empty if there is none."""
        found = self.sudo().search([("key", "=", key), ("account_id.active", "=", True)])
        sales = self.env["res.company"]._crab_company("sales")
        return found.sorted(lambda template: template.company_id != sales)[:1]
