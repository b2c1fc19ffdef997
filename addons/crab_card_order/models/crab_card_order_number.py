from odoo import fields, models

from odoo.addons.crab_card.tools.loose_many2one import LooseMany2one


class CrabCardOrderNumber(models.Model):
    """One number in one document; written in sets by SQL only: no role has a right to write."""

    _name = "crab.card.order.number"
    _description = "Number of a card document"
    _order = "order_id desc, id"
    _rec_name = "card_id"
    _log_access = False  # the number's history says who and when

    order_id = fields.Many2one("crab.card.order", string="Document", required=True, readonly=True, ondelete="cascade")
    card_id = LooseMany2one("crab.card", string="Number", required=True, readonly=True)
    product_id = LooseMany2one("product.product", string="Card", required=True, readonly=True)  # the number's own
    state = fields.Selection(
        [("chosen", "Chosen"), ("reserved", "Reserved"), ("received", "Done"), ("released", "Released")],
        string="In the document", required=True, readonly=True,
        help="Reserved: in transit with the document. Done: arrived, activated or cancelled by it."
        " Released: given back to the sender.",
    )  # fmt: skip
    company_id = fields.Many2one(related="order_id.company_id")
    currency_id = fields.Many2one(related="order_id.currency_id")
    unit_price = fields.Monetary(readonly=True, help="Level 1's price of an activated number, the price of a sold one.")
    charged_amount = fields.Monetary(
        "Charged",
        readonly=True,
        help="What the activation or sale charged for this number; of a return, what it gave back.",
    )
    charge_order_id = fields.Many2one(
        "crab.card.order", string="Charged by", readonly=True, ondelete="restrict",
        help="The document whose charge was given back.",
    )  # fmt: skip
    card_state = fields.Selection(related="card_id.state", string="State of the number")
    holder_name = fields.Char(related="card_id.holder_name")
    order_kind = fields.Selection(related="order_id.kind")
    order_state = fields.Selection(related="order_id.state")

    _order_card_uniq = models.UniqueIndex("(order_id, card_id)", "A number stands once in a document.")
    _card_idx = models.Index("(card_id)")
    _charge_order_idx = models.Index("(charge_order_id) WHERE charge_order_id IS NOT NULL")

    def init(self):
        """Half of each page stays free: a step of a document writes its rows anew beside the old ones, and no index."""
        result = super().init()
        self.env.cr.execute("ALTER TABLE crab_card_order_number SET (fillfactor = 50)")
        return result

    def action_activate_numbers(self):
        """Make activation drafts of the selected numbers, one for each holder, and open them (HQ-36)."""
        return self.env["crab.card.order"]._draft_of_cards("activation", self.card_id)

    def action_cancel_numbers(self):
        """Make a cancellation draft of the selected numbers, and open it (HQ-36)."""
        return self.env["crab.card.order"]._draft_of_cards("cancel", self.card_id)
