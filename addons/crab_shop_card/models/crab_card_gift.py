import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.orm.models import NO_ACCESS

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tools.loose_many2one import LooseMany2one

HOURS = 24
TOKEN_BYTES = 24
EXPIRE_LIMIT = 200


class CrabCardGift(models.Model):
    """An unused e-card on its way from one member to another (domain.md §7, MB-17).

    Whoever has the link may take the card until the gift ends. Meanwhile the number is in transit with the gift: nobody
    can redeem, return or give it a second time, and revoking makes it usable again. Taking it changes the holder and
    nothing else.
    """

    _name = "crab.card.gift"
    _description = "Gift of an e-card"
    _inherit = ["crab.by.buttons.mixin", "crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"

    name = fields.Char("Gift number", required=True, readonly=True)
    card_id = LooseMany2one("crab.card", string="Number", required=True, readonly=True)
    product_id = fields.Many2one(related="card_id.product_id")
    member_id = fields.Many2one("crab.member", "Given by", required=True, readonly=True, ondelete="restrict")
    receiver_member_id = fields.Many2one("crab.member", "Taken by", readonly=True, ondelete="restrict")
    # what the link stands on: whoever reads it can take the card
    token = fields.Char(required=True, readonly=True, copy=False, groups=NO_ACCESS)
    greeting = fields.Char(size=100, readonly=True)
    state = fields.Selection(
        [("open", "Waiting to be taken"), ("claimed", "Taken"), ("revoked", "Revoked"), ("expired", "Expired")],
        required=True,
        readonly=True,
        default="open",
    )
    expires_at = fields.Datetime("Can be taken until", required=True, readonly=True)
    ended_at = fields.Datetime("Taken, revoked or expired on", readonly=True)

    _token_uniq = models.UniqueIndex("(token)", "The link of a gift is its own.")
    _open_once = models.UniqueIndex("(card_id) WHERE state = 'open'", "A number is in one gift at a time.")
    _expiry_idx = models.Index("(expires_at) WHERE state = 'open'")
    _member_idx = models.Index("(member_id, id)")
    _receiver_idx = models.Index("(receiver_member_id, id) WHERE receiver_member_id IS NOT NULL")

    @api.model
    def _subject_domain(self, subject: Subject):
        """Who gave it and who took it; others come by the link (``_by_token``)."""
        domain = super()._subject_domain(subject)
        if subject.kind == "member":
            return domain | Domain("member_id", "=", subject.id) | Domain("receiver_member_id", "=", subject.id)
        return domain

    # ------------------------------------------------------------------ giving, taking, revoking

    @api.model
    def _ensure_member(self, subject: Subject):
        """:raise MissingError: (404) for dealers and staff, whose ids are ids of members too"""
        if subject.kind != "member":
            raise MissingError(self.env._("There is no such gift."))

    @api.model
    def _give(self, subject: Subject, card_id, greeting=None):
        """Make a gift of one of the member's e-cards.

        :param subject: the giving member
        :param card_id: id of a number in its list
        :param str greeting: shown to whoever opens the link; at most 100 characters
        :return: the gift in sudo; ``token`` is what the link is made of
        :raise MissingError: (404) for a number that is not the member's
        :raise UserError: when the number is no e-card, or not free, active and valid
        """
        self._ensure_member(subject)
        [card] = self.env["crab.card"]._get_for_subject(subject, [card_id])
        gifts_sudo = subject.bind(self.sudo())  # members have no Odoo user; the card was checked
        if card.kind != "ecard" or card.holder_kind != "member" or card.member_id.id != subject.id:
            raise UserError(self.env._("Only e-cards of one's own can be given."))
        greeting = (greeting or "").strip()
        if len(greeting) > 100:
            raise UserError(self.env._("The greeting may have at most 100 characters."))
        card._ensure_usable()  # locks it: one of two gifts, or a redemption, comes first
        hours = int(self.env["ir.config_parameter"].sudo().get_param("crab_shop_card.gift_hours", HOURS))
        gift = gifts_sudo.create(
            {
                "name": gifts_sudo.env["ir.sequence"].next_by_code("crab.card.gift"),
                "card_id": card.id,
                "member_id": subject.id,
                "token": secrets.token_urlsafe(TOKEN_BYTES),
                "greeting": greeting or False,
                "expires_at": fields.Datetime.now() + timedelta(hours=hours),
            }
        )
        card._reserve(gift, {"state": ("active",), "member_id": (subject.id,)})
        self.env["crab.outbox"]._emit("gift.open", gift, {})
        return gift

    @api.model
    def _by_token(self, token):
        """The gift of a link, in sudo, whoever asks: the link itself is the right to see it.

        :raise MissingError: (404) for a link that was never given out
        """
        gift_sudo = self.sudo().search([("token", "=", token or "")], limit=1)
        if not gift_sudo:
            raise MissingError(self.env._("There is no such gift."))
        return gift_sudo

    @api.model
    def _claim(self, subject: Subject, token):
        """Take the card of a gift. Who took it already gets it again; a second person is refused.

        :param subject: the taking member
        :raise MissingError: (404) for an unknown link
        :raise UserError: when it was taken, revoked or has expired, or is the giver's own
        :return: the gift in sudo
        """
        self._ensure_member(subject)
        gift_sudo = subject.bind(self._by_token(token))
        lock_rows(gift_sudo)
        if gift_sudo.state == "claimed" and gift_sudo.receiver_member_id.id == subject.id:
            return gift_sudo
        [member] = self.env["crab.member"]._get_for_subject(subject, [subject.id])
        if gift_sudo.member_id == member:
            raise UserError(self.env._("This gift is your own. Revoke it to use the card yourself."))
        gift_sudo._ensure_open()
        gift_sudo._take_card()._hand_over(
            gift_sudo,
            member,
            expect={"state": ("active",), "member_id": (gift_sudo.member_id.id,), "transit": (gift_sudo,)},
        )
        gift_sudo._end("claimed", receiver_member_id=member.id)
        return gift_sudo

    @api.model
    def _revoke(self, subject: Subject, token):
        """Take a gift back that nobody has taken; a second time changes nothing.

        :param subject: the giving member
        :raise MissingError: (404) for other people's gifts and unknown links alike
        :raise UserError: when it was taken
        """
        self._ensure_member(subject)
        gift_sudo = subject.bind(self._by_token(token))
        if gift_sudo.member_id.id != subject.id:
            raise MissingError(self.env._("There is no such gift."))
        lock_rows(gift_sudo)
        if gift_sudo.state == "open":
            gift_sudo._give_back("revoked")
        elif gift_sudo.state == "claimed":
            raise UserError(self.env._("The gift was taken already."))
        return gift_sudo

    def action_revoke(self):
        """Customer service ends a gift on behalf of the member who gave it."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_customer_service"):
            raise AccessError(self.env._("Only customer service revokes gifts on behalf of members."))
        gifts_sudo = self.sudo()  # the right was checked
        lock_rows(gifts_sudo)
        for gift in gifts_sudo:
            if gift.state == "claimed":
                raise UserError(self.env._("The gift was taken already."))
            if gift.state == "open":
                gift._give_back("revoked")

    @api.model
    def _cron_expire(self):
        """End the gifts that nobody took in time; one that is being taken right now is left for the next run."""
        due = self.search(
            [("state", "=", "open"), ("expires_at", "<", fields.Datetime.now())], order="expires_at", limit=EXPIRE_LIMIT
        )
        free = due.try_lock_for_update()
        for gift in free.filtered(lambda gift: gift.state == "open"):
            gift._give_back("expired")
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(due) == EXPIRE_LIMIT))

    def _ensure_open(self):
        """:raise UserError: saying why the card can no longer be taken"""
        if self.state == "open" and self.expires_at <= fields.Datetime.now():
            raise UserError(self.env._("The gift has expired."))
        if self.state != "open":
            raise UserError(
                {
                    "claimed": self.env._("The gift was taken by somebody else."),
                    "revoked": self.env._("The gift was revoked."),
                    "expired": self.env._("The gift has expired."),
                }[self.state]
            )

    def _take_card(self):
        return self.env["crab.card"].browse(self.card_id.id)

    def _give_back(self, state):
        """The number is free again in the hands of who gave it."""
        self._take_card()._release(self)
        self._end(state)

    def _end(self, state, **values):
        self.write({"state": state, "ended_at": fields.Datetime.now(), **values})
        self.env["crab.outbox"]._emit(f"gift.{state}", self, {})
