import re

from psycopg2 import IntegrityError

from odoo import api, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import consteq, hmac

from odoo.addons.crab_base.tools.subject import MODELS, Subject

SCOPE = "crab-member-invitation"
INVITERS = {"D": "crab.dealer", "S": "crab.dealer.staff", "M": "crab.member"}
HEAD_OFFICE = "H"
TOKEN = re.compile(r"[0-9A-Z]{1,40}(\.[0-9A-Z]{1,40}\.[0-9A-F]{1,40})?")
SIGNATURE_LENGTH = 24  # hex digits: 96 bits


class CrabMemberLevel(models.Model):
    """Invitations to a level: a signed token names the level and who invites (HQ-21)."""

    _inherit = "crab.member.level"

    def _token(self, inviter=None):
        """The token of an invitation to this level: ``level.inviter.signature``; contains no ids.

        :param inviter: dealer, dealer staff or member; none for head office
        """
        self.ensure_one()
        letter = next((letter for letter, model in INVITERS.items() if inviter and inviter._name == model), HEAD_OFFICE)
        body = f"{self.invite_code}.{letter}{inviter.invite_code if inviter else ''}"
        return f"{body}.{self._sign(body)}"

    @api.model
    def _sign(self, body):
        return hmac(self.env(su=True), SCOPE, body)[:SIGNATURE_LENGTH].upper()  # su: the secret is no user's to read

    def _invite_token(self):
        """Head office's link to this level is signed."""
        return self._token()

    @api.model
    def _read_token(self, token):
        """What an invitation says.

        It is the token of a level's link, or the plain code of a dealer's, staff member's or member's own link, which
        gives the base level.

        :return: ``(level, inviter or None)``, both in sudo
        :raise UserError: (422) for anything that is not a valid invitation, without telling why
        """
        text = token.strip().upper() if isinstance(token, str) else ""
        parts = text.split(".") if TOKEN.fullmatch(text) else []
        level_sudo = inviter_sudo = None
        if len(parts) == 3 and consteq(self._sign(f"{parts[0]}.{parts[1]}"), parts[2]):
            level_sudo = self.sudo().search([("invite_code", "=", parts[0])])  # sudo: who follows a link has no user
            letter, code = parts[1][:1], parts[1][1:]
            if letter in INVITERS:
                inviter_sudo = self.env[INVITERS[letter]].sudo().search([("invite_code", "=", code)])  # sudo: as above
        elif len(parts) == 1:
            level_sudo = self._default()
            for model in INVITERS.values():
                inviter_sudo = self.env[model].sudo().search([("invite_code", "=", parts[0])])  # sudo: as above
                if inviter_sudo:
                    break
        if not level_sudo or (inviter_sudo is not None and not inviter_sudo):
            raise UserError(self.env._("This invitation is not valid."))
        if inviter_sudo is not None:
            if inviter_sudo._name == "crab.member":
                inviter_sudo = inviter_sudo._now()
            self._check_inviter_may(level_sudo, inviter_sudo)
        return level_sudo, inviter_sudo

    @api.model
    def _check_inviter_may(self, level, inviter):
        """:raise UserError: when the inviter is closed or gone, or head office did not open the level to it"""
        if inviter._name == "crab.dealer":
            alive, is_open = inviter.state == "active", level.is_open_to_dealers
        elif inviter._name == "crab.dealer.staff":
            alive, is_open = inviter._is_working(), level.is_open_to_staff
        else:
            alive, is_open = inviter.state == "active", False
        if not alive:
            raise UserError(self.env._("This invitation is not valid."))
        if not (is_open or level.is_default):
            raise UserError(
                self.env._("Head office has not opened the level “%(level)s” to this inviter.", level=level.name)
            )

    @api.model
    def _invitation_for_subject(self, subject: Subject, level=None):
        """The invitation that a subject gives out.

        :param level: a level; none for the base level. Dealers and staff get those that head office opened to them,
            members the base level only, back-office users any
        :return: ``{"token", "link", "level"}``
        :raise AccessError: (403) for who may not invite to this level
        """
        level_sudo = (level or self._default()).sudo()  # sudo: the subject has no Odoo user
        if subject.kind in ("user", "system"):
            token = level_sudo._token()
        else:
            inviter_sudo = self.env[MODELS[subject.kind]].sudo().browse(subject.id).exists()
            if not inviter_sudo:
                raise AccessError(self.env._("This invitation is not valid."))
            try:
                self._check_inviter_may(level_sudo, inviter_sudo)
            except UserError as error:
                raise AccessError(str(error)) from error
            token = level_sudo._token(inviter_sudo)
        return {"token": token, "link": self._invite_url(token), "level": level_sudo.name}

    @api.model
    def _invitations_for_subject(self, subject: Subject):
        """Every invitation that a dealer or staff member may give out, the base level's first (CH-32).

        :return: list as of ``_invitation_for_subject``
        """
        opened = {"dealer": "is_open_to_dealers", "staff": "is_open_to_staff"}.get(subject.kind)
        levels_sudo = self.sudo().search([])  # sudo: the subject has no Odoo user
        may_sudo = levels_sudo.filtered(lambda level: level.is_default or opened and level[opened])
        return [self._invitation_for_subject(subject, level) for level in may_sudo.sorted("is_default", reverse=True)]


class CrabMember(models.Model):
    """Registering, with or without an invitation."""

    _inherit = "crab.member"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    @api.model
    def _attribute(self, inviter):
        """Owner and inviter of a new member (domain.md §3).

        :param inviter: ``crab.dealer``, ``crab.dealer.staff``, ``crab.member``, or nothing
        :return: ``{"dealer_id", "staff_id", "inviter_id"}``
        """
        owner = {"dealer_id": False, "staff_id": False, "inviter_id": False}
        if not inviter:
            return owner
        if inviter._name == "crab.dealer":
            owner["dealer_id"] = inviter.id
        elif inviter._name == "crab.dealer.staff":
            owner.update(dealer_id=inviter.dealer_id.id, staff_id=inviter.id)
        else:
            owner.update(dealer_id=inviter.dealer_id.id, inviter_id=inviter.id)
        return owner

    @api.model
    def _sign_up(self, account, token=None):
        """Make a person a member, as the invitation says (MB-01, MB-04).

        Who is a member already stays as it is: first touch wins.

        :param account: a live ``crab.account``
        :param token: of an invitation link (``crab.member.level._read_token``); none: base level, nobody's member
        :return: the member, in sudo
        :raise UserError: for an invalid invitation, or when head office closed this member
        """
        account._ensure_live()
        members_sudo = self.sudo()  # sudo: who registers has no user
        known_sudo = members_sudo.search([("account_id", "=", account.id)])
        if known_sudo:
            known_sudo._ensure_active()
            return known_sudo
        level_sudo, inviter_sudo = self.env["crab.member.level"]._read_token(token) if token else (None, None)
        level_sudo = level_sudo or self.env["crab.member.level"]._default()
        try:
            with self.env.cr.savepoint():
                member_sudo = members_sudo.create(
                    {"account_id": account.id, "level_id": level_sudo.id, **self._attribute(inviter_sudo)}
                )
                member_sudo.flush_recordset()
        except IntegrityError as exc:
            if exc.diag.constraint_name != "crab_member_account_uniq":
                raise
            # the same person registers elsewhere at this moment: run again and find the member
            raise ConcurrencyError(self.env._("This person is a member already.")) from exc
        return member_sudo
