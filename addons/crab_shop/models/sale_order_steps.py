from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec

from ..tools import rows
from .crab_shop import QUIET
from .sale_order import ORDER_FIELDS

CLOSE_LIMIT = 500


class SaleOrder(models.Model):
    """The steps of an order: paid, closed, shipped, received. Each locks the order first and may be repeated."""

    _inherit = "sale.order"

    # ------------------------------------------------------------------ payment

    def _crab_receive_payment(self, transaction):
        """Take the confirmed payment ``transaction`` for this order (MB-11).

        Money is never lost or kept twice: what comes for an order that is closed, paid already or can no longer be
        served goes back by itself by the way it came, and is reported.
        """
        self.ensure_one()
        order_sudo = self._crab_locked().with_context(**QUIET)
        order_sudo.fetch(ORDER_FIELDS)
        if order_sudo.crab_transaction_id == transaction:
            return
        reason = order_sudo._crab_refusal_of_payment(transaction)
        if reason:
            self.env["crab.refund"]._return_payment(order_sudo, transaction, reason)
            if order_sudo.crab_state == "to_pay":
                order_sudo._crab_close(reason)
            return
        order_sudo._crab_confirm_paid(transaction)

    def _crab_confirm_paid(self, transaction=None):
        """Everything is paid: the order is confirmed, and what follows from it is done.

        Writes what ``action_confirm`` would, in one statement: lines of the shop make no procurement.

        :param transaction: the ``payment.transaction`` by which it was paid, if anything was to be paid
        """
        for order in self:
            if order.state not in ("draft", "sent"):
                raise UserError(order._confirmation_error_message())
        values = {
            **self._prepare_confirmation_values(),
            "crab_paid_at": fields.Datetime.now(),
            "crab_transaction_id": (transaction and transaction.id) or None,
        }
        states = [(order.id, order.crab_state if order.crab_kind == "ecard" else "to_ship") for order in self]
        editor = rows.editor(self.env)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE sale_order SET %(values)s WHERE id = ANY(%(orders)s);
                UPDATE sale_order_line SET %(line_values)s WHERE order_id = ANY(%(orders)s)
                """,
                values=rows.assign(
                    {
                        **values,
                        "crab_state": SQL("CASE crab_kind WHEN 'ecard' THEN crab_state ELSE 'to_ship' END"),
                        **({"locked": SQL("true")} if self[:1]._should_be_locked() else {}),
                        **editor,
                    }
                ),
                line_values=rows.assign({"state": values["state"], **editor}),
                orders=list(self.ids),
            )
        )
        self.env["sale.order.line"].invalidate_model(flush=False)
        rows.forget(self, keep=set(ORDER_FIELDS) - {*values, "crab_state"})
        rows.fill(self, tuple(values), ((order_id, *values.values()) for order_id in self.ids))
        rows.fill(self, ("crab_state",), states)
        self._crab_on_paid()

    def _crab_refusal_of_payment(self, transaction):
        """Why this payment cannot be taken, in words, or None; takes the stock where that happens at payment."""
        if self.crab_paid_at:
            return self.env._("The order was paid already.")
        if self.crab_state != "to_pay":
            return self.env._("The order was closed before the payment came.")
        if dec(transaction.amount) != dec(self.amount_total):
            return self.env._("The amount paid is not the order's.")
        if self.env["crab.shop"]._takes_stock_at("payment"):
            try:
                self.env["crab.stock.level"]._claim(self, self._crab_stock_needed())
            except LockError:
                raise  # others are buying: the payment is taken up again later
            except UserError as exc:
                return str(exc)
        return None

    def _crab_on_paid(self):
        """What follows from the payment of these orders, in the same transaction; extended by cards and profit
        sharing.
        """
        self.env["crab.ledger.fact"]._record([order._crab_paid_fact() for order in self if order.amount_total])
        self.env["crab.outbox"]._emit("order.to_ship", self.filtered(lambda order: order.crab_state == "to_ship"), {})
        self.env["crab.delivery"]._make_for_orders(self.filtered(lambda order: order.crab_kind == "package"))

    def _crab_paid_fact(self):
        return {
            "kind": "shop_paid" if self.crab_kind == "package" else "shop_paid_card",
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "amount_net": dec(self.amount_total),
            "document_model": self._name,
            "document_id": self.id,
            "reference": self.name,
            "key": f"paid-{self.id}",
        }

    # ------------------------------------------------------------------ closing

    def _crab_close(self, reason):
        """Close unpaid orders: stock is given back, the payment page is closed. A payment that still comes is returned.

        :raise UserError: when one is paid already
        """
        orders_sudo = self._crab_locked()
        open_sudo = orders_sudo.filtered(lambda order: order.crab_state != "closed")
        open_sudo._crab_ensure_state("to_pay")
        self.env["crab.stock.level"]._release(open_sudo)
        open_sudo._crab_set_state(
            "closed", state="cancel", crab_closed_at=fields.Datetime.now(), crab_close_reason=reason
        )
        open_sudo.transaction_ids._crab_close_later()

    @api.model
    def _cron_close_unpaid(self):
        """Close what was not paid in time, in sets; an order whose payment is being taken right now, or has come and
        is taken next, is left for the next run.
        """
        due = self.search(
            [
                ("crab_state", "=", "to_pay"),
                ("crab_pay_before", "<", fields.Datetime.now()),
                ("transaction_ids", "not any", [("state", "=", "done"), ("is_post_processed", "=", False)]),
            ],
            limit=CLOSE_LIMIT,
        )
        free = due.try_lock_for_update()
        free.filtered(lambda order: order.crab_state == "to_pay")._crab_close(self.env._("Not paid in time."))
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(due) == CLOSE_LIMIT))

    # ------------------------------------------------------------------ shipping and receipt

    def _crab_on_shipped(self):
        """Called by the deliveries after goods have left: the order's state follows from what its lines have
        shipped.
        """
        now = fields.Datetime.now()
        for order in self:
            goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
            is_open = any(line._crab_unshipped() for line in goods)
            if is_open:
                if order.crab_state != "partly_shipped":
                    order._crab_set_state("partly_shipped")
                continue
            days = self.env["crab.shop"]._setting("receive_days")
            order._crab_set_state("to_receive", crab_shipped_at=now, crab_receive_before=now + timedelta(days=days))

    def _crab_receive(self):
        """Confirm the receipt of these orders; a second time changes nothing."""
        orders_sudo = self._crab_locked().filtered(lambda order: not order.crab_received_at)
        orders_sudo._crab_ensure_state("to_receive")
        orders_sudo._crab_set_state("to_review", crab_received_at=fields.Datetime.now())
        orders_sudo._crab_on_received()

    def _crab_on_received(self):
        """What follows from the receipt of these orders, in the same transaction; extended.

        Their members get points, and rise to the levels that they reach (domain.md §3).
        """
        self.env["crab.point.entry"]._follow(self)
        # e-cards come with the payment, nobody confirms them: their buyers rise at night
        confirmed = self.filtered(lambda order: order.crab_kind != "ecard")
        confirmed.crab_member_id._now()._upgrade_due()

    def _crab_extend_receipt(self):
        """Put off the automatic receipt, once per order.

        :raise UserError: when it was put off before
        """
        orders_sudo = self._crab_locked()
        orders_sudo._crab_ensure_state("to_receive")
        days = self.env["crab.shop"]._setting("extend_days")
        for order in orders_sudo:
            if order.crab_is_extended:
                raise UserError(self.env._("The receipt of %(order)s was put off before.", order=order.name))
            order.write(
                {"crab_is_extended": True, "crab_receive_before": order.crab_receive_before + timedelta(days=days)}
            )

    @api.model
    def _cron_receive(self):
        """Confirm by itself the receipt of what was shipped long enough ago."""
        due = self.search(
            [("crab_state", "=", "to_receive"), ("crab_receive_before", "<", fields.Datetime.now())], limit=CLOSE_LIMIT
        )
        free = due.try_lock_for_update()
        free.filtered(lambda order: order.crab_state == "to_receive")._crab_receive()
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(due) == CLOSE_LIMIT))

    # ------------------------------------------------------------------ refunds

    def _crab_on_refunded(self, refund):
        """What follows from ``refund`` of this order, in the same transaction; extended by cards and profit sharing.

        Unshipped goods of refunded quantities are taken out of the delivery and go back on sale; an order whose goods
        are all refunded before shipping is closed.
        """
        self.ensure_one()
        if self.crab_kind == "package":
            self._crab_take_back(refund)
        self.env["crab.point.entry"]._follow(self, refund)

    def _crab_take_back(self, refund):
        quantities = {
            line.order_line_id: line.quantity_unshipped for line in refund.line_ids if line.quantity_unshipped
        }
        if not quantities:
            return
        goods = self.order_line.filtered(lambda line: line.crab_role == "goods")
        self.env["crab.stock.level"]._release(self, goods._crab_parts(quantities))
        self.env["crab.delivery"].search([("order_id", "=", self.id)])._reduce_for_refund(refund)
        if any(line._crab_unshipped() for line in goods):
            return
        if any(line.crab_shipped_quantity for line in goods):
            self._crab_on_shipped()  # what was left is refunded: all that comes is on its way
        else:
            self.env["crab.ledger.fact"]._record(self._crab_earn_freight(refund))
            self._crab_set_state("closed", crab_closed_at=fields.Datetime.now(), crab_close_reason=refund.reason)

    def _crab_earn_freight(self, document):
        """The fact by which the freight is earned, with the first parcel; empty when there is none or it was."""
        line = self.order_line.filtered(lambda line: line.crab_role == "freight" and line.crab_advance)
        return [line._crab_earn(dec(line.crab_advance), document, f"freight-{self.id}")] if line else []
