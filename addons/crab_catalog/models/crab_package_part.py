from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrabPackagePart(models.Model):
    """What a package is put together from. Such a package has no stock of its own: its parts are reserved and shipped.

    docs/decisions/0052-package-parts.md
    """

    _name = "crab.package.part"
    _description = "Part of a package"
    _order = "package_tmpl_id, sequence, id"
    _rec_name = "product_id"

    package_tmpl_id = fields.Many2one("product.template", "Package", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        "Part",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("crab_kind", "in", ("b2b", "package")), ("crab_part_ids", "=", False)],
    )
    quantity = fields.Float(required=True, digits="Product Unit", default=1)
    uom_id = fields.Many2one(related="product_id.uom_id")

    _part_uniq = models.UniqueIndex("(package_tmpl_id, product_id)", "This part is in the package already.")
    _quantity_check = models.Constraint(
        "CHECK (quantity > 0 AND quantity < 1000000)", "The quantity of a part is more than zero."
    )

    @api.constrains("package_tmpl_id", "product_id")
    def _check_part(self):
        for part in self:
            package, product = part.package_tmpl_id, part.product_id
            if package.crab_kind != "package":
                raise ValidationError(self.env._("“%(name)s” is no in-stock package.", name=package.display_name))
            if (
                product.crab_kind not in ("package", "b2b")
                or product.crab_part_ids
                or package == product.product_tmpl_id
            ):
                raise ValidationError(
                    self.env._(
                        "“%(part)s” cannot be a part: parts are goods of the suite with stock of their own.",
                        part=product.display_name,
                    )
                )
        packages_sudo = self.package_tmpl_id.sudo()  # a constraint looks at everything
        nested = self.sudo().search([("product_id.product_tmpl_id", "in", packages_sudo.ids)], limit=1)
        if nested:
            raise ValidationError(
                self.env._(
                    "“%(package)s” is itself a part of “%(other)s” and cannot have parts.",
                    package=nested.product_id.display_name,
                    other=nested.package_tmpl_id.display_name,
                )
            )
        stocked = (
            self.env["stock.quant"]
            .sudo()
            .search(
                [
                    ("product_id.product_tmpl_id", "in", packages_sudo.ids),
                    ("location_id.usage", "in", ("internal", "transit")),
                    ("quantity", "!=", 0),
                ],
                limit=1,
            )
        )
        if stocked:
            raise ValidationError(
                self.env._(
                    "“%(name)s” still has stock of its own. Count it down to 0 before it gets parts.",
                    name=stocked.product_id.display_name,
                )
            )
