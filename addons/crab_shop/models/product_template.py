import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .sale_order import KINDS

SHOP_KINDS = [kind for kind, _label in KINDS]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    crab_state = fields.Selection(default=lambda self: self.env["crab.shop"]._setting("shelf_state"))
    crab_freight_template_id = fields.Many2one(
        "crab.freight.template",
        "Freight template",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="Empty: the template for all other products; without one the delivery is free.",
    )
    crab_warning_stock = fields.Integer(
        "Warning stock",
        default=lambda self: self.env["crab.shop"]._setting("warning_stock"),
        tracking=True,
        help="With no more pieces than this, the product is shown as running short.",
    )
    crab_is_counted = fields.Boolean(compute="_compute_crab_available", compute_sudo=True)
    crab_available = fields.Integer(
        "Available", compute="_compute_crab_available", compute_sudo=True,
        help="What members can still order: in stock and not taken by an order; of packages, by their scarcest part.",
    )  # fmt: skip
    crab_stock_alert = fields.Selection(
        [("short", "Running short"), ("sold_out", "Sold out")],
        compute="_compute_crab_available",
        search="_search_crab_stock_alert",
        compute_sudo=True,
    )
    crab_sold = fields.Integer(
        "Sold to members", readonly=True, copy=False,
        help="Pieces that members ordered and paid, less those refunded; counted every ten minutes.",
    )  # fmt: skip

    crab_shelf = fields.Selection(
        [("in_stock", "In stock"), ("few", "Few left"), ("sold_out", "Sold out")],
        "Members see",
        required=True,
        readonly=True,
        default="in_stock",
        copy=False,
        help="What everybody is told of the stock; looked up every minute, so that no sale has to write it.",
    )
    crab_shelf_left = fields.Integer("Pieces that members see", readonly=True, copy=False)

    crab_favourite_count = fields.Integer("Favourites", compute="_compute_crab_favourite_count", compute_sudo=True)

    def _compute_crab_favourite_count(self):
        counts = dict(
            self.env["crab.favourite"]._read_group(
                [("product_tmpl_id", "in", self.ids)], ["product_tmpl_id"], ["__count"]
            )
        )
        for template in self:
            template.crab_favourite_count = counts.get(template._origin, 0)

    @api.depends("crab_warning_stock", "crab_kind")
    def _compute_crab_available(self):
        ours = self.filtered(lambda template: template.crab_kind in SHOP_KINDS)
        available = self.env["crab.stock.level"]._available_of(ours.product_variant_ids)
        for template in self:
            left = available.get(template.product_variant_id, math.inf)
            template.crab_is_counted = left != math.inf
            template.crab_available = max(left, 0) if template.crab_is_counted else 0
            is_short = template.crab_is_counted and left <= template.crab_warning_stock
            template.crab_stock_alert = is_short and ("short" if left > 0 else "sold_out")

    @api.model
    def _search_crab_stock_alert(self, operator, value):
        """Looks through all products of the shop: there are hundreds of them, not thousands."""
        if operator != "in":
            return NotImplemented
        templates_sudo = self.sudo().search([("crab_kind", "in", SHOP_KINDS)])  # availability is no secret
        return Domain("id", "in", templates_sudo.filtered(lambda template: template.crab_stock_alert in value).ids)

    @api.constrains("crab_warning_stock")
    def _check_crab_warning_stock(self):
        if any(template.crab_warning_stock < 0 for template in self):
            raise ValidationError(self.env._("The warning stock is 0 or more."))

    @api.model
    def _cron_count_sold(self):
        """Count anew what members bought of each product (MB-07); writes where a figure changed only."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE product_template template SET crab_sold = counted.sold
                  FROM (SELECT product.product_tmpl_id AS id,
                               SUM(line.product_uom_qty - line.crab_refunded_quantity) AS sold
                          FROM sale_order_line line
                          JOIN sale_order sale ON sale.id = line.order_id
                          JOIN product_product product ON product.id = line.product_id
                         WHERE line.crab_role = 'goods' AND sale.crab_paid_at IS NOT NULL
                         GROUP BY product.product_tmpl_id) counted
                 WHERE template.id = counted.id AND template.crab_sold IS DISTINCT FROM counted.sold
                """
            )
        )
        self.invalidate_model(["crab_sold"], flush=False)

    @api.model
    def _cron_refresh_shelf(self):
        """Look up anew what members are told of the stock; writes where it changed only (decision 0092)."""
        shown = self.search([("crab_kind", "in", SHOP_KINDS), ("crab_state", "=", "on_sale")])
        available = self.env["crab.stock.level"]._available_of(shown.product_variant_ids)
        words = {"short": "few", "sold_out": "sold_out"}
        rows = [
            (
                template.id,
                words.get(template.crab_stock_alert, "in_stock"),
                int(max(available[template.product_variant_id], 0)) if template.crab_is_counted else 0,
            )
            for template in shown
            if template.product_variant_id
        ]
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE product_template template SET crab_shelf = seen.shelf, crab_shelf_left = seen.pieces
                  FROM (VALUES %s) AS seen(id, shelf, pieces)
                 WHERE template.id = seen.id
                   AND (template.crab_shelf, COALESCE(template.crab_shelf_left, 0))
                       IS DISTINCT FROM (seen.shelf, seen.pieces)
                """,
                SQL(", ").join(SQL("%s", row) for row in rows),
            )
        )
        self.invalidate_model(["crab_shelf", "crab_shelf_left"], flush=False)

    def action_crab_favourites(self):
        """Who keeps this product in mind."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_shop.crab_favourite_action")
        return {**action, "domain": [("product_tmpl_id", "=", self.id)], "context": {}}

    def _crab_shelf_figures(self):
        """What everybody is told about stock and sales, as the settings allow (HQ-60), as of the last minutes.

        :return: ``{product.template: {"sold": pieces or None, "left": pieces or None, "shelf": "in_stock", "few" or
            "sold_out"}}``; None is not shown
        """
        setting = self.env["crab.shop"]._setting
        show_sales, show_stock = setting("show_sales"), setting("show_stock")
        return {
            template: {
                "sold": template.crab_sold if show_sales else None,
                "left": template.crab_shelf_left if show_stock else None,
                "shelf": template.crab_shelf,
            }
            for template in self
        }
