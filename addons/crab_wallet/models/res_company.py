from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_wallet_approval_amount = fields.Monetary(
        "Second person above",
        default=50000,
        help="Top-ups, credit grants and repayments above this amount take effect when a second person has approved"
        " them.",
    )

    _crab_wallet_approval_amount_check = models.Constraint(
        "CHECK(crab_wallet_approval_amount >= 0)",
        "Enter zero or an amount above it.",
    )

    def write(self, vals):
        """Whoever could approve could also raise the limit: finance and auditors are told of every change."""
        before = {company: company.crab_wallet_approval_amount for company in self}
        result = super().write(vals)
        for company, amount in before.items():
            if company.crab_wallet_approval_amount != amount:
                company._crab_tell_approval_amount(amount)
        return result

    def _crab_tell_approval_amount(self, before):
        env = self.env["crab.ledger"]._in_language(self).env
        readers = self.env.ref("crab_base.group_auditor").user_ids | self.env["crab.ledger.check"]._finance_users()
        self.sudo().partner_id.message_post(  # the message does not depend on the right to write the contact
            body=env._(
                "%(user)s changed the amount above which a second person approves wallet documents from %(before)s"
                " to %(after)s.",
                user=self.env.user.name,
                before=f"{before:,.2f}",
                after=f"{self.crab_wallet_approval_amount:,.2f}",
            ),
            partner_ids=readers.partner_id.ids,
            message_type="notification",
        )
