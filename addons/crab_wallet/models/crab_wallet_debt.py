from odoo import api, fields, models
from odoo.fields import Domain


class CrabWalletDebt(models.Model):
    """What one document took from credit, and what of it is repaid or given back; written under the wallet's lock."""

    _name = "crab.wallet.debt"
    _description = "Debt of a dealer"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _rec_name = "reference"
    _log_access = False

    wallet_id = fields.Many2one("crab.wallet", "Wallet", required=True, readonly=True, ondelete="restrict")
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    happened_at = fields.Datetime("When", required=True, readonly=True)
    kind = fields.Selection(
        lambda self: self.env["crab.wallet.entry"]._fields["kind"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    document_model = fields.Char("Kind of document", required=True, readonly=True)
    document_id = fields.Many2oneReference("Document", model_field="document_model", required=True, readonly=True)
    reference = fields.Char("Order", readonly=True)
    amount = fields.Monetary("Credit used", required=True, readonly=True)
    given_back = fields.Monetary("Given back", required=True, readonly=True)
    settled = fields.Monetary("Settled", required=True, readonly=True)
    unsettled = fields.Monetary("Unsettled", required=True, readonly=True)
    settlement_ids = fields.One2many("crab.wallet.settlement", "debt_id", "Settlements", readonly=True)

    _amounts = models.Constraint(
        "CHECK(amount > 0 AND given_back >= 0 AND settled >= 0 AND unsettled >= 0"
        " AND unsettled = amount - given_back - settled)",
        "The amounts of a debt do not add up.",
    )
    _open_idx = models.Index("(wallet_id, id) WHERE unsettled > 0")
    _document_idx = models.Index("(document_model, document_id)")

    @api.model
    def _subject_domain(self, subject):
        """As the wallet: the level-1 dealer itself (CH-12)."""
        return Domain("wallet_id", "any", self.env["crab.wallet"]._subject_domain(subject))

    def action_document(self):
        """Open the document that used the credit."""
        self.ensure_one()
        return self.env[self.document_model].browse(self.document_id).get_formview_action()
