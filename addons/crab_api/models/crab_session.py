import re
from datetime import timedelta

import jwt

from odoo import api, fields, models
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL, consteq
from odoo.tools.misc import hmac as keyed_hash

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.subject import Subject

from ..errors import ApiError

ACCESS_SECONDS = 15 * 60
REFRESH_DAYS = 60
RETRY_SECONDS = 60  # a refresh, or a switch of role, whose answer was lost may be sent again so long
REFRESH_TOKEN = re.compile(r"([0-9a-f-]{36})\.(\d{1,9})\.([0-9a-f]{64})")
ROLES = [("member", "Member"), ("dealer", "Dealer"), ("staff", "Dealer staff")]


class CrabSession(models.Model):
    """A login on one device, in one role: what its tokens stand for.

    Access tokens are JWT that name the session. Refresh tokens are made of the session's count of renewals and the
    server's secret, so that one that was used before is recognised: its session then ends.
    """

    _name = "crab.session"
    _description = "Login session"
    _inherit = "crab.public.id.mixin"
    _order = "id desc"
    _log_access = False
    _rec_name = "account_id"

    account_id = fields.Many2one("crab.account", required=True, readonly=True, index=True, ondelete="cascade")
    role = fields.Selection(ROLES, required=True, readonly=True)
    role_id = fields.Integer("Role's record", required=True, readonly=True)
    method = fields.Selection(
        [("sms", "SMS code"), ("password", "Password"), ("wechat", "WeChat"), ("switch", "Switch of role")],
        required=True,
        readonly=True,
    )
    source = fields.Char("Network address", readonly=True)
    device = fields.Char(readonly=True, size=200)
    started_at = fields.Datetime("Logged in on", required=True, readonly=True)
    renewed_at = fields.Datetime("Last seen on", required=True, readonly=True, index=True)
    ended_at = fields.Datetime("Ended on", readonly=True)
    end_reason = fields.Selection(
        [
            ("logout", "Logged out"),
            ("switch", "Switched role"),
            ("role", "The role ended"),
            ("office", "By head office"),
            ("reuse", "An old token was used again"),
        ],
        readonly=True,
    )
    switched_from_id = fields.Many2one(
        "crab.session", "Switched from", readonly=True, index="btree_not_null", ondelete="set null", groups=NO_ACCESS
    )
    renewals = fields.Integer(required=True, readonly=True, default=0, groups=NO_ACCESS)
    generation = fields.Integer(required=True, readonly=True, groups=NO_ACCESS)

    # ------------------------------------------------------------------ making tokens

    @api.model
    def _open(self, account, role, method, source=None, device=None, switched_from=None):
        """Log ``account`` in.

        :param role: ``member``, ``dealer`` or ``staff``, one that the account has; None: the first it has
        :param switched_from: session that goes on in this one
        :return: session, in sudo
        :raise ApiError: (403) when the account has no such role
        """
        roles = account._api_roles()
        kind, role_id, _name = next((found for found in roles if role in (None, found[0])), (None, None, None))
        if not kind:
            raise ApiError(403, "no_role", self.env._("This login has no such role."))
        now = fields.Datetime.now()
        return self.sudo().create(  # sudo: whoever logs in has no user
            {
                "account_id": account.id,
                "role": kind,
                "role_id": role_id,
                "method": method,
                "source": (source or "")[:64],
                "device": (device or "")[:200],
                "started_at": now,
                "renewed_at": now,
                "generation": account.sudo().token_generation,
                "switched_from_id": switched_from and switched_from.id,
            }
        )

    def _tokens(self):
        """``{"access_token", "refresh_token", "expires_in", "role"}`` of this session as it is now."""
        self.ensure_one()
        now = fields.Datetime.now()
        claims = {
            "iss": "crab",
            "sid": self.public_id,
            "role": self.role,
            "iat": now,
            "exp": now + timedelta(seconds=ACCESS_SECONDS),
        }
        return {
            "access_token": jwt.encode(claims, self._jwt_key(), algorithm="HS256"),
            "refresh_token": self._refresh_token(self.public_id, self.renewals),
            "expires_in": ACCESS_SECONDS,
            "role": self.role,
        }

    @api.model
    def _jwt_key(self):
        return keyed_hash(self.env(su=True), "crab-api-access", "HS256")  # su: the server's secret

    @api.model
    def _refresh_token(self, public_id, renewals):
        body = f"{public_id}.{renewals}"
        return f"{body}.{keyed_hash(self.env(su=True), 'crab-api-refresh', body)}"  # su: as above

    # ------------------------------------------------------------------ reading tokens

    @api.model
    def _of_access_token(self, token):
        """Who shows this token.

        :return: ``(session in sudo, Subject)``; an empty session and None for one that is wrong, over or ended
        """
        nobody = self.sudo().browse(), None
        try:
            claims = jwt.decode(
                token,
                self._jwt_key(),
                algorithms=["HS256"],
                issuer="crab",
                options={"require": ["exp", "sid"]},
            )
        except jwt.InvalidTokenError:
            return nobody
        return self._live(claims["sid"])

    @api.model
    def _live(self, public_id):
        """The session if it still counts: not ended, its account live and not logged out since, its role there; one
        that was switched from counts a little longer, as answers get lost.

        Asked with every request: one query.

        :return: as :meth:`_of_access_token`
        """
        now = fields.Datetime.now()
        accounts = self.env["crab.account"]
        accounts._api_flush_roles()
        self.env.cr.execute(
            SQL(
                """
                SELECT s.id, s.role, s.role_id, s.account_id
                  FROM crab_session s JOIN crab_account a ON a.id = s.account_id
                  JOIN (%(roles)s) r ON r.account_id = s.account_id AND r.kind = s.role AND r.id = s.role_id
                 WHERE s.public_id = %(public_id)s AND s.renewed_at > %(since)s
                   AND (s.ended_at IS NULL OR s.end_reason = 'switch' AND s.ended_at > %(lately)s)
                   AND a.state = 'live' AND a.token_generation = s.generation
                """,
                roles=accounts._api_roles_sql(),
                public_id=str(public_id),
                since=now - timedelta(days=REFRESH_DAYS),
                lately=now - timedelta(seconds=RETRY_SECONDS),
            )
        )
        if not (found := self.env.cr.fetchone()):
            return self.sudo().browse(), None
        return self.sudo().browse(found[0]), Subject(*found[1:])  # sudo: whoever shows a token has no user

    def _subject(self):
        return Subject(self.role, self.role_id, self.account_id.id)

    @api.model
    def _renew(self, token):
        """New tokens for a refresh token, once; the same if it is shown again within a minute, as answers get lost.

        An older one was stolen, from its owner or by whoever shows it: the session ends, which stays whatever becomes
        of the request.

        :return: session, in sudo
        :raise ApiError: (401) for everything that is no refresh token of a live session
        """
        refused = ApiError(401, "unauthorized", self.env._("Please log in again."))
        match = REFRESH_TOKEN.fullmatch(token)
        if not match:
            raise refused
        public_id, renewals = match[1], int(match[2])
        if not consteq(self._refresh_token(public_id, renewals), token):
            raise refused
        session_sudo, _subject = self._live(public_id)
        if not session_sudo:
            raise refused
        now = fields.Datetime.now()
        if renewals == session_sudo.renewals:
            session_sudo.write({"renewals": renewals + 1, "renewed_at": now})
        elif renewals != session_sudo.renewals - 1 or now > session_sudo.renewed_at + timedelta(seconds=RETRY_SECONDS):
            session_id = session_sudo.id
            transaction.run(self.env.registry, lambda env: env[self._name].browse(session_id)._end("reuse"))
            raise refused
        return session_sudo

    # ------------------------------------------------------------------ ending

    def _end(self, reason):
        """End sessions; their tokens are worth nothing from now on, nor are those of sessions that were switched to
        them and count a little longer.

        :param reason: a key of ``end_reason``; ``switch`` lets the tokens count a little longer
        """
        now = fields.Datetime.now()
        ending_sudo = self.sudo()  # sudo: read-only for everybody
        if reason != "switch":
            before_sudo = ending_sudo
            while before_sudo := before_sudo.switched_from_id.filtered(lambda session: session._is_switching(now)):
                ending_sudo |= before_sudo
        ending_sudo.filtered(
            lambda session: not session.ended_at or (reason != "switch" and session._is_switching(now))
        ).write({"ended_at": now, "end_reason": reason})

    def _is_switching(self, now):
        """Whether this session was switched from so lately that it still counts."""
        lately = now - timedelta(seconds=RETRY_SECONDS)
        return self.end_reason == "switch" and self.ended_at > lately

    def action_end(self):
        """Log this device out."""
        self.account_id.check_access("write")
        self._end("office")

    @api.autovacuum
    def _gc_old(self):
        before = fields.Datetime.now() - timedelta(days=REFRESH_DAYS + 30)
        self.search([("renewed_at", "<", before)], limit=10_000).unlink()
