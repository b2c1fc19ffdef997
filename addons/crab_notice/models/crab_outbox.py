from odoo import api, models

from .crab_notice_template import EVENTS


class CrabOutbox(models.Model):
    _inherit = "crab.outbox"

    @api.model
    def _handlers(self):
        handlers = super()._handlers()
        for event in EVENTS:
            handlers.setdefault(event, []).append("_notice")
        return handlers

    def _notice(self):
        """Tell of these events whom they concern."""
        self.env["crab.notice"]._make(self)
