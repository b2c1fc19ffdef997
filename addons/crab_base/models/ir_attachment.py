from odoo import api, models
from odoo.exceptions import UserError

from ..tools.spreadsheet import FileError, decode_upload


class IrAttachment(models.Model):
    """A file that arrives damaged is refused in words, whichever form sent it."""

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crab_check_upload(vals.get("datas"))
        return super().create(vals_list)

    def write(self, vals):
        self._crab_check_upload(vals.get("datas"))
        return super().write(vals)

    @api.model
    def _crab_check_upload(self, content):
        try:
            decode_upload(content or b"")
        except FileError as exc:
            raise UserError(self.env._(exc.reason)) from exc
