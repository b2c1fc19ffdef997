from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import round_cents
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tools.normalise import number

from ..tools.number_text import condense
from .crab_card_order_numbers import NumbersRefused

STEP_STATES = {
    "submit": ("draft",),
    "pass_on": ("submitted",),
    "execute": ("submitted", "passed_on"),
    "receive": ("in_transit", "partly_received"),
    "reject": ("submitted", "passed_on", "in_transit", "partly_received"),
    "cancel": ("draft", "submitted", "passed_on", "in_transit"),
    "close": ("partly_received",),
}  # of documents that dealers take part in


class CrabCardOrder(models.Model):
    """What a dealer is shown before it decides: who is next, what it costs, which numbers would be refused."""

    _inherit = "crab.card.order"

    def _open_steps(self, subject: Subject):
        """``{document id: [steps that a dealer can take now]}``, for whole pages; those taken already are none."""
        dealer = self.env["crab.dealer"]._behind(subject)
        return {
            order.id: [
                step
                for step, states in STEP_STATES.items()
                if order.state in states and order._is_step_of_dealer(dealer, step)
            ]
            for order in self
        }

    def _ranges(self):
        """``{product id: [(first, last, count)]}`` of the numbers that are not given back; no query per number."""
        self.ensure_one()
        self.env["crab.card.order.number"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT link.product_id, ARRAY_AGG(card.number ORDER BY card.number) FROM crab_card_order_number link"
                " JOIN crab_card card ON card.id = link.card_id"
                " WHERE link.order_id = %s AND link.state <> 'released' GROUP BY 1",
                self.id,
            )
        )
        return {product_id: condense(numbers) for product_id, numbers in self.env.cr.fetchall()}

    def _funds_for(self, dealer):
        """What the activation costs ``dealer`` and what it has for it, if it is the one who will be charged.

        :return: ``amount`` with the figures of ``crab.wallet._would_charge``; None where this dealer is not charged now
        """
        self.ensure_one()
        is_open = self.state in ("draft", "submitted", "passed_on")
        if self.kind != "activation" or not is_open or self.is_free or self._payer() != dealer or dealer.level != "1":
            return None
        prices = self._line_prices(self.line_ids.product_id)
        amount = sum(
            (round_cents(prices[line.product_id.id]["unit_price"]) * line.quantity for line in self.line_ids),
            round_cents(0),
        )
        return {"amount": amount, **self.env["crab.wallet"]._would_charge(dealer, amount, "activation")}

    # === Choosing numbers === #

    @api.model
    def _own_numbers(self, subject: Subject, numbers=(), ranges=(), product=None, strict=False):
        """The numbers that the subject's dealer has in its hands, of those asked for.

        :param numbers: texts as typed or scanned
        :param ranges: pairs of first and last number; what others hold in between is left out
        :param product: only numbers of this card
        :param strict: refuse numbers that are not in its hands
        :return: ``(cards, numbers that are not in its hands)``
        :raise UserError: for a range that is none, or has none of its numbers
        """
        domain = Domain("dealer_id", "=", self.env["crab.dealer"]._behind(subject).id or 0)
        if product:
            domain &= Domain("product_id", "=", product.id)
        cards = subject.bind(self.env["crab.card"].sudo())  # the subject has no Odoo user; the domain says what is its
        wanted = {number(text) for text in numbers} - {""}
        found = cards.search(domain & Domain("number", "in", list(wanted))) if wanted else cards
        strange = sorted(wanted - set(found.mapped("number")))
        if strange and strict:
            raise NumbersRefused(
                self.env._(
                    "%(count)s numbers are not in your hands: %(numbers)s",
                    count=len(strange),
                    numbers=cards._enumerate(strange),
                )
            )
        return found | cards._resolve(ranges=ranges, domain=domain), strange

    @api.model
    def _quote_for_subject(self, subject: Subject, kind, cards, **values):
        """What a document with these numbers would be if ``subject`` made it now; nothing is made or reserved.

        :param values: as of ``_create_for_subject``
        :return: dict: ``order`` (not stored), ``cards`` (those that fit), ``refused`` [(number, reason)], ``lines``
            [{``product``, ``quantity``, ``retail_price``, ``unit_price``}], ``payer`` and ``next`` (dealers, may be
            empty), ``amount`` (Decimal) and ``funds`` (as ``_funds_for``)
        :raise AccessError: (403) the subject may not make this kind
        :raise UserError: (422) the receiver does not fit, or the numbers come from different level-1 dealers
        """
        values = {name: value for name, value in values.items() if name != "sale_prices"}
        order = self._orders_of(subject, kind, values).new(
            {
                "kind": kind,
                "state": "draft",
                "company_id": self.env["res.company"]._crab_company("group").id,
                **values,
            }
        )
        order._complete_parties()
        order._check_parties()
        refused = {card_id: (text, reason) for card_id, text, reason in order._misfits(cards.ids)}
        fitting = cards.browse(card_id for card_id in cards.ids if card_id not in refused)
        if fitting:
            order._set_executor(fitting.ids)
        counts = fitting._read_group([("id", "in", fitting.ids)], ["product_id"], ["__count"])
        order.line_ids = [(0, 0, {"product_id": product.id, "quantity": count}) for product, count in counts]
        prices = order._line_prices(order.line_ids.product_id)
        lines = [
            {
                "product": line.product_id,
                "quantity": line.quantity,
                "retail_price": round_cents(prices[line.product_id.id]["retail_price"]),
                "unit_price": round_cents(prices[line.product_id.id]["unit_price"]),
            }
            for line in order.line_ids
        ]
        return {
            "order": order,
            "cards": fitting,
            "refused": list(refused.values()),
            "lines": lines,
            "payer": order._payer(),
            "next": order._first_waiting_dealer(),
            "amount": sum((line["unit_price"] * line["quantity"] for line in lines), round_cents(0)),
            "funds": order._funds_for(self.env["crab.dealer"]._behind(subject)),
        }

    def _number_page(self, cursor=None, limit=20, state=None):
        """One page of this document's numbers, in order of number.

        :param cursor: the last number of the page before
        :param state: only numbers that are ``chosen``, ``reserved``, ``received`` or ``released``
        :return: ``(crab.card.order.number records, cursor of the next page or None)``
        """
        self.ensure_one()
        links = self.env["crab.card.order.number"]
        links.flush_model()
        self.env.cr.execute(
            SQL(
                # judged apart: for order and limit the planner would read the whole register by number
                "WITH own AS MATERIALIZED (SELECT link.id, card.number FROM crab_card_order_number link"
                " JOIN crab_card card ON card.id = link.card_id WHERE link.order_id = %s AND (%s OR link.state = %s))"
                " SELECT id, number FROM own WHERE %s OR number > %s ORDER BY number LIMIT %s",
                self.id,
                not state,
                state,
                not cursor,
                cursor,
                limit + 1,
            )
        )
        rows = self.env.cr.fetchall()
        page = rows[:limit]
        return links.browse(row[0] for row in page), page[-1][1] if len(rows) > limit else None
