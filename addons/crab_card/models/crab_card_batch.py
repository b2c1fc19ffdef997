from odoo import api, fields, models
from odoo.exceptions import UserError


class CrabCardBatch(models.Model):
    """Numbers that came into the register together."""

    _name = "crab.card.batch"
    _description = "Batch of card numbers"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    source = fields.Selection(
        [("import", "Import"), ("generation", "Generation"), ("sale", "Online sale")], required=True, readonly=True
    )
    company_id = fields.Many2one("res.company", string="Issuer", required=True, readonly=True, ondelete="restrict")
    count = fields.Integer("Numbers", readonly=True)
    import_id = fields.Many2one("crab.import", string="Import", readonly=True, ondelete="restrict", index="btree_not_null")

    def _quantities(self):
        """``{product.product: how many numbers of it}`` of these batches."""
        return dict(self.env["crab.card"]._read_group([("batch_id", "in", self.ids)], ["product_id"], ["__count"]))

    def _receive_stock(self):
        """Receive the cards of these batches in the Group's main warehouse: one stock move per card product."""
        self.env["product.product"].sudo()._crab_adjust_stock(  # card keepers have no rights in stock
            self.sudo()._quantities(),
            reason=self.env._("Card numbers received: %(batches)s", batches=", ".join(self.mapped("name"))),
            relative=True,
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_empty(self):
        if any(batch.count for batch in self):
            raise UserError(self.env._("A batch with numbers is kept."))

    def action_open_cards(self):
        """The numbers of this batch."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_card.crab_card_action"),
            "domain": [("batch_id", "=", self.id)],
            "context": {"search_default_batch_id": self.id},
        }
