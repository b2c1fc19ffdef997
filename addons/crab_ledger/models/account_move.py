from odoo import fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    crab_document_model = fields.Char("Source model", readonly=True, copy=False)
    crab_document_id = fields.Many2oneReference("Source", model_field="crab_document_model", readonly=True, copy=False)

    _crab_document_idx = models.Index("(crab_document_model, crab_document_id) WHERE crab_document_id IS NOT NULL")

    def _crab_refuse_unposting(self):
        entries = self.filtered(lambda move: move.crab_document_id and move.state == "posted")
        if entries:
            raise UserError(
                self.env._(
                    "%(entries)s belong to documents of the suite and stay posted. Reverse the document instead.",
                    entries=", ".join(entries.mapped("name")),
                )
            )

    def button_draft(self):
        """Entries of the suite's documents are undone with their document only, or the subledger would differ."""
        self._crab_refuse_unposting()
        return super().button_draft()

    def button_cancel(self):
        self._crab_refuse_unposting()
        return super().button_cancel()

    def action_crab_document(self):
        """Open the document that this entry belongs to."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.crab_document_model,
            "res_id": self.crab_document_id,
            "view_mode": "form",
        }
