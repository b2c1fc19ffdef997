import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# event: (label, who is told, what the words can name)
EVENTS = {
    "order.unpaid": ("Order still unpaid", "member", ("order", "goods", "amount", "until")),
    "order.to_audit": ("Order waits for the audit", "member", ("order", "goods", "amount")),
    "order.to_ship": ("Order paid", "member", ("order", "goods", "amount")),
    "order.partly_shipped": ("Part of an order shipped", "member", ("order", "goods", "carrier", "tracking")),
    "order.to_receive": ("Order shipped", "member", ("order", "goods", "carrier", "tracking")),
    "order.done": ("Order done", "member", ("order", "goods", "amount")),
    "order.closed": ("Order closed", "member", ("order", "goods", "amount", "reason")),
    "refund.done": ("Refund returned", "member", ("order", "amount", "reason")),
    "gift.waiting": ("Gift not taken yet", "member", ("goods", "until")),
    "gift.claimed": ("Gift taken", "member", ("goods", "friend")),
    "gift.expired": ("Gift not taken in time", "member", ("goods",)),
    "card.expiring": ("Cards about to expire", "member", ("count", "until")),
    "redemption.shipped": ("Redemption shipped", "holder", ("number", "goods", "carrier", "tracking")),
    "feedback.answered": ("Feedback answered", "writer", ("date", "answer")),
    "card_order.in_transit": ("Card numbers sent", "receiver", ("document", "count")),
    "wallet.short": ("Stored value too low", "dealer", ("missing", "document")),
    "withdrawal.approved": ("Withdrawal approved", "dealer", ("document", "amount")),
    "withdrawal.paid": ("Withdrawal paid", "dealer", ("document", "amount")),
    "withdrawal.rejected": ("Withdrawal rejected", "dealer", ("document", "amount", "reason")),
}
PLACEHOLDER = re.compile(r"\{(\w*)\}")


class CrabNoticeTemplate(models.Model):
    """The words in which an event is told; without an active template nobody is told of it."""

    _name = "crab.notice.template"
    _description = "Words of a notice"
    _order = "id"
    _rec_name = "title"

    event = fields.Selection(
        [(event, label) for event, (label, _audience, _names) in EVENTS.items()], required=True, readonly=True
    )
    title = fields.Char(required=True, translate=True, size=64)
    body = fields.Text(required=True, translate=True)
    active = fields.Boolean(default=True, help="Switched off: nobody is told of this event.")
    placeholders = fields.Char("Can name", compute="_compute_placeholders", help="They are replaced by what they name.")

    is_sms = fields.Boolean("Also by SMS", help="Besides the list in the app; an SMS costs money.")
    sms_template_id = fields.Many2one(
        "crab.sms.template",
        "Text of the SMS",
        domain="[('key', '=', False)]",
        ondelete="restrict",
        help="The approved text; it can name the same as the words of the notice.",
    )

    _event_uniq = models.Constraint("UNIQUE(event)", "An event has one template.")

    @api.model
    def _events(self):
        """``{event: (label, who is told, what the words can name)}``; addons add theirs, and to the selection."""
        return EVENTS

    @api.depends("event")
    def _compute_placeholders(self):
        for template in self:
            names = self._events()[template.event][2] if template.event else ()
            template.placeholders = " ".join(f"{{{name}}}" for name in names)

    @api.constrains("title", "body", "event")
    def _check_placeholders(self):
        for template in self:
            used = set(PLACEHOLDER.findall(f"{template.title} {template.body}"))
            unknown = used - set(self._events()[template.event][2])
            if unknown:
                raise ValidationError(
                    self.env._(
                        "This event cannot name %(unknown)s, only %(known)s.",
                        unknown=" ".join(f"{{{name}}}" for name in sorted(unknown)),
                        known=template.placeholders,
                    )
                )

    @api.constrains("is_sms", "sms_template_id", "event")
    def _check_sms(self):
        for template in self:
            if template.is_sms and not template.sms_template_id:
                raise ValidationError(self.env._("Choose the approved text by which this event is told by SMS."))
            unknown = set(template.sms_template_id._names()) - set(self._events()[template.event][2])
            if unknown:
                raise ValidationError(
                    self.env._(
                        "The text of the SMS names %(unknown)s; this event can name %(known)s only.",
                        unknown=" ".join(f"{{{name}}}" for name in sorted(unknown)),
                        known=template.placeholders,
                    )
                )

    def _all_names(self, values):
        """``values`` with an empty text for what the event can name and does not, this time."""
        return {**dict.fromkeys(self._events()[self.event][2], ""), **values}

    def _render(self, values, lang):
        """Title and body in ``lang`` with ``values`` (dict of texts) in the places that name them."""
        template = self.with_context(lang=lang)
        return tuple(
            PLACEHOLDER.sub(lambda match: values.get(match[1]) or "", text).strip()
            for text in (template.title, template.body)
        )
