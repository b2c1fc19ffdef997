from odoo import api, models
from odoo.exceptions import UserError


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model
    def _crab_warehouse(self):
        """The Group's main warehouse, in sudo: where products of the suite are kept unless a document says otherwise.

        :raise UserError: when the Group has no warehouse
        """
        self.env["stock.warehouse"].flush_model(["active", "company_id", "sequence"])
        self.env.cr.execute(
            """
            SELECT warehouse.id FROM stock_warehouse warehouse
              JOIN res_company company ON company.id = warehouse.company_id AND company.crab_role = 'group'
             WHERE warehouse.active ORDER BY warehouse.sequence, warehouse.id LIMIT 1
            """
        )
        found = self.env.cr.fetchone()
        if not found:
            company = self.env["res.company"]._crab_company("group")
            raise UserError(
                self.env._("“%(company)s” has no warehouse. Create one under Inventory.", company=company.name)
            )
        return self.env["stock.warehouse"].sudo().browse(found)

    @api.model
    def _crab_adjust_stock(self, quantities, reason=None, relative=False):
        """Count products in the Group's main warehouse: one ordinary inventory adjustment for all of them.

        Runs with the caller's rights: needs the stock user's (warehouse, head-office administrator).

        :param quantities: ``{product.product: quantity}`` in the products' own units
        :param reason: text of the stock moves; default "Inventory adjustment"
        :param relative: the quantities are differences to what is there instead of what was counted
        """
        location = self._crab_warehouse().lot_stock_id.with_env(self.env)
        products = self.browse().union(*quantities)
        quants_env = (
            self.env["stock.quant"]
            .with_company(location.company_id)
            .with_context(inventory_mode=True, inventory_name=reason or self.env._("Inventory adjustment"))
        )
        present = dict(
            self.env["stock.quant"]
            .sudo()  # what is there decides, also what the user's companies would hide
            ._read_group(
                [("product_id", "in", products.ids), ("location_id", "=", location.id)],
                ["product_id"],
                ["quantity:sum"],
            )
        )
        counted = {
            product: quantity + (present.get(product, 0.0) if relative else 0.0)
            for product, quantity in quantities.items()
        }
        quants = quants_env.create(
            [
                {"product_id": product.id, "location_id": location.id, "inventory_quantity": quantity}
                for product, quantity in counted.items()
                if product.uom_id.compare(quantity, present.get(product, 0.0))
            ]
        )
        if quants:
            quants._apply_inventory()

    def _crab_explode(self):
        """What is taken from stock for one of each: the parts of a package, else the product itself.

        :return: ``{product: [(product, quantity)]}``
        """
        return {
            product: [(part.product_id, part.quantity) for part in product.crab_part_ids] or [(product, 1.0)]
            for product in self
        }

    # ------------------------------------------------------------------ stock of packages with parts

    @api.depends(
        "crab_part_ids.quantity",
        "crab_part_ids.product_id.stock_move_ids.product_qty",
        "crab_part_ids.product_id.stock_move_ids.state",
        "crab_part_ids.product_id.stock_move_ids.quantity",
    )
    def _compute_quantities(self):
        return super()._compute_quantities()

    def _compute_quantities_dict(self, lot_id, owner_id, package_id, from_date=False, to_date=False):
        """A package with parts: as many as can be put together. How much there is, every role of the suite may know."""
        if not self.env["stock.move"].has_access("read") and self.env.user.has_group("crab_base.group_user"):
            return self.sudo()._compute_quantities_dict(lot_id, owner_id, package_id, from_date, to_date)
        bundles = self.filtered("crab_part_ids")
        parts = bundles.crab_part_ids.product_id
        result = super(ProductProduct, (self - bundles) | parts)._compute_quantities_dict(
            lot_id, owner_id, package_id, from_date, to_date
        )
        for bundle in bundles:
            result[bundle.id] = {
                "incoming_qty": 0.0,
                "outgoing_qty": 0.0,
                **{
                    name: min(result[part.product_id.id][name] // part.quantity for part in bundle.crab_part_ids)
                    for name in ("qty_available", "free_qty", "virtual_available")
                },
            }
        return result

    def _search_qty_available_new(self, operator, value, lot_id=False, owner_id=False, package_id=False):
        found = super()._search_qty_available_new(operator, value, lot_id, owner_id, package_id)
        bundles = self.search([("crab_part_ids", "!=", False)])
        if found is NotImplemented or not bundles:
            return found
        fitting = bundles.filtered_domain([("qty_available", operator, value)])
        return list(set(found) - set(bundles.ids) | set(fitting.ids))
