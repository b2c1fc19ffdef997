from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject

from ..schemas import member as schemas

router = APIRouter(tags=["cart"])


@router.get("/cart")
def get_cart(env: ApiEnv, subject: MemberSubject, address_id: str | None = None) -> schemas.Cart:
    """The cart at the prices and stock of now, with the freight to an address if one is given; what cannot be ordered
    says why. 404: the address is not the member's. MB-09, MB-10."""
    return env["crab.api.member.service"]._cart(subject, address_id)


@router.post("/cart/lines")
def add_to_cart(env: ApiEnv, subject: MemberSubject, given: schemas.CartLineAdd) -> schemas.Cart:
    """Put pieces of a package into the cart, besides those that are there.

    404: it is not on sale. 422: it is a card, too many pieces, or the cart is full. MB-08, MB-09.
    """
    return env["crab.api.member.service"]._add_to_cart(subject, given.product_id, given.quantity)


@router.put("/cart/lines/{product_id}")
def set_cart_line(env: ApiEnv, subject: MemberSubject, product_id: str, given: schemas.CartLineIn) -> schemas.Cart:
    """Let so many pieces of a package stand in the cart. 404 and 422: as when adding. MB-09."""
    return env["crab.api.member.service"]._put_in_cart(subject, product_id, given.quantity)


@router.delete("/cart/lines/{product_id}", status_code=204)
def remove_cart_line(env: ApiEnv, subject: MemberSubject, product_id: str) -> None:
    """Take a product out of the cart; a second time changes nothing. 404: there is no such product. MB-09."""
    env["crab.api.member.service"]._take_out_of_cart(subject, product_id)
