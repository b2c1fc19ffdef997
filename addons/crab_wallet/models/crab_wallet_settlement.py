from odoo import api, fields, models
from odoo.fields import Domain


class CrabWalletSettlement(models.Model):
    """Which repayment settled how much of which debt; its reversal adds negative rows. Append-only (trigger)."""

    _name = "crab.wallet.settlement"
    _description = "Settlement of a debt"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _rec_name = "repayment_id"
    _log_access = False

    debt_id = fields.Many2one("crab.wallet.debt", "Debt", required=True, readonly=True, ondelete="restrict", index=True)
    wallet_id = fields.Many2one("crab.wallet", "Wallet", required=True, readonly=True, ondelete="restrict")
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    repayment_id = fields.Many2one(
        "crab.wallet.document", "Repayment", required=True, readonly=True, ondelete="restrict", index=True
    )
    happened_at = fields.Datetime("When", required=True, readonly=True)
    reference = fields.Char("Order", related="debt_id.reference")
    amount = fields.Monetary("Settled", required=True, readonly=True)

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            CREATE OR REPLACE TRIGGER crab_append_only BEFORE UPDATE OR DELETE ON crab_wallet_settlement
                FOR EACH ROW EXECUTE FUNCTION crab_chain_refuse()
            """
        )
        return result

    @api.model
    def _subject_domain(self, subject):
        """As the wallet: the level-1 dealer itself (CH-30)."""
        return Domain("wallet_id", "any", self.env["crab.wallet"]._subject_domain(subject))
