from odoo import fields, models

from odoo.addons.crab_base.tools.money import dec


class CrabCardOrder(models.Model):
    _inherit = "crab.card.order"

    aftersale_ids = fields.One2many("crab.aftersale", "card_order_id", "After-sales request", readonly=True)

    def _set_state(self, state, text, **values):
        result = super()._set_state(state, text, **values)
        if self.aftersale_ids:
            self.aftersale_ids._follow_card_order(state)
        return result

    def _owe_returned(self, price_by_card):
        """The request that asked for it keeps the refund."""
        request = self.aftersale_ids
        known = request.order_id.crab_refund_ids
        result = super()._owe_returned(price_by_card)
        refund = request.order_id.crab_refund_ids - known
        if refund:
            request.write(
                {
                    "refund_id": refund.id,
                    "approved_at": request.approved_at or fields.Datetime.now(),
                    "amount_granted": dec(request.amount_granted) + dec(refund.amount),
                }
            )
            for line in request.line_ids:
                own = refund.line_ids.filtered(lambda part, line=line: part.order_line_id == line.order_line_id)
                line.write(
                    {
                        "quantity_granted": line.quantity_granted + sum(own.mapped("quantity")),
                        "amount_granted": dec(line.amount_granted) + sum(dec(part.amount) for part in own),
                    }
                )
        return result
