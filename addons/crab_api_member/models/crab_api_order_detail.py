from odoo import api, models
from odoo.fields import Domain

from ..schemas import order as schemas
from ..tools import labels, links

MOST_CARDS = 200


class CrabApiOrderDetail(models.AbstractModel):
    """One order with all that belongs to it, and its fapiao."""

    _inherit = "crab.api.order.service"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    @api.model
    def _detail(self, subject, public_id):
        order = self._found(subject, public_id)
        shown = self._shown(order)[order]
        goods = order.order_line.filtered(lambda line: line.crab_role in ("goods", "freight"))
        can_ask_fapiao = any(line._crab_fapiao_left()[1] > 0 for line in goods)
        why_not = {"aftersale": self._why_no_aftersale(order)}
        if not can_ask_fapiao:
            why_not["fapiao"] = self.env._("Nothing is left for a fapiao: goods count when shipped, cards when paid.")
        return schemas.Order.from_detail(
            order,
            shown,
            parcels=self._parcels(order),
            cards=self._cards(order),
            refunds=[
                schemas.Refund.from_refund(refund, labels.of(refund, "state")[refund.state])
                for refund in order.crab_refund_ids
            ],
            aftersale_ids=order.crab_aftersale_ids.mapped("public_id"),
            fapiao=self._fapiao(order),
            can_ask_fapiao=can_ask_fapiao,
            why_not={name: reason for name, reason in why_not.items() if reason},
        )

    @api.model
    def _tracking(self, subject, public_id):
        return schemas.Tracking(parcels=self._parcels(self._found(subject, public_id)))

    @api.model
    def _parcels(self, order):
        """Parcels of goods, and of the numbers of physical cards; those that were given up are left out."""
        deliveries = order.env["crab.delivery"].search(
            [("order_id", "=", order.id), ("state", "!=", "cancelled")], order="id"
        )
        sent = order.crab_card_order_ids.filtered(lambda document: document.state != "cancelled")
        words, sent_words = labels.of(deliveries, "state"), labels.of(sent, "state")
        return [schemas.Parcel.from_delivery(delivery, words[delivery.state]) for delivery in deliveries] + [
            schemas.Parcel.from_card_order(document, sent_words[document.state]) for document in sent
        ]

    @api.model
    def _cards(self, order):
        """The numbers that came with an order of cards: made for it, or received by its direct sale."""
        cards = order.env["crab.card"]
        if order.crab_kind == "ecard":
            goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
            cards = cards.search(
                Domain("charge_model", "=", goods._name) & Domain("charge_id", "in", goods.ids),
                order="number",
                limit=MOST_CARDS,
            )
        elif order.crab_card_order_ids:
            numbers = order.env["crab.card.order.number"].search(
                [("order_id", "in", order.crab_card_order_ids.ids), ("state", "=", "received")], limit=MOST_CARDS
            )
            cards = numbers.card_id.sorted("number")
        members = order.crab_member_id._now()._with_merged() if cards else order.crab_member_id
        return [
            schemas.OrderCard(
                number=card.number,
                product_id=card.product_id.product_tmpl_id.public_id,
                state=card.state,
                away=self.env["crab.api.card.service"]._away(card),
                is_mine=card.member_id in members,
            )
            for card in cards
        ]

    @api.model
    def _fapiao(self, order):
        words = labels.of(order.crab_fapiao_ids, "state")
        return [
            schemas.Fapiao.from_fapiao(
                fapiao,
                words[fapiao.state],
                links.signed(self.env, "fapiao", fapiao.name)
                if fapiao.state in ("issued", "reversed") and fapiao.with_context(bin_size=True).file
                else None,
            )
            for fapiao in order.crab_fapiao_ids
        ]

    @api.model
    def _ask_fapiao(self, subject, public_id, given):
        """Ask for a fapiao for what is left of an order.

        :return: ``{"id": its number of request}``
        """
        order_sudo = self._found(subject, public_id)
        return {"id": self.env["crab.fapiao"]._ask(order_sudo, given.model_dump()).name}
