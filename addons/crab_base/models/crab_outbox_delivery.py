import logging
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)

WAIT_MINUTES = (1, 2, 4, 8, 15, 30, 60)


class CrabOutboxDelivery(models.Model):
    """One event on its way to one consumer."""

    _name = "crab.outbox.delivery"
    _description = "Delivery of a domain event"
    _log_access = False
    _order = "id desc"
    _rec_name = "consumer"

    event_id = fields.Many2one("crab.outbox", required=True, readonly=True, ondelete="cascade", index=True)
    event = fields.Char("Name of Event", related="event_id.event")
    occurred_at = fields.Datetime(related="event_id.occurred_at")
    consumer = fields.Char(required=True, readonly=True)
    aggregate_model = fields.Char("Model", required=True, readonly=True)
    aggregate_id = fields.Many2oneReference("Record", model_field="aggregate_model", required=True, readonly=True)
    state = fields.Selection(
        [("pending", "Waiting"), ("failed", "Failed"), ("done", "Delivered"), ("skipped", "Given up")],
        required=True,
        readonly=True,
        default="pending",
    )
    tries = fields.Integer(readonly=True)
    next_try_at = fields.Datetime("Next Try", readonly=True)
    done_at = fields.Datetime("Delivered At", readonly=True)
    error = fields.Text("Last Error", readonly=True)

    _open_idx = models.Index("(consumer, aggregate_model, aggregate_id, event_id) WHERE state IN ('pending', 'failed')")
    _due_idx = models.Index("(consumer, next_try_at) WHERE state IN ('pending', 'failed')")

    def _set_done(self):
        self.write({"state": "done", "done_at": fields.Datetime.now(), "error": False})

    def _set_failed(self, exc):
        """Note the error; the waits grow to an hour, and trying never ends by itself."""
        self.ensure_one()
        _logger.warning(
            "event %s for %s failed: %s", self.event_id.id, self.consumer, type(exc).__name__, exc_info=True
        )
        wait = WAIT_MINUTES[min(self.tries, len(WAIT_MINUTES) - 1)]
        self.write(
            {
                "state": "failed",
                "tries": self.tries + 1,
                "next_try_at": fields.Datetime.now() + timedelta(minutes=wait),
                "error": f"{type(exc).__name__}: {exc}"[:2000],
            }
        )

    def action_retry(self):
        """Try again now: deliveries that wait or have failed."""
        deliveries_sudo = self._for_administrator()
        if deliveries_sudo.filtered(lambda delivery: delivery.state not in ("pending", "failed")):
            raise UserError(self.env._("Only deliveries that wait or have failed can be tried again."))
        deliveries_sudo.write({"next_try_at": fields.Datetime.now()})
        self.env["crab.outbox"]._wake()

    def action_skip(self):
        """Give failed deliveries up, so that later events of the same record can pass."""
        deliveries_sudo = self._for_administrator()
        if deliveries_sudo.filtered(lambda delivery: delivery.state != "failed"):
            raise UserError(self.env._("Only failed deliveries can be given up."))
        _logger.info("deliveries %s were given up by user %s", self.ids, self.env.uid)
        deliveries_sudo.write({"state": "skipped", "done_at": fields.Datetime.now()})
        self.env["crab.outbox"]._wake()

    def _for_administrator(self):
        """These records with the right to write, which nobody has outside the two buttons."""
        if not self.env.user.has_group("crab_base.group_admin"):
            raise AccessError(self.env._("Only a head-office administrator can do this."))
        return self.sudo()
