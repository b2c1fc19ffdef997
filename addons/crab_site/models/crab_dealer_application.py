from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.subject import Subject


class CrabDealerApplication(models.Model):
    """Who applies to be a dealer accepts the supplier agreement; version and time are kept (HQ-59)."""

    _inherit = "crab.dealer.application"

    @api.model
    def _apply(self, values, invitation_code=None, agreement=None, address=None):
        """As before; while a supplier agreement holds, it is accepted with the application.

        :param agreement: the version of ``crab.agreement`` that the applicant read and accepted
        :param address: of the network, if known
        :raise UserError: without the version that holds; nothing is applied for then
        """
        holding = self.env["crab.agreement"]._holding(("supplier",))
        if holding:
            if not agreement:
                raise UserError(self.env._("Please read and accept the supplier agreement first."))
            if agreement.sudo() != holding:
                raise UserError(self.env._("There is a newer version of the agreement. Please read and accept it."))
            values = {**values, "agreement_version": str(holding.number)}
        application_sudo = super()._apply(values, invitation_code)
        if holding:
            self.env["crab.agreement.acceptance"]._keep(
                holding,
                self.env["crab.account"],
                Subject.of(self.env),
                address,
                application_sudo,
                application_sudo.agreement_at,
            )
        return application_sudo

    def _blank_person(self):
        """As before; where the agreements were accepted from goes too."""
        self.env["crab.agreement.acceptance"]._blank_addresses([("application_id", "in", self.ids)])
        return super()._blank_person()

    def _set_approved(self):
        """As before; what was accepted with the application stands with the dealer's account, too."""
        dealers = super()._set_approved()
        self.env["crab.agreement.acceptance"]._follow_approval(self)
        return dealers
