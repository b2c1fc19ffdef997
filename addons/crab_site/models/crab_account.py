from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.crab_base.tools.subject import MODELS, ROLES


class CrabAccount(models.Model):
    _inherit = "crab.account"

    @api.model
    def _crab_of_subject(self, subject):
        """The account of a member, dealer or staff member who may act, in sudo.

        :raise AccessError: (403) for users of the back office, and for people that are closed or gone
        """
        account_sudo = self.browse()
        if subject.kind in ROLES:
            account_sudo = self.env[MODELS[subject.kind]]._asking(subject).account_id
        if not account_sudo:
            raise AccessError(self.env._("Log in as member, dealer or dealer's staff first."))
        return account_sudo

    def _erase(self):
        """What the person wrote and was answered goes; which agreements it accepted is proof and stays.

        The network address of an acceptance goes.
        """
        result = super()._erase()
        feedback = self.env["crab.feedback"].search([("account_id", "in", self.ids)])
        feedback.picture_ids.unlink()
        feedback.write({"text": "*"})
        feedback.filtered("answer").write({"answer": "*"})
        feedback.message_ids.unlink()
        self.env["crab.agreement.acceptance"]._blank_addresses([("account_id", "in", self.ids)])
        return result
