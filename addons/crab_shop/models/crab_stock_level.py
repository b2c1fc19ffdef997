import math

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import LOCK_TIMEOUT

# as product.product._crab_warehouse() finds it
MAIN_WAREHOUSE = SQL(
    """
    SELECT warehouse.id AS warehouse_id, warehouse.company_id, place.parent_path AS path FROM stock_warehouse warehouse
      JOIN res_company company ON company.id = warehouse.company_id AND company.crab_role = 'group'
      JOIN stock_location place ON place.id = warehouse.lot_stock_id
     WHERE warehouse.active ORDER BY warehouse.sequence, warehouse.id LIMIT 1
    """
)


class CrabStockLevel(models.Model):
    """How much of each product's stock orders have taken: the one door through which the shop takes stock.

    Available = what lies in the Group's main warehouse − what is claimed. A claim is checked and counted under the lock
    of the product's row, so that nothing is sold twice; it ends when the goods leave or the order is closed.
    """

    _name = "crab.stock.level"
    _description = "Stock taken by orders"
    _log_access = False

    product_id = fields.Many2one("product.product", "Product", required=True, readonly=True, ondelete="cascade")
    claimed = fields.Float(required=True, readonly=True, digits="Product Unit")

    _product_uniq = models.Constraint("UNIQUE(product_id)", "A product has one level.")
    _positive = models.Constraint("CHECK (claimed >= 0)", "Never less than nothing is claimed.")

    @api.model
    def _available(self, products):
        """``{product id: quantity}`` that can still be ordered, in the products' own units."""
        self.env["stock.quant"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT given.id, COALESCE(stock.quantity, 0) - COALESCE(level.claimed, 0), main.path
                  FROM unnest(%(ids)s::int[]) AS given(id)
                  LEFT JOIN (%(warehouse)s) main ON true
                  LEFT JOIN crab_stock_level level ON level.product_id = given.id
                  LEFT JOIN LATERAL (
                       SELECT SUM(quant.quantity) AS quantity FROM stock_quant quant
                         JOIN stock_location place ON place.id = quant.location_id
                        WHERE quant.product_id = given.id AND place.parent_path LIKE main.path || %(any)s
                  ) stock ON true
                """,
                ids=list(products.ids),
                warehouse=MAIN_WAREHOUSE,
                any="%",
            )
        )
        rows = self.env.cr.fetchall()
        if rows and not rows[0][2]:
            self.env["product.product"]._crab_warehouse()  # says that there is none
        return {product_id: float(quantity) for product_id, quantity, _path in rows}

    @api.model
    def _available_of(self, products):
        """``{product: whole pieces}`` that can be ordered now; packages by their scarcest part, what is not counted
        without end.
        """
        parts = products._crab_explode()
        stored = self.env["product.product"].union(*(part for rows in parts.values() for part, _each in rows))
        available = self._available(stored.filtered("is_storable"))
        return {
            product: min((available.get(part.id, math.inf) // each for part, each in rows), default=math.inf)
            for product, rows in parts.items()
        }

    @api.model
    def _claim(self, order, quantities):
        """Take stock for a new claim of ``order``.

        :param dict quantities: ``{product.product: quantity}`` in the products' own units, parts of packages resolved
        :raise UserError: naming what there is too little of; nothing is claimed then
        :raise LockError: (409) when another order holds a product for too long
        """
        self._ensure_available([quantities])
        self._take({order.id: quantities})

    @api.model
    def _ensure_available(self, needs):
        """Lock what is needed, and see that there is enough of it for all; ``_take`` may follow.

        :param needs: list of ``{product.product: quantity}``
        :raise UserError, LockError: as ``_claim``
        """
        total = {}
        for quantities in needs:
            for product, quantity in _storable(quantities).items():
                total[product] = total.get(product, 0) + quantity
        if not total:
            return
        products = self.env["product.product"].union(*total)
        self._lock(products)
        available = self._available(products)
        missing = [
            self.env._("%(product)s: %(count)s left", product=product.display_name, count=f"{available[product.id]:g}")
            for product, quantity in total.items()
            if available[product.id] < quantity and product.uom_id.compare(available[product.id], quantity) < 0
        ]
        if missing:
            raise UserError(self.env._("There is not enough stock: %(products)s", products=", ".join(missing)))

    @api.model
    def _take(self, needs):
        """Write the claims of orders whose products ``_ensure_available`` has locked.

        :param dict needs: ``{order id: {product.product: quantity}}``
        """
        rows = [
            SQL("(%s, %s, %s)", order_id, product.id, quantity)
            for order_id, quantities in needs.items()
            for product, quantity in _storable(quantities).items()
        ]
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """
                WITH taken AS (SELECT order_id, product_id, quantity::numeric
                                 FROM (VALUES %(rows)s) AS v(order_id, product_id, quantity)),
                     claim AS (INSERT INTO crab_stock_claim (order_id, product_id, quantity) SELECT * FROM taken),
                     summed AS (SELECT product_id, SUM(quantity) AS quantity FROM taken GROUP BY 1)
                UPDATE crab_stock_level level SET claimed = level.claimed + summed.quantity
                  FROM summed WHERE summed.product_id = level.product_id
                """,
                rows=SQL(", ").join(rows),
            )
        )
        self._forget()

    @api.model
    def _release(self, orders, quantities=None):
        """End claims: all that these orders have, or of one order the given ``{product: quantity}``."""
        self.env.cr.execute(
            SQL("SELECT product_id FROM crab_stock_claim WHERE order_id = ANY(%s) AND quantity > 0", list(orders.ids))
        )
        products = self.env["product.product"].browse({row[0] for row in self.env.cr.fetchall()})
        if quantities is not None:
            products &= self.env["product.product"].union(*quantities)
        if not products:
            return
        self._lock(products)
        wanted = SQL("NULL::numeric")
        if quantities is not None:
            pairs = SQL(", ").join(SQL("(%s, %s)", product.id, quantity) for product, quantity in quantities.items())
            wanted = SQL(
                "(SELECT quantity::numeric FROM (VALUES %s) AS v(id, quantity) WHERE v.id = claim.product_id)", pairs
            )
        self.env.cr.execute(
            SQL(
                """
                WITH ended AS (
                    UPDATE crab_stock_claim claim
                       SET quantity = claim.quantity - LEAST(claim.quantity, COALESCE(%(wanted)s, claim.quantity))
                      FROM crab_stock_claim before
                     WHERE before.id = claim.id AND claim.order_id = ANY(%(orders)s)
                       AND claim.product_id = ANY(%(products)s)
                    RETURNING claim.product_id, before.quantity - claim.quantity AS quantity
                ), summed AS (SELECT product_id, SUM(quantity) AS quantity FROM ended GROUP BY 1)
                UPDATE crab_stock_level level SET claimed = level.claimed - summed.quantity
                  FROM summed WHERE summed.product_id = level.product_id
                """,
                wanted=wanted,
                orders=list(orders.ids),
                products=list(products.ids),
            )
        )
        self._forget()

    @api.model
    def _lock(self, products):
        """Lock the levels of these products in id order, making those that do not exist."""
        self.env.flush_all()
        ids = sorted(products.ids)
        try:
            self.env.cr.execute(  # one round trip, as in crab_base.tools.locks
                SQL(
                    """
                    SET LOCAL lock_timeout = %s;
                    WITH locked AS MATERIALIZED (
                        SELECT product_id FROM crab_stock_level WHERE product_id = ANY(%s) ORDER BY product_id
                           FOR NO KEY UPDATE)
                    SELECT array_agg(product_id), set_config('lock_timeout', NULL, true) FROM locked
                    """,
                    LOCK_TIMEOUT,
                    ids,
                )
            )
            missing = sorted(set(ids) - set(self.env.cr.fetchone()[0] or ()))
            if missing:
                self.env.cr.execute(
                    SQL(
                        "SET LOCAL lock_timeout = %s;"
                        "INSERT INTO crab_stock_level (product_id, claimed)"
                        " SELECT id, 0 FROM unnest(%s::int[]) AS given(id) ON CONFLICT DO NOTHING;"
                        "SET LOCAL lock_timeout = DEFAULT",
                        LOCK_TIMEOUT,
                        missing,
                    )
                )
        except errors.LockNotAvailable as exc:
            raise LockError(self.env._("Many people are buying this at once. Please try again in a moment.")) from exc

    @api.model
    def _forget(self):
        for model in ("crab.stock.level", "crab.stock.claim"):
            self.env[model].invalidate_model(flush=False)


def _storable(quantities):
    return {product: quantity for product, quantity in quantities.items() if product.is_storable}
