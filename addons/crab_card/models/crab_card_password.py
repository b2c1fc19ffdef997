import hashlib
import hmac

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows

from ..tools import normalise

NO_CARD = hashlib.sha256(b"no card").digest()


class CrabCard(models.Model):
    """Numbers with their passwords: checking a pair under the guess limits, binding to a member (MB-14)."""

    _inherit = "crab.card"  # a file per concern: pylint: disable=consider-merging-classes-inherited

    @api.model
    def _check_password(self, number, password):
        """The card of this pair, or an empty recordset; an unknown number takes as long as a wrong password.

        Counts nothing: whoever answers people from outside uses ``_open_with_password``.

        :param number, password: as typed
        :raise UserError: when the key ring is missing or wrong, with a message for the operator
        """
        ring = self.env["crab.card.key"]._ring()
        number, password = normalise.number(number), normalise.text(password)[:64]
        known = number if normalise.NUMBER.fullmatch(number) else ""
        self.env.cr.execute(
            SQL(
                "SELECT c.id, c.password_hash, k.chain FROM crab_card c JOIN crab_card_key k ON k.id = c.key_id"
                " WHERE c.number = %s",
                known,
            )
        )
        card_id, stored, chain = self.env.cr.fetchone() or (None, None, ring.current)
        is_right = hmac.compare_digest(ring.hash(chain, known, password), bytes(stored or NO_CARD))
        return self.browse(card_id) if is_right and card_id else self.browse()

    @api.model
    def _open_with_password(self, subject, number, password, source=None, phone=None, code=None):
        """The card of this pair, with the guess limits: the one door for redeeming and binding by password.

        :param subject: who enters it (``Subject``)
        :param source: network address of the request through trusted proxies, where there is one
        :param phone, code: a code by SMS for the purpose ``card``, which is looked at only where it is asked for
        :return: the card, in sudo: the password is the right to it
        :raise UserError: the same for an unknown number and for a wrong password
        :raise SmsCodeRequired: when there were too many wrong ones and a code by SMS would help (``error_code``)
        :raise CardLocked: when there were too many, and it would not
        """
        guesses = self.env["crab.card.guess"]
        attempt = guesses._identify(number, source, subject)
        with guesses._one_at_a_time(attempt, phone):
            with self.env.cr.savepoint(flush=False):
                guesses._guard(attempt, phone, code)
                card = self._check_password(number, password)
            if not card:
                guesses._refuse(attempt)
        return card.sudo()

    @api.model
    def _bind_for_subject(self, subject, number, password, source=None, phone=None, code=None):
        """Bind the card of this pair to the member ``subject`` (MB-14); its state does not change.

        A card that is bound to the member already stays so.

        :param source, phone, code: as in ``_open_with_password``
        :return: the card, in sudo
        :raise UserError: for a wrong pair, an inactive, used, cancelled or foreign card; nothing is bound then
        """
        if subject.kind != "member":
            raise UserError(self.env._("Only members bind cards to themselves."))
        member_sudo = self.env["crab.member"]._asking(subject)
        if not member_sudo:
            raise UserError(self.env._("This member does not exist."))
        card_sudo = subject.bind(self._open_with_password(subject, number, password, source, phone, code))
        card_sudo._claim_member(member_sudo)
        lock_rows(card_sudo)
        card_sudo._check_bindable(member_sudo)
        if card_sudo.member_id != member_sudo:
            card_sudo._bind(None, member_sudo)
        return card_sudo

    def _check_bindable(self, member):
        if self.state == "inactive":
            raise UserError(self.env._("This card is not yet activated. Please ask your seller."))
        if self.state == "used":
            raise UserError(self.env._("This card has already been redeemed."))
        if self.state == "cancelled":
            raise UserError(self.env._("This card has been cancelled. Please ask your seller."))
        if self.member_id and self.member_id != member:
            raise UserError(self.env._("This card is already bound to another member."))
        if self.transit_id:
            raise UserError(self.env._("This card is being handed over. Please try again when that is finished."))
