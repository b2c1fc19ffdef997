from odoo import api, models

from odoo.addons.crab_base.tools.subject import Subject


class CrabMember(models.Model):
    _inherit = "crab.member"

    @api.model
    def _sign_up(self, account, token=None, agreements=None, address=None):
        """As before; keeps which versions of agreements the person accepted while registering.

        :param agreements: ``crab.agreement``; the app asks for those of ``_missing`` that are not among them
        :param address: of the network, if known
        :raise UserError: when one of them does not hold any more; nobody registers then
        """
        member_sudo = super()._sign_up(account, token)
        if agreements:
            agreements._accept(Subject("member", member_sudo.id, account.id), address)
        return member_sudo
