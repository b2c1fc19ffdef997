from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows

SEND_LIMIT = 5000
LATEST = timedelta(hours=1)


class CrabGreeting(models.Model):
    """A company gives cards to many people and greets each of them by SMS at a set time (HQ-31).

    The greeting goes to the phone of the Excel list, else to the phone of the redemption: a number without a phone
    waits until it is redeemed. Sending itself is the notification service's: it consumes the event ``greeting.due``.
    """

    _name = "crab.greeting"
    _description = "Corporate gift cards"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char("Document", required=True, readonly=True, copy=False, default="/", index=True)
    partner_id = fields.Many2one(
        "res.partner", "Company", required=True, domain="[('is_company', '=', True)]", tracking=True, index=True
    )
    greeting = fields.Text(required=True, tracking=True, help="The text of the SMS, at most 300 characters.")
    send_at = fields.Datetime("Send on", required=True, tracking=True, index=True)
    state = fields.Selection(
        [("draft", "Draft"), ("scheduled", "Scheduled"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
    )
    line_ids = fields.One2many("crab.greeting.line", "greeting_id", "Numbers", copy=False)
    count_numbers = fields.Integer("Count of numbers", compute="_compute_counts")
    count_waiting = fields.Integer("Without a phone", compute="_compute_counts")
    count_sent = fields.Integer("Greeted", compute="_compute_counts")

    @api.depends("line_ids.state", "line_ids.phone")
    def _compute_counts(self):
        groups = self.env["crab.greeting.line"]._read_group(
            [("greeting_id", "in", self.ids)], ["greeting_id", "state"], ["__count", "phone:count"]
        )
        for greeting in self:
            own = [group for group in groups if group[0] == greeting]
            greeting.count_numbers = sum(count for _greeting, _state, count, _phones in own)
            greeting.count_sent = sum(count for _greeting, state, count, _phones in own if state == "sent")
            greeting.count_waiting = sum(
                count - phones for _greeting, state, count, phones in own if state == "waiting"
            )

    @api.constrains("greeting")
    def _check_greeting(self):
        for greeting in self:
            if len(greeting.greeting) > 300 or not greeting.greeting.strip():
                raise UserError(self.env._("A greeting has between 1 and 300 characters."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["state"] = "draft"
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code("crab.greeting") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if {"state", "name"} & vals.keys() and not self.env.su:
            raise AccessError(self.env._("The state of a corporate gift changes by its buttons only."))
        if {"partner_id", "greeting", "send_at"} & vals.keys():
            self._ensure_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_scheduled(self):
        self._ensure_draft()
        if self.line_ids.filtered(lambda line: line.state == "sent"):
            raise UserError(self.env._("Somebody was greeted already: the document stays. Cancel it instead."))

    # ------------------------------------------------------------------------------------------ actions

    def action_schedule(self):
        """Set the greeting to be sent at its time."""
        self._ensure_draft()
        for greeting in self:
            if not greeting.line_ids:
                raise UserError(self.env._("Add numbers first, one by one or by importing an Excel file."))
            if greeting.send_at < fields.Datetime.now() - LATEST:
                raise UserError(self.env._("The time of sending is over: everybody would be greeted now. Change it."))
        self._set_state("scheduled")
        cron_sudo = self.env.ref("crab_redemption.cron_send_greetings").sudo()  # whoever schedules may wake it
        cron_sudo._trigger(at=self.mapped("send_at"))

    def action_reset(self):
        """Back to draft, to change text, time or numbers; what was greeted stays greeted."""
        self._set_state("draft")

    def action_cancel(self):
        """Greet nobody any more."""
        self._set_state("cancelled")

    def _set_state(self, state):
        self.check_access("write")
        lock_rows(self)  # waits for a run that is sending
        self.sudo().filtered(lambda greeting: greeting.state != state).write({"state": state})

    def action_add_numbers(self):
        """Open the dialogue that takes numbers and ranges."""
        self.ensure_one()
        self.check_access("write")
        self._ensure_draft()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add numbers"),
            "res_model": "crab.greeting.pick",
            "view_mode": "form",
            "target": "new",
            "context": {"default_greeting_id": self.id},
        }

    def action_open_lines(self):
        """Show the numbers of this document."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Numbers"),
            "res_model": "crab.greeting.line",
            "view_mode": "list",
            "domain": [("greeting_id", "=", self.id)],
            "context": {"default_greeting_id": self.id, "create": self.state == "draft"},
        }

    @api.model
    def _cron_send_due(self):
        """Hand over what is due, in sets; a line is handed over once, whatever happens."""
        sent = transaction.run(self.env.registry, lambda env: env["crab.greeting"]._send_due())
        self.env["ir.cron"]._commit_progress(sent, remaining=SEND_LIMIT if sent == SEND_LIMIT else 0)

    @api.model
    def _has_channel(self):
        """Whether somebody sends greetings; extended by who does, for the time when it cannot."""
        return bool(self.env["crab.outbox"]._handlers().get("greeting.due"))

    @api.model
    def _send_due(self, limit=SEND_LIMIT):
        """Mark the due lines that have a phone as sent and emit ``greeting.due`` for each.

        Without a channel that consumes the event everything waits: nobody is marked as greeted who was not.

        :return: number of lines
        """
        if not self._has_channel():
            return 0
        Line = self.env["crab.greeting.line"]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT l.id FROM crab_greeting_line l JOIN crab_greeting g ON g.id = l.greeting_id
                  JOIN crab_card c ON c.id = l.card_id
                 WHERE l.state = 'waiting' AND g.state = 'scheduled' AND g.send_at <= now() AT TIME ZONE 'UTC'
                   AND c.state <> 'cancelled' AND (l.phone IS NOT NULL OR EXISTS (
                        SELECT FROM crab_redemption r WHERE r.card_id = l.card_id AND r.state <> 'cancelled'))
                 ORDER BY l.id LIMIT %s FOR NO KEY UPDATE OF l SKIP LOCKED FOR SHARE OF g SKIP LOCKED
                """,
                limit,
            )
        )
        lines = Line.browse(row[0] for row in self.env.cr.fetchall())
        redemptions = self.env["crab.redemption"].search(
            [("card_id", "in", lines.filtered(lambda line: not line.phone).card_id.ids), ("state", "!=", "cancelled")]
        )
        phones = {redemption.card_id: redemption.delivery_id.receiver_phone for redemption in redemptions}
        for line in lines.filtered(lambda line: not line.phone):
            line.phone = phones[line.card_id]
        lines.write({"state": "sent", "sent_at": fields.Datetime.now()})
        self.env["crab.outbox"]._emit(
            "greeting.due",
            lines,
            payloads={line.id: {"phone": line.phone, "text": line.greeting_id.greeting} for line in lines},
        )
        return len(lines)

    def _ensure_draft(self):
        lock_rows(self)
        if self.filtered(lambda greeting: greeting.state != "draft"):
            raise UserError(self.env._("Numbers can be changed only while the document is a draft."))
