from odoo import api, models
from odoo.exceptions import UserError


class CrabOutbox(models.Model):
    _inherit = "crab.outbox"

    @api.model
    def _handlers(self):
        handlers = super()._handlers()
        for event in self.env["crab.notice.template"]._events():
            handlers.setdefault(event, []).append("_notice")
        handlers.setdefault("greeting.due", []).append("_sms_greeting")
        return handlers

    def _notice(self):
        """Tell of these events whom they concern."""
        self.env["crab.notice"]._make(self)

    def _sms_greeting(self):
        """Send the greetings of corporate gifts that are due, one per line.

        :raise UserError: while no text for them is approved; the events wait
        """
        template_sudo = self.env["crab.sms.template"]._for("greeting")
        if not template_sudo:
            raise UserError(self.env._("There is no approved SMS text for greetings."))
        lines = self.env["crab.greeting.line"].browse(self.mapped("aggregate_id")).exists()
        waiting = {line.id: line for line in lines if not line.sms_id}
        due = {event.aggregate_id: event for event in self if event.aggregate_id in waiting}
        rows = [
            (
                event.payload["phone"],
                {"company": waiting[line_id].greeting_id.partner_id.name, "text": event.payload["text"]},
            )
            for line_id, event in due.items()
        ]
        for line_id, sms in zip(due, self.env["sms.sms"]._crab_queue(template_sudo, rows), strict=True):
            waiting[line_id].sms_id = sms
