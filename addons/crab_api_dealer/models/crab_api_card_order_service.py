from odoo import models
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page

from ..schemas import card_order as schemas
from ..schemas.common import CardProductOut, NamedOut, label
from ..tools.lookup import one, page


class CrabApiCardOrderService(models.AbstractModel):
    """Transfers, activations and returns of a dealer and its subtree."""

    _name = "crab.api.card.order.service"
    _description = "API: card documents of dealers"

    # ------------------------------------------------------------------ looking

    def _list(self, subject, paging, kind=None, scope=None, role=None, number=None):
        viewer = self.env["crab.dealer"]._acting(subject)
        domain = Domain.TRUE
        if kind:
            domain &= Domain("kind", "=", kind)
        if scope:
            domain &= Domain("activation_scope", "=", scope) | Domain("return_scope", "=", scope)
        if role == "sent":
            domain &= Domain("sender_dealer_id", "=", viewer.id)
        elif role == "received":
            domain &= Domain("receiver_dealer_id", "=", viewer.id)
        elif role == "to_do":
            domain &= Domain("waiting_dealer_id", "=", viewer.id)
        if number:
            domain &= Domain("number_search", "in", [number])
        orders, cursor = page(self.env, "crab.card.order", subject, domain, paging)
        return Page[schemas.CardOrderOut](items=self._out(subject, viewer, orders), next_cursor=cursor)

    def _get(self, subject, order_id):
        viewer = self.env["crab.dealer"]._acting(subject)
        order = one(self.env, "crab.card.order", subject, order_id)
        return self._out(subject, viewer, order, schemas.CardOrderDetailOut)[0]

    def _out(self, subject, viewer, orders, schema=schemas.CardOrderOut):
        """``orders`` as ``viewer`` sees them; what the page needs is read for all of them at once."""
        steps = orders._open_steps(subject)
        prices = self._own_prices(viewer, orders.line_ids.product_id)
        return [
            schema.from_order(order, viewer, prices, [_ACTIONS.get(step, step) for step in steps[order.id]])
            for order in orders
        ]

    def _own_prices(self, viewer, products):
        prices = self.env["crab.price"]._dealer_prices(products, viewer)
        return {product_id: price for (product_id, _dealer_id), price in prices.items()}

    def _numbers(self, subject, paging, order_id, state=None):
        self.env["crab.dealer"]._acting(subject)
        order = one(self.env, "crab.card.order", subject, order_id)
        links, cursor = order._number_page(paging.cursor, paging.limit, state)
        items = [schemas.CardOrderNumberOut.from_number(link) for link in links]
        return Page[schemas.CardOrderNumberOut](items=items, next_cursor=cursor)

    # ------------------------------------------------------------------ making

    def _chosen(self, subject, data, strict):
        """``(cards, numbers that are not in the dealer's hands, sale prices by product id)`` of a request."""
        orders, cards, strange, sale_prices = self.env["crab.card.order"], self.env["crab.card"], [], {}
        for line in data.lines:
            product = self.env["crab.api.dealer.card.service"]._product(line.product) if line.product else None
            found, missing = orders._own_numbers(subject, line.numbers, line.ranges, product, strict)
            cards, strange = found | cards, strange + missing
            if product and line.sale_price is not None:
                sale_prices[product.id] = line.sale_price
        return cards, strange, sale_prices

    def _values(self, subject, data):
        values = {name: getattr(data, name) for name in ("reason", "note") if getattr(data, name)}
        if data.to:
            values["receiver_dealer_id"] = one(self.env, "crab.dealer", subject, data.to).id
        if data.staff:
            values["staff_id"] = one(self.env, "crab.dealer.staff", subject, data.staff).id
        return values

    def _quote(self, subject, data):
        viewer = self.env["crab.dealer"]._acting(subject)
        cards, strange, _sale_prices = self._chosen(subject, data, strict=False)
        quote = self.env["crab.card.order"]._quote_for_subject(subject, data.kind, cards, **self._values(subject, data))
        sees = schemas.sees_prices(viewer, quote["payer"])
        prices = self._own_prices(viewer, quote["order"].line_ids.product_id)
        refused = [(number, self.env._("not in your hands")) for number in strange] + quote["refused"]
        order = quote["order"]
        return schemas.CardQuoteOut(
            kind=order.kind,
            kind_name=label(order, "kind"),
            quantity=len(quote["cards"]),
            refused_count=len(refused),
            refused=[
                schemas.NumberRefusalOut(number=number, reason=reason)
                for number, reason in refused[: schemas.MAX_SHOWN]
            ],
            lines=[
                schemas.CardQuoteLineOut(
                    product=CardProductOut.from_product(line["product"]),
                    quantity=line["quantity"],
                    retail_price=line["retail_price"],
                    own_price=prices[line["product"].id],
                    price=line["unit_price"] if sees else None,
                    amount=line["unit_price"] * line["quantity"] if sees else None,
                )
                for line in quote["lines"]
            ],
            price_of=NamedOut.from_record(quote["payer"]) if sees else None,
            amount=quote["amount"] if sees else None,
            own_amount=sum(prices[line["product"].id] * line["quantity"] for line in quote["lines"]),
            funds=schemas.FundsOut.from_funds(quote["funds"]),
            next=NamedOut.from_record(quote["next"]),
            can_submit=bool(quote["cards"]) and not refused,
        )

    def _create(self, subject, data):
        viewer = self.env["crab.dealer"]._acting(subject)
        cards, _strange, sale_prices = self._chosen(subject, data, strict=True)
        order = self.env["crab.card.order"]._create_for_subject(
            subject, data.kind, cards, sale_prices=sale_prices, **self._values(subject, data)
        )
        return self._out(subject, viewer, order, schemas.CardOrderDetailOut)[0]

    # ------------------------------------------------------------------ steps

    def _step(self, subject, order_id, step, **values):
        """``confirm`` means: the level 1 executes an activation, a level 2 passes it on."""
        viewer = self.env["crab.dealer"]._acting(subject)
        order = one(self.env, "crab.card.order", subject, order_id)
        if step == "confirm":
            step = "execute" if order.executor_dealer_id == viewer else "pass_on"
        order._step_for_subject(subject, step, **values)
        return self._out(subject, viewer, order, schemas.CardOrderDetailOut)[0]

    def _receive(self, subject, order_id, data):
        numbers = data.numbers or None
        return self._step(subject, order_id, "receive", numbers=numbers, ranges=data.ranges)


_ACTIONS = {"execute": "confirm", "pass_on": "confirm"}
