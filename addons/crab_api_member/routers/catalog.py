from typing import Annotated

from fastapi import Query, Response

from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import AnySubject, ApiEnv, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import catalog as schemas

router = APIRouter(tags=["catalog"])


@router.get("/catalog/categories")
def list_categories(env: ApiEnv, kind: schemas.Kind | None = None) -> list[schemas.Category]:
    """The categories of a kind of goods (or of all), with their sub-categories. The same for everybody. MB-07."""
    return env["crab.api.catalog.service"]._categories(kind)


@router.get("/catalog/products")
def list_products(
    env: ApiEnv,
    paging: Paging,
    kind: schemas.Kind | None = None,
    category: str | None = None,
    q: Annotated[str | None, Query(max_length=64)] = None,
    sort: schemas.Sort = "recommended",
) -> Page[schemas.Product]:
    """Products on sale with the nationwide retail price, the same for everybody: by category (with its
    sub-categories), found by words of the name or the code, sorted. Stock and sales are as of the last minutes.

    404: the category or the cursor does not exist. MB-07, MB-12, MB-13.
    """
    return env["crab.api.catalog.service"]._list(paging, kind, category, q, sort)


@router.get("/catalog/products/{product_id}")
def get_product(env: ApiEnv, product_id: str) -> schemas.ProductDetail:
    """The page of a product: details, what a package is put together from, what a card is redeemed for. The same for
    everybody.

    404: it does not exist or is not on sale. MB-08.
    """
    return env["crab.api.catalog.service"]._detail(product_id)


@router.get("/catalog/products/{product_id}/reviews")
def list_product_reviews(env: ApiEnv, product_id: str, paging: Paging) -> Page[schemas.PublicReview]:
    """What members say of a product, the newest first; names are shortened or left out. 404: as for the product.
    MB-08."""
    return env["crab.api.catalog.service"]._reviews(product_id, paging)


@router.get("/catalog/prices")
def list_own_prices(
    env: ApiEnv,
    subject: AnySubject,
    response: Response,
    ids: Annotated[str, Query(description="product ids, separated by commas", max_length=4000)],
) -> list[schemas.OwnPrice]:
    """The caller's own prices of products, and which are favourites; what is not on sale is left out. Never cached.

    404: a product does not exist. MB-08.
    """
    response.headers["Cache-Control"] = "no-store"
    return env["crab.api.catalog.service"]._prices(subject, [one for one in ids.split(",") if one])
