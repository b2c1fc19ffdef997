from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import ApiEnv, MemberSubject, Once, Paging
from odoo.addons.crab_api.schemas import Page

from ..schemas import order as schemas

router = APIRouter(tags=["reviews"])


@router.get("/reviews/pending")
def list_pending_reviews(env: ApiEnv, subject: MemberSubject) -> schemas.PendingReviews:
    """Products that the member received and can review now, the latest first. MB-18."""
    return env["crab.api.review.service"]._pending(subject)


@router.post("/orders/{order_id}/reviews", status_code=201)
def write_reviews(
    env: ApiEnv, subject: MemberSubject, once: Once, order_id: str, given: schemas.ReviewsIn
) -> schemas.OwnReviews:
    """Review products of a received order, each once, with at most 9 pictures.

    404: it is not the member's, or has no such product. 422: not received, given back, or reviewed already; nothing is
    written then. MB-18.
    """
    written = once(lambda: env["crab.api.review.service"]._write(subject, order_id, given, once.key))
    return env["crab.api.review.service"]._of_ids(subject, written["ids"])


@router.get("/member/reviews")
def list_own_reviews(env: ApiEnv, subject: MemberSubject, paging: Paging) -> Page[schemas.OwnReview]:
    """What the member wrote, the newest first, also what is hidden. MB-19."""
    return env["crab.api.review.service"]._own(subject, paging)
