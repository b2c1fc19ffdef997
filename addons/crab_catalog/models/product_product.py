from odoo import api, models
from odoo.exceptions import UserError


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model
    def _crab_warehouse(self):
        """The Group's main warehouse, in sudo: where products of the suite are kept unless a document says otherwise.

        :raise UserError: when the Group has no warehouse
        """
        company = self.env["res.company"]._crab_company("group")
        warehouse_sudo = (
            self.env["stock.warehouse"].sudo().search([("company_id", "=", company.id)], order="sequence, id", limit=1)
        )
        if not warehouse_sudo:
            raise UserError(
                self.env._("“%(company)s” has no warehouse. Create one under Inventory.", company=company.name)
            )
        return warehouse_sudo

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
