from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

SETTLE_ORDERS = 1000


class SaleOrder(models.Model):
    _inherit = "sale.order"

    crab_card_order_ids = fields.One2many("crab.card.order", "sale_order_id", "Direct sale", readonly=True)

    def _crab_on_paid(self):
        """E-cards: numbers at once, or first the audit if that is switched on (HQ-41)."""
        result = super()._crab_on_paid()
        ecards = self.filtered(lambda order: order.crab_kind == "ecard")
        if self.env["crab.shop"]._setting("ecard_audit"):
            ecards._crab_set_state("to_audit")
        else:
            ecards._crab_deliver_ecards()
        self.env["crab.card.order"]._make_for_orders(self.filtered(lambda order: order.crab_kind == "physical_card"))
        return result

    def _crab_receive(self):
        """Physical cards are received by their direct sale: the member becomes the holder of the numbers."""
        physical = self.filtered(lambda order: order.crab_kind == "physical_card" and not order.crab_received_at)
        physical_sudo = physical._crab_locked()
        physical_sudo._crab_ensure_state("to_receive")
        for sale in physical_sudo.crab_card_order_ids:
            sale._locked()._do_receive()
        return super(SaleOrder, self - physical)._crab_receive()

    def _crab_set_received(self):
        """All numbers of these orders of physical cards are with the member."""
        orders = self.filtered(lambda order: not order.crab_received_at and order.crab_state != "closed")
        orders._crab_set_state("to_review", crab_received_at=fields.Datetime.now())
        orders._crab_on_received()

    def _crab_shipping_values(self, sale):
        """What an order of physical cards notes when its direct ``sale`` has entered another state."""
        now = fields.Datetime.now()
        if sale.state == "in_transit":
            days = self.env["crab.shop"]._setting("receive_days")
            return {"crab_shipped_at": now, "crab_receive_before": now + timedelta(days=days)}
        if sale.state == "cancelled":
            return {"crab_closed_at": now, "crab_close_reason": sale.refusal_reason}
        return {}

    def _crab_deliver_ecards(self):
        """Make the numbers; an e-card counts as received when they are there (domain.md §5)."""
        if self:
            self.env["crab.card"]._make_ecards(self)
            self._crab_set_state("done", crab_received_at=fields.Datetime.now())
            self._crab_on_received()

    def action_crab_approve_ecards(self):
        """Approve e-card orders that wait for the audit; a second time changes nothing."""
        self._crab_check_audit()
        orders_sudo = self._crab_locked().filtered(lambda order: order.crab_state != "done")
        orders_sudo._crab_ensure_state("to_audit")
        orders_sudo._crab_deliver_ecards()

    def _crab_refuse_ecards(self, reason):
        """Refuse an e-card order that waits for the audit: everything paid goes back.

        :param str reason: told to the member
        """
        self._crab_check_audit()
        for order_sudo in self._crab_locked():
            order_sudo._crab_ensure_state("to_audit")
            if not order_sudo.amount_total:  # nothing was paid
                order_sudo._crab_close_ecards(reason)
                continue
            goods = order_sudo.order_line.filtered(lambda line: line.crab_role == "goods")
            wishes = [(line, line.product_uom_qty - line.crab_refunded_quantity, None) for line in goods]
            self.env["crab.refund"]._refund(order_sudo, wishes, reason, freight=order_sudo.crab_amount_freight)

    def action_crab_direct_sale(self):
        """The direct sale by which the numbers of a physical card order are sent."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_card_order.crab_card_order_action_direct")
        return {**action, "domain": [("sale_order_id", "=", self.id)], "context": {}}

    def action_crab_numbers(self):
        """The numbers made for these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_card.crab_card_action_ecard")
        lines = self.order_line.filtered(lambda line: line.crab_role == "goods")
        return {
            **action,
            "domain": [("charge_model", "=", lines._name), ("charge_id", "in", lines.ids)],
            "context": {},
        }

    def _crab_check_audit(self):
        self.check_access("read")
        self.env["crab.refund"]._check_right()

    def _crab_on_refunded(self, refund):
        """A refunded quantity cancels as many unused numbers of the buyer; see decisions.md "Money to dealers"."""
        result = super()._crab_on_refunded(refund)
        if self.crab_kind == "physical_card" and not self.env.context.get("crab_numbers_given_up"):
            self._crab_refuse_sent_numbers(refund)
        if self.crab_kind == "package":
            return result
        for line in refund.line_ids:
            if self.crab_kind == "ecard":
                self._crab_cancel_ecards(line.order_line_id, int(line.quantity))
            line.order_line_id._crab_follow_concession(refund)
        if self.crab_kind != "ecard":
            return result
        goods = self.order_line.filtered(lambda line: line.crab_role == "goods")
        if all(line.crab_refunded_quantity >= line.product_uom_qty or line._crab_is_refunded() for line in goods):
            self._crab_close_ecards(refund.reason)
        return result

    def _crab_close_ecards(self, reason):
        """Nothing of this order is left: what it took of the stock count is offered again."""
        self.env["crab.stock.level"]._release(self)
        self._crab_set_state("closed", crab_closed_at=fields.Datetime.now(), crab_close_reason=reason)

    def _crab_refuse_sent_numbers(self, refund):
        """Money alone may be given back here; pieces by their numbers, which are returned or not sent.

        :raise UserError: names the direct sale where that is done
        """
        lines = refund.line_ids.order_line_id
        if any(line.quantity for line in refund.line_ids) or any(line._crab_is_refunded() for line in lines):
            raise UserError(
                self.env._(
                    "Give up the numbers of physical cards first: close %(sale)s for what was not sent, or make a"
                    " return for what the member has. The refund follows by itself.",
                    sale=self.crab_card_order_ids.name,
                )
            )

    def _crab_cancel_ecards(self, line, quantity):
        """Cancel ``quantity`` unused, ungifted numbers of a line; all of them once everything paid is refunded.

        :raise UserError: when there are fewer
        """
        alive = line._crab_numbers()
        if not alive:
            return  # they were never made, or all are cancelled
        buyer = self.crab_member_id._now()
        free = alive.filtered(lambda card: card.state == "active" and card.member_id == buyer and not card.transit_id)
        wanted = len(alive) if line._crab_is_refunded() else quantity
        if wanted > len(free):
            raise UserError(
                self.env._(
                    "Only %(free)s numbers of %(product)s are unused and still with the buyer;"
                    " redeemed and given cards cannot be refunded.",
                    free=len(free),
                    product=line.product_id.name,
                )
            )
        free[:wanted]._cancel(self)

    @api.model
    def _cron_settle_ecards(self):
        """Take sold e-cards out of the stock count, many orders in one stock move per product."""
        orders = self.search(
            [("crab_kind", "=", "ecard"), ("crab_state", "=", "done"), ("crab_claim_ids.quantity", ">", 0)],
            order="id",
            limit=SETTLE_ORDERS,
        )
        free = orders.try_lock_for_update()
        quantities = dict(
            self.env["crab.stock.claim"]._read_group(
                [("order_id", "in", free.ids), ("quantity", ">", 0)], ["product_id"], ["quantity:sum"]
            )
        )
        if quantities:
            self.env["crab.stock.level"]._release(free)
            self.env["product.product"]._crab_adjust_stock(
                {product: -quantity for product, quantity in quantities.items()},
                reason=self.env._("E-cards sold"),
                relative=True,
            )
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(orders) == SETTLE_ORDERS))
