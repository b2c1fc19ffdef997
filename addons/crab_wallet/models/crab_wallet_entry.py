from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crab_base.tools.subject import names_of_subjects


class CrabWalletEntry(models.Model):
    """One movement of stored value or credit, append-only, chained per wallet; made by ``crab.wallet``'s doors only."""

    _name = "crab.wallet.entry"
    _description = "Wallet entry"
    _inherit = ["crab.chain.mixin", "crab.public.id.mixin", "crab.subject.mixin"]
    _rec_name = "reference"
    _rec_names_search = ["reference", "dealer_id"]

    _chain_parent = "wallet_id"
    _chain_columns = ("kind", "amount", "balance_after", "idempotency_key")

    wallet_id = fields.Many2one("crab.wallet", "Wallet", required=True, readonly=True, ondelete="restrict", index=True)
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    wallet_kind = fields.Selection(
        [("stored", "Stored value"), ("credit", "Credit")], "Account", required=True, readonly=True
    )
    kind = fields.Selection(
        [
            ("topup", "Top-up by the platform"),
            ("topup_reversal", "Top-up reversed"),
            ("delivery_goods", "Goods delivered by the store"),
            ("delivery_service", "Service subsidy of deliveries"),
            ("settlement_reversal", "Store settlement reversed"),
            ("activation", "Card activation"),
            ("card_return", "Card return"),
            ("b2b_order", "B2B order"),
            ("b2b_refund", "B2B refund"),
            ("credit_grant", "Credit granted by the platform"),
            ("grant_reversal", "Credit grant reversed"),
            ("repayment", "Debt repaid"),
            ("repayment_reversal", "Repayment reversed"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(
        required=True, readonly=True, help="Change of the stored value, or of the available credit."
    )
    amount_in = fields.Monetary("In", required=True, readonly=True)
    amount_out = fields.Monetary("Out", required=True, readonly=True)
    balance_after = fields.Monetary("Balance after", required=True, readonly=True, aggregator=None)
    reference = fields.Char("Order or document", readonly=True)
    idempotency_key = fields.Char(required=True, readonly=True)
    fingerprint = fields.Char(required=True, readonly=True)
    actor_name = fields.Char("By", compute="_compute_actor_name")

    _amounts = models.Constraint(
        "CHECK(amount = ROUND(amount, 2) AND amount <> 'NaN' AND amount_in >= 0 AND amount_out >= 0"
        " AND amount = amount_in - amount_out AND balance_after >= 0)",
        "The amounts of an entry do not add up.",
    )
    _key_uniq = models.UniqueIndex("(wallet_id, idempotency_key)", "This key was used before in this wallet.")
    _document_idx = models.Index("(document_model, document_id)")
    _statement_idx = models.Index("(dealer_id, wallet_kind, happened_at)")

    @api.depends("actor_kind", "actor_id")
    def _compute_actor_name(self):
        names = names_of_subjects(self.env, ((entry.actor_kind, entry.actor_id) for entry in self))
        for entry in self:
            entry.actor_name = names.get((entry.actor_kind, entry.actor_id)) or self.env._("System")

    @api.model
    def _subject_domain(self, subject):
        """A level-1 dealer sees the entries of its own accounts; everybody else none (CH-11, CH-12, CH-29, CH-30)."""
        return Domain("wallet_id", "any", self.env["crab.wallet"]._subject_domain(subject))

    def action_document(self):
        """Open the document that caused the entry."""
        self.ensure_one()
        return self.env[self.document_model].browse(self.document_id).get_formview_action()
