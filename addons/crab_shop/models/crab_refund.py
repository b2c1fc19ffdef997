from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.subject import Subject

# kinds of activities: money that did not arrive, and what finance needs no more than to know
TROUBLE, TOLD = "mail.mail_activity_data_warning", "mail.mail_activity_data_todo"


class CrabRefund(models.Model):
    """Money given back to a member by the way it came (domain.md §8, decisions.md "Money to dealers").

    Booked when it is made: line and order, ledger, stock, shares and numbers follow in the same transaction. The
    request to the provider is a job after the commit; until it is answered the refund is *on its way*.
    """

    _name = "crab.refund"
    _description = "Refund"
    _inherit = [
        "crab.by.buttons.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "crab.public.id.mixin",
        "crab.subject.mixin",
    ]
    _order = "id desc"

    name = fields.Char("Refund number", required=True, readonly=True, copy=False)
    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    member_id = fields.Many2one(related="order_id.crab_member_id", store=True)
    kind = fields.Selection(
        [("order", "Refund of an order"), ("payment", "Returned payment")], required=True, readonly=True,
        help="Returned payment: it came for an order that was closed or paid already.",
    )  # fmt: skip
    state = fields.Selection(
        [("sending", "On its way"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="sending",
        index=True,
        tracking=True,
    )
    reason = fields.Char(required=True, readonly=True)
    amount_goods = fields.Monetary("Goods", readonly=True)
    amount_freight = fields.Monetary("Freight", readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    line_ids = fields.One2many("crab.refund.line", "refund_id", "Lines", readonly=True)
    source_transaction_id = fields.Many2one("payment.transaction", "Payment", readonly=True, ondelete="restrict")
    transaction_id = fields.Many2one("payment.transaction", "Refund payment", readonly=True, ondelete="restrict")
    bank_reference = fields.Char(
        "Bank reference",
        readonly=True,
        copy=False,
        tracking=True,
        help="Of the transfer by which finance paid what did not go through.",
    )
    move_id = fields.Many2one("account.move", "Journal entry", readonly=True, copy=False)
    actor_kind = fields.Char(readonly=True)
    actor_id = fields.Integer(readonly=True)
    key = fields.Char(readonly=True, copy=False)

    _key_uniq = models.UniqueIndex("(order_id, key) WHERE key IS NOT NULL", "This refund was made already.")
    _amounts = models.Constraint("CHECK (amount > 0)", "A refund gives something back.")

    # ------------------------------------------------------------------ access

    @api.model
    def _subject_domain(self, subject: Subject):
        """The member whose order it is."""
        return super()._subject_domain(subject) | fields.Domain(
            "order_id", "any", self.env["sale.order"]._subject_domain(subject) & fields.Domain("crab_kind", "!=", False)
        )

    # ------------------------------------------------------------------ making

    @api.model
    def _refund(self, order, wishes, reason, freight=0, key=None):
        """Refund parts of a paid order.

        :param order: one ``sale.order``; the caller checked role or subject
        :param wishes: ``[(goods line, quantity, amount)]``: a quantity, an amount (Decimal, yuan) or both; a quantity
            without an amount (None) gives back its proportional part. Amount only is a price concession: nothing comes
            back
        :param str reason: told to the member and kept
        :param freight: yuan of the freight given back
        :param str key: idempotency key, per order and for ever
        :raise UserError: more than was paid or ordered, or what the numbers of cards do not allow; nothing is changed
            then
        :return: the refund in sudo; for a repeated key the one made first
        """
        order_sudo = order._crab_locked()
        refunds_sudo = self.sudo()  # made by the suite; see above
        freight = dec(freight)
        found = key and refunds_sudo.search([("order_id", "=", order.id), ("key", "=", key)], limit=1)
        if found:
            found._check_repeated(wishes, freight)
            return found
        lines = refunds_sudo._resolve(order_sudo, wishes)
        if not (reason or "").strip():
            raise UserError(self.env._("Enter the reason of the refund."))
        refunds_sudo._check_order(order_sudo, freight)
        goods = sum((amount for _line, _quantity, amount in lines), Decimal(0))
        if goods + freight <= 0:
            raise UserError(self.env._("Enter what is to be refunded."))
        actor = Subject.of(self.env)
        refund = refunds_sudo.create(
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("crab.refund"),
                "order_id": order.id,
                "kind": "order",
                "reason": reason,
                "amount_goods": goods,
                "amount_freight": freight,
                "amount": goods + freight,
                "source_transaction_id": order_sudo.crab_transaction_id.id,
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "key": key,
                "line_ids": [
                    fields.Command.create({"order_line_id": line.id, "quantity": quantity, "amount": amount})
                    for line, quantity, amount in lines
                ],
            }
        )
        refund._book()
        order_sudo._crab_on_refunded(refund)
        refund._send_later()
        return refund

    def _check_repeated(self, wishes, freight):
        """:raise LockError: (409) the key came before with other content"""
        wanted = {line.id: (dec(quantity), amount) for line, quantity, amount in wishes if quantity or amount}
        made = {line.order_line_id.id: (dec(line.quantity), dec(line.amount)) for line in self.line_ids}
        same = wanted.keys() == made.keys() and all(
            quantity == made[line][0] and (amount is None or dec(amount) == made[line][1])
            for line, (quantity, amount) in wanted.items()
        )
        if not same or freight != dec(self.amount_freight):
            raise LockError(self.env._("This request was sent before with other content."))

    @api.model
    def _resolve(self, order, wishes):
        """``[(line, quantity, Decimal amount)]`` of what is wished, checked against what is left of each line."""
        lines = []
        for line, quantity, amount in wishes:
            line = line.with_env(order.env)
            if line.order_id != order or line.crab_role != "goods" or line.id in {known.id for known, _q, _a in lines}:
                raise UserError(self.env._("This line cannot be refunded."))
            left = dec(line.product_uom_qty) - dec(line.crab_refunded_quantity)
            paid_left = dec(line.crab_paid) - dec(line.crab_refunded)
            quantity = dec(quantity)
            if quantity != int(quantity) or not 0 <= quantity <= left:
                raise UserError(
                    self.env._(
                        "%(product)s: at most %(count)s pieces can be refunded.",
                        product=line.product_id.name,
                        count=int(left),
                    )
                )
            if amount is None:
                amount = paid_left if quantity == left else round_cents(paid_left * quantity / left)
            amount = dec(amount)
            if amount != round_cents(amount) or not 0 <= amount <= paid_left:
                raise UserError(
                    self.env._(
                        "%(product)s: at most %(amount)s yuan can be refunded.",
                        product=line.product_id.name,
                        amount=f"{paid_left:.2f}",
                    )
                )
            if quantity or amount:
                lines.append((line, quantity, amount))
        return lines

    @api.model
    def _check_order(self, order, freight):
        if not order.crab_transaction_id:
            raise UserError(self.env._("Order %(order)s is not paid: there is nothing to refund.", order=order.name))
        refunded_freight = dec(order.crab_amount_refunded) - sum(dec(line.crab_refunded) for line in order.order_line)
        if not 0 <= freight <= dec(order.crab_amount_freight) - refunded_freight:
            raise UserError(
                self.env._(
                    "At most %(amount)s yuan of freight can be refunded.",
                    amount=f"{dec(order.crab_amount_freight) - refunded_freight:.2f}",
                )
            )

    def _book(self):
        """Lines, order, stock and ledger of this refund."""
        self.ensure_one()
        order = self.order_id
        facts = [fact for line in self.line_ids for fact in line._book()]
        freight = dec(self.amount_freight)
        if freight:
            line = order.order_line.filtered(lambda line: line.crab_role == "freight")
            if line.crab_advance:
                line.crab_advance = dec(line.crab_advance) - freight
                facts.append(self._prepare_fact("shop_refunded", freight, "freight"))
            else:
                facts.append(self._prepare_refund_of_revenue(freight, line, "freight"))
        order.write({"crab_amount_refunded": dec(order.crab_amount_refunded) + dec(self.amount)})
        self.env["crab.ledger.fact"]._record(facts)

    def _prepare_refund_of_revenue(self, amount, line, key):
        tax = line.tax_ids[:1]
        net = self.env["crab.shop"]._net_of(amount, tax)
        return self._prepare_fact("shop_refunded_shipped", net, f"{key}-shipped", amount - net, tax.id)

    def _prepare_fact(self, kind, net, key, tax=Decimal(0), tax_id=None):
        self.ensure_one()
        return {
            "kind": kind,
            "company_id": self.company_id.id,
            "partner_id": self.order_id.partner_id.id,
            "amount_net": net,
            "amount_tax": tax,
            "tax_id": tax_id,
            "document_model": self._name,
            "document_id": self.id,
            "reference": self.name,
            "key": f"refund-{self.id}-{key}",
        }

    @api.model
    def _return_payment(self, order, transaction, reason):
        """Give back a whole payment that cannot be taken, and report it to finance. Repeating it changes nothing."""
        refunds_sudo = self.sudo()  # see _refund
        key = f"payment-{transaction.id}"
        if refunds_sudo.search_count([("order_id", "=", order.id), ("key", "=", key)], limit=1):
            return
        amount = dec(transaction.amount)
        refund = refunds_sudo.create(
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("crab.refund"),
                "order_id": order.id,
                "kind": "payment",
                "reason": reason,
                "amount_goods": 0,
                "amount_freight": 0,
                "amount": amount,
                "source_transaction_id": transaction.id,
                "actor_kind": "system",
                "actor_id": 1,
                "key": key,
            }
        )
        self.env["crab.ledger.fact"]._record(
            [
                {**refund._prepare_fact("shop_paid", amount, "in"), "reference": transaction.reference},
                refund._prepare_fact("shop_refunded", amount, "out"),
            ]
        )
        refund._report(self.env._("A payment was returned: %(reason)s", reason=reason), TOLD)
        refund._send_later()

    # ------------------------------------------------------------------ the provider

    def _send_later(self):
        """Make the payment of each refund; the request to the provider is a job after the commit."""
        for refund in self:
            refund.transaction_id = refund.source_transaction_id._create_child_transaction(
                refund.amount, is_refund=True, crab_refund_id=refund.id
            )
            refund.with_delay(identity_key=f"crab-refund-{refund.id}")._send()

    def _send(self):
        """Job: ask the provider to give the money back. Repeating it is safe: the reference is the same."""
        self.ensure_one()
        if self.state == "sending" and self.transaction_id.state == "draft":
            self.transaction_id._send_refund_request()
            self._take_result(self.transaction_id)

    def _take_result(self, transaction):
        """Follow the refund's payment: done or failed; while it is pending nothing changes.

        What arrives after finance paid it by transfer was paid twice: finance is told.
        """
        self.ensure_one()
        refund_sudo = self.sudo()  # the provider's answer
        if refund_sudo.bank_reference and transaction.state == "done":
            refund_sudo._report(self.env._("Paid twice: after the transfer the refund went through as well."))
        if refund_sudo.state == "done" or transaction.state not in ("done", "error", "cancel"):
            return
        state = "done" if transaction.state == "done" else "failed"
        if state == refund_sudo.state:
            return
        refund_sudo.state = state
        self.env["crab.outbox"]._emit(f"refund.{state}", refund_sudo, {})
        if state == "failed":
            refund_sudo._report(
                self.env._("The refund did not go through: %(message)s", message=transaction.state_message or "")
            )
        else:
            refund_sudo.activity_unlink([TROUBLE])

    def action_send_again(self):
        """Try a failed refund again; needs the right to refund."""
        self.check_access("read")
        self._check_right()
        for refund in self.sudo().filtered(lambda refund: refund.state == "failed"):
            refund.state = "sending"
            refund._send_later()

    def action_paid_by_transfer(self, reference=None):
        """Finance paid what did not go through by a bank transfer: the way it came is closed, e.g. a card that is gone.

        Without reference: asks for it. A second click changes nothing.

        :raise UserError: for refunds that are on their way or done
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_finance"):
            raise AccessError(self.env._("Only finance pays refunds by transfer."))
        if not (isinstance(reference, str) and reference.strip()):
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Paid by transfer"),
                "res_model": "crab.refund.transfer",
                "view_mode": "form",
                "target": "new",
                "context": {"default_refund_id": self.id},
            }
        refund_sudo = self.sudo()  # finance may do the step, nobody may edit
        lock_rows(refund_sudo)
        if refund_sudo.state == "done" and refund_sudo.bank_reference:
            return True
        if refund_sudo.state != "failed":
            raise UserError(
                self.env._("%(refund)s is on its way or done: it must not be paid twice.", refund=refund_sudo.name)
            )
        amount, label = dec(refund_sudo.amount), f"{refund_sudo.name} {reference.strip()}"
        ledger = self.env["crab.ledger"]
        move_sudo = ledger._post_document(
            refund_sudo,
            ledger._journal(refund_sudo.company_id, "document"),
            # it was booked as paid by the provider, where the money still is
            [("payment_clearing", False, amount, label), ("bank", False, -amount, label)],
        )
        refund_sudo.write({"state": "done", "bank_reference": reference.strip(), "move_id": move_sudo.id})
        refund_sudo.activity_unlink([TROUBLE])
        self.env["crab.outbox"]._emit("refund.transferred", refund_sudo, {})
        return True

    @api.model
    def _check_right(self):
        """:raise AccessError: for who may not refund (finance and customer service may)"""
        roles = ("crab_base.group_finance", "crab_base.group_customer_service", "crab_base.group_admin")
        if not self.env.su and not any(self.env.user.has_group(role) for role in roles):
            raise AccessError(self.env._("Only finance and customer service refund orders."))

    def _report(self, text, kind=TROUBLE):
        """An activity for finance with ``text``; of trouble it goes away once the money has arrived."""
        for user in self.env["crab.ledger.check"]._finance_users():
            self.activity_schedule(kind, user_id=user.id, summary=text)
