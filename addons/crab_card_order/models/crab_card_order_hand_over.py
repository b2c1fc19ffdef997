from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec


class CrabCardOrder(models.Model):
    """Receiving: issue, transfer, return and direct sale take effect number by number as they arrive."""

    _inherit = "crab.card.order"

    def _do_receive(self, numbers=None, ranges=()):
        """Take over what arrived.

        :param numbers: texts; None with no ranges: everything in transit. Numbers received before are left alone.
        :param ranges: pairs of first and last number
        """
        if self.state == "done":
            return
        self._ensure_state("in_transit", "partly_received")
        open_ids = self._card_ids("reserved")
        arrived = self._arrived(open_ids, numbers, ranges)
        if not arrived:
            return
        self._take_over(arrived)
        self._mark_links("received", "reserved", arrived.ids)
        self._sync_lines()
        missing = self._missing_count()
        self._set_state(
            "partly_received" if missing else "done",
            self.env._("Received %(count)s numbers, %(missing)s missing", count=len(arrived), missing=missing)
            if missing
            else self.env._("Received %(count)s numbers", count=len(arrived)),
            executed_at=False if missing else fields.Datetime.now(),
            waiting_dealer_id=self.waiting_dealer_id.id if missing else False,
        )

    def _missing_count(self):
        return self.number_count - self.received_count - self.released_count

    def _arrived(self, open_ids, numbers, ranges):
        Card = self.env["crab.card"]
        if numbers is None and not ranges:
            return Card.browse(open_ids)
        in_document = [("id", "in", open_ids + self._card_ids("received"))]
        arrived = Card._resolve(numbers or (), ranges, domain=in_document)
        return Card.browse(sorted(set(arrived.ids) & set(open_ids)))

    def _take_over(self, cards):
        """What the receipt of ``cards`` does to them, by kind."""
        expect = self._number_rule()
        if self.kind == "issue":
            cards._hand_over(self, self.receiver_dealer_id, origin=self.receiver_dealer_id, expect=expect)
        elif self.kind == "transfer":
            cards._hand_over(self, self.receiver_dealer_id, expect=expect)
        elif self.kind == "direct":
            cards._hand_over(self, self.receiver_member_id._now(), expect=expect)
        elif self.sender_member_id:
            self._take_back_from_member(cards)
        else:
            self._take_back_from_dealer(cards)

    def _take_back_from_dealer(self, cards):
        """One step up; active numbers give their charge back and become inactive (domain.md §7)."""
        active = cards.browse(self._give_back_charges(cards))
        active._deactivate(self, expect=self._number_rule())
        to_platform = not self.receiver_dealer_id
        cards._hand_over(self, self.receiver_dealer_id, origin=False if to_platform else None)

    def _take_back_from_member(self, cards):
        """Cancel the numbers; what the member paid for them is to be refunded (MB-33)."""
        price_by_card = self._sold_links(cards.ids)
        cards._cancel(self, expect=self._number_rule())
        self._write_link_amounts(price_by_card)
        self._owe_returned(price_by_card)

    def _owe_returned(self, price_by_card):
        """What was paid for the numbers given back by this return is due to be refunded.

        :param dict price_by_card: card id → Decimal in yuan
        """
        self.amount_to_refund = dec(self.amount_to_refund) + sum(price_by_card.values())

    # === Giving charges back === #

    def _give_back_charges(self, cards):
        """Give the activation charge of the active ones among ``cards`` back, with statistics and links.

        First the unrepaid credit of the activation that charged, the rest to stored value (decisions.md, "Cards").

        :return: ids of the active numbers
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT card.id, COALESCE(card.charged_amount, 0), origin.id
                  FROM crab_card card
                  LEFT JOIN crab_card_order origin ON card.charge_model = %s AND origin.id = card.charge_id
                 WHERE card.id = ANY(%s) AND card.state = 'active' ORDER BY card.id
                """,
                self._name,
                cards.ids,
            )
        )
        rows = self.env.cr.fetchall()
        by_order = {}
        for card_id, charged, order_id in rows:
            if order_id:
                by_order.setdefault(self.browse(order_id), {})[card_id] = dec(charged)
        by_dealer = {}
        for order, charges in by_order.items():
            if order.executor_dealer_id and not order.is_free and sum(charges.values()):
                by_dealer.setdefault(order.executor_dealer_id, {})[order] = sum(charges.values())
            self._write_link_amounts(charges if order.executor_dealer_id else dict.fromkeys(charges, dec(0)), order)
        for dealer in sorted(by_dealer, key=lambda dealer: dealer.id):
            self._give_back_to(dealer, by_dealer[dealer])
        self._take_back_statistics([row[0] for row in rows])
        return [row[0] for row in rows]

    def _give_back_to(self, dealer, amounts):
        """:param amounts: activation order → Decimal of its charge that goes back"""
        total = sum(amounts.values())
        given = self.env["crab.wallet"]._give_back(
            dealer,
            total,
            self,
            "card_return",
            f"{self._name}:{self.id}:{self.received_count}",
            credit_first=amounts,
        )
        self.write(
            {
                "amount_charged": dec(self.amount_charged) + total,
                "amount_stored": dec(self.amount_stored) + given["stored"],
                "amount_credit": dec(self.amount_credit) + given["credit"],
            }
        )

    def _write_link_amounts(self, amount_by_card, order=None):
        """Keep on the link rows what was given back for each number, and which document had charged it."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_card_order_number link SET charged_amount = given.amount, charge_order_id = %s
                  FROM unnest(%s::int[], %s::numeric[]) AS given(card_id, amount)
                 WHERE link.order_id = %s AND link.card_id = given.card_id
                """,
                order and order.id or None,
                list(amount_by_card),
                list(amount_by_card.values()),
                self.id,
            )
        )
        self.env["crab.card.order.number"].invalidate_model()

    def _take_back_statistics(self, card_ids):
        """Repeat the price rows of the activations of these numbers with negative quantities."""
        self.flush_model()
        self.env["crab.card.order.price"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_card_order_price (
                       order_id, company_id, product_id, dealer_id, level, quantity,
                       retail_price, ratio, unit_price, sale_price, is_own, staff_id, staff_ratio,
                       amount_retail, amount_earned, amount_staff, create_uid, create_date, write_uid, write_date)
                SELECT %(order)s, %(company)s, price.product_id, price.dealer_id, price.level, -SUM(back.quantity),
                       price.retail_price, price.ratio, price.unit_price, price.sale_price, price.is_own,
                       price.staff_id, price.staff_ratio,
                       -SUM(ROUND(price.amount_retail * back.quantity / price.quantity, 2)),
                       -SUM(ROUND(price.amount_earned * back.quantity / price.quantity, 2)),
                       -SUM(ROUND(price.amount_staff * back.quantity / price.quantity, 2)),
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM (SELECT card.charge_id AS order_id, card.product_id, COUNT(*) AS quantity
                          FROM crab_card card
                         WHERE card.id = ANY(%(cards)s) AND card.charge_model = %(model)s GROUP BY 1, 2) AS back
                  JOIN crab_card_order_price price
                    ON price.order_id = back.order_id AND price.product_id = back.product_id
                 GROUP BY price.product_id, price.dealer_id, price.level, price.retail_price, price.ratio,
                          price.unit_price, price.sale_price, price.is_own, price.staff_id, price.staff_ratio
                """,
                order=self.id,
                company=self.company_id.id,
                cards=list(card_ids),
                model=self._name,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.env["crab.card.order.price"].invalidate_model()
