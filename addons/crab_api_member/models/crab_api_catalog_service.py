from odoo import api, models
from odoo.exceptions import MissingError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_shop.models.product_template import SHOP_KINDS

from ..schemas import catalog as schemas
from ..tools import keyset, links

RANKS = {  # highest first, unless the order ascends
    "recommended": SQL(
        "COALESCE(item.crab_is_recommended, false)::int * 1000000000::bigint - COALESCE(item.sequence, 0)"
    ),
    "sales": SQL("COALESCE(item.crab_sold, 0)"),
    "price": SQL("COALESCE(item.list_price, 0)"),
    "-price": SQL("COALESCE(item.list_price, 0)"),
}


class CrabApiCatalogService(models.AbstractModel):
    """What everybody sees of the shop, the same for all; and the caller's own prices apart (MB-07, MB-08)."""

    _name = "crab.api.catalog.service"
    _description = "API: catalogue"

    # ------------------------------------------------------------------ finding

    @api.model
    def _products(self):
        """``product.template`` in sudo: what is on sale is public."""
        return self.env["product.template"].sudo()

    @api.model
    def _on_sale(self):
        return (
            Domain("crab_kind", "in", SHOP_KINDS) & Domain("crab_state", "=", "on_sale") & Domain("active", "=", True)
        )

    @api.model
    def _product(self, public_id):
        """A product on sale.

        :raise MissingError: (404) for what is not on sale and unknown ids alike
        """
        product = self._products().search(self._on_sale() & Domain("public_id", "=", public_id), limit=1)
        if not product:
            raise MissingError(self.env._("This product does not exist."))
        return product

    @api.model
    def _products_of_ids(self, public_ids, fetch=(), active_only=True):
        """``{public id: product.template}`` of the shop, on sale or not.

        :param fetch: names of fields to read with the same query
        :raise MissingError: (404) when one of them does not exist
        """
        products = self._products().with_context(active_test=active_only)
        found = products.search_fetch(
            [("public_id", "in", list(set(public_ids))), ("crab_kind", "in", SHOP_KINDS)], ["public_id", *fetch]
        )
        by_id = {product.public_id: product for product in found}
        if by_id.keys() != set(public_ids):
            raise MissingError(self.env._("This product does not exist."))
        return by_id

    # ------------------------------------------------------------------ looking up for a page

    @api.model
    def _pictures(self, products):
        """``{product.template id: address of the picture}`` of those that have one, in one query."""
        attachments = (
            self.env["ir.attachment"]
            .sudo()  # pictures of products are public
            .search_fetch(
                [
                    ("res_model", "=", "product.template"),
                    ("res_id", "in", products.ids),
                    ("res_field", "=", "image_512"),
                ],
                ["res_id", "checksum"],
            )
        )
        public_ids = {product.id: product.public_id for product in products}
        return {
            attachment.res_id: f"/crab/product/{public_ids[attachment.res_id]}?v={(attachment.checksum or '')[:8]}"
            for attachment in attachments
        }

    @api.model
    def _shown(self, products):
        """``{product.template: what is shown besides its own fields}``; as many queries for a hundred as for one."""
        pictures, shelf = self._pictures(products), products._crab_shelf_figures()
        reviews = products._crab_review_figures()
        prices = self.env["crab.price"]._retail_prices(products)
        return {
            product: {
                "picture": pictures.get(product.id),
                "price": prices[product.id],
                "shelf": shelf[product],
                "reviews": reviews.get(product.id, {}),
            }
            for product in products
        }

    @api.model
    def _items(self, products):
        """``{product.template: schemas.Product}``"""
        return {
            product: schemas.Product.from_product(product, shown) for product, shown in self._shown(products).items()
        }

    @api.model
    def _choices(self, products):
        """``[schemas.Choice]`` of ``product.product``, with what they are put together from."""
        pictures = self._pictures(products.product_tmpl_id)
        return [schemas.Choice.from_product(product, pictures.get(product.product_tmpl_id.id)) for product in products]

    # ------------------------------------------------------------------ answers

    @api.model
    def _categories(self, kind=None):
        kinds = [kind] if kind else SHOP_KINDS
        categories = self.env["product.category"].sudo().search([("crab_kind", "in", kinds)], order="id")  # public
        below = categories.grouped("parent_id")
        roots = categories.filtered(lambda category: not category.parent_id)
        tops = [top for root in roots for top in below.get(root, ())]
        return [schemas.Category.from_category(top, below) for top in tops]

    @api.model
    def _list(self, paging, kind=None, category=None, q=None, sort="recommended"):
        """:raise MissingError: (404) for a category or cursor that does not exist"""
        domain = self._on_sale()
        if kind:
            domain &= Domain("crab_kind", "=", kind)
        if category:
            found = self.env["product.category"].sudo().search([("public_id", "=", category)])  # public
            if not found:
                raise MissingError(self.env._("This category does not exist."))
            domain &= Domain("categ_id", "child_of", found.id)
        if q and q.strip():
            for word in map(escape_psql, q.split()[:5]):
                domain &= Domain("name", "ilike", word) | Domain("default_code", "=ilike", word)
        after = None
        if paging.cursor:
            after = self._products().with_context(active_test=False).search([("public_id", "=", paging.cursor)])
            if not after:
                raise MissingError(self.env._("This product does not exist."))
        products, is_more = keyset.page(
            self._products(), domain, RANKS[sort], after, paging.limit, ascending=sort == "price"
        )
        items = list(self._items(products).values())
        return Page[schemas.Product](items=items, next_cursor=items[-1].id if is_more else None)

    @api.model
    def _detail(self, public_id):
        product = self._product(public_id)
        choices = self._choices(product.crab_choice_ids.filtered("active"))
        return schemas.ProductDetail.from_detail(product, self._shown(product)[product], choices)

    @api.model
    def _reviews(self, public_id, paging):
        reviews, cursor = self.env["crab.review"]._of_product(self._product(public_id), paging.cursor, paging.limit)
        items = [
            schemas.PublicReview.from_review(review, links.pictures(self.env, "review", review)) for review in reviews
        ]
        return Page[schemas.PublicReview](items=items, next_cursor=cursor)

    @api.model
    def _prices(self, subject, public_ids):
        """The caller's own prices; what is not on sale is left out.

        :raise MissingError: (404) when a product does not exist
        """
        by_id = self._products_of_ids(public_ids, ["active", "crab_kind", "crab_state", "list_price"])
        templates = self._products().union(*by_id.values())
        visible = self.env["crab.price"]._visible_prices(subject, templates)
        kept = self.env["crab.favourite"]._for_subject(
            subject, [("product_tmpl_id", "in", templates.ids)], ["product_tmpl_id"]
        )
        return [
            schemas.OwnPrice(
                product_id=public_id,
                retail_price=prices["retail"],
                price=prices["own"],
                is_favourite=template in kept.product_tmpl_id,
            )
            for public_id, template in by_id.items()
            if (prices := visible.get(template.id))
        ]
