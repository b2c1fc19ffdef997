from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crab_account.tools.phone import masked, normalise

from ..errors import ApiError
from ..schemas import RoleOut, RolesOut, TokensOut


class CrabApiAuthService(models.AbstractModel):
    """Logging in, by code or password; roles, password and phone of who is logged in."""

    _name = "crab.api.auth.service"
    _description = "API: logins"

    # ------------------------------------------------------------------ logging in

    @api.model
    def _send_code(self, phone, purpose, source):
        """Send an SMS code; known and unknown phones alike (IF-01)."""
        self.env["crab.sms.code"]._request(phone, purpose, source)

    @api.model
    def _login_sms(self, data, source, device):
        """Log in with phone and SMS code; who is unknown is registered (MB-01, MB-04).

        :param LoginSmsIn data:
        :return: ``TokensOut``
        """
        self.env["crab.sms.code"]._check(data.phone, "login", data.code, source)
        [account_sudo] = self.env["crab.account"]._get_or_create([{"name": masked(data.phone), "phone": data.phone}])
        return self._enter(account_sudo, data, "sms", source, device)

    @api.model
    def _enter(self, account, data, method, source, device):
        """Log in who has proven to be the person of ``account``, making a member of them where needed.

        :param account: in sudo
        :param data: with ``role`` and ``invite``
        :return: ``TokensOut``
        """
        roles = [kind for kind, _id, _name in account._api_roles()]
        is_new = not roles or (data.role == "member" and "member" not in roles)
        if is_new:
            self.env["crab.member"]._sign_up(account, data.invite)
        return self._logged_in(account, data.role, method, source, device, is_new=is_new)

    @api.model
    def _login_password(self, data, source, device):
        """Log in with phone and password (MB-05): counted before it is looked at, and not by all processes at once.

        :param LoginPasswordIn data:
        :return: ``TokensOut``
        :raise ApiError: (401) in the same words for an unknown phone, a wrong password and a closed account; (429)
        """
        phone = normalise(data.phone) or data.phone
        attempts = self.env["crab.login.attempt"]
        attempts._take_slot()
        attempt_id = attempts._try(phone, source, device)
        account_sudo = self.env["crab.account"]._authenticate(phone, data.password)
        roles = [kind for kind, _id, _name in account_sudo._api_roles()] if account_sudo else []
        if account_sudo:
            attempts._settle(attempt_id, account_sudo, is_in=bool(roles) and data.role in (None, *roles))
        if not roles:
            raise ApiError(401, "wrong_password", self.env._("Phone number or password is wrong."))
        session_sudo = self.env["crab.session"]._open(account_sudo, data.role, "password", source, device)
        return TokensOut(**session_sudo._tokens())

    @api.model
    def _logged_in(self, account, role, method, source, device, is_new=False):
        session_sudo = self.env["crab.session"]._open(account, role, method, source, device)
        self.env["crab.login.attempt"]._succeed(account, method, source, device)
        return TokensOut(**session_sudo._tokens(), is_new=is_new)

    # ------------------------------------------------------------------ being logged in

    @api.model
    def _renew(self, refresh_token):
        """New tokens for a refresh token."""
        return TokensOut(**self.env["crab.session"]._renew(refresh_token)._tokens())

    @api.model
    def _roles(self, session):
        """The roles of who is logged in."""
        return RolesOut(
            items=[RoleOut(role=kind, name=name) for kind, _id, name in session.account_id._api_roles()],
            current=session.role,
        )

    @api.model
    def _switch(self, session, role, source, device):
        """Go on in another role without logging in again; the old tokens end."""
        opened_sudo = self.env["crab.session"]._open(session.account_id, role, "switch", source, device, session)
        session._end("switch")
        return TokensOut(**opened_sudo._tokens())

    @api.model
    def _set_password(self, session, data, source, device):
        """Set the password (MB-31): who is logged in shows the old one or a code, who is not phone and code.

        All sessions end; new tokens are given.

        :param session: in sudo, None for who is not logged in
        :param PasswordIn data:
        """
        if session:
            account_sudo, role = session.account_id, session.role
            if data.code:
                self.env["crab.sms.code"]._check(account_sudo.phone, "password", data.code, source)
            elif account_sudo.password_hash:
                attempts = self.env["crab.login.attempt"]
                attempts._take_slot()
                attempt_id = attempts._try(account_sudo.phone, source, device)
                if account_sudo._authenticate(account_sudo.phone, data.old_password) != account_sudo:
                    raise ApiError(422, "wrong_password", self.env._("The old password is wrong."))
                attempts._settle(attempt_id, account_sudo, is_in=True)
            else:
                raise ApiError(422, "code_required", self.env._("Enter the code that was sent by SMS."))
        else:
            if not data.phone or not data.code:
                raise ApiError(422, "code_required", self.env._("Enter your phone number and the code sent by SMS."))
            self.env["crab.sms.code"]._check(data.phone, "password", data.code, source)
            account_sudo, role = self.env["crab.account"]._find_by_phone(data.phone), None
            if not account_sudo or not account_sudo._api_roles():
                raise UserError(self.env._("This phone number has no account yet. Log in with an SMS code first."))
        account_sudo._set_password(data.password)
        return self._logged_in(account_sudo, role, "password", source, device)

    @api.model
    def _set_phone(self, session, data, source, device):
        """Bind a phone number, or change it, with a code sent to the new one (MB-03).

        Who has no number yet, as they came by WeChat, becomes one with the account of that number.

        :param PhoneIn data:
        :return: ``TokensOut``; the old sessions end
        :raise ApiError: (409) when somebody with a number of their own takes one that has an account
        """
        self.env["crab.sms.code"]._check(data.phone, "phone", data.code, source)
        account_sudo, known_sudo = session.account_id, self.env["crab.account"]._find_by_phone(data.phone)
        if known_sudo == account_sudo:
            raise UserError(self.env._("This is your phone number already."))
        if known_sudo and account_sudo.phone:
            raise ApiError(
                409, "phone_taken", self.env._("This number has an account already. Log out and log in with it.")
            )
        if known_sudo:
            account_sudo._merge_into(known_sudo)
            account_sudo = known_sudo
        else:
            account_sudo.phone = data.phone
            account_sudo._revoke_tokens()
        return self._logged_in(account_sudo, None if known_sudo else session.role, "sms", source, device)
