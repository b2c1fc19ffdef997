from odoo import api, fields, models

NAMES = ("request", "order", "goods", "amount", "reason", "until")
EVENTS = {
    "aftersale.approved": ("Return approved", "member", NAMES),
    "aftersale.done": ("After-sales refund made", "member", NAMES),
    "aftersale.rejected": ("After-sales request rejected", "member", NAMES),
    "aftersale.expired": ("Goods not sent back in time", "member", NAMES),
}


class CrabNoticeTemplate(models.Model):
    _inherit = "crab.notice.template"

    event = fields.Selection(
        selection_add=[(event, label) for event, (label, _audience, _names) in EVENTS.items()],
        ondelete=dict.fromkeys(EVENTS, "cascade"),
    )

    @api.model
    def _events(self):
        return {**super()._events(), **EVENTS}
