from odoo import api, models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @api.model
    def webclient_rendering_context(self):
        """As in core; who works for both companies starts with both chosen, the default one first.

        Orders belong to the Sales company and most numbers to the Group: with one of them, lists would be half empty
        for no reason that shows. Whoever chooses companies keeps the choice until logging out.
        """
        if request and not request.cookies.get("cids"):
            user = self.env.user
            chosen = user.company_id | user.company_ids
            if len(chosen.filtered("crab_role")) > 1:
                request.future_response.set_cookie("cids", "-".join(str(company.id) for company in chosen))
        return super().webclient_rendering_context()
