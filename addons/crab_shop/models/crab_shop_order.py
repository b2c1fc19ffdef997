from odoo import api, models
from odoo.tools import SQL

from ..tools import rows

# What Odoo gives every new order and line of ours; the rest of their columns stands in their values or is empty.
ORDER = {"state": "draft", "invoice_status": "no", "locked": False, "picking_policy": "direct"}
LINE = {
    "sequence": 10,
    "state": "draft",
    "invoice_status": "no",
    "qty_delivered": 0,
    "qty_invoiced": 0,
    "qty_to_invoice": 0,
    "untaxed_amount_invoiced": 0,
    "untaxed_amount_to_invoice": 0,
    "collapse_prices": False,
    "collapse_composition": False,
}
SEQUENCE = "crab_shop.seq_order"


class CrabShop(models.AbstractModel):
    """How orders are read and written: a statement for each kind of row, for all orders that are placed at once.

    The ORM takes 100 ms of processor time to make an order of two lines, nearly all of it for reading wide records
    and computing fields that are the same in every order of the shop (docs/decisions/0071-placing-and-paying.md).
    """

    _inherit = "crab.shop"

    # ------------------------------------------------------------------ reading

    @api.model
    def _warm(self, requests):
        """Read at once, into the cache, what placing these orders looks at.

        :return: for each request the order that was placed by its key before, or none
        """
        self.env.flush_all()
        members = self.env["crab.member"].union(*(request["member"] for request in requests))
        products = self.env["product.product"].union(
            *(product for request in requests for product, *_rest in request["lines"])
        )
        self._warm_members(members)
        self._warm_products(products)
        keys = [(request["member"].id, request["key"]) for request in requests if request["key"]]
        found = {}
        if keys:
            self.env.cr.execute(
                "SELECT crab_member_id, crab_key, id FROM sale_order WHERE (crab_member_id, crab_key) IN %s",
                [tuple(keys)],
            )
            found = {(member_id, key): order_id for member_id, key, order_id in self.env.cr.fetchall()}
        orders = self.env["sale.order"]
        return [orders.browse(found.get((request["member"].id, request["key"]))) for request in requests]

    @api.model
    def _warm_members(self, members):
        """Who orders: with level, staff and the dealers above."""
        self.env.cr.execute(
            SQL(
                """
                SELECT member.id, member.state, member.partner_id, member.level_id, member.dealer_id, member.staff_id,
                       partner.company_id, level.ratio, staff.active, staff.commission_ratio,
                       above.id, above.parent_path, above.state, above.is_online, above.ratio
                  FROM crab_member member
                  JOIN crab_member_level level ON level.id = member.level_id
                  LEFT JOIN res_partner partner ON partner.id = member.partner_id
                  LEFT JOIN crab_dealer dealer ON dealer.id = member.dealer_id
                  LEFT JOIN crab_dealer_staff staff ON staff.id = member.staff_id
                  LEFT JOIN crab_dealer above
                            ON above.id = ANY(string_to_array(trim(dealer.parent_path, '/'), '/')::int[])
                 WHERE member.id = ANY(%s)
                """,
                list(members.ids),
            )
        )
        found = self.env.cr.fetchall()
        env = self.env
        rows.fill(
            env["crab.member"],
            ("state", "partner_id", "level_id", "dealer_id", "staff_id"),
            (row[:6] for row in found),
        )
        rows.fill(env["res.partner"], ("company_id",), ((row[2], row[6]) for row in found if row[2]))
        rows.fill(env["crab.member.level"], ("ratio",), ((row[3], row[7]) for row in found))
        rows.fill(
            env["crab.dealer.staff"], ("active", "commission_ratio"), ((row[5], *row[8:10]) for row in found if row[5])
        )
        rows.fill(
            env["crab.dealer"],
            ("parent_path", "state", "is_online", "ratio"),
            (row[10:] for row in found if row[10]),
        )

    @api.model
    def _warm_products(self, products):
        """What is ordered, with taxes, and the parts of packages."""
        self.env.cr.execute(
            SQL(
                """
                SELECT product.id, product.active, product.product_tmpl_id,
                       COALESCE(template.name->>%(lang)s, template.name->>'en_US'), template.type, template.company_id,
                       template.crab_kind, template.crab_state, template.list_price, template.uom_id,
                       template.is_storable, template.crab_freight_template_id,
                       ARRAY(SELECT tax.id FROM product_taxes_rel rel JOIN account_tax tax ON tax.id = rel.tax_id
                              WHERE rel.prod_id = template.id AND tax.active ORDER BY tax.sequence, tax.id),
                       ARRAY(SELECT part.id FROM crab_package_part part WHERE part.package_tmpl_id = template.id
                              ORDER BY part.sequence, part.id)
                  FROM product_product product JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE product.id = ANY(%(ids)s)
                """,
                lang=self.env.lang or "en_US",
                ids=list(products.ids),
            )
        )
        names = (
            "active", "product_tmpl_id", "name", "type", "company_id", "crab_kind", "crab_state", "list_price",
            "uom_id", "is_storable", "crab_freight_template_id", "taxes_id", "crab_part_ids",
        )  # fmt: skip
        found = [(*row[:-2], tuple(row[-2]), tuple(row[-1])) for row in self.env.cr.fetchall()]
        rows.fill(self.env["product.product"], names, found)
        tax_ids = sorted({tax_id for row in found for tax_id in row[-2]})
        if tax_ids:
            self.env.cr.execute("SELECT id, active, company_id, amount FROM account_tax WHERE id = ANY(%s)", [tax_ids])
            rows.fill(self.env["account.tax"], ("active", "company_id", "amount"), self.env.cr.fetchall())

    @api.model
    def _sales_company(self):
        """The company that sells, with its currency read."""
        self.env.cr.execute("SELECT id, currency_id FROM res_company WHERE crab_role = 'sales' AND active")
        found = self.env.cr.fetchall()
        rows.fill(self.env["res.company"], ("currency_id",), found)
        return self.env["res.company"].browse(found[0][0]) if found else self.env["res.company"]._crab_company("sales")

    # ------------------------------------------------------------------ writing

    @api.model
    def _insert_orders(self, vals_list):
        """Write orders with their lines, the links of these, and the frozen price chains.

        :param vals_list: as from ``_order_vals``
        :return: ``sale.order``
        """
        count = sum(len(vals["order_line"]) for vals in vals_list)
        order_ids, line_ids = rows.next_ids(self.env.cr, ("sale_order", len(vals_list)), ("sale_order_line", count))
        author, names, fresh = (
            rows.author(self.env),
            rows.next_names(self.env, SEQUENCE, len(vals_list)),
            iter(line_ids),
        )
        orders, lines, taxes, chains = [], [], [], []
        for order_id, name, vals in zip(order_ids, names, vals_list, strict=True):
            columns = {column: value for column, value in vals.items() if column != "order_line"}
            orders.append({"id": order_id, "name": name, **ORDER, **columns, **author, **self._amounts(vals)})
            before = None
            for _command, _zero, line_vals in vals["order_line"]:
                line = self._line_columns(next(fresh), order_id, vals, line_vals, before)
                [[_set, _zero, tax_ids]] = line_vals["tax_ids"]
                taxes += [{"sale_order_line_id": line["id"], "account_tax_id": tax_id} for tax_id in tax_ids]
                lines.append({**line, **author})
                before = line["id"]
                if line["crab_role"] == "goods":
                    chains += self._chain_rows(line, vals["crab_dealer_id"])
        statements = [rows.insert(self.env["sale.order"], orders), rows.insert(self.env["sale.order.line"], lines)]
        if taxes:
            statements.append(rows.insert("account_tax_sale_order_line_rel", taxes))
        self.env.cr.execute(SQL(";").join(statements))
        self.env["crab.price.chain"]._freeze(chains)
        rows.forget_inverses(self.env["sale.order"])
        rows.forget_inverses(self.env["sale.order.line"])
        made = self.env["sale.order"].browse(order_ids)
        self._check_companies(made, vals_list)
        return made

    @api.model
    def _check_companies(self, orders, vals_list):
        """Partners and products belong to no company or to the order's; where one does not, Odoo says what is wrong.

        :raise UserError: the order cannot be
        """
        products, partners = self.env["product.product"], self.env["res.partner"]
        companies = {
            (record.company_id.id, vals["company_id"])
            for vals in vals_list
            for record in (
                partners.browse(vals["partner_id"]),
                *(products.browse(line["product_id"]) for _command, _zero, line in vals["order_line"]),
            )
        }
        if any(company_id not in (False, wanted) for company_id, wanted in companies):
            orders._check_company()
            orders.order_line._check_company()
            orders._check_order_line_company_id()

    @api.model
    def _amounts(self, vals):
        """The totals of an order: sums of its lines, which are exact."""
        lines = [line for _command, _zero, line in vals["order_line"]]
        net, total = (sum(line[name] for line in lines) for name in ("price_subtotal", "price_total"))
        return {"amount_untaxed": net, "amount_total": total, "amount_tax": total - net}

    @api.model
    def _line_columns(self, line_id, order_id, order_vals, vals, before):
        product = self.env["product.product"].browse(vals["product_id"])
        links = ("tax_ids", "product_no_variant_attribute_value_ids")
        return {
            "id": line_id,
            "order_id": order_id,
            "company_id": order_vals["company_id"],
            "currency_id": order_vals["currency_id"],
            "order_partner_id": order_vals["partner_id"],
            "qty_delivered_method": "stock_move" if product.type == "consu" else "manual",
            "crab_retail_price": 0,
            "crab_discount_of_id": before if vals["crab_role"] == "discount" else None,
            **LINE,
            **{name: value for name, value in vals.items() if name not in links},
        }

    @api.model
    def _chain_rows(self, line, dealer_id):
        """The dealers above the member with their prices, for a goods line, as ``crab.price.chain`` freezes them."""
        dealers = self.env["crab.dealer"].browse(dealer_id or None)
        if dealers:
            dealers = dealers._ancestors()
        product = self.env["product.product"].browse(line["product_id"])
        prices = self.env["crab.price"]._dealer_prices(product, dealers)
        return [
            (
                line["order_id"],
                line["id"],
                position,
                dealer.id,
                dealer.ratio,
                prices[product.id, dealer.id],
                dealer.state == "active" and dealer.is_online,
            )
            for position, dealer in enumerate(dealers, 1)
        ]
