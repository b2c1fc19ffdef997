import hashlib
import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.orm.models import NO_ACCESS

from odoo.addons.crab_account.tools.phone import normalise
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows

from ..tools import client

MINUTES = 5  # as long as WeChat's codes
CODE = re.compile(r"[\w.:+/=-]{1,200}", re.ASCII)
SPENT = ("40029", "40163")


class CrabWechatLogin(models.Model):
    """What WeChat said to a code of a phone, kept for some minutes, as WeChat says it once.

    The answer is committed by itself before anything else is written: a request that is restarted, or sent again with
    a phone number, finds it. That a code was used is written in the caller's transaction: if that is undone, the code
    is as good as before.
    """

    _name = "crab.wechat.login"
    _description = "Answer of WeChat to a login code"
    _log_access = False
    _rec_name = "kind"

    app_id = fields.Many2one("crab.wechat.app", required=True, readonly=True, ondelete="cascade", index=True)
    kind = fields.Selection([("login", "Login"), ("phone", "Phone number")], required=True, readonly=True)
    code_hash = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    openid = fields.Char("Open id", readonly=True, groups=NO_ACCESS)
    union_id = fields.Char("Union id", readonly=True, groups=NO_ACCESS)
    phone = fields.Char(readonly=True, groups=NO_ACCESS)
    made_at = fields.Datetime(required=True, readonly=True, index=True)
    used_at = fields.Datetime(readonly=True)

    _code_uniq = models.Constraint("UNIQUE(app_id, kind, code_hash)", "A code counts once.")

    @api.model
    def _answer_to(self, app, kind, code):
        """What WeChat says to a code; it is asked only if it has not said it before.

        :param kind: ``login`` or ``phone``
        :return: the row in sudo
        :raise UserError: for a code that is wrong, used or too old, and when WeChat cannot be reached
        """
        code = (code or "").strip()
        if not CODE.fullmatch(code):
            raise UserError(self._refusal())
        digest = hashlib.sha256(code.encode()).hexdigest()
        row_sudo = self._known(app, kind, digest)
        if row_sudo:
            return row_sudo
        app_id = app.id
        try:
            values = app._client().session(code) if kind == "login" else app._wechat("phone", code)
        except client.Refused as error:
            if error.code not in SPENT:
                raise app._in_words(error) from None
            # another request of the same phone may have been faster; it is found when this one is run again
            if transaction.run(self.env.registry, lambda env: bool(env[self._name]._known(app, kind, digest))):
                raise ConcurrencyError(self.env._("This code is being used. Please try again.")) from None
            raise UserError(self._refusal()) from None
        except (client.Unreachable, client.Unknown) as error:
            raise app._in_words(error) from None
        if kind == "phone" and not normalise(values["phone"]):
            raise UserError(self.env._("This is not a phone number."))
        transaction.run(self.env.registry, lambda env: env[self._name]._keep(app_id, kind, digest, values))
        row_sudo = self._known(app, kind, digest)
        if not row_sudo:
            # kept after this transaction began, which cannot see it: run again, it does
            raise ConcurrencyError(self.env._("This code is being used. Please try again."))
        return row_sudo

    @api.model
    def _refusal(self):
        return self.env._("The login has expired. Please try again.")

    @api.model
    def _known(self, app, kind, digest):
        since = fields.Datetime.now() - timedelta(minutes=MINUTES)
        return self.sudo().search(  # sudo: whoever logs in has no user
            [("app_id", "=", app.id), ("kind", "=", kind), ("code_hash", "=", digest), ("made_at", ">", since)]
        )

    @api.model
    def _keep(self, app_id, kind, digest, values):
        if not self.search_count([("app_id", "=", app_id), ("kind", "=", kind), ("code_hash", "=", digest)]):
            self.create(
                {"app_id": app_id, "kind": kind, "code_hash": digest, "made_at": fields.Datetime.now(), **values}
            )

    def _use(self):
        """Use the code, once, in the caller's transaction.

        :raise UserError: when it was used
        """
        self.ensure_one()
        if not lock_rows(self):
            raise ConcurrencyError(self.env._("This code is being used. Please try again."))
        if self.used_at:
            raise UserError(self._refusal())
        self.used_at = fields.Datetime.now()

    @api.autovacuum
    def _gc_old(self):
        self.search([("made_at", "<", fields.Datetime.now() - timedelta(hours=1))], limit=10_000).unlink()
