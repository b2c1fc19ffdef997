from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

KINDS = [
    ("package", "In-stock package"),
    ("physical_card", "Physical card"),
    ("ecard", "E-card"),
    ("b2b", "B2B goods"),
]
VAT_AMOUNTS = {"13": 13.0, "9": 9.0, "6": 6.0}


class ProductCategory(models.Model):
    _name = "product.category"
    _inherit = ["product.category", "crab.public.id.mixin"]

    crab_kind = fields.Selection(
        KINDS,
        string="Kind of Goods",
        compute="_compute_crab_kind",
        store=True,
        readonly=False,
        recursive=True,
        index="btree_not_null",
        help="What this tree of categories holds; a category below another one has its kind.",
    )
    crab_vat = fields.Selection(
        [("13", "13 %"), ("9", "9 %"), ("6", "6 %"), ("exempt", "VAT exempt"), ("none", "Not subject to VAT")],
        string="Sales VAT",
        help="Given to new products of this category. "
        "Empty: as the category above; at the top 9 % for goods, none for cards.",
    )

    @api.depends("parent_id.crab_kind")
    def _compute_crab_kind(self):
        for category in self:
            category.crab_kind = category.parent_id.crab_kind if category.parent_id else category.crab_kind

    @api.constrains("crab_kind", "parent_id")
    def _check_crab_kind(self):
        deep = self.search(
            [
                ("id", "child_of", self.ids),
                ("crab_kind", "!=", False),
                ("parent_id.parent_id.parent_id", "!=", False),
            ],
            limit=1,
        )
        if deep:
            raise ValidationError(
                self.env._(
                    "“%(name)s” would be on a third level: there are categories and sub-categories only.",
                    name=deep.name,
                )
            )
        for category in self:
            if category.parent_id and category.crab_kind != category.parent_id.crab_kind:
                raise ValidationError(
                    self.env._(
                        "The category “%(name)s” must be of the same kind as the one above it.", name=category.name
                    )
                )
        # sudo: archived and other companies' products count too
        products_sudo = self.env["product.template"].sudo().with_context(active_test=False)
        for kind, categories in self.grouped("crab_kind").items():
            stranger = products_sudo.search(
                [("categ_id", "in", categories.ids), ("crab_kind", "!=", False), ("crab_kind", "!=", kind)], limit=1
            )
            if stranger:
                raise ValidationError(
                    self.env._(
                        "“%(category)s” holds “%(product)s”, which is of another kind. Move the product first.",
                        category=stranger.categ_id.display_name,
                        product=stranger.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """A category below another one begins with its parameters."""
        for vals in vals_list:
            if vals.get("parent_id") and not vals.get("product_properties_definition"):
                parent = self.browse(vals["parent_id"])
                if parent.crab_kind and parent.product_properties_definition:
                    vals["product_properties_definition"] = parent.product_properties_definition
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crab_used(self):
        roots = self.filtered(lambda category: category.crab_kind and not category.parent_id)
        if roots:
            raise UserError(
                self.env._("“%(name)s” is the top category of its kind and cannot be deleted.", name=roots[0].name)
            )
        # sudo: archived and other companies' products count too
        used = (
            self.env["product.template"]
            .sudo()
            .with_context(active_test=False)
            .search([("categ_id", "child_of", self.ids), ("crab_kind", "!=", False)], limit=1)
        )
        if used:
            raise UserError(
                self.env._(
                    "“%(category)s” still holds products, e.g. “%(product)s”. Move them to another category first.",
                    category=used.categ_id.display_name,
                    product=used.display_name,
                )
            )

    @api.model
    def _crab_root(self, kind):
        """The top category of a kind of goods (``package``, ``physical_card``, ``ecard``, ``b2b``)."""
        return self.search([("crab_kind", "=", kind), ("parent_id", "=", False)], order="id", limit=1)

    @api.model
    def _crab_get_or_create(self, paths):
        """Categories by kind and path, missing ones created level by level.

        :param paths: ``{(kind, (name, …))}``; an empty tuple means the top category of the kind
        :return: ``{(kind, path): product.category}``
        """
        found = {(kind, ()): self._crab_root(kind) for kind, _path in paths}
        wanted = {(kind, path[:depth]) for kind, path in paths for depth in range(1, len(path) + 1)}
        for depth in sorted({len(path) for _kind, path in wanted}):
            keys = sorted(key for key in wanted if len(key[1]) == depth)
            parents = self.browse(found[kind, path[:-1]].id for kind, path in keys)
            existing = {
                (category.parent_id.id, category.name): category
                for category in self.search([("parent_id", "in", parents.ids)], order="id desc")
            }
            missing = [
                {"name": path[-1], "parent_id": found[kind, path[:-1]].id}
                for kind, path in keys
                if (found[kind, path[:-1]].id, path[-1]) not in existing
            ]
            for category in self.create(missing):
                existing[category.parent_id.id, category.name] = category
            for kind, path in keys:
                found[kind, path] = existing[found[kind, path[:-1]].id, path[-1]]
        return found

    def _crab_vat_key(self):
        """The VAT of new products of this category: a key of ``crab_vat``."""
        self.ensure_one()
        category = self
        while category and not category.crab_vat:
            category = category.parent_id
        return category.crab_vat or ("none" if self.crab_kind in ("physical_card", "ecard") else "9")
