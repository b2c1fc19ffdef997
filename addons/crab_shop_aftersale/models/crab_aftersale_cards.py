from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject


class CrabAftersale(models.Model):
    """Numbers of physical cards that a member gives back (MB-33).

    A return of ``crab.card.order`` holds them while the request is open; its receipt cancels and refunds them.
    """

    _inherit = "crab.aftersale"

    @api.model
    def _links_of(self, order, domain):
        """What the member has received of the direct sale of ``order``: ``crab.card.order.number`` rows."""
        return self.env["crab.card.order.number"].search(
            Domain("order_id", "in", order.crab_card_order_ids.ids) & Domain("state", "=", "received") & Domain(domain)
        )

    @api.model
    def _cards_of_numbers(self, order, numbers):
        """The cards with these numbers.

        :raise UserError: names those that were not bought with ``order`` or are not in the member's hands
        """
        cards = self.env["crab.card"]
        if not numbers:
            return cards
        bought = self._links_of(order, Domain.TRUE).card_id
        cards = cards._resolve(numbers, domain=[("id", "in", bought.ids), ("holder_kind", "=", "member")])
        own = cards.member_id.filtered(lambda member: order.crab_member_id in member._with_merged())
        strangers = cards.filtered(lambda card: card.member_id not in own)
        if strangers:
            raise UserError(
                self.env._(
                    "These numbers are not in the buyer's hands: %(numbers)s",
                    numbers=cards._enumerate(strangers.mapped("number")),
                )
            )
        return cards

    @api.model
    def _lines_of_cards(self, order, cards):
        """``[(order line, pieces, yuan)]`` of these numbers, at what was paid for each."""
        links = self._links_of(order, [("card_id", "in", cards.ids)]).grouped("product_id")
        lines = []
        for line in order.order_line.filtered(lambda line: line.crab_role == "goods"):
            own = links.get(line.product_id)
            if own:
                paid = sum(dec(price) for price in own.mapped("unit_price"))
                lines.append((line, len(own), min(paid, dec(line.crab_paid) - dec(line.crab_refunded))))
        return lines

    def _hold_numbers(self, cards):
        """Reserve the numbers for this request: nobody uses, gives or returns them a second time.

        :raise UserError: names the numbers that are used, or in a gift or another document
        """
        holder = Subject("member", cards.member_id.ensure_one().id)
        returns = self.env["crab.card.order"]
        returned = returns._create_for_subject(holder, "return", cards, reason=self.name)
        returned._step_for_subject(holder, "submit")
        self.card_order_id = returned

    def _follow_card_order(self, state):
        """The return of numbers was received, refused or taken back, here or in its own form."""
        request = self._locked()
        if state == "done":
            request._set_state("done", "done", approved_at=request.approved_at or fields.Datetime.now())
        elif state == "rejected":
            request._set_state("rejected", "rejected", end_reason=request.card_order_id.refusal_reason)
        elif state == "cancelled":
            request._set_state("cancelled", "cancelled")

    # ------------------------------------------------------------------ cards that were not sent yet

    @api.model
    def _check_without_numbers(self, order, wishes):
        """:raise UserError: pieces of which numbers were sent are given back by their numbers"""
        pieces = {line: quantity for line, quantity, _amount in wishes if quantity}
        goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
        is_whole = all(pieces.get(line) == line.product_uom_qty - line.crab_refunded_quantity for line in goods)
        if pieces and not (order.crab_state == "to_ship" and is_whole):
            raise UserError(self.env._("Name the numbers that are given back; before they are sent, ask for all."))

    def _closes_sale(self):
        return self.order_id.crab_kind == "physical_card" and any(quantity for _l, quantity, _a in self._granted())

    def _close_sale(self, reason):
        """No number was sent: the direct sale is closed, and refunds the order; the freight goes back apart.

        :raise UserError: when numbers are on their way by now, or less than all would go back
        """
        order, wishes = self.order_id, self._granted()
        self._check_without_numbers(order, wishes)
        if any(amount != dec(line.crab_paid) - dec(line.crab_refunded) for line, _quantity, amount in wishes):
            raise UserError(self.env._("Cards that were not sent are refunded as a whole."))
        known = order.crab_refund_ids
        order.crab_card_order_ids.action_close(reason)
        refund = order.crab_refund_ids - known
        if self.freight:
            self.env["crab.refund"]._refund(order, [], reason, freight=self.freight, key=f"aftersale-{self.id}")
        return refund
