from odoo import api, models
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_shop_aftersale.models.crab_aftersale import OPEN

from ..schemas import aftersale as schemas
from ..tools import labels, links


class CrabApiAftersaleService(models.AbstractModel):
    """Asking for money back, with or without the goods (MB-24)."""

    _name = "crab.api.aftersale.service"
    _description = "API: after-sales"

    @api.model
    def _reasons(self):
        words = labels.of(self.env["crab.aftersale"], "reason")
        return schemas.AftersaleReasons(
            items=[schemas.AftersaleReason(reason=reason, label=label) for reason, label in words.items()]
        )

    @api.model
    def _ask(self, subject, public_id, given, key):
        """:return: ``{"id": public id of the request}``"""
        orders = self.env["crab.api.order.service"]
        order = orders._found(subject, public_id)
        goods = orders._goods_of(order, [line.product_id for line in given.lines])
        wishes = [(line, one.quantity, one.amount) for line, one in zip(goods, given.lines, strict=True)]
        request = self.env["crab.aftersale"]._ask(
            subject,
            public_id,
            wishes,
            given.kind,
            given.reason,
            text=given.text,
            pictures=self.env["crab.upload"]._contents(subject, given.pictures),
            numbers=given.numbers,
            key=key,
        )
        return {"id": request.public_id}

    @api.model
    def _list(self, subject, paging, is_open=None):
        self.env["crab.api.member.service"]._member(subject)
        requests = self.env["crab.aftersale"]
        domain = requests._subject_domain(subject)
        if is_open is not None:
            domain &= Domain("state", "in" if is_open else "not in", OPEN)
        requests_sudo = subject.bind(requests.sudo())  # what is the subject's own follows from the domain
        page, cursor = requests_sudo._page(domain, paging.cursor, paging.limit)
        return Page[schemas.Aftersale](items=self._out(page), next_cursor=cursor)

    @api.model
    def _detail(self, subject, public_id):
        return self._out(self.env["crab.aftersale"]._found(subject, public_id))[0]

    @api.model
    def _cancel(self, subject, public_id):
        return self._out(self.env["crab.aftersale"]._cancel_for_subject(subject, public_id))[0]

    @api.model
    def _send_back(self, subject, public_id, given):
        request = self.env["crab.aftersale"]._send_back(subject, public_id, given.carrier, given.tracking_number)
        return self._out(request)[0]

    @api.model
    def _out(self, requests):
        pictures = self.env["crab.api.catalog.service"]._pictures(requests.line_ids.product_id.product_tmpl_id)
        states, reasons = labels.of(requests, "state"), labels.of(requests, "reason")
        numbers = requests.env["crab.card.order.number"].search(
            [("order_id", "in", requests.card_order_id.ids)], order="id"
        )
        cards = numbers.grouped("order_id")
        return [
            schemas.Aftersale.from_request(
                request,
                {
                    "labels": (states[request.state], reasons[request.reason]),
                    "lines": [
                        schemas.AftersaleLine.from_line(line, pictures.get(line.product_id.product_tmpl_id.id))
                        for line in request.line_ids
                    ],
                    "cards": cards[request.card_order_id].card_id.mapped("number")
                    if request.card_order_id in cards
                    else [],
                    "pictures": links.pictures(self.env, "aftersale", request),
                },
            )
            for request in requests
        ]
