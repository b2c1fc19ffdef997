from odoo.addons.crab_api.asgi import APIRouter
from odoo.addons.crab_api.dependencies import AnySubject, ApiEnv, MemberSubject, Once, Paging, Source
from odoo.addons.crab_api.schemas import Page

from ..schemas import member as schemas

router = APIRouter(tags=["messages"])


@router.get("/member/messages")
def list_messages(env: ApiEnv, subject: MemberSubject, paging: Paging) -> Page[schemas.Message]:
    """What the member was told, the newest first, each with what it tells of. MB-30."""
    return env["crab.api.message.service"]._messages(subject, paging)


@router.get("/member/messages/unread")
def count_unread_messages(env: ApiEnv, subject: MemberSubject) -> schemas.Count:
    """How many messages are not read; counted up to 100. MB-30."""
    return env["crab.api.message.service"]._unread(subject)


@router.post("/member/messages/read")
def mark_messages_read(env: ApiEnv, subject: MemberSubject, given: schemas.MessagesRead) -> schemas.Count:
    """Mark messages as read, all of them without ``ids``; answers how many were not. 404: one is not the member's.
    MB-30."""
    return env["crab.api.message.service"]._mark_read(subject, given.ids)


@router.get("/feedback")
def list_feedback(env: ApiEnv, subject: AnySubject, paging: Paging) -> Page[schemas.Feedback]:
    """What the caller wrote, with the answers, the newest first. MB-27."""
    return env["crab.api.message.service"]._feedback(subject, paging)


@router.post("/feedback", status_code=201)
def send_feedback(env: ApiEnv, subject: AnySubject, once: Once, given: schemas.FeedbackIn) -> dict[str, str]:
    """Write to head office, with at most 9 pictures; answers the id.

    404: somebody else's picture. 422: no text, too much of it, or 20 open ones of today already. MB-27.
    """
    return once(lambda: env["crab.api.message.service"]._send_feedback(subject, given))


@router.post("/dealer-applications", status_code=201)
def apply_as_dealer(
    env: ApiEnv, subject: MemberSubject, once: Once, source: Source, given: schemas.DealerApplicationIn
) -> schemas.DealerApplication:
    """Ask to become a dealer, by an invitation or without; head office decides.

    404: no such agreement or region. 422: the supplier agreement that holds was not accepted, a wrong invitation or
    phone number, or an application with this number waits already. MB-32.
    """
    return once(lambda: env["crab.api.message.service"]._apply(given, source))
