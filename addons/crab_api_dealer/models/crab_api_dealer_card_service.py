from odoo import models
from odoo.exceptions import MissingError
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page

from ..schemas import card as schemas
from ..schemas.common import CardProductOut
from ..tools.lookup import one


class CrabApiDealerCardService(models.AbstractModel):
    """Numbers in the hands of a dealer and its subtree; a number is known by itself."""

    _name = "crab.api.dealer.card.service"
    _description = "API: card numbers of dealers"

    def _list(
        self, subject, paging, sort="number", number=None, state=None, product=None, holder=None, in_transit=None
    ):
        viewer = self.env["crab.dealer"]._acting(subject)
        # by ids the planner knows how many numbers they hold; for few it would read the whole register by number
        domain = Domain("dealer_id", "in", self.env["crab.dealer"]._for_subject(subject).ids)
        if number:
            domain &= Domain("search_text", "ilike", number)
        if state:
            domain &= Domain("state", "=", state)
        if product:
            domain &= Domain("product_id", "=", self._product(product).id)
        if holder:
            domain &= Domain("dealer_id", "=", one(self.env, "crab.dealer", subject, holder).id)
        if in_transit is not None:
            domain &= Domain("transit_id", "!=" if in_transit else "=", False)
        order = "number"
        if sort == "received":
            order = "received_at desc, number"
        if paging.cursor:
            domain &= self._after(subject, paging.cursor, sort)
        cards = self.env["crab.card"]._for_subject(subject, domain, order=order, limit=paging.limit + 1)
        shown = cards[: paging.limit]
        return Page[schemas.DealerCardOut](
            items=[schemas.DealerCardOut.from_card(card, viewer) for card in shown],
            next_cursor=shown[-1:].number if len(cards) > paging.limit else None,
        )

    def _after(self, subject, cursor, sort):
        """What stands behind the number ``cursor``."""
        following = Domain("number", ">", cursor)
        if sort != "received":
            return following
        last = self.env["crab.card"]._for_subject(subject, [("number", "=", cursor)], limit=1)
        if not last:
            raise MissingError(self.env._("This record does not exist."))
        received_at = last.received_at
        return Domain("received_at", "<", received_at) | Domain("received_at", "=", received_at) & following

    def _stock(self, subject):
        """Counts of the dealer's own numbers, per card."""
        viewer = self.env["crab.dealer"]._acting(subject)
        cards_sudo = subject.bind(self.env["crab.card"].sudo())  # the subject has no Odoo user; its own numbers
        own = Domain("dealer_id", "=", viewer.id)
        counts = {}
        for product, state, count in cards_sudo._read_group(own, ["product_id", "state"], ["__count"]):
            counts.setdefault(product, {})[state] = count
        in_transit = dict(cards_sudo._read_group(own & Domain("transit_id", "!=", False), ["product_id"], ["__count"]))
        states = ("inactive", "active", "used", "cancelled")
        return schemas.CardStocksOut(
            items=[
                schemas.CardStockOut(
                    product=CardProductOut.from_product(product),
                    in_transit=in_transit.get(product, 0),
                    **{state: of_product.get(state, 0) for state in states},
                )
                for product, of_product in counts.items()
            ]
        )

    def _product(self, code):
        """The physical card with this code, in sudo: names and retail prices are no secret.

        :raise MissingError: (404) for an unknown code
        """
        product_sudo = (
            self.env["product.product"]
            .sudo()
            .with_context(active_test=False)
            .search([("default_code", "=", code), ("crab_kind", "=", "physical_card")], limit=1)
        )
        if not product_sudo:
            raise MissingError(self.env._("There is no card with the code %(code)s.", code=code))
        return product_sudo
