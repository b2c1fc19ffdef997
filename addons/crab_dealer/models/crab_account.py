from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crab_dealer import GUARD


class CrabAccount(models.Model):
    _inherit = "crab.account"

    dealer_count = fields.Integer(compute="_compute_dealer_count")
    dealer_staff_count = fields.Integer(compute="_compute_dealer_count")

    def _compute_dealer_count(self):
        domain = [("account_id", "in", self.ids)]
        dealers = dict(self.env["crab.dealer"]._read_group(domain, ["account_id"], ["__count"]))
        staff = dict(
            self.env["crab.dealer.staff"]
            .with_context(active_test=False)
            ._read_group(domain, ["account_id"], ["__count"])
        )
        for account in self:
            account.dealer_count = dealers.get(account._origin, 0)
            account.dealer_staff_count = staff.get(account._origin, 0)

    def action_open_dealers(self):
        """The dealers whose contact this person is."""
        return self.env["crab.dealer"].search([("account_id", "in", self.ids)])._get_records_action()

    def action_open_dealer_staff(self):
        """The places where this person works or worked."""
        staff = self.env["crab.dealer.staff"].with_context(active_test=False).search([("account_id", "in", self.ids)])
        return staff._get_records_action(context={"active_test": False})

    def _erase(self):
        """A dealer's contact and its staff are known to their business partners: that ends first.

        Applications of the person are decided first, and lose then what tells who it was.
        """
        # sudo: roles count whether or not the user sees the dealer
        contact_sudo = self.env["crab.dealer"].sudo().search([("account_id", "in", self.ids), ("state", "=", "active")])
        staff_sudo = self.env["crab.dealer.staff"].sudo().search([("account_id", "in", self.ids)])  # sudo: as above
        roles = contact_sudo.mapped("display_name") + staff_sudo.mapped("display_name")
        if roles:
            raise UserError(
                self.env._("This person still stands for %(roles)s. End that first.", roles=", ".join(roles))
            )
        phones = [phone for phone in self.mapped("phone") if phone]
        # sudo: as above
        applications_sudo = (
            self.env["crab.dealer.application"]
            .sudo()
            .search(Domain("phone", "in", phones) | Domain("dealer_id.account_id", "in", self.ids))
        )
        waiting = applications_sudo.filtered(lambda application: application.state == "new")
        if waiting:
            raise UserError(
                self.env._("The application of %(name)s waits for a decision. Decide it first.", name=waiting[0].name)
            )
        result = super()._erase()
        applications_sudo._blank_person()
        # sudo: as above; former staff, whatever their dealers called them
        for former_sudo in staff_sudo.with_context(active_test=False).search([("account_id", "in", self.ids)]):
            former_sudo.name = former_sudo.account_id.name
        return result

    def _move_roles(self, target):
        """A dealer's contact and its staff follow the merged login.

        :raise UserError: when both persons are contacts of active dealers, or both work for a dealer
        """
        # sudo: roles follow whether or not the user sees the dealer
        dealers = self.env["crab.dealer"].sudo().with_context(crab_guard=GUARD)
        staff = self.env["crab.dealer.staff"].sudo().with_context(active_test=False)  # sudo: as above
        for model, occupied in ((dealers, [("state", "=", "active")]), (staff, [("active", "=", True)])):
            active = model.search([("account_id", "in", (self | target).ids), *occupied])
            if len(active.account_id) > 1:
                raise UserError(
                    self.env._(
                        "Both accounts are in use, by %(names)s. Close one of them first.",
                        names=", ".join(active.mapped("display_name")),
                    )
                )
            model.search([("account_id", "=", self.id)]).write({"account_id": target.id})
        return super()._move_roles(target)
