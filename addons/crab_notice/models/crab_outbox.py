from odoo import api, models


class CrabOutbox(models.Model):
    _inherit = "crab.outbox"

    @api.model
    def _handlers(self):
        handlers = super()._handlers()
        for event in self.env["crab.notice.template"]._events():
            handlers.setdefault(event, []).append("_notice")
        return handlers

    def _notice(self):
        """Tell of these events whom they concern."""
        self.env["crab.notice"]._make(self)
