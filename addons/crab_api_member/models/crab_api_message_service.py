from odoo import api, models
from odoo.exceptions import MissingError

from odoo.addons.crab_api.schemas import Page

from ..schemas import member as schemas
from ..tools import labels, links

TARGETS = {  # model of a message's document: kind and the field by which the app asks for it
    "sale.order": ("order", "public_id"),
    "crab.redemption": ("redemption", "name"),
    "crab.aftersale": ("aftersale", "public_id"),
}


class CrabApiMessageService(models.AbstractModel):
    """Messages, feedback and dealer applications (MB-27, MB-30, MB-32)."""

    _name = "crab.api.message.service"
    _description = "API: messages"

    @api.model
    def _messages(self, subject, paging):
        notices = self.env["crab.notice"]
        notices_sudo = subject.bind(notices.sudo())  # what is the subject's own follows from the domain
        page, cursor = notices_sudo._page(notices._subject_domain(subject), paging.cursor, paging.limit)
        targets = self._targets(subject, page)
        items = [schemas.Message.from_notice(notice, targets.get(notice)) for notice in page]
        return Page[schemas.Message](items=items, next_cursor=cursor)

    @api.model
    def _targets(self, subject, notices):
        """``{notice: schemas.MessageTarget}`` of documents that the subject may open, a query per model."""
        targets = {}
        for model, of_model in notices.grouped("document_model").items():
            documents = {}
            if model == "crab.refund":
                refunds_sudo = self.env[model]._for_subject(subject, [("id", "in", of_model.mapped("document_id"))])
                documents = {refund.id: ("order", refund.order_id.public_id) for refund in refunds_sudo}
            elif model in TARGETS:
                kind, field = TARGETS[model]
                found_sudo = self.env[model]._for_subject(subject, [("id", "in", of_model.mapped("document_id"))])
                documents = {document.id: (kind, document[field]) for document in found_sudo}
            for notice in of_model.filtered(lambda notice, known=documents: notice.document_id in known):
                kind, target_id = documents[notice.document_id]
                targets[notice] = schemas.MessageTarget(kind=kind, id=target_id)
        return targets

    @api.model
    def _unread(self, subject):
        return schemas.Count(count=self.env["crab.notice"]._unread_count_for_subject(subject))

    @api.model
    def _mark_read(self, subject, public_ids=None):
        """:raise MissingError: (404) for other people's; nothing is marked then"""
        notices = self.env["crab.notice"]
        ids = None
        if public_ids is not None:
            ids = notices._for_subject(subject, [("public_id", "in", public_ids)]).ids
            if len(ids) != len(set(public_ids)):
                raise MissingError(self.env._("This message does not exist."))
        return schemas.Count(count=notices._mark_read_for_subject(subject, ids))

    @api.model
    def _feedback(self, subject, paging):
        feedback = self.env["crab.feedback"]
        feedback_sudo = subject.bind(feedback.sudo())  # what is the subject's own follows from the domain
        page, cursor = feedback_sudo._page(feedback._subject_domain(subject), paging.cursor, paging.limit)
        words = labels.of(page, "state")
        items = [
            schemas.Feedback.from_feedback(one, words[one.state], links.pictures(self.env, "feedback", one))
            for one in page
        ]
        return Page[schemas.Feedback](items=items, next_cursor=cursor)

    @api.model
    def _send_feedback(self, subject, given):
        contents = self.env["crab.upload"]._contents(subject, given.pictures)
        return {"id": self.env["crab.feedback"]._send(subject, given.text, contents).public_id}

    @api.model
    def _apply(self, given, address):
        """Ask to become a dealer.

        :raise MissingError: (404) for an unknown agreement or region
        :raise UserError: without the agreement that holds, for a wrong invitation, or while one waits already
        """
        values = given.model_dump(exclude_unset=True, exclude={"region_code", "invitation", "agreement_id"})
        if given.region_code:
            region = self.env["crab.api.site.service"]._region(given.region_code)
            while region:
                values[f"{region.level}_id"] = region.id
                region = region.parent_id
        agreements_sudo = self.env["crab.agreement"].sudo()  # what is published is public
        agreement = agreements_sudo._from_public_ids([given.agreement_id]) if given.agreement_id else agreements_sudo
        if given.agreement_id and not agreement:
            raise MissingError(self.env._("This agreement does not exist."))
        application = self.env["crab.dealer.application"]._apply(values, given.invitation, agreement, address)
        return schemas.DealerApplication.from_application(application)
