from datetime import timedelta

from odoo import api, fields, models
from odoo.orm.models import NO_ACCESS

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows

EARLY = timedelta(minutes=5)  # a token is renewed before it ends
FORCE_AFTER = timedelta(minutes=90)  # WeChat makes some twenty by force a day


class CrabWechatToken(models.Model):
    """The access token of a mini-program, for all processes: read without lock, renewed by one of them at a time."""

    _name = "crab.wechat.token"
    _description = "Access token of a mini-program"
    _log_access = False
    _rec_name = "app_id"

    app_id = fields.Many2one("crab.wechat.app", required=True, readonly=True, ondelete="cascade")
    access_token = fields.Char(groups=NO_ACCESS)
    expires_at = fields.Datetime(readonly=True)
    forced_at = fields.Datetime(readonly=True, help="When a new one was last made by force.")

    _app_uniq = models.Constraint("UNIQUE(app_id)", "A mini-program has one token.")

    @api.model
    def _get(self, app, refused=None):
        """A token that is good.

        :param refused: a token that WeChat did not accept: another one is given
        :raise Refused, Unreachable, Unknown: of ``tools.client``
        """
        row_sudo = self.sudo().search([("app_id", "=", app.id)])  # sudo: nobody has rights on tokens
        if row_sudo._is_good(refused):
            return row_sudo.access_token
        row_id = row_sudo.id
        return transaction.run(self.env.registry, lambda env: env[self._name].browse(row_id)._renew(refused))

    def _is_good(self, refused):
        fresh = self.expires_at and self.expires_at > fields.Datetime.now() + EARLY
        return bool(fresh and self.access_token and self.access_token != refused)

    def _renew(self, refused):
        """Renew it in a transaction of its own; who waited for the lock finds it renewed.

        WeChat is called under the lock, against the rule: it answers the same token again, so that a restart of this
        transaction does no harm, and the others wait for it as they should.
        """
        lock_rows(self)
        if self._is_good(refused):
            return self.access_token
        caller, now = self.app_id._client(), fields.Datetime.now()
        token, seconds = caller.token()
        if token == refused and (not self.forced_at or self.forced_at < now - FORCE_AFTER):
            token, seconds = caller.token(force=True)
            self.forced_at = now
        self.write({"access_token": token, "expires_at": now + timedelta(seconds=seconds)})
        return token
