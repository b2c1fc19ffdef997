from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.crab_catalog.models.product_category import KINDS
from odoo.addons.crab_dealer.models.crab_dealer import LEVELS, RATIO_DIGITS

STEPS = [("retail", "Retail"), ("member", "Member"), ("dealer", "Dealer")]


class CrabPriceList(models.Model):
    """Every price that follows from the present retail prices and ratios, for looking at and for Excel.

    Computed when it is read; opened for one product, dealer or level, so that it stays short. B2B goods are sold to
    level 1 only.
    """

    _name = "crab.price.list"
    _description = "Price list"
    _auto = False
    _order = "default_code, ratio desc, id"
    _rec_name = "product_id"
    _depends = {
        "product.template": ["list_price", "default_code", "crab_kind", "crab_state", "categ_id", "active"],
        "product.product": ["product_tmpl_id", "active"],
        "crab.dealer": ["ratio", "level", "state"],
        "crab.member.level": ["ratio", "active"],
    }

    product_id = fields.Many2one("product.product", "Product", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Product template", readonly=True)
    default_code = fields.Char("Code", readonly=True)
    crab_kind = fields.Selection(KINDS, "Kind of Goods", readonly=True)
    crab_state = fields.Selection(
        selection=lambda self: self.env["product.template"]._fields["crab_state"].selection,
        string="Shelf",
        readonly=True,
    )
    categ_id = fields.Many2one("product.category", "Category", readonly=True)
    kind = fields.Selection(STEPS, "Price for", readonly=True)
    dealer_id = fields.Many2one("crab.dealer", "Dealer", readonly=True)
    dealer_level = fields.Selection(LEVELS, "Dealer's level", readonly=True)
    level_id = fields.Many2one("crab.member.level", "Member level", readonly=True)
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, readonly=True, aggregator=None)
    currency_id = fields.Many2one("res.currency", readonly=True)
    retail_price = fields.Monetary("Retail Price", readonly=True, aggregator=None)
    price = fields.Monetary("Price", readonly=True, aggregator=None)

    @property
    def _table_query(self):
        price = self.env["crab.price"]._price_sql
        steps = [
            (
                "retail",
                SQL("1::numeric"),
                SQL("(VALUES (0)) AS step(id)"),
                SQL("NULL::int"),
                SQL("NULL::varchar"),
                SQL("NULL::int"),
                SQL("true"),
            ),
            (
                "member",
                SQL("step.ratio"),
                SQL("crab_member_level AS step"),
                SQL("NULL::int"),
                SQL("NULL::varchar"),
                SQL("step.id"),
                SQL("step.active AND t.crab_kind <> 'b2b'"),
            ),
            (
                "dealer",
                SQL("step.ratio"),
                SQL("crab_dealer AS step"),
                SQL("step.id"),
                SQL("step.level"),
                SQL("NULL::int"),
                SQL("step.state = 'active' AND (t.crab_kind <> 'b2b' OR step.level = '1')"),
            ),
        ]
        currency_id = self.env["res.company"]._crab_company("group").currency_id.id
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT (p.id::bigint << 26) + (step.id::bigint << 2) + %(place)s AS id,
                          p.id AS product_id, t.id AS product_tmpl_id,
                          t.default_code, t.crab_kind, t.crab_state, t.categ_id,
                          %(kind)s::varchar AS kind, %(dealer)s AS dealer_id, %(dealer_level)s AS dealer_level,
                          %(level)s AS level_id, %(ratio)s AS ratio, %(currency)s AS currency_id,
                          ROUND(t.list_price::numeric, 2) AS retail_price, %(price)s AS price
                     FROM product_product p JOIN product_template t ON t.id = p.product_tmpl_id CROSS JOIN %(source)s
                    WHERE t.crab_kind IS NOT NULL AND t.active AND p.active AND %(condition)s""",
                place=place,
                kind=kind,
                dealer=dealer,
                dealer_level=dealer_level,
                level=level,
                ratio=ratio,
                currency=currency_id,
                price=price(SQL("t.list_price"), ratio),
                source=source,
                condition=condition,
            )
            for place, (kind, ratio, source, dealer, dealer_level, level, condition) in enumerate(steps)
        )
