from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import phone as phone_tools


class CrabAccountErase(models.TransientModel):
    _name = "crab.account.erase"
    _description = "Erase a person"

    account_id = fields.Many2one("crab.account", "Account", required=True, readonly=True)
    warning = fields.Text("What is lost", compute="_compute_warning")
    reason = fields.Char(required=True, help="Kept with the account. Name nobody in it.")
    confirmation = fields.Char(
        "Phone number or name", required=True, help="Of the person, so that nobody else is erased by mistake."
    )

    @api.depends("account_id")
    def _compute_warning(self):
        for wizard in self:
            wizard.warning = "\n".join(wizard.account_id._erase_warnings())

    def action_erase(self):
        """Erase the person whose number or name was entered."""
        self.ensure_one()
        account, said = self.account_id, (self.confirmation or "").strip()
        if said != account.name and (not account.phone or phone_tools.normalise(said) != account.phone):
            raise UserError(self.env._("This is not the phone number or name of the person."))
        account._erase_person(self.reason)
        return {"type": "ir.actions.act_window_close"}
