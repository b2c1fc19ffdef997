from psycopg2 import IntegrityError

from odoo import api, models
from odoo.exceptions import ConcurrencyError, UserError

from odoo.addons.crab_account.tools.phone import masked, normalise
from odoo.addons.crab_base.tools.locks import lock_rows


class PhoneRequired(UserError):
    """WeChat's person is not known yet: the phone number says who it is."""

    http_status = 409
    error_code = "phone_required"


class CrabAccount(models.Model):
    """Logging in by WeChat (MB-02, MB-03, IF-03): a person is known by open id or union id, and told apart by phone."""

    _inherit = "crab.account"

    @api.model
    def _wechat_login(self, js_code, phone_code=None):
        """The live account of who shows a code of ``wx.login``, which is bound to it from now on.

        Who is not known to WeChat's ids yet is known by the phone number: its account is taken, or made. Both codes
        may be sent again after a refusal, within their five minutes.

        :param js_code: of ``wx.login``
        :param phone_code: of the button that shares the phone number; needed from who is not known yet
        :return: account, in sudo
        :raise PhoneRequired: (409) not known, and no phone number is given
        :raise UserError: for codes that are wrong, used or too old, and when WeChat cannot be reached
        """
        app_sudo = self.env["crab.wechat.app"]._ensure_active()
        answers = self.env["crab.wechat.login"]
        person_sudo = answers._answer_to(app_sudo, "login", js_code)
        account_sudo = self._wechat_known(app_sudo, person_sudo)
        if not account_sudo and not phone_code:
            raise PhoneRequired(self.env._("Please share your phone number to go on."))
        if phone_code and not account_sudo.phone:
            phone_sudo = answers._answer_to(app_sudo, "phone", phone_code)
            phone_sudo._use()
            account_sudo = account_sudo._wechat_take_phone(normalise(phone_sudo.phone))
        person_sudo._use()
        account_sudo._wechat_bind(app_sudo, person_sudo.openid, person_sudo.union_id)
        return account_sudo

    @api.model
    def _wechat_known(self, app, person):
        """The live account that is bound to a person of WeChat, in sudo; empty if none is."""
        openid_sudo = (
            self.env["crab.account.openid"]
            .sudo()  # whoever logs in has no user
            .search([("app", "=", app.app_id), ("openid", "=", person.openid), ("account_id.state", "=", "live")])
        )
        accounts_sudo = self.sudo()  # as above
        if openid_sudo or not person.union_id:
            return openid_sudo.account_id or accounts_sudo.browse()
        return accounts_sudo.search([("union_id", "=", person.union_id), ("state", "=", "live")])

    def _wechat_take_phone(self, phone):
        """The account with this number: the one that has it, into which this one merges; else this or a new one."""
        known_sudo = self._find_by_phone(phone)
        if not self:
            return known_sudo or self._get_or_create([{"name": masked(phone), "phone": phone}])[0]
        if known_sudo:
            self._merge_into(known_sudo)
            return known_sudo
        self.phone = phone
        return self

    def _wechat_bind(self, app, openid, union_id):
        """Bind this account, in sudo, to a person of WeChat; one that was bound before is not any more.

        The phone number is the person's identity: whoever shows it by WeChat shows as much as by an SMS code.
        """
        self.ensure_one()
        lock_rows(self)
        self._ensure_live()
        own = self.openid_ids.filtered(lambda row: row.app == app.app_id)
        try:
            with self.env.cr.savepoint():
                if own.mapped("openid") != [openid]:
                    # what is left is of a closed account
                    others = own.search([("app", "=", app.app_id), ("openid", "=", openid)])
                    (own | others).unlink()
                    own.create({"account_id": self.id, "app": app.app_id, "openid": openid})
                if union_id and self.union_id != union_id and not self._wechat_has_union(union_id):
                    self.union_id = union_id
                self.env.flush_all()
        except IntegrityError as exc:
            raise ConcurrencyError(self.env._("This person logs in elsewhere at this moment.")) from exc

    def _wechat_has_union(self, union_id):
        return self.search_count([("union_id", "=", union_id), ("state", "=", "live")], limit=1)

    @api.model
    def _wechat_openids(self, app, accounts):
        """``{account id: open id}`` of those of ``accounts`` that use the mini-program, in sudo."""
        rows_sudo = self.env["crab.account.openid"].sudo()  # nobody else reads them
        found = rows_sudo.search([("app", "=", app.app_id), ("account_id", "in", accounts.ids)], order="id")
        return {row.account_id.id: row.openid for row in found}

    def _erase(self):
        """What was sent to the person by WeChat goes."""
        result = super()._erase()
        self.env["crab.wechat.message"].search([("account_id", "in", self.ids)]).unlink()
        return result
