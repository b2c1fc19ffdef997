from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv

from ..schemas import site as schemas

router = APIRouter(tags=["site"])


@router.get("/site/home")
def get_home(env: ApiEnv) -> schemas.Home:
    """The banners to show now, in order, each with what it opens, and the recommended products. MB-06."""
    return env["crab.api.site.service"]._home()


@router.get("/site/about")
def get_about(env: ApiEnv) -> schemas.About:
    """Who the shop is, its service phone, and the page “About us”. MB-28."""
    return env["crab.api.site.service"]._about()


@router.get("/site/articles")
def list_articles(env: ApiEnv) -> list[schemas.ArticleItem]:
    """The published articles, in order. MB-06."""
    return env["crab.api.site.service"]._articles()


@router.get("/site/articles/{article_id}")
def get_article(env: ApiEnv, article_id: str) -> schemas.Article:
    """A published article, e.g. one that a banner opens. 404: it is not published. MB-06."""
    return env["crab.api.site.service"]._article(article_id)


@router.get("/site/agreements")
def list_agreements(env: ApiEnv) -> list[schemas.AgreementItem]:
    """The agreements that hold, without their texts. MB-28."""
    return env["crab.api.site.service"]._agreements()


@router.get("/site/agreements/{kind}")
def get_agreement(env: ApiEnv, kind: schemas.AgreementKind) -> schemas.Agreement:
    """The version of an agreement that holds. 404: none is published. MB-28."""
    return env["crab.api.site.service"]._agreement(kind)


@router.get("/site/regions")
def list_regions(env: ApiEnv, parent: str | None = None) -> list[schemas.Region]:
    """Provinces, or the parts of the region with the code ``parent``. 404: there is no such region. MB-26."""
    return env["crab.api.site.service"]._regions(parent)
