from typing import Literal

from odoo.addons.crab_api.schemas import Out, When

from .catalog import Product, html

AgreementKind = Literal["registration", "service", "supplier"]


class BannerTarget(Out):
    """``id`` of a product, category or article; ``url`` of a web page."""

    kind: Literal["product", "category", "article", "url"]
    id: str | None = None
    url: str | None = None


class Banner(Out):
    id: str
    title: str
    picture: str
    target: BannerTarget

    @classmethod
    def from_banner(cls, banner, picture):
        kind = banner.target_kind
        opened = {"product": banner.product_tmpl_id, "category": banner.categ_id, "article": banner.article_id}.get(
            kind
        )
        return cls(
            id=banner.public_id,
            title=banner.title,
            picture=picture,
            target=BannerTarget(
                kind=kind, id=opened.public_id if opened else None, url=banner.url if kind == "url" else None
            ),
        )


class Home(Out):
    banners: list[Banner]
    recommended: list[Product]


class ArticleItem(Out):
    id: str
    title: str

    @classmethod
    def from_article(cls, article, **more):
        return cls(id=article.public_id, title=article.title, **more)


class Article(ArticleItem):
    body_html: str | None

    @classmethod
    def from_article(cls, article, **more):
        return super().from_article(article, body_html=html(article.body), **more)


class About(Out):
    name: str
    phone: str | None
    address: str | None
    logo: str | None
    title: str | None
    body_html: str | None

    @classmethod
    def from_about(cls, about):
        article = about["article"]
        return cls(
            name=about["name"],
            phone=about["phone"],
            address=about["address"] or None,
            logo=about["logo"],
            title=article.title or None,
            body_html=html(article.body),
        )


class AgreementItem(Out):
    id: str
    kind: AgreementKind
    version: int
    title: str
    published_at: When

    @classmethod
    def from_agreement(cls, agreement, **more):
        return cls(
            id=agreement.public_id,
            kind=agreement.kind,
            version=agreement.number,
            title=agreement.title,
            published_at=agreement.published_at,
            **more,
        )


class Agreement(AgreementItem):
    body_html: str | None

    @classmethod
    def from_agreement(cls, agreement, **more):
        return super().from_agreement(agreement, body_html=html(agreement.body), **more)


class Region(Out):
    code: str
    name: str
    level: Literal["province", "city", "district"]
    has_parts: bool

    @classmethod
    def from_region(cls, region, has_parts):
        return cls(code=region.code, name=region.name, level=region.level, has_parts=has_parts)
