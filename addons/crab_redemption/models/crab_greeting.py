from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows

SEND_LIMIT = 5000


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
    greeting = fields.Text(required=True, size=300, tracking=True, help="The text of the SMS, at most 300 characters.")
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
            if len(greeting.greeting) > 300:
                raise UserError(self.env._("A greeting has at most 300 characters."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code("crab.greeting") or "/"
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_scheduled(self):
        if self.filtered(lambda greeting: greeting.state != "draft"):
            raise UserError(self.env._("Only a draft can be deleted. Cancel the document instead."))

    def action_schedule(self):
        """Set the greeting to be sent at its time."""
        for greeting in self:
            if greeting.state != "draft":
                raise UserError(self.env._("Only a draft can be scheduled."))
            if not greeting.line_ids:
                raise UserError(self.env._("Add numbers first, one by one or by importing an Excel file."))
        self.state = "scheduled"

    def action_reset(self):
        """Back to draft, to change text, time or numbers; what was greeted stays greeted."""
        self.filtered(lambda greeting: greeting.state in ("scheduled", "cancelled")).state = "draft"

    def action_cancel(self):
        """Greet nobody any more."""
        self.filtered(lambda greeting: greeting.state != "cancelled").state = "cancelled"

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
        sent = self._send_due(limit=SEND_LIMIT)
        self.env["ir.cron"]._commit_progress(sent, remaining=SEND_LIMIT if sent == SEND_LIMIT else 0)

    @api.model
    def _send_due(self, limit=SEND_LIMIT):
        """Mark the due lines that have a phone as sent and emit ``greeting.due`` for each.

        Without a channel that consumes the event everything waits: nobody is marked as greeted who was not.

        :return: number of lines
        """
        if not self.env["crab.outbox"]._handlers().get("greeting.due"):
            return 0
        Line = self.env["crab.greeting.line"]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT l.id FROM crab_greeting_line l JOIN crab_greeting g ON g.id = l.greeting_id
                 WHERE l.state = 'waiting' AND g.state = 'scheduled' AND g.send_at <= now() AT TIME ZONE 'UTC'
                   AND (l.phone IS NOT NULL OR EXISTS (
                        SELECT FROM crab_redemption r WHERE r.card_id = l.card_id AND r.state <> 'cancelled'))
                 ORDER BY l.id LIMIT %s FOR UPDATE OF l SKIP LOCKED
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
