from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.states import ensure_state
from odoo.addons.crab_base.tools.subject import Subject

KINDS = [("package", "In-stock package"), ("physical_card", "Physical card"), ("ecard", "E-card")]
STATES = [
    ("to_pay", "To pay"),
    ("to_audit", "To audit"),
    ("to_ship", "To ship"),
    ("partly_shipped", "Partly shipped"),
    ("to_receive", "To receive"),
    ("to_review", "To review"),
    ("done", "Done"),
    ("closed", "Closed"),
]
# What the steps from placing to payment look at: read alone, an order costs a tenth of what all its fields do.
ORDER_FIELDS = (
    "name", "state", "company_id", "currency_id", "partner_id", "amount_total", "crab_kind", "crab_state",
    "crab_member_id", "crab_dealer_id", "crab_staff_id", "crab_pay_before", "crab_paid_at", "crab_transaction_id",
)  # fmt: skip


class SaleOrder(models.Model):
    """An order of a member (domain.md §8). What is ours has the prefix ``crab_``; other sales orders stay Odoo's.

    Ours are made by ``crab.shop`` and change by the steps of this suite only. They have no procurement of their own: a
    ``crab.delivery`` ships them from the Group's stock.
    """

    _name = "sale.order"
    _inherit = ["sale.order", "crab.public.id.mixin", "crab.subject.mixin"]

    crab_kind = fields.Selection(KINDS, "Kind of order", readonly=True, copy=False, index="btree_not_null")
    crab_state = fields.Selection(STATES, "State of the order", readonly=True, copy=False)
    crab_member_id = fields.Many2one(
        "crab.member", "Member", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    crab_level_id = fields.Many2one("crab.member.level", "Member level", readonly=True, copy=False, ondelete="restrict")
    crab_dealer_id = fields.Many2one(
        "crab.dealer", "Member's dealer", readonly=True, copy=False, index="btree_not_null", ondelete="restrict",
        help="The dealer to whom the member belonged when the order was placed.",
    )  # fmt: skip
    crab_staff_id = fields.Many2one(
        "crab.dealer.staff", "Dealer's staff", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    crab_key = fields.Char("Key of the request", readonly=True, copy=False)

    crab_receiver_name = fields.Char("Receiver", readonly=True, copy=False)
    crab_receiver_phone = fields.Char("Receiver's phone", readonly=True, copy=False, index="btree_not_null")
    crab_province_id = fields.Many2one("crab.region", "Province", readonly=True, copy=False)
    crab_city_id = fields.Many2one("crab.region", "City", readonly=True, copy=False)
    crab_district_id = fields.Many2one("crab.region", "District", readonly=True, copy=False)
    crab_street = fields.Char("Address", readonly=True, copy=False)
    crab_wish_date = fields.Date("Wished date", readonly=True, copy=False)

    crab_product_names = fields.Char(
        "Products", compute="_compute_crab_product_names", search="_search_crab_product_names"
    )

    crab_amount_goods = fields.Monetary(
        "Goods", readonly=True, copy=False, help="What the goods cost after the discount, without freight."
    )
    crab_amount_discount = fields.Monetary("Discount", readonly=True, copy=False)
    crab_amount_freight = fields.Monetary("Freight", readonly=True, copy=False)
    crab_amount_refunded = fields.Monetary("Refunded", readonly=True, copy=False)

    crab_pay_before = fields.Datetime("To be paid before", readonly=True, copy=False)
    crab_paid_at = fields.Datetime("Paid on", readonly=True, copy=False)
    crab_shipped_at = fields.Datetime("Shipped on", readonly=True, copy=False)
    crab_receive_before = fields.Datetime("Received by itself on", readonly=True, copy=False)
    crab_is_extended = fields.Boolean("Receipt extended", readonly=True, copy=False)
    crab_received_at = fields.Datetime("Received on", readonly=True, copy=False)
    crab_closed_at = fields.Datetime("Closed on", readonly=True, copy=False)
    crab_close_reason = fields.Char("Reason of closing", readonly=True, copy=False)

    crab_transaction_id = fields.Many2one(
        "payment.transaction", "Payment", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    crab_refund_ids = fields.One2many("crab.refund", "order_id", "Refunds", readonly=True)
    crab_chain_ids = fields.One2many("crab.price.chain", "order_id", "Price chain", readonly=True)
    crab_claim_ids = fields.One2many("crab.stock.claim", "order_id", "Stock taken", readonly=True)

    _crab_key_uniq = models.UniqueIndex(
        "(crab_member_id, crab_key) WHERE crab_key IS NOT NULL", "This order was placed already."
    )
    _crab_state_idx = models.Index("(crab_kind, crab_state, id) WHERE crab_kind IS NOT NULL")
    _crab_unpaid_idx = models.Index("(crab_pay_before) WHERE crab_state = 'to_pay'")
    _crab_unreceived_idx = models.Index("(crab_receive_before) WHERE crab_state = 'to_receive'")
    _crab_complete = models.Constraint(
        "CHECK (crab_kind IS NULL OR (crab_state IS NOT NULL AND crab_member_id IS NOT NULL))",
        "An order of the shop has a member and a state.",
    )
    _crab_amounts = models.Constraint(
        "CHECK (crab_kind IS NULL OR (crab_amount_goods >= 0 AND crab_amount_discount >= 0"
        " AND crab_amount_freight >= 0 AND crab_amount_refunded BETWEEN 0 AND amount_total))",
        "The amounts of an order are never negative, and never more is refunded than was paid.",
    )

    @api.depends("order_line.crab_role", "order_line.product_id")
    def _compute_crab_product_names(self):
        for order in self:
            goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
            order.crab_product_names = "、".join(f"{line.name} × {line.product_uom_qty:g}" for line in goods)

    def _search_crab_product_names(self, operator, value):
        if operator not in ("ilike", "like", "=", "=ilike", "=like"):
            return NotImplemented
        return Domain("order_line.product_id", operator, value)

    # ------------------------------------------------------------------ who may do what

    @api.model
    def _subject_domain(self, subject: Subject):
        """A member sees its own orders. Dealers see earnings and deliveries, not orders (HQ-13)."""
        asking_sudo = self.env["crab.member"]._asking(subject)
        return super()._subject_domain(subject) | Domain("crab_member_id", "in", asking_sudo._with_merged().ids)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crab_refuse(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._crab_refuse(vals)
        if not self.env.su and any(order.crab_kind for order in self):
            names = {name for name in vals if not name.startswith(("message_", "activity_"))}
            if names - {"note", "tag_ids"}:
                raise AccessError(self.env._("Orders of the shop change by their own buttons only."))
        return super().write(vals)

    @api.model
    def _crab_refuse(self, vals):
        """:raise AccessError: when a client sends what only the suite writes"""
        if not self.env.su and any(name.startswith("crab_") for name in vals):
            raise AccessError(self.env._("Orders of the shop change by their own buttons only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crab(self):
        if any(order.crab_kind for order in self):
            raise UserError(self.env._("Orders of the shop are kept."))

    def _crab_ours(self):
        return self.filtered("crab_kind")

    def _crab_locked(self):
        """These orders in sudo, locked until the end of the transaction; what was read before is dropped."""
        orders_sudo = self.sudo()  # steps check role or subject themselves, then write what nobody may edit
        lock_rows(orders_sudo)
        return orders_sudo

    # ------------------------------------------------------------------ what Odoo does by itself with its own orders

    def _compute_amounts(self):
        """The total of an order of ours is the sum of its lines, which are exact already."""
        ours = self._crab_ours()
        for order in ours:
            lines = order.order_line
            order.amount_untaxed = order.currency_id.round(sum(lines.mapped("price_subtotal")))
            order.amount_total = order.currency_id.round(sum(lines.mapped("price_total")))
            order.amount_tax = order.currency_id.round(order.amount_total - order.amount_untaxed)
        return super(SaleOrder, self - ours)._compute_amounts()

    def _compute_invoice_status(self):
        ours = self._crab_ours()
        ours.invoice_status = "no"
        return super(SaleOrder, self - ours)._compute_invoice_status()

    def _check_warehouse(self):
        return super(SaleOrder, self - self._crab_ours())._check_warehouse()

    def _send_order_notification_mail(self, mail_template, allow_deferred_sending=True):
        if self.crab_kind:
            return None  # members are told by the notification service
        return super()._send_order_notification_mail(mail_template, allow_deferred_sending=allow_deferred_sending)

    def action_cancel(self):
        self._crab_refuse_core_step()
        return super().action_cancel()

    def action_confirm(self):
        if not self.env.su:
            self._crab_refuse_core_step()
        return super().action_confirm()

    def action_draft(self):
        self._crab_refuse_core_step()
        return super().action_draft()

    def _crab_refuse_core_step(self):
        if self._crab_ours():
            raise UserError(self.env._("Orders of the shop change by their own buttons only."))

    # ------------------------------------------------------------------ states

    def _crab_ensure_state(self, *states):
        ensure_state(self, *states, field="crab_state")

    def _crab_set_state(self, crab_state, **values):
        """Enter ``crab_state`` with ``values``, and tell whoever listens (``order.<state>`` in the outbox)."""
        if self:
            self.write({"crab_state": crab_state, **values})
            self.env["crab.outbox"]._emit(f"order.{crab_state}", self, {})

    # ------------------------------------------------------------------ stock

    def _crab_stock_needed(self):
        """``{product.product: quantity}`` that this order takes from stock; the parts of packages resolved."""
        self.ensure_one()
        goods = self.order_line.filtered(lambda line: line.crab_role == "goods")
        return goods._crab_parts({line: line.product_uom_qty for line in goods})

    # ------------------------------------------------------------------ buttons

    def action_crab_refund(self):
        """Ask what is to be refunded."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund %(order)s", order=self.name),
            "res_model": "crab.refund.enter",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def action_crab_receive(self):
        """Confirm the receipt on behalf of the member."""
        self._crab_check_service()
        self._crab_receive()

    def action_crab_close(self):
        """Close unpaid orders on behalf of the member."""
        self._crab_check_service()
        self._crab_close(self.env._("Closed by customer service."))

    def _crab_check_service(self):
        """:raise AccessError: for who may not handle orders of members"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_customer_service"):
            raise AccessError(self.env._("Only customer service handles the orders of members."))

    def action_crab_deliveries(self):
        """The parcels of this order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_redemption.crab_delivery_action")
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}

    def action_crab_refunds(self):
        """The refunds of this order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_shop.crab_refund_action")
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}
