import hashlib

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, MissingError, UserError

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.states import ensure_state
from odoo.addons.crab_base.tools.subject import Subject

OPEN_STATES = [("to_merchant", "To be handled by the merchant"), ("to_buyer", "To be handled by the buyer")]
OPEN = tuple(state for state, _label in OPEN_STATES)
REASONS = [
    ("quality", "Dead or of bad quality"),
    ("missing", "Something is missing"),
    ("wrong", "Something else was sent"),
    ("damaged", "Damaged on the way"),
    ("late", "Came too late"),
    ("unwanted", "Not wanted any more"),
    ("other", "Something else"),
]
MAX_REQUESTS = 3  # of a member about one line of an order, however they ended
MAX_TEXT = 500


class CrabAftersale(models.Model):
    """A member asks for money back, with or without the goods (MB-24, MB-33, HQ-46).

    It waits for the merchant (to decide, then to receive what was sent back) or for the buyer (to send it back). Money,
    stock and numbers go through the doors of others: ``crab.refund``, ``crab.delivery``, ``crab.card.order``.
    """

    _name = "crab.aftersale"
    _description = "After-sales request"
    _inherit = [
        "crab.by.buttons.mixin",
        "mail.thread",
        "crab.pictures.mixin",
        "crab.public.id.mixin",
        "crab.subject.mixin",
    ]
    _order = "id desc"
    _entered = frozenset({"note"})

    name = fields.Char("After-sales number", required=True, readonly=True, copy=False)
    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, index=True, ondelete="restrict")
    ordered_at = fields.Datetime("Ordered on", related="order_id.create_date")
    order_kind = fields.Selection(related="order_id.crab_kind", string="Kind of order")
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    member_id = fields.Many2one(related="order_id.crab_member_id", store=True, index="btree_not_null")
    kind = fields.Selection(
        [("refund", "Refund only"), ("return", "Return and refund")], required=True, readonly=True
    )  # fmt: skip
    state = fields.Selection(
        [*OPEN_STATES, ("done", "Done"), ("rejected", "Rejected"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="to_merchant",
        tracking=True,
    )
    reason = fields.Selection(REASONS, required=True, readonly=True)
    text = fields.Char("In the member's words", readonly=True)
    line_ids = fields.One2many("crab.aftersale.line", "aftersale_id", "Goods asked about", readonly=True)
    goods = fields.Char(compute="_compute_goods")
    amount_asked = fields.Monetary("Asked for", required=True, readonly=True)
    amount_granted = fields.Monetary("Granted", readonly=True, help="With the freight that is given back.")
    freight = fields.Monetary("Freight given back", readonly=True)
    note = fields.Char("Merchant's note", help="For colleagues; the member does not see it.")

    asked_at = fields.Datetime("Asked on", required=True, readonly=True, default=fields.Datetime.now)
    waiting_since = fields.Datetime(readonly=True, default=fields.Datetime.now)
    age = fields.Integer("Waits for days", compute="_compute_age", help="Full days since the last step.")
    approved_at = fields.Datetime("Approved on", readonly=True)
    send_before = fields.Datetime("To be sent back before", readonly=True, help="Then the request is closed by itself.")
    carrier_name = fields.Char("Carrier", readonly=True)
    tracking_reference = fields.Char("Tracking number", readonly=True)
    sent_at = fields.Datetime("Sent back on", readonly=True)
    received_at = fields.Datetime("Received on", readonly=True)
    condition = fields.Selection([("stock", "Back to stock"), ("damaged", "Damaged")], "Goods are", readonly=True)
    ended_at = fields.Datetime("Ended on", readonly=True)
    end_reason = fields.Char("Reason of the end", readonly=True, help="The member reads it.")
    refund_id = fields.Many2one("crab.refund", "Refund", readonly=True, index="btree_not_null", ondelete="restrict")
    card_order_id = fields.Many2one(
        "crab.card.order", "Return of numbers", readonly=True, index="btree_not_null", ondelete="restrict",
        help="It holds the numbers that are given back; they are cancelled when the request is approved.",
    )  # fmt: skip
    actor_kind = fields.Char(readonly=True)
    actor_id = fields.Integer(readonly=True)

    _open_idx = models.Index("(state, waiting_since) WHERE state IN ('to_merchant', 'to_buyer')")
    _send_idx = models.Index("(send_before) WHERE state = 'to_buyer'")
    _refunded = models.Constraint(
        "CHECK (refund_id IS NULL OR approved_at IS NOT NULL)", "What is refunded was approved."
    )

    @api.depends("line_ids.quantity", "line_ids.product_id")
    def _compute_goods(self):
        for request in self:
            request.goods = "、".join(line._describe() for line in request.line_ids)

    @api.depends("state", "waiting_since")
    def _compute_age(self):
        now = fields.Datetime.now()
        for request in self:
            is_open = request.state in OPEN and request.waiting_since
            request.age = (now - request.waiting_since).days if is_open else 0

    # ------------------------------------------------------------------ who may do what

    @api.model
    def _subject_domain(self, subject: Subject):
        """The member whose order it is."""
        return super()._subject_domain(subject) | fields.Domain(
            "order_id", "any", self.env["sale.order"]._subject_domain(subject) & fields.Domain("crab_kind", "!=", False)
        )

    def _check_right(self):
        """:raise AccessError: for others than customer service"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_customer_service"):
            raise AccessError(self.env._("Only customer service handles after-sales requests."))

    def _locked(self):
        """These in sudo, locked with their orders until the end of the transaction."""
        requests_sudo = self.sudo()  # steps check role or subject themselves, then write what nobody may edit
        lock_rows(requests_sudo.card_order_id)
        requests_sudo.order_id._crab_locked()
        lock_rows(requests_sudo)
        return requests_sudo

    @api.model
    def _found(self, subject: Subject, public_id):
        """The request that ``subject`` may see, in sudo and bound to it.

        :raise MissingError: (404) for unknown ids and other people's alike
        """
        found = self._for_subject(subject, [("public_id", "=", public_id)], limit=1)
        if not found:
            raise MissingError(self.env._("This after-sales request does not exist."))
        return found

    # ------------------------------------------------------------------ asking

    @api.model
    def _ask(
        self, subject: Subject, order_public_id, lines, kind, reason, text=None, pictures=(), numbers=(), key=None
    ):
        """A member asks for money back for lines of an own order, all or nothing.

        :param subject: the member
        :param lines: ``[(goods line, pieces, amount)]`` as for ``crab.refund._refund``: an amount of None is the part
            that the pieces cost, no pieces a price concession
        :param kind: ``refund`` or ``return`` (the goods are sent back first)
        :param reason: one of ``REASONS``; ``text`` in the member's own words
        :param pictures: list of files as bytes
        :param numbers: of physical cards that are given back, instead of ``lines``
        :param key: idempotency key of the request
        :raise MissingError: (404) the order is not the subject's
        :raise UserError: what cannot be asked for (any more), or is asked already; nothing is changed then
        :return: the request in sudo; for a repeated key the one made first
        """
        orders_sudo = self.env["sale.order"]._for_subject(
            subject, [("public_id", "=", order_public_id), ("crab_kind", "!=", False)], limit=1
        )
        if not orders_sudo:
            raise MissingError(self.env._("This order does not exist."))
        return subject.bind(self.sudo())._ask_once(  # the order is the subject's
            subject, orders_sudo, lines, kind, reason, text, pictures, numbers, key
        )

    def _ask_once(self, subject, order, lines, kind, reason, text=None, pictures=(), numbers=(), key=None):
        """As ``_ask``, for an ``order`` that the caller may ask for. In sudo."""

        def make():
            return self._open(order, lines, kind, reason, text, pictures, numbers).id

        if key is None:
            return self.browse(make())
        body = {
            "order": order.id,
            "lines": [[line.id, str(quantity), amount and str(amount)] for line, quantity, amount in lines],
            "kind": kind,
            "reason": reason,
            "text": text,
            "pictures": [hashlib.sha256(content).hexdigest() for content in pictures],
            "numbers": list(numbers),
        }
        return self.browse(self.env["crab.idempotency"]._run(subject, self._name, key, body, make))

    @api.model
    def _open(self, order, lines, kind, reason, text, pictures, numbers):
        order_sudo = order._crab_locked()
        self._check_order(order_sudo, kind, reason)
        cards = self._cards_of_numbers(order_sudo, numbers)
        if cards:
            lines = self._lines_of_cards(order_sudo, cards)
        wishes = self.env["crab.refund"]._resolve(order_sudo, lines)
        self._check_wishes(order_sudo, kind, wishes, cards)
        actor = Subject.of(self.env)
        request = self.create(
            {
                "name": self.env["ir.sequence"].next_by_code("crab.aftersale"),
                "order_id": order_sudo.id,
                "kind": kind,
                "reason": reason,
                "text": self._clean_text(text),
                "amount_asked": sum(amount for _line, _quantity, amount in wishes),
                "line_ids": [
                    fields.Command.create({"order_line_id": line.id, "quantity": quantity, "amount": amount})
                    for line, quantity, amount in wishes
                ],
                "actor_kind": actor.kind,
                "actor_id": actor.id,
            }
        )
        try:
            self.env.flush_all()
        except errors.UniqueViolation as exc:  # asked since this transaction began: it is run again and finds it
            raise ConcurrencyError("the same line is being asked about") from exc
        if cards:
            request._hold_numbers(cards)
        request._add_pictures(list(pictures))
        request._tell("asked")
        return request

    @api.model
    def _check_order(self, order, kind, reason):
        """:raise UserError: nothing can be asked for of this order (any more), or the request is not complete"""
        if kind not in dict(self._fields["kind"].selection) or reason not in dict(REASONS):
            raise UserError(self.env._("Choose what is asked for and why."))
        if not order.crab_transaction_id:
            raise UserError(self.env._("Order %(order)s is not paid: there is nothing to refund.", order=order.name))
        due = order.crab_credit_due_at
        if order.crab_credited_at or due and due <= fields.Datetime.now():
            raise UserError(self.env._("The after-sales days of %(order)s are over.", order=order.name))

    @api.model
    def _check_wishes(self, order, kind, wishes, cards):
        """:raise UserError: when one of these lines cannot be asked for in this way"""
        if not wishes:
            raise UserError(self.env._("Choose the goods that the request is about."))
        asked = self.env["crab.aftersale.line"].search(
            [("order_line_id", "in", [line.id for line, _quantity, _amount in wishes])]
        )
        for request in asked.filtered(lambda line: line.state in OPEN).aftersale_id:
            raise UserError(self.env._("%(request)s about the same goods is still open.", request=request.name))
        for of_line in asked.grouped("order_line_id").values():
            if Subject.of(self.env).kind == "member" and len(of_line) >= MAX_REQUESTS:
                raise UserError(
                    self.env._(
                        "%(product)s was asked about %(count)s times. Please contact customer service.",
                        product=of_line[:1].product_id.name,
                        count=len(of_line),
                    )
                )
        if kind == "return":
            self._check_return(order, wishes)
        elif order.crab_kind == "physical_card" and not cards:
            self._check_without_numbers(order, wishes)

    @api.model
    def _check_return(self, order, wishes):
        if order.crab_kind != "package":
            raise UserError(self.env._("Cards are not sent back: ask for the refund alone."))
        for line, quantity, _amount in wishes:
            if not quantity or not line.crab_shipped_quantity or line._crab_unshipped():
                raise UserError(
                    self.env._(
                        "%(product)s: only pieces that were shipped are sent back; of others ask for the refund alone.",
                        product=line.product_id.name,
                    )
                )

    @api.model
    def _clean_text(self, text):
        try:
            return cells.text(MAX_TEXT)(text or None)
        except cells.CellError as error:
            raise UserError(self.env._("The text %(reason)s.", reason=self.env._(error.reason))) from error

    # ------------------------------------------------------------------ states

    def _ensure_state(self, *states):
        ensure_state(self, *states)

    def _set_state(self, state, event, **values):
        """Enter ``state`` with ``values``, and tell whoever listens (``aftersale.<event>`` in the outbox)."""
        now = fields.Datetime.now()
        ended = {} if state in OPEN else {"ended_at": now}
        self.write({"state": state, "waiting_since": now, **ended, **values})
        self._tell(event)

    def _tell(self, event):
        self.env["crab.outbox"]._emit(f"aftersale.{event}", self, {})
