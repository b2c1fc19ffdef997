from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

SOURCE = {"crab_document_model", "crab_document_id"}
# What the subledger's document says of its posted entry.
KEPT = {"state", "date", "journal_id", "company_id", "currency_id", "line_ids"}


class AccountMove(models.Model):
    _inherit = "account.move"

    crab_document_model = fields.Char("Source model", readonly=True, copy=False)
    crab_document_id = fields.Many2oneReference(
        "Booked for", model_field="crab_document_model", readonly=True, copy=False
    )

    _crab_document_idx = models.Index("(crab_document_model, crab_document_id) WHERE crab_document_id IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        """Only the suite itself makes entries of its documents."""
        moves = super().create(vals_list)
        if not self.env.su and any(move.crab_document_model or move.crab_document_id for move in moves):
            raise AccessError(self.env._("Entries of the suite's documents are made by the documents themselves."))
        return moves

    def write(self, vals):
        """Entries of the suite's documents are undone with their document only, or the subledger would differ."""
        if not self.env.su and SOURCE & vals.keys():
            raise AccessError(self.env._("The source of an entry never changes."))
        if KEPT & vals.keys():
            self._crab_refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_crab_documents(self):
        self._crab_refuse_change()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """By the document only: ``crab.ledger`` names it in the values."""
        for move, values in zip(self, default_values_list or [{}] * len(self), strict=True):
            if "crab_document_id" not in values:
                move._crab_refuse_change()
        return super()._reverse_moves(default_values_list, cancel)

    def _crab_refuse_change(self):
        entries = self.filtered(lambda move: move.crab_document_id and move.state == "posted")
        if entries:
            raise UserError(
                self.env._(
                    "%(entries)s belong to documents of the suite and stay posted. Reverse the document instead.",
                    entries=", ".join(entries[:20].mapped("name")),
                )
            )

    def action_crab_facts(self):
        """The facts that this entry or invoice posts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_ledger.crab_ledger_fact_action")
        return {**action, "domain": [("batch_id.move_id", "=", self.id)], "context": {}}

    def action_crab_document(self):
        """Open the document that this entry belongs to."""
        self.ensure_one()
        return self.env[self.crab_document_model].browse(self.crab_document_id).get_formview_action()
