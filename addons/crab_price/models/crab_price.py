from odoo import api, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools import money
from odoo.addons.crab_base.tools.subject import Subject

RATIO_PLACES = 4


class CrabPrice(models.AbstractModel):
    """The one place that multiplies retail prices by ratios (domain.md §4).

    One nationwide retail price per product; dealer price = retail × dealer's ratio, member price = retail × level's
    ratio; per unit, half-up (away from zero) to 0.01. Amounts are ``Decimal`` in yuan. Whoever needs a line amount
    multiplies the rounded unit price by the quantity. Documents freeze what they get from here.
    """

    _name = "crab.price"
    _description = "Prices"

    # ------------------------------------------------------------------ the rule, in Python and in SQL

    @api.model
    def _price(self, retail, ratio):
        """``retail × ratio`` per unit, rounded half-up to 0.01.

        :param retail, ratio: Decimal, or the float of a database column; the ratio has four decimals
        """
        return money.round_cents(money.dec(retail) * round(money.dec(ratio), RATIO_PLACES))

    @api.model
    def _price_sql(self, retail: SQL, ratio: SQL) -> SQL:
        """The same rule as an SQL expression of type numeric, for set-based documents.

        :param retail: expression of the retail price (``product_template.list_price``)
        :param ratio: expression of a ratio (``crab_dealer.ratio``, ``crab_member_level.ratio``)
        """
        return SQL("ROUND((%s)::numeric * ROUND((%s)::numeric, %s), 2)", retail, ratio, RATIO_PLACES)

    # ------------------------------------------------------------------ prices in sets

    @api.model
    def _retail_prices(self, products):
        """``{product id: Decimal}``: the nationwide retail price per unit."""
        return {product.id: money.round_cents(product.list_price) for product in products}

    @api.model
    def _unit_prices(self, products, ratios):
        """Prices of every product at every ratio.

        :param products: ``product.product``
        :param ratios: ratios as stored (float or Decimal)
        :return: ``{(product id, ratio): Decimal}``
        """
        retail = self._retail_prices(products)
        return {
            (product_id, ratio): self._price(price, ratio)
            for product_id, price in retail.items()
            for ratio in dict.fromkeys(ratios)
        }

    @api.model
    def _dealer_prices(self, products, dealers):
        """What each dealer pays per unit: ``{(product id, dealer id): Decimal}``."""
        return self._records_prices(products, dealers)

    @api.model
    def _member_prices(self, products, levels):
        """What members of each level pay per unit: ``{(product id, level id): Decimal}``."""
        return self._records_prices(products, levels)

    @api.model
    def _records_prices(self, products, records):
        prices = self._unit_prices(products, records.mapped("ratio"))
        return {(product.id, record.id): prices[product.id, record.ratio] for product in products for record in records}

    # ------------------------------------------------------------------ who sees which price

    @api.model
    def _visible_prices(self, subject: Subject, products):
        """Prices of products that a subject may see.

        Everybody sees retail. A member sees its own price too; a dealer its own, those of its direct children, whom it
        sells to, and those of every member level; staff, who sell to members, the latter only, never a dealer price.
        Nobody outside the back office sees what stands above it in the chain, settlement prices or subsidies.

        :param products: ``product.product`` or ``product.template``; what is no product of the suite, off sale or
            archived is left out
        :return: ``{product id: {"retail": Decimal, "own": Decimal or None, "children": {dealer id: Decimal},
            "levels": {level id: Decimal}}}``; empty for a subject that does not exist, is closed or no longer employed
        """
        products_sudo = products.sudo().filtered(  # sudo: the subject has no Odoo user
            lambda product: product.crab_kind and product.active and product.crab_state == "on_sale"
        )
        who = self._price_view(subject)
        if who is None:
            return {}
        own_ratio, children_sudo, levels_sudo = who
        ratios = [money.dec(own_ratio)] if own_ratio else []
        own = self._unit_prices(products_sudo, ratios)
        children = self._dealer_prices(products_sudo, children_sudo)
        levels = self._member_prices(products_sudo, levels_sudo)
        return {
            product_id: {
                "retail": retail,
                "own": own[product_id, ratios[0]] if ratios else None,
                "children": {child.id: children[product_id, child.id] for child in children_sudo},
                "levels": {level.id: levels[product_id, level.id] for level in levels_sudo},
            }
            for product_id, retail in self._retail_prices(products_sudo).items()
        }

    @api.model
    def _price_view(self, subject):
        """``(own ratio or None, dealers, levels)`` whose prices the subject sees, in sudo, or None."""
        no_dealers, no_levels = self.env["crab.dealer"].sudo(), self.env["crab.member.level"].sudo()
        if subject.kind == "member":
            member_sudo = self.env["crab.member"]._for_subject(subject, fetch=["level_id"], limit=1)
            return (member_sudo.level_id.ratio, no_dealers, no_levels) if member_sudo else None
        if subject.kind == "dealer":
            dealer_sudo = self.env["crab.dealer"]._asking(subject)
            if not dealer_sudo:
                return None
            return (
                dealer_sudo.ratio,
                dealer_sudo.child_ids.filtered(lambda child: child.state == "active"),
                no_levels.search([]),
            )
        if subject.kind == "staff":
            is_working = self.env["crab.dealer.staff"]._asking(subject)
            return (None, no_dealers, no_levels.search([])) if is_working else None
        return None
