from odoo import api, models


class CrabShop(models.AbstractModel):
    _inherit = "crab.shop"

    @api.model
    def _order_values(self, member, kind, quote, address):
        """The share of the staff member who brought the member is frozen with the order."""
        values = super()._order_values(member, kind, quote, address)
        staff = member.staff_id
        return {**values, "crab_staff_ratio": staff.commission_ratio if staff.active else 0}
