from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_api.schemas import Page

from ..schemas import card as schemas
from ..tools import labels


class CrabApiGiftService(models.AbstractModel):
    """Gifts of e-cards by link (MB-17)."""

    _name = "crab.api.gift.service"
    _description = "API: gifts"

    @api.model
    def _give(self, subject, number, given):
        """:return: ``{"id": public id of the gift}``; the link is a secret and is not kept with answered requests"""
        card = self.env["crab.api.card.service"]._card(subject, number)
        return {"id": self.env["crab.card.gift"]._give(subject, card.id, given.greeting).public_id}

    @api.model
    def _given(self, subject, public_id):
        gift = self.env["crab.card.gift"]._for_subject(subject, [("public_id", "=", public_id)], limit=1)
        return self._out(gift, subject)[0]

    @api.model
    def _list(self, subject, paging):
        """What the member gave and took, the newest first."""
        self.env["crab.api.member.service"]._member(subject)
        gifts = self.env["crab.card.gift"]
        gifts_sudo = subject.bind(gifts.sudo())  # what is the subject's own follows from the domain
        page, cursor = gifts_sudo._page(gifts._subject_domain(subject), paging.cursor, paging.limit)
        return Page[schemas.Gift](items=self._out(page, subject), next_cursor=cursor)

    @api.model
    def _by_token(self, subject, token):
        """The gift of a link, for whoever has it.

        :param subject: None for a stranger
        :raise MissingError: (404) for a link that was never given out
        """
        return self._out(self.env["crab.card.gift"]._by_token(token), subject)[0]

    @api.model
    def _claim(self, subject, token):
        return self._out(self.env["crab.card.gift"]._claim(subject, token), subject)[0]

    @api.model
    def _revoke(self, subject, token):
        self.env["crab.card.gift"]._revoke(subject, token)

    @api.model
    def _link(self, token):
        # sudo: the address of the phone application is no secret
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        base = parameters_sudo.get_param("crab.app_url") or parameters_sudo.get_param("web.base.url", "") + "/m/"
        return f"{base}?gift={quote(token)}"

    @api.model
    def _out(self, gifts, subject):
        words = labels.of(gifts, "state")
        pictures = self.env["crab.api.catalog.service"]._pictures(gifts.product_id.product_tmpl_id)
        now = fields.Datetime.now()
        member_id = subject.id if subject and subject.kind == "member" else None
        rows = []
        for gift in gifts:
            is_mine = bool(member_id) and gift.member_id.id == member_id
            is_taken_by_me = bool(member_id) and gift.receiver_member_id.id == member_id
            is_open = gift.state == "open" and gift.expires_at > now
            rows.append(
                schemas.Gift(
                    product=schemas.CardProduct.from_product(
                        gift.product_id, pictures.get(gift.product_id.product_tmpl_id.id)
                    ),
                    giver=f"{gift.member_id.name[:1]}**",
                    greeting=gift.greeting or None,
                    state=self._state(gift, now),
                    state_label=words[self._state(gift, now)],
                    expires_at=gift.expires_at,
                    ended_at=gift.ended_at or None,
                    is_mine=is_mine,
                    can_claim=is_open and not is_mine,
                    can_revoke=gift.state == "open" and is_mine,
                    why_not=None if is_taken_by_me else self._why_not(gift, is_mine),
                    card=gift.card_id.number if is_mine or is_taken_by_me else None,
                    token=gift.token if is_open and is_mine else None,
                    link=self._link(gift.token) if is_open and is_mine else None,
                )
            )
        return rows

    @api.model
    def _state(self, gift, now):
        """The state as people see it: over as soon as its time is over, not when the job has ended it."""
        return "expired" if gift.state == "open" and gift.expires_at <= now else gift.state

    @api.model
    def _why_not(self, gift, is_mine):
        """Why this gift cannot be taken, in words."""
        try:
            gift._ensure_open()
        except UserError as error:
            return str(error)
        return self.env._("This gift is your own. Revoke it to use the card yourself.") if is_mine else None
