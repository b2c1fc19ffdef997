from odoo import fields, models


class CrabCardOrderReason(models.TransientModel):
    """One line of text that a step needs: a reason, or the reference of a payment."""

    _name = "crab.card.order.reason"
    _description = "Reason of a step"

    order_id = fields.Many2one("crab.card.order", string="Document", required=True, readonly=True, ondelete="cascade")
    step = fields.Selection(
        [
            ("reject", "Reject"),
            ("close", "Close with the difference"),
            ("confirm_payment", "Confirm the payment"),
            ("confirm_refund", "Confirm the refund"),
        ],
        required=True, readonly=True,
    )  # fmt: skip
    text = fields.Char("Reason or reference", required=True)

    def action_confirm(self):
        """Take the step with the text given."""
        self.ensure_one()
        getattr(self.order_id, f"action_{self.step}")(self.text)
        return {"type": "ir.actions.act_window_close"}
