from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject

from .crab_aftersale import OPEN

SEND_DAYS = 7
CLOSE_LIMIT = 500


class CrabAftersale(models.Model):
    """The steps of a request: each locks it with its order, and taken a second time changes nothing."""

    _inherit = "crab.aftersale"

    # ------------------------------------------------------------------ the merchant

    def _approve(self, grants=None, freight=0):
        """Grant what was asked for or less: the money goes back at once, or when the goods are back.

        :param dict grants: ``{line: (pieces, yuan)}``; default what was asked for. Numbers that are given back give
            back what was paid for them
        :param freight: yuan of the freight given back
        :raise UserError: more than is left, or numbers that were used or given away meanwhile; nothing is changed then
        """
        self.ensure_one()
        request = self._locked()
        if request.approved_at and request.state in (*OPEN, "done"):
            return
        request._ensure_state("to_merchant")
        now = fields.Datetime.now()
        if request.card_order_id:
            request.approved_at = now
            request.card_order_id.action_receive()  # cancels and refunds, and ends this request
            return
        request._grant(grants, dec(freight))
        if request.kind == "refund":
            request.approved_at = now
            request._refund()
            return
        before = now + timedelta(days=self._send_days())
        request._set_state("to_buyer", "approved", approved_at=now, send_before=before)

    @api.model
    def _send_days(self):
        return int(self.env["ir.config_parameter"].sudo().get_param("crab_shop_aftersale.send_days", SEND_DAYS))

    def _grant(self, grants, freight):
        """Keep what is granted, if the door of refunds would give it now."""
        for line in self.line_ids:
            quantity, amount = (grants or {}).get(line, (line.quantity, line.amount) if grants is None else (0, 0))
            quantity, amount = dec(quantity), dec(amount)
            if not 0 <= quantity <= dec(line.quantity):
                raise UserError(
                    self.env._(
                        "%(product)s: at most the %(count)s pieces that were asked for can be granted.",
                        product=line.product_id.name,
                        count=f"{line.quantity:g}",
                    )
                )
            line.write({"quantity_granted": quantity, "amount_granted": amount})
        wishes = self._granted()
        refunds = self.env["crab.refund"]
        refunds._resolve(self.order_id, wishes)
        refunds._check_order(self.order_id, freight)
        granted = sum((amount for _line, _quantity, amount in wishes), dec(0)) + freight
        if granted <= 0 or self.kind == "return" and not any(quantity for _line, quantity, _amount in wishes):
            raise UserError(self.env._("Enter what is granted, or reject the request."))
        self.write({"amount_granted": granted, "freight": freight})

    def _granted(self):
        """``[(order line, pieces, yuan)]`` as for ``crab.refund._refund``."""
        return [
            (line.order_line_id, dec(line.quantity_granted), dec(line.amount_granted))
            for line in self.line_ids
            if line.quantity_granted or line.amount_granted
        ]

    def _refund(self):
        """Give back what was granted, and end the request."""
        labels = dict(self._fields["reason"]._description_selection(self.env))
        reason = self.env._("After-sales %(request)s: %(reason)s", request=self.name, reason=labels[self.reason])
        if self._closes_sale():
            refund = self._close_sale(reason)
        else:
            refund = self.env["crab.refund"]._refund(
                self.order_id, self._granted(), reason, freight=self.freight, key=f"aftersale-{self.id}"
            )
        self._set_state("done", "done", refund_id=refund.id, end_reason=False)

    def _receive(self, condition):
        """What was sent back has arrived: it goes back to stock, or is damaged, and the money goes back.

        :param condition: ``stock`` or ``damaged``
        :raise UserError: when it is not approved, or more was refunded meanwhile; nothing is changed then
        """
        self.ensure_one()
        request = self._locked()
        if request.received_at:
            return
        request._ensure_state(*OPEN)
        if request.kind != "return" or not request.approved_at:
            raise UserError(self.env._("%(request)s has to be approved first.", request=request.name))
        if condition not in dict(self._fields["condition"].selection):
            raise UserError(self.env._("Choose where the goods go."))
        request.write({"received_at": fields.Datetime.now(), "condition": condition})
        request._refund()
        back = {line: quantity for line, quantity, _amount in request._granted() if quantity}
        self.env["crab.delivery"]._take_back(request.order_id, back, request, damaged=condition == "damaged")

    def _reject(self, reason):
        """Refuse the request; nothing goes back. The member may ask again.

        :param str reason: the member reads it
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Enter the reason; the member reads it."))
        for request in self._locked():
            if request.state == "rejected":
                continue
            request._ensure_state("to_merchant")
            if request.card_order_id:
                request.card_order_id.action_reject(reason)  # frees the numbers, and ends this request
            else:
                request._set_state("rejected", "rejected", end_reason=reason)

    # ------------------------------------------------------------------ the member

    @api.model
    def _cancel_for_subject(self, subject: Subject, public_id):
        """The member takes the request back. A second time changes nothing.

        :raise MissingError: (404) when it is not the subject's
        :raise UserError: when it has ended
        """
        request = self._found(subject, public_id)
        request._cancel()
        return request

    def _cancel(self, reason=None):
        for request in self._locked():
            if request.state == "cancelled":
                continue
            request._ensure_state(*OPEN)
            if request.card_order_id:
                request.card_order_id.action_cancel()
            else:
                request._set_state("cancelled", "cancelled", end_reason=reason)

    @api.model
    def _send_back(self, subject: Subject, public_id, carrier, tracking):
        """The member has sent the goods back; until they have arrived, the parcel can be entered anew.

        :raise MissingError: (404) when the request is not the subject's
        :raise UserError: without carrier and number, or when nothing is to be sent back
        """
        request = self._found(subject, public_id)
        request._send(carrier, tracking)
        return request

    def _send(self, carrier, tracking):
        self.ensure_one()
        parcel = self.env["crab.delivery"]._clean_parcels({"carrier": carrier, "tracking": tracking})
        if not all(parcel.values()):
            raise UserError(self.env._("Enter carrier and tracking number of the parcel."))
        request = self._locked()
        values = {"carrier_name": parcel["carrier"], "tracking_reference": parcel["tracking"]}
        if request.state == "to_merchant" and request.sent_at:
            request.write(values)
            return
        request._ensure_state("to_buyer")
        request._set_state("to_merchant", "sent", sent_at=fields.Datetime.now(), **values)

    # ------------------------------------------------------------------ by itself

    @api.model
    def _cron_close_unsent(self):
        """Close the returns that were not sent in time, in sets; one that is being worked on waits for the next run."""
        due = self.search(
            [("state", "=", "to_buyer"), ("send_before", "<", fields.Datetime.now())],
            order="send_before, id",
            limit=CLOSE_LIMIT,
        )
        orders = due.order_id.try_lock_for_update()  # first the orders, as in all steps
        free = due.filtered(lambda request: request.order_id in orders).try_lock_for_update()
        unsent = free.filtered(lambda request: request.state == "to_buyer")
        if unsent:
            unsent._set_state("cancelled", "expired", end_reason=self.env._("Not sent back in time."))
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(due) == CLOSE_LIMIT))

    # ------------------------------------------------------------------ buttons

    def action_approve(self):
        """Enter what is granted."""
        return self._open_wizard("crab.aftersale.approve", self.env._("Approve %(request)s", request=self.name))

    def action_reject(self):
        """Enter why the request is refused."""
        return self._open_wizard("crab.aftersale.reject", self.env._("Reject %(request)s", request=self.name))

    def action_receive(self):
        """Enter what became of the goods that came back."""
        return self._open_wizard("crab.aftersale.receive", self.env._("Goods of %(request)s", request=self.name))

    def action_cancel(self):
        """Take the request back on behalf of the member."""
        self._check_right()
        self._cancel()

    def _open_wizard(self, model, title):
        self.ensure_one()
        self._check_right()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_aftersale_id": self.id},
        }
