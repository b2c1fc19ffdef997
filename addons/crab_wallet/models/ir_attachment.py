from odoo import api, models
from odoo.exceptions import AccessError


class IrAttachment(models.Model):
    """The voucher of a document is changed in its draft only, never as a file of its own."""

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        attachments = super().create(vals_list)
        attachments._crab_refuse_vouchers()
        return attachments

    def write(self, vals):
        self._crab_refuse_vouchers()
        result = super().write(vals)
        self._crab_refuse_vouchers()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_vouchers(self):
        self._crab_refuse_vouchers()

    def _crab_refuse_vouchers(self):
        # the document's own field writes in sudo; sudo here: only the place of the file is looked at
        if not self.env.su and any(
            attachment_sudo.res_model == "crab.wallet.document" and attachment_sudo.res_field
            for attachment_sudo in self.sudo()
        ):
            raise AccessError(self.env._("Vouchers are changed in the draft of their document."))
