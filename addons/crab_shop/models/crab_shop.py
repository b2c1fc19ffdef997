from datetime import timedelta

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.fields import Command
from odoo.tools import plaintext2html

from odoo.addons.crab_base.tools import money

SETTINGS = {  # of the settings page (HQ-60, HQ-61), with the value that holds where nobody has entered one
    "shelf_state": "off_sale",
    "show_sales": False,
    "show_stock": False,
    "warning_stock": 10,
    "stock_taken_at": "order",
    "pay_minutes": 30,
    "receive_days": 10,
    "extend_days": 5,
    "after_sales_days_package": 7,
    "after_sales_days_physical_card": 7,
    "after_sales_days_ecard": 7,
    "ecard_audit": False,
    "split_shipping": False,
}
MAX_LINES, MAX_QUANTITY = 50, 9999
ADDRESS = ("receiver_name", "receiver_phone", "province_id", "city_id", "district_id", "street")
# no chatter for each step: an order of the shop keeps its own times
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    "sale_no_log_for_new_lines": True,
}


class CrabShop(models.AbstractModel):
    """What members buy: quotes and orders. Prices come from ``crab.price`` and are frozen when the order is placed."""

    _name = "crab.shop"
    _description = "Shop"

    # ------------------------------------------------------------------ quote

    @api.model
    def _quote(self, member, lines, address=None):
        """What these goods cost this member now; nothing is written.

        :param member: ``crab.member``
        :param lines: ``[(product.product, quantity, discount)]``; quantities are whole numbers, the discount is a
        Decimal in
            yuan for the whole line, entered by a role with the right to it and never by a client
        :param dict address: receiver and region, for the freight; may be left out
        :return: dict ``lines`` (``product``, ``quantity``, ``retail``, ``price``, ``discount``, ``paid``), ``goods``,
            ``discount``, ``freight``, ``total``; amounts are Decimal in yuan
        :raise UserError: for what cannot be bought (off sale, of mixed kinds, wrong quantity or discount)
        """
        products = self.env["product.product"].union(*(product for product, _quantity, _discount in lines))
        self._check_lines(products, lines)
        quoted = self._quote_lines(member, products, lines)
        goods = sum(line["paid"] for line in quoted)
        freight = self._freight(quoted, address or {})
        return {
            "lines": quoted,
            "goods": goods,
            "discount": sum(line["discount"] for line in quoted),
            "freight": freight,
            "total": goods + freight,
        }

    @api.model
    def _quote_lines(self, member, products, lines):
        """The ``lines`` of a quote, without its freight; see ``_quote``."""
        price = self.env["crab.price"]
        retail = price._retail_prices(products)
        own = price._member_prices(products, member.level_id)
        quoted = []
        for product, quantity, discount in lines:
            unit, discount = own[product.id, member.level_id.id], money.dec(discount)
            amount = unit * int(quantity)
            if not 0 <= discount <= amount or discount != money.round_cents(discount):
                raise UserError(
                    self.env._("The discount on %(product)s must lie between 0 and its price.", product=product.name)
                )
            quoted.append(
                {
                    "product": product,
                    "quantity": int(quantity),
                    "retail": retail[product.id],
                    "price": unit,
                    "discount": discount,
                    "paid": amount - discount,
                }
            )
        return quoted

    @api.model
    def _check_lines(self, products, lines):
        if not lines or len(lines) > MAX_LINES or len(products) != len(lines):
            raise UserError(self.env._("An order has 1 to %(max)s different products.", max=MAX_LINES))
        for product, quantity, _discount in lines:
            if not 1 <= quantity <= MAX_QUANTITY or quantity != int(quantity):
                raise UserError(self.env._("Order between 1 and %(max)s pieces of a product.", max=MAX_QUANTITY))
            if product.crab_kind not in ("package", "physical_card", "ecard"):
                raise UserError(self.env._("%(product)s is not sold in the shop.", product=product.name))
            if product.crab_state != "on_sale" or not product.active:
                raise UserError(self.env._("%(product)s is no longer on sale.", product=product.name))
        if len(set(products.mapped("crab_kind"))) > 1:
            raise UserError(self.env._("Cards and packages are ordered separately."))

    @api.model
    def _freight(self, quoted, address):
        """Freight in yuan (Decimal): the fees of the templates by which these goods go; none for e-cards.

        :raise UserError: where one of them is not delivered
        """
        if quoted[0]["product"].crab_kind == "ecard":
            return money.dec(0)
        default = self.env["crab.freight.template"].sudo().search([("is_default", "=", True)], limit=1)
        region_ids = [address.get(name) for name in ("district_id", "city_id", "province_id")]
        smallest = self.env["crab.region"].browse(next(filter(None, region_ids), None))
        regions = smallest.sudo().exists()  # regions are public
        while regions[-1:].parent_id:
            regions += regions[-1:].parent_id
        by_template = {}
        for line in quoted:
            template = line["product"].sudo().crab_freight_template_id or default  # prices of the suite
            by_template.setdefault(template, []).append(line)
        return sum((template._fee(lines, regions) for template, lines in by_template.items() if template), money.dec(0))

    # ------------------------------------------------------------------ placing

    @api.model
    def _place(self, member, lines, address=None, wish_date=None, key=None, note=None):
        """Place an order of ``member``: prices and chain are frozen, stock is taken unless that happens at payment.

        :param member: ``crab.member``, in the environment of the subject who orders
        :param lines: as for ``_quote``
        :param dict address: ``receiver_name``, ``receiver_phone``, ``street``, ``province_id``, ``city_id``,
        ``district_id``
        :param date wish_date: today in Shanghai or later
        :param str key: idempotency key of the request, per member, for ever
        :param str note: plain text
        :raise UserError: for what cannot be bought or delivered; nothing is made then
        :raise LockError: (409) the key was used for another order
        :return: ``sale.order`` in sudo, state *to pay*; for a repeated key the one made first
        """
        return self._place_all(
            [
                {
                    "member": member,
                    "lines": lines,
                    "address": address,
                    "wish_date": wish_date,
                    "key": key,
                    "note": note,
                }
            ]
        )

    @api.model
    def _place_all(self, requests):
        """Place many orders at once, all or none: see ``_place``, whose arguments each request is a dict of.

        :return: ``sale.order`` in sudo, one for each request in its order
        """
        # whoever orders was checked by the caller; prices and stock are the suite's
        shop = requests[0]["member"].sudo().env[self._name]
        requests = [
            {
                **request,
                "member": request["member"].with_env(shop.env),
                "lines": [(product.with_env(shop.env), *rest) for product, *rest in request["lines"]],
            }
            for request in requests
        ]
        placed = shop._warm(requests)
        new = []
        for at, request in enumerate(requests):
            placed[at] = request["key"] and placed[at] and shop._ensure_same(placed[at], request)
            if not placed[at]:
                new.append(at)
        made = shop._place_new([requests[at] for at in new])
        for at, order in zip(new, made, strict=True):
            placed[at] = order
        return shop.env["sale.order"].concat(*placed)

    @api.model
    def _place_new(self, requests):
        """Orders of requests that were not placed before, all or none, in that order; see ``_place_all``."""
        if not requests:
            return self.env["sale.order"]
        for request in requests:
            member = request["member"]
            if member.state != "active":
                raise UserError(self.env._("This member's account is closed."))
            request["quote"] = quote = self._quote(member, request["lines"], request["address"])
            request["kind"] = quote["lines"][0]["product"].crab_kind
            request["address"] = self._clean_address(request["kind"], request["address"] or {}, request["wish_date"])
        level = self.env["crab.stock.level"]
        takes_stock = self._takes_stock_at("order")
        needed = [
            self._stock_needed(request["quote"]) if takes_stock or not request["quote"]["total"] else {}
            for request in requests
        ]
        level._ensure_available(needed)
        company = self._sales_company()
        vals_list = [self._order_vals(company, **request) for request in requests]
        try:
            orders = self._insert_orders(vals_list)
        except errors.UniqueViolation as exc:
            if exc.diag.constraint_name != "sale_order_crab_key_uniq":
                raise
            # sent twice at once: run again, it finds the other's order
            raise ConcurrencyError("the same order is being placed") from exc
        level._take(dict(zip(orders.ids, needed, strict=True)))
        self.env["crab.outbox"]._emit("order.to_pay", orders, {})
        for order, request in zip(orders, requests, strict=True):
            if not request["quote"]["total"]:  # nothing is left to pay
                order._crab_confirm_paid()
        return orders

    @api.model
    def _stock_needed(self, quote):
        """``{product.product: quantity}`` that what was quoted takes from stock; the parts of packages resolved."""
        products = self.env["product.product"].union(*(line["product"] for line in quote["lines"]))
        parts, needed = products._crab_explode(), {}
        for line in quote["lines"]:
            for product, each in parts[line["product"]]:
                needed[product] = needed.get(product, 0) + each * line["quantity"]
        return needed

    @api.model
    def _ensure_same(self, order, request):
        """``order``, which was placed by the key of ``request``.

        :raise LockError: (409) the key was used for another order
        """
        wanted = {product.id: (quantity, money.dec(discount)) for product, quantity, discount in request["lines"]}
        goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
        there = {line.product_id.id: (line.product_uom_qty, line._crab_discount()) for line in goods}
        address = self._clean_address(order.crab_kind, request["address"] or {})
        same_address = all(
            (value or False) == order._fields[f"crab_{name}"].convert_to_write(order[f"crab_{name}"], order)
            for name, value in address.items()
        )
        if wanted != there or not same_address:
            raise LockError(self.env._("This request was sent before with other content."))
        return order

    @api.model
    def _clean_address(self, kind, address, wish_date=None):
        """Receiver and regions as a parcel needs them; an e-card needs none.

        :raise UserError: names what is missing, unreadable or past
        """
        if kind == "ecard":
            return {}
        values = {name: address.get(name) for name in ADDRESS}
        return self.env["crab.delivery"]._clean_receiver({**values, "wish_date": wish_date})

    @api.model
    def _takes_stock_at(self, moment):
        """Whether stock is taken at ``moment``: ``order`` or ``payment`` (HQ-60)."""
        return self._setting("stock_taken_at") == moment

    @api.model
    def _setting(self, name):
        """A setting of the shop (HQ-60, HQ-61), of the type of its default."""
        default = SETTINGS[name]
        value = self.env["ir.config_parameter"].sudo().get_param(f"crab_shop.{name}")
        if value is False:
            return default
        return value == "True" if isinstance(default, bool) else type(default)(value)

    @api.model
    def _order_vals(self, company, member, kind, quote, address, wish_date=None, key=None, note=None, lines=None):
        """The values of an order with its lines, as ``create`` of ``sale.order`` takes them."""
        now = fields.Datetime.now()
        minutes = self._setting("pay_minutes")
        partner = member.partner_id
        values = {
            "company_id": company.id,
            "partner_id": partner.id,
            "partner_invoice_id": partner.id,
            "partner_shipping_id": partner.id,
            "date_order": now,
            "user_id": False,
            "team_id": False,
            "pricelist_id": False,
            "payment_term_id": False,
            "preferred_payment_method_line_id": False,
            "fiscal_position_id": False,
            "validity_date": False,
            "require_signature": False,
            "require_payment": False,
            "prepayment_percent": 1.0,
            "currency_id": company.currency_id.id,
            "currency_rate": 1.0,
            "note": note and plaintext2html(note),  # written as it is, and shown as rich text
            "warehouse_id": False,
            **self._order_values(member, kind, quote, address),
            "crab_key": key,
            "crab_wish_date": wish_date,
            "crab_pay_before": now + timedelta(minutes=minutes),
            "order_line": [
                Command.create(line_vals) for line in quote["lines"] for line_vals in self._prepare_lines(line, company)
            ],
        }
        if quote["freight"]:
            values["order_line"].append(Command.create(self._prepare_freight_line(quote["freight"], company)))
        return values

    @api.model
    def _order_values(self, member, kind, quote, address):
        """What an order freezes of its member and its quote; extended by addons with fields of their own."""
        return {
            "crab_kind": kind,
            "crab_state": "to_pay",
            "crab_member_id": member.id,
            "crab_level_id": member.level_id.id,
            "crab_dealer_id": member.dealer_id.id,
            "crab_staff_id": member.staff_id.id,
            "crab_amount_goods": quote["goods"],
            "crab_amount_discount": quote["discount"],
            "crab_amount_freight": quote["freight"],
            "crab_amount_refunded": 0,
            **{f"crab_{name}": address.get(name) for name in ADDRESS},
        }

    @api.model
    def _prepare_lines(self, quoted, company):
        """The goods line and, linked behind it with the same tax, its discount."""
        product = quoted["product"]
        tax = product.taxes_id.filtered(lambda tax: tax.company_id == company)[:1]
        yield {
            **self._line_values(product, quoted["price"], quoted["quantity"], tax),
            "name": product.name,
            "crab_role": "goods",
            "crab_retail_price": quoted["retail"],
            "crab_paid": quoted["paid"],
            "crab_advance": quoted["paid"],
        }
        if quoted["discount"]:
            yield {
                **self._line_values(product, -quoted["discount"], 1, tax),
                "name": self.env._("Discount on %(product)s", product=product.name),
                "crab_role": "discount",
                "crab_retail_price": 0,
                "crab_paid": 0,
                "crab_advance": 0,
            }

    @api.model
    def _prepare_freight_line(self, amount, company):
        product = self.env.ref("crab_shop.product_freight")
        tax = product.taxes_id.filtered(lambda tax: tax.company_id == company)[:1]
        return {
            **self._line_values(product, amount, 1, tax),
            "name": product.name,
            "crab_role": "freight",
            "crab_retail_price": 0,
            "crab_paid": 0,
            "crab_advance": amount,
        }

    @api.model
    def _line_values(self, product, price, quantity, tax):
        total = price * quantity
        net = self._net_of(total, tax)
        return {
            "product_id": product.id,
            "product_uom_qty": quantity,
            "product_uom_id": product.uom_id.id,
            "price_unit": price,
            "technical_price_unit": price,
            "discount": 0.0,
            "tax_ids": [Command.set(tax.ids)],
            "price_subtotal": net,
            "price_tax": total - net,
            "price_total": total,
            "price_reduce_taxinc": price,
            "price_reduce_taxexcl": money.round_cents(net / quantity),
            "customer_lead": 0.0,
            "analytic_distribution": False,
            "product_no_variant_attribute_value_ids": [],
            "crab_refunded": 0,
            "crab_refunded_quantity": 0,
            "crab_shipped_quantity": 0,
        }

    @api.model
    def _net_of(self, total, tax):
        """What of a tax-included amount is net, rounded to 0.01."""
        if not tax or not tax.amount:
            return total
        return money.round_cents(total / (1 + money.dec(tax.amount) / 100))
