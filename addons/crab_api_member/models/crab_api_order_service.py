from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.timezone import business_date

from ..schemas import order as schemas
from ..tools import labels
from .crab_api_member_service import TABS

OFFERED_DAYS = 30


class CrabApiOrderService(models.AbstractModel):
    """Orders of members: quoted, placed, listed, paid, received (MB-08 … MB-13, MB-22, MB-23)."""

    _name = "crab.api.order.service"
    _description = "API: orders"

    # ------------------------------------------------------------------ quote and order

    @api.model
    def _delivery_dates(self):
        """Days on which goods can be delivered, from tomorrow on."""
        today = business_date()
        return [today + timedelta(days=ahead) for ahead in range(1, OFFERED_DAYS + 1)]

    @api.model
    def _check_date(self, day):
        """:raise UserError: for a day that is not offered"""
        if day and day not in self._delivery_dates():
            raise UserError(self.env._("We do not deliver on this day. Choose another one."))

    @api.model
    def _lines(self, subject, given):
        """``([(product.product, quantity, 0)], crab.cart.line of the caller or None)`` of what is to be ordered.

        :raise MissingError: (404) for products that do not exist, or are not in the caller's cart
        :raise UserError: for nothing, or both
        """
        if bool(given.lines) == bool(given.cart):
            raise UserError(self.env._("Name what you order: products, or those of your cart."))
        wanted = given.cart or [line.product_id for line in given.lines]
        if len(set(wanted)) != len(wanted):
            raise UserError(self.env._("Name each product once."))
        by_id = self.env["crab.api.catalog.service"]._products_of_ids(wanted, active_only=False)
        if given.lines:
            return [(by_id[line.product_id].product_variant_id, line.quantity, 0) for line in given.lines], None
        templates = self.env["product.template"].sudo().union(*by_id.values())  # found above
        lines_sudo = self.env["crab.cart.line"]._for_subject(
            subject, [("product_id.product_tmpl_id", "in", templates.ids)]
        )
        if len(lines_sudo) != len(wanted):
            raise MissingError(self.env._("This product is not in your cart."))
        return [(line.product_id, line.quantity, 0) for line in lines_sudo], lines_sudo

    @api.model
    def _quote(self, subject, given):
        members = self.env["crab.api.member.service"]
        member = members._member(subject)
        lines, _cart = self._lines(subject, given)
        self._check_date(given.delivery_date)
        shop = self.env["crab.shop"].sudo()  # prices and stock are the suite's
        products = shop.env["product.product"].union(*(product for product, _quantity, _discount in lines))
        receiver = members._receiver(subject, given)
        if receiver or products[:1].crab_kind == "ecard":
            quote = shop._quote(member, lines, receiver)
        else:
            shop._check_lines(products, lines)
            rows = shop._quote_lines(member, products, lines)
            goods = sum(row["paid"] for row in rows)
            quote = {"lines": rows, "goods": goods, "freight": None, "total": goods}
        pictures = self.env["crab.api.catalog.service"]._pictures(products.product_tmpl_id)
        available = shop.env["crab.stock.level"]._available_of(products)
        rows = [self._quote_line(line, pictures, available[line["product"]]) for line in quote["lines"]]
        kind = products[0].crab_kind
        return schemas.Quote(
            kind=kind,
            lines=rows,
            goods=quote["goods"],
            freight=quote["freight"],
            total=quote["total"],
            needs_address=kind != "ecard",
            delivery_dates=self._delivery_dates() if kind == "package" else [],
            can_order=not any(row.problem for row in rows),
        )

    @api.model
    def _quote_line(self, line, pictures, left):
        product = line["product"]
        problem = None
        if left < line["quantity"]:
            problem = self.env._("%(count)s left", count=int(left)) if left >= 1 else self.env._("Sold out")
        return schemas.QuoteLine(
            product_id=product.product_tmpl_id.public_id,
            name=product.name,
            picture=pictures.get(product.product_tmpl_id.id),
            quantity=line["quantity"],
            retail_price=line["retail"],
            price=line["price"],
            amount=line["paid"],
            problem=problem,
        )

    @api.model
    def _place(self, subject, given, key):
        """Place an order; what was ordered of the cart leaves it.

        :return: ``{"id": public id of the order}``
        """
        members = self.env["crab.api.member.service"]
        member = members._member(subject)
        lines, cart = self._lines(subject, given)
        self._check_date(given.delivery_date)
        order = {
            "address": members._receiver(subject, given),
            "wish_date": given.delivery_date,
            "key": key,
            "note": given.note,
        }
        if cart:
            return {"id": cart._checkout(**order).public_id}
        return {"id": self.env["crab.shop"]._place(member, lines, **order).public_id}

    # ------------------------------------------------------------------ list

    @api.model
    def _found(self, subject, public_id):
        """An order of the member, in sudo.

        :raise MissingError: (404) for unknown ids and other people's alike
        """
        order_sudo = self.env["sale.order"]._for_subject(
            subject, [("public_id", "=", public_id), ("crab_kind", "!=", False)], limit=1
        )
        if not order_sudo:
            raise MissingError(self.env._("This order does not exist."))
        return order_sudo

    @api.model
    def _goods_of(self, order, product_ids):
        """The goods lines of an order that have these products, in their order, as a list.

        :raise MissingError: (404) for what is not in the order
        """
        goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
        lines = {line.product_id.product_tmpl_id.public_id: line for line in goods}
        if any(product_id not in lines for product_id in product_ids):
            raise MissingError(self.env._("This product is not in the order."))
        return [lines[product_id] for product_id in product_ids]

    @api.model
    def _list(self, subject, paging, kind=None, state=None):
        orders = self.env["sale.order"]
        domain = orders._subject_domain(subject) & Domain("crab_kind", "=" if kind else "!=", kind or False)
        if state == "aftersale":
            domain &= Domain("crab_aftersale", "!=", False)
        elif state:
            domain &= Domain("crab_state", "in", TABS[state])
        orders_sudo = subject.bind(orders.sudo())  # what is the subject's own follows from the domain
        page, cursor = orders_sudo._page(domain, paging.cursor, paging.limit)
        items = [schemas.OrderItem.from_order(order, shown) for order, shown in self._shown(page).items()]
        return Page[schemas.OrderItem](items=items, next_cursor=cursor)

    @api.model
    def _shown(self, orders):
        """``{order: what is shown besides its own fields}``; as many queries for a hundred as for one."""
        goods = orders.order_line.filtered(lambda line: line.crab_role == "goods")
        pictures = self.env["crab.api.catalog.service"]._pictures(goods.product_id.product_tmpl_id)
        words = labels.of(orders, "crab_state")
        lines = goods.grouped("order_id")
        return {
            order: {
                "label": words[order.crab_state],
                "lines": [
                    schemas.OrderLine.from_line(line, pictures.get(line.product_id.product_tmpl_id.id))
                    for line in lines.get(order, ())
                ],
                "can": self._can(order),
            }
            for order in orders
        }

    @api.model
    def _can(self, order):
        now = fields.Datetime.now()
        state = order.crab_state
        in_time = bool(order.crab_received_at) and order.crab_received_at >= order._crab_review_since()
        return {
            "can_pay": state == "to_pay" and order.crab_pay_before > now,
            "can_cancel": state == "to_pay",
            "can_confirm_receipt": state == "to_receive",
            "can_extend_receipt": state == "to_receive" and not order.crab_is_extended,
            "can_review": state in ("to_review", "done") and in_time and bool(order._crab_unreviewed()),
            "can_ask_aftersale": not self._why_no_aftersale(order),
        }

    @api.model
    def _why_no_aftersale(self, order):
        """Why nothing can be asked for of ``order``, in words, or None."""
        if order.crab_state == "closed":
            return self.env._("This order is closed.")
        try:
            self.env["crab.aftersale"]._check_order(order, "refund", "other")
        except UserError as error:
            return str(error)
        return self.env._("A request about this order is still open.") if order.crab_aftersale else None

    # ------------------------------------------------------------------ steps

    @api.model
    def _cancel(self, subject, public_id):
        order_sudo = self._found(subject, public_id)
        order_sudo._crab_close(self.env._("Cancelled by the member."))
        return self._detail(subject, public_id)

    @api.model
    def _confirm_receipt(self, subject, public_id):
        self._found(subject, public_id)._crab_receive()
        return self._detail(subject, public_id)

    @api.model
    def _extend_receipt(self, subject, public_id):
        self._found(subject, public_id)._crab_extend_receipt()
        return self._detail(subject, public_id)

    @api.model
    def _pay(self, subject, public_id, trade_type, client_ip=None):
        """Begin the payment of an order: the payment in a transaction of its own, then WeChat Pay in another one, so
        that neither stock nor money is locked while WeChat Pay is asked. Begun again it gives the same.

        :raise UserError: it cannot be paid (any more), or WeChat Pay cannot be reached
        """
        order_sudo = self._found(subject, public_id)
        order_sudo._crab_ensure_state("to_pay")
        context = dict(self.env.context)
        registry = self.env.registry

        def start(env):
            return env["sale.order"].browse(order_sudo.id)._crab_wechat_payment(trade_type).id

        def prepay(env):
            payment = env["payment.transaction"].browse(payment_id)
            openid = self._openid(payment, subject) if trade_type == "jsapi" else None
            return payment._wechatpay_prepay(trade_type, openid=openid, client_ip=client_ip)

        payment_id = transaction.run(registry, start, context=context)
        parameters = transaction.run(registry, prepay, context=context)
        return schemas.Payment(
            provider="wechatpay",
            trade_type=trade_type,
            amount=order_sudo.amount_total,
            parameters={name: str(value) for name, value in parameters.items()},
        )

    @api.model
    def _openid(self, payment, subject):
        """WeChat's name for the payer within the app that the provider is bound to."""
        identities = payment.env["crab.account.openid"].search(
            [("account_id", "=", subject.account_id), ("app", "=", payment.provider_id.wechatpay_appid)], limit=1
        )
        return identities.openid or None
