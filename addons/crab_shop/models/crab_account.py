from odoo import models
from odoo.tools import SQL


class CrabAccount(models.Model):
    _inherit = "crab.account"

    def _erase(self):
        """Receivers and notes of orders and what payments copied are blanked; cart, favourites and addresses go."""
        result = super()._erase()
        members = self._erase_members()
        for model in ("crab.cart.line", "crab.favourite", "crab.member.address"):
            self.env[model].search([("member_id", "in", members.ids)]).unlink()
        self.env["sale.order"].search([("crab_member_id", "in", members.ids)])._blank_receivers(with_note=True)
        self.env.cr.execute(
            SQL(
                "UPDATE payment_transaction SET partner_name = NULL, partner_email = NULL, partner_phone = NULL,"
                " partner_address = NULL, partner_zip = NULL, partner_city = NULL WHERE partner_id = ANY(%s)",
                list(self.partner_id.ids),
            )
        )
        self.env["payment.transaction"].invalidate_model(flush=False)
        return result

    def _erase_deliveries(self):
        orders = self.env["sale.order"].search([("crab_member_id", "in", self._erase_members().ids)])
        return super()._erase_deliveries() | self.env["crab.delivery"].search([("order_id", "in", orders.ids)])
