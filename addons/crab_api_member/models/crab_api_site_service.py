from odoo import api, models
from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..schemas import site as schemas

RECOMMENDED = 20


class CrabApiSiteService(models.AbstractModel):
    """The first page, articles, agreements and regions: for everybody (MB-06, MB-28)."""

    _name = "crab.api.site.service"
    _description = "API: site"

    @api.model
    def _home(self):
        banners = self.env["crab.banner"]._shown()
        pictures = banners._picture_paths()
        catalog = self.env["crab.api.catalog.service"]
        products = catalog._products().search(
            catalog._on_sale() & Domain("crab_is_recommended", "=", True), order="sequence, id desc", limit=RECOMMENDED
        )
        return schemas.Home(
            banners=[schemas.Banner.from_banner(banner, pictures[banner]) for banner in banners],
            recommended=list(catalog._items(products).values()),
        )

    @api.model
    def _about(self):
        return schemas.About.from_about(self.env["crab.article"]._about())

    @api.model
    def _articles(self):
        return [schemas.ArticleItem.from_article(article) for article in self.env["crab.article"]._published()]

    @api.model
    def _article(self, public_id):
        """:raise MissingError: (404) for what is not published and unknown ids alike"""
        article = self.env["crab.article"]._published().filtered(lambda article: article.public_id == public_id)
        if not article:
            raise MissingError(self.env._("This article does not exist."))
        return schemas.Article.from_article(article)

    @api.model
    def _agreements(self):
        return [schemas.AgreementItem.from_agreement(agreement) for agreement in self.env["crab.agreement"]._holding()]

    @api.model
    def _agreement(self, kind):
        """:raise MissingError: (404) while no version is published"""
        agreement = self.env["crab.agreement"]._holding((kind,))
        if not agreement:
            raise MissingError(self.env._("This agreement is not published yet."))
        return schemas.Agreement.from_agreement(agreement)

    @api.model
    def _regions(self, parent=None):
        """The parts of the region with the code ``parent``; the provinces without one.

        :raise MissingError: (404) for an unknown code
        """
        regions = self.env["crab.region"].sudo()  # regions are public
        above = regions.search([("code", "=", parent)]) if parent else regions
        if parent and not above:
            raise MissingError(self.env._("This region does not exist."))
        domain = Domain("parent_id", "=", above.id) if parent else Domain("level", "=", "province")
        found = regions.search(domain)
        divided = regions._read_group([("parent_id", "in", found.ids)], ["parent_id"])
        with_parts = {region.id for [region] in divided}
        return [schemas.Region.from_region(region, region.id in with_parts) for region in found]

    @api.model
    def _region(self, code):
        """The region with this code, in sudo.

        :raise MissingError: (404) for an unknown one
        """
        region = self.env["crab.region"].sudo().search([("code", "=", code)])  # regions are public
        if not region:
            raise MissingError(self.env._("This region does not exist."))
        return region

    @api.model
    def _receiver(self, given):
        """What the services of the suite take of what is given of a ``schemas.member.ReceiverIn``."""
        values = given.model_dump(exclude_unset=True)
        if "region_code" in values:
            region = self._region(values.pop("region_code"))
            values[f"{region.level}_id"] = region.id
        return values
