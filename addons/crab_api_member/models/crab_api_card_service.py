from odoo import api, models
from odoo.exceptions import MissingError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_card.tools import normalise

from ..schemas import card as schemas
from ..tools import keyset, labels

RANKS = {
    "received": SQL("COALESCE(item.received_at, 'epoch')"),
    "product": SQL("item.product_id"),
    "state": SQL("array_position(ARRAY['active', 'inactive', 'used', 'cancelled']::varchar[], item.state)"),
}
MOST_EVENTS = 100
GIFT = "crab.card.gift"


class CrabApiCardService(models.AbstractModel):
    """Cards of a member, by their numbers: list, detail, binding, giving back (MB-14, MB-15, MB-33)."""

    _name = "crab.api.card.service"
    _description = "API: cards"

    @api.model
    def _card(self, subject, number):
        """A card of the member with this number, in sudo.

        :raise MissingError: (404) for unknown numbers and other people's alike
        """
        card_sudo = self.env["crab.card"]
        if subject.kind == "member":
            card_sudo = card_sudo._for_subject(subject, [("number", "=", normalise.number(number))], limit=1)
        if not card_sudo:
            raise MissingError(self.env._("You have no card with this number."))
        return card_sudo

    @api.model
    def _list(self, subject, paging, state=None, sort="received"):
        self.env["crab.api.member.service"]._member(subject)
        cards = self.env["crab.card"]
        domain = cards._subject_domain(subject)
        if state:
            domain &= self._shown_domain(state)
        after = self._card(subject, paging.cursor) if paging.cursor else None
        page, is_more = keyset.page(
            subject.bind(cards.sudo()), domain, RANKS[sort], after, paging.limit, ascending=sort != "received"
        )
        items = [schemas.CardItem.from_card(card, shown) for card, shown in self._shown(page).items()]
        return Page[schemas.CardItem](items=items, next_cursor=items[-1].id if is_more else None)

    @api.model
    def _shown_domain(self, state):
        """The cards that are shown as ``state``: where an unused one is, or that its time is over, comes before what it
        is."""
        if state in ("used", "cancelled"):
            return Domain("state", "=", state)
        if state == "gift":
            return Domain("transit_model", "=", GIFT)
        if state == "return":
            return Domain("transit_model", "not in", (False, GIFT))
        unused = Domain("transit_id", "=", False) & Domain("state", "in", ("inactive", "active"))
        if state == "expired":
            return unused & Domain("valid_until", "<", business_date())
        is_valid = Domain("valid_until", "=", False) | Domain("valid_until", ">=", business_date())
        return unused & is_valid & Domain("state", "=", state)

    @api.model
    def _shown(self, cards):
        """``{crab.card: what is shown besides its own fields}``; as many queries for a hundred as for one."""
        today = business_date()
        words = labels.of(cards, "state")
        pictures = self.env["crab.api.catalog.service"]._pictures(cards.product_id.product_tmpl_id)
        bought = self._bought(cards)
        return {
            card: {
                "label": words[card.state],
                "picture": pictures.get(card.product_id.product_tmpl_id.id),
                "away": self._away(card),
                "is_expired": bool(
                    card.state in ("inactive", "active") and card.valid_until and card.valid_until < today
                ),
                "is_bought": card.id in bought,
            }
            for card in cards
        }

    @api.model
    def _away(self, card):
        """In which document that has not ended a card is: ``gift``, ``return``, or None."""
        return ("gift" if card.transit_model == GIFT else "return") if card.transit_id else None

    @api.model
    def _bought(self, cards):
        """The ids of those physical cards that their member bought from the platform."""
        links_sudo = self.env["crab.card.order.number"].sudo()  # of the member's own cards
        found = links_sudo.search_fetch(
            [("card_id", "in", cards.ids), ("state", "=", "received"), ("order_id.kind", "=", "direct")], ["card_id"]
        )
        return set(found.card_id.ids)

    @api.model
    def _detail(self, subject, number):
        card = self._card(subject, number)
        events = card.env["crab.card.event"].search(
            [("card_id", "=", card.id)], order="sequence desc", limit=MOST_EVENTS
        )
        words = labels.of(events, "event")
        documents = self._documents(events)
        gift = card.env["crab.card.gift"].search([("card_id", "=", card.id), ("state", "=", "open")], limit=1)
        redemption = card.env["crab.redemption"].search(
            [("card_id", "=", card.id), ("state", "!=", "cancelled")], limit=1
        )
        why = self._why_not(card)
        return schemas.Card.from_card(
            card,
            self._shown(card)[card],
            history=[
                schemas.CardEvent(
                    event=event.event,
                    document=documents.get(event),
                    label=words[event.event],
                    happened_at=event.happened_at,
                )
                for event in events
            ],
            gift_token=gift.token if gift.member_id.id == subject.id else None,
            redemption_id=redemption.name or None,
            why_not={"redeem": why} if why else {},
        )

    @api.model
    def _documents(self, events):
        """``{crab.card.event: "gift" or "return"}`` of those that were done by one."""
        by_orders = events.filtered(lambda event: event.document_model == "crab.card.order")
        returns = events.env["crab.card.order"].search(
            [("id", "in", by_orders.mapped("document_id")), ("kind", "=", "return")]
        )
        return {
            **{event: "return" for event in by_orders if event.document_id in returns.ids},
            **{event: "gift" for event in events if event.document_model == GIFT},
        }

    @api.model
    def _why_not(self, card):
        """Why the number cannot be redeemed now, in words, or None."""
        reasons = {
            "inactive": self.env._("This card is not yet activated. Please ask your seller."),
            "used": self.env._("This card has already been redeemed."),
            "cancelled": self.env._("This card has been cancelled. Please ask your seller."),
        }
        if card.transit_model == GIFT:
            return self.env._("This card is being given away.")
        if card.transit_id and card.holder_kind == "member":
            return self.env._("This card is being given back.")
        if card.state in reasons:
            return reasons[card.state]
        if card.transit_id:
            return self.env._("This card is on its way from seller to seller. Please ask yours.")
        if card.valid_until and card.valid_until < business_date():
            return self.env._("This card was valid until %(day)s.", day=card.valid_until)
        return None

    @api.model
    def _bind(self, subject, given, source):
        """Bind a card by number and password; see ``crab.card._bind_for_subject``."""
        card_sudo = self.env["crab.card"]._bind_for_subject(
            subject, given.number, given.password.get_secret_value(), source, given.phone, given.code
        )
        return self._detail(subject, card_sudo.number)

    # ------------------------------------------------------------------ giving back

    @api.model
    def _returns(self, subject, paging):
        self.env["crab.api.member.service"]._member(subject)
        documents = self.env["crab.card.order"]
        domain = documents._subject_domain(subject) & Domain("kind", "=", "return")
        documents_sudo = subject.bind(documents.sudo())  # what is the subject's own follows from the domain
        page, cursor = documents_sudo._page(domain, paging.cursor, paging.limit)
        return Page[schemas.CardReturn](items=self._return_items(page), next_cursor=cursor)

    @api.model
    def _return(self, subject, public_id):
        """A return of the member, in sudo.

        :raise MissingError: (404) for unknown ids and other people's alike
        """
        document_sudo = self.env["crab.card.order"]
        if subject.kind == "member":
            document_sudo = document_sudo._for_subject(
                subject, [("public_id", "=", public_id), ("kind", "=", "return")], limit=1
            )
        if not document_sudo:
            raise MissingError(self.env._("This return does not exist."))
        return document_sudo

    @api.model
    def _return_items(self, documents):
        words = labels.of(documents, "state")
        numbers = documents.env["crab.card.order.number"].search([("order_id", "in", documents.ids)], order="id")
        cards = numbers.grouped("order_id")
        return [
            schemas.CardReturn(
                id=document.public_id,
                number=document.name,
                state=document.state,
                state_label=words[document.state],
                cards=cards[document].card_id.mapped("number") if document in cards else [],
                count=document.number_count,
                reason=document.reason or None,
                refusal_reason=document.refusal_reason or None,
                made_at=document.create_date,
                done_at=document.executed_at or None,
                can_cancel=document.state in ("draft", "submitted", "in_transit"),
            )
            for document in documents
        ]

    @api.model
    def _give_back(self, subject, given):
        """Ask the platform to take back own physical cards that were bought from it; it confirms, cancels the numbers
        and refunds them.

        :return: ``{"id": public id of the return}``
        :raise MissingError: (404) for numbers that are not the member's
        :raise UserError: for what was not bought from the platform, or is used, given away or away already
        """
        wanted = {normalise.number(number) for number in given.numbers}
        cards_sudo = self.env["crab.card"]
        if subject.kind == "member":
            cards_sudo = cards_sudo._for_subject(subject, [("number", "in", list(wanted))])
        if len(cards_sudo) != len(wanted):
            raise MissingError(self.env._("You have no card with this number."))
        if self._bought(cards_sudo) != set(cards_sudo.ids):
            raise UserError(self.env._("Only cards that were bought from the platform can be given back here."))
        documents = self.env["crab.card.order"]
        document = documents._create_for_subject(subject, "return", cards_sudo, reason=given.reason or None)
        document._step_for_subject(subject, "submit")
        return {"id": document.public_id}

    @api.model
    def _return_detail(self, subject, public_id):
        return self._return_items(self._return(subject, public_id))[0]

    @api.model
    def _cancel_return(self, subject, public_id):
        self._return(subject, public_id)._step_for_subject(subject, "cancel")
        return self._return_detail(subject, public_id)
