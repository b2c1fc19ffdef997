from odoo import api, models

from odoo.addons.crab_base.tools.timezone import business_date


class CrabNotice(models.Model):
    _inherit = "crab.notice"

    @api.model
    def _sources(self):
        return {**super()._sources(), "crab.aftersale": "_tell_aftersales"}

    @api.model
    def _tell_aftersales(self, events):
        return {
            event: (
                request.member_id,
                {
                    "request": request.name,
                    "order": request.order_id.name,
                    "goods": request.goods,
                    "amount": self._yuan(request.amount_granted),
                    "reason": request.end_reason,
                    "until": request.send_before and business_date(request.send_before).isoformat(),
                },
            )
            for event, request in self._documents(events).items()
        }
