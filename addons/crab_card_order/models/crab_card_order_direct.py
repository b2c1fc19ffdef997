from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabCardOrder(models.Model):
    """Direct sale to a member (HQ-34): ordered, paid, numbers chosen and sent in one or more parts, received, then
    activated by the platform; no dealer is charged. Money comes and goes outside the suite; finance confirms it here.
    """

    _inherit = "crab.card.order"

    amount_paid = fields.Monetary("Paid", readonly=True, copy=False)
    amount_to_refund = fields.Monetary(
        "To be refunded", readonly=True, copy=False, help="What the member gets back in all, refunded or not."
    )
    amount_refunded = fields.Monetary("Refunded", readonly=True, copy=False)
    payment_reference = fields.Char(readonly=True, copy=False)
    refund_reference = fields.Char(readonly=True, copy=False)
    paid_at = fields.Datetime("Paid on", readonly=True, copy=False)
    amount_due = fields.Monetary("Refund due", compute="_compute_amount_due", store=True)
    activation_order_ids = fields.One2many("crab.card.order", "source_order_id", string="Activations", readonly=True)
    to_activate_count = fields.Integer("To be activated", compute="_compute_to_activate_count")

    _refund_check = models.Constraint(
        "CHECK (amount_refunded >= 0 AND amount_refunded <= amount_to_refund)", "No more is refunded than is due."
    )

    @api.depends("amount_to_refund", "amount_refunded")
    def _compute_amount_due(self):
        for order in self:
            order.amount_due = order.currency_id.round(order.amount_to_refund - order.amount_refunded)

    @api.depends("state", "activation_order_ids.state")
    def _compute_to_activate_count(self):
        counts = {}
        sales = self.filtered(lambda order: order.kind == "direct")
        if sales.ids:
            self.env["crab.card.order.number"].flush_model()
            self.env.cr.execute(
                SQL(
                    "SELECT link.order_id, COUNT(*) FROM crab_card_order_number link"
                    " JOIN crab_card card ON card.id = link.card_id"
                    " WHERE link.order_id = ANY(%s) AND link.state = 'received' AND card.state = 'inactive'"
                    " AND card.transit_id IS NULL GROUP BY 1",
                    sales.ids,
                )
            )
            counts = dict(self.env.cr.fetchall())
        for order in self:
            order.to_activate_count = counts.get(order.id, 0)

    # === Order and payment === #

    def _submit_direct(self):
        self._quote()
        if not self.amount_total:
            raise UserError(self.env._("Enter at least one card with a price."))
        if any(line.discount for line in self.line_ids):
            self._need_reason(self.reason)
        self._set_state("to_pay", self.env._("Ordered, waiting for payment"), submitted_at=fields.Datetime.now())

    def action_confirm_payment(self, reference=None):
        """Finance confirms that the whole price was received. Without reference: asks for it."""
        return (
            self._run_step("confirm_payment", reference=reference) if reference else self._ask_reason("confirm_payment")
        )

    def _do_confirm_payment(self, reference):
        if self.payment_reference:
            return
        self._need_reference(reference)
        self._ensure_state("to_pay")
        self._set_state(
            "to_send",
            self.env._("Payment received: %(reference)s", reference=reference),
            amount_paid=self.amount_total,
            payment_reference=reference,
            paid_at=fields.Datetime.now(),
        )
        self._post_money(self.amount_total, reference)

    def action_confirm_refund(self, reference=None):
        """Finance confirms that what is due was paid back. Without reference: asks for it."""
        return (
            self._run_step("confirm_refund", reference=reference) if reference else self._ask_reason("confirm_refund")
        )

    def _do_confirm_refund(self, reference):
        due = dec(self.amount_to_refund) - dec(self.amount_refunded)
        if not due:
            if self.refund_reference:
                return
            raise UserError(self.env._("%(document)s has nothing to refund.", document=self.name))
        self._need_reference(reference)
        self.write(
            {
                "amount_refunded": self.amount_to_refund,
                "refund_reference": ", ".join(filter(None, (self.refund_reference, reference))),
            }
        )
        self._log_step(self.env._("Refunded: %(reference)s", reference=reference))
        self._post_money(-due, reference)

    def _post_money(self, amount, reference):
        """Selling a card is no income: the company owes the goods (decisions.md, "Accounting")."""
        ledger = self.env["crab.ledger"]
        label = f"{self.name} {reference}"
        ledger._post_document(
            self,
            ledger._journal(self.company_id, "document"),
            [("bank", False, round_cents(amount), label), ("contract_liability", False, -round_cents(amount), label)],
        )

    def _need_reference(self, reference):
        if not (isinstance(reference, str) and reference.strip()):
            raise UserError(self.env._("Enter the reference of the payment."))

    # === Sending in parts === #

    def _do_send(self):
        if self.state == "done":
            return
        if self.kind != "direct":
            raise UserError(self.env._("%(document)s is sent when it is submitted.", document=self.name))
        self._ensure_state("to_send", "in_transit", "partly_received")
        card_ids = self._card_ids("chosen")
        if not card_ids:
            if self._card_ids("reserved"):
                return
            raise UserError(self.env._("%(document)s has no numbers yet. Choose some first.", document=self.name))
        too_many = self.line_ids.filtered(lambda line: line.chosen_quantity > line.quantity)
        if too_many:
            raise UserError(
                self.env._(
                    "More numbers are chosen than were ordered: %(cards)s",
                    cards=", ".join(too_many.product_id.mapped("display_name")),
                )
            )
        self._refuse_misfits(card_ids)
        self.env["crab.card"].browse(card_ids)._reserve(self, expect=self._number_rule())
        self._price_links()
        self._mark_links("reserved", "chosen")
        self._set_state(
            "in_transit",
            self.env._("Sent: %(count)s numbers in transit", count=len(card_ids)),
            sent_at=fields.Datetime.now(),
        )

    def _price_links(self):
        """Give every number that is sent now its share, in fen, of what is left of its line's amount."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_card_order_number link
                   SET unit_price = (part.fen / part.count + (part.position <= part.fen %% part.count)::int) / 100.0
                  FROM (SELECT chosen.id,
                               ROW_NUMBER() OVER (PARTITION BY chosen.product_id ORDER BY chosen.id) AS position,
                               line.quantity - COALESCE(sent.count, 0) AS count,
                               (100 * (line.amount - COALESCE(sent.amount, 0)))::bigint AS fen
                          FROM crab_card_order_number chosen
                          JOIN crab_card_order_line line
                            ON line.order_id = chosen.order_id AND line.product_id = chosen.product_id
                          LEFT JOIN (SELECT product_id, COUNT(*) AS count, SUM(unit_price) AS amount
                                       FROM crab_card_order_number
                                      WHERE order_id = %(order)s AND state IN ('reserved', 'received') GROUP BY 1) sent
                            ON sent.product_id = chosen.product_id
                         WHERE chosen.order_id = %(order)s AND chosen.state = 'chosen') part
                 WHERE link.id = part.id
                """,
                order=self.id,
            )
        )

    def _reject_direct(self, reason):
        """What is in transit got lost or came back: its numbers are free again, others can be chosen and sent."""
        self._ensure_state("in_transit", "partly_received")
        card_ids = self._card_ids("reserved")
        if not card_ids:
            raise UserError(self.env._("%(document)s has no numbers in transit.", document=self.name))
        self.env["crab.card"].browse(card_ids)._release(self)
        self._mark_links("chosen", "reserved")
        self._unlink_cards(card_ids)
        self._set_state(
            "partly_received" if self.received_count else "to_send",
            self.env._("Parcel refused: %(reason)s", reason=reason),
            refusal_reason=reason,
        )

    def _close_direct(self, reason):
        """Give up what was not received; its price is due to be refunded."""
        if self.state in ("done", "cancelled"):
            return
        self._need_reason(reason)
        self._ensure_state("to_send", "partly_received", "in_transit")
        if self._card_ids("reserved"):
            self._reject_direct(reason)
        self._unlink_cards()
        self.env.cr.execute(
            SQL("SELECT COALESCE(SUM(unit_price), 0) FROM crab_card_order_number WHERE order_id = %s", self.id)
        )
        [received] = self.env.cr.fetchone()
        missing = dec(self.amount_total) - dec(received)
        self._set_state(
            "done" if self.received_count else "cancelled",
            self.env._(
                "Closed with a difference of %(count)s numbers: %(reason)s", count=self._missing_count(), reason=reason
            ),
            refusal_reason=reason,
            executed_at=fields.Datetime.now(),
        )
        self._owe_missing(missing, reason)

    def _owe_missing(self, amount, reason):
        """``amount`` of this sale, paid for numbers that were not received, is due to be refunded."""
        self.amount_to_refund = dec(self.amount_to_refund) + amount

    # === Activation after receipt === #

    def action_activate_received(self):
        """Make and execute the platform's activation of the received numbers (会员实体卡); opens it."""
        self._ensure_role("execute")
        self.check_access("read")
        order = self._locked()
        if order.kind != "direct":
            raise UserError(self.env._("%(document)s is not a direct sale.", document=order.name))
        self.env.cr.execute(
            SQL(
                "SELECT card.id FROM crab_card_order_number link JOIN crab_card card ON card.id = link.card_id"
                " WHERE link.order_id = %s AND link.state = 'received' AND card.state = 'inactive'"
                " AND card.transit_id IS NULL ORDER BY card.number",
                order.id,
            )
        )
        card_ids = [row[0] for row in self.env.cr.fetchall()]
        if card_ids:
            activation = order.create(
                {
                    "kind": "activation",
                    "company_id": order.company_id.id,
                    "sender_member_id": order.receiver_member_id.id,
                    "source_order_id": order.id,
                }
            )
            activation._link_cards(card_ids)
            activation._locked()._do_submit()
            activation._locked()._do_execute()
        elif not order.activation_order_ids:
            raise UserError(self.env._("%(document)s has no received numbers to activate.", document=order.name))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Activations"),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("source_order_id", "=", order.id)],
        }

    # === What was sold === #

    def _sold_links(self, card_ids):
        """What the member paid for each of these numbers: ``{card id: Decimal}``.

        :raise UserError: when some were not bought from the platform; those go back to whom they were bought from
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT link.card_id, link.unit_price FROM crab_card_order_number link
                  JOIN crab_card_order sale ON sale.id = link.order_id AND sale.kind = 'direct'
                 WHERE link.card_id = ANY(%s) AND link.state = 'received'
                """,
                list(card_ids),
            )
        )
        prices = {card_id: dec(price) for card_id, price in self.env.cr.fetchall()}
        strangers = self.env["crab.card"].browse(set(card_ids) - set(prices))
        if strangers:
            raise UserError(
                self.env._(
                    "These numbers were not bought from the platform: %(numbers)s",
                    numbers=self.env["crab.card"]._enumerate(sorted(strangers.mapped("number"))),
                )
            )
        return prices

    def _sale_of(self, card_ids):
        """The one direct sale in which these numbers were received; empty when there is none.

        :raise UserError: when they come from several sales
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT ARRAY_AGG(DISTINCT sale.id), COUNT(DISTINCT link.card_id) FROM crab_card_order_number link
                  JOIN crab_card_order sale ON sale.id = link.order_id AND sale.kind = 'direct'
                 WHERE link.card_id = ANY(%s) AND link.state = 'received'
                """,
                list(card_ids),
            )
        )
        sale_ids, count = self.env.cr.fetchone()
        if not sale_ids:
            return self.browse()
        if len(sale_ids) > 1 or count != len(card_ids):
            raise UserError(self.env._("These numbers come from different sales. Make one document for each of them."))
        return self.browse(sale_ids)
