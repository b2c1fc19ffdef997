from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tools.locks import lock_rows

PARTNER_FIELDS = ("email", "street", "street2", "city", "zip", "state_id", "comment", "vat", "image_1920")


class CrabAccount(models.Model):
    """Erasing a person: what tells who it is goes for ever, ids and documents stay (decisions.md)."""

    _inherit = "crab.account"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    erased_at = fields.Datetime("Erased on", readonly=True, copy=False)

    def _erase_person(self, reason):
        """Replace by a pseudonym what tells who this person is, here and in the accounts merged into it; for ever.

        :param str reason: kept with the account
        :raise AccessError: for who is no administrator of head office
        :raise UserError: without a reason, a second time, for an account that was merged, or when something of the
            person must end first; nothing is changed then
        """
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group("crab_base.group_admin"):
            raise AccessError(self.env._("Only administrators of head office erase persons."))
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))
        # sudo: the person goes whole, whatever the user may write; untracked: the chatter would keep the old name
        accounts_sudo = self.with_context(tracking_disable=True)._with_merged()
        lock_rows(accounts_sudo)
        if self.merged_into_id:
            raise UserError(
                self.env._("This account was merged: erase %(name)s instead.", name=self.merged_into_id.display_name)
            )
        if self.erased_at:
            raise UserError(self.env._("This person was erased already."))
        accounts_sudo._erase()
        accounts_sudo.env.flush_all()  # what is computed of the name is not tracked either
        self.sudo().message_post(body=self.env._("Erased: %(reason)s", reason=reason))  # sudo: as above

    def _with_merged(self):
        """These accounts and all that were merged into them, in sudo: they are one person's."""
        found = step = self.sudo()
        while step := found.search([("merged_into_id", "in", step.ids)]) - found:
            found |= step
        return found

    def _pseudonym(self):
        """The name that stands for an erased person."""
        return self.env._("Erased person %(number)s", number=self.id)

    def _erase(self):
        """Hook: blank what is personal in the records of these accounts; addons extend it. In sudo, rows locked.

        Whatever must end first raises a ``UserError`` that names it. Sums, states and ids stay as they are.
        """
        self.filtered(lambda account: account.state == "live")._set_closed()
        self._revoke_tokens()
        self.openid_ids.unlink()
        partners = self.partner_id
        for account in self:
            account.write({"name": account._pseudonym(), "phone": False})
        self.write({"union_id": False, "password_hash": False, "erased_at": fields.Datetime.now()})
        partners.write(
            dict.fromkeys(
                ("email", "street", "street2", "city", "zip", "state_id", "comment", "vat", "image_1920"), False
            )
        )
        (self.message_ids | partners.message_ids).unlink()  # they tell the old name and number

    def _erase_warnings(self):
        """Hook: what the person still has and loses, as sentences for who is about to erase it."""
        return []

    def _set_live(self):
        erased = self.filtered("erased_at")
        if erased:
            raise UserError(self.env._("%(name)s was erased and stays closed.", name=erased[0].display_name))
        return super()._set_live()

    def action_erase(self):
        """Ask for the reason and a second confirmation, then erase."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Erase person"),
            "res_model": "crab.account.erase",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id},
        }
