from odoo import fields, models


class CrabAccountMerge(models.TransientModel):
    _name = "crab.account.merge"
    _description = "Merge an account into another"

    source_id = fields.Many2one("crab.account", "Account to close", required=True, readonly=True)
    target_id = fields.Many2one(
        "crab.account",
        "Account to keep",
        required=True,
        domain="[('state', '=', 'live'), ('id', '!=', source_id)]",
    )

    def action_merge(self):
        """Merge and open the account that stays."""
        self.ensure_one()
        (self.source_id | self.target_id).check_access("write")
        self.source_id._merge_into(self.target_id)
        return self.target_id._get_records_action()
