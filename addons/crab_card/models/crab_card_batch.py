from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tools.locks import lock_rows


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
    valid_until = fields.Date("Valid until", readonly=True, help="Given to the numbers when they were made.")
    import_id = fields.Many2one(
        "crab.import", string="Import", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    has_export = fields.Boolean("List for the printer waits", readonly=True)
    exported_at = fields.Datetime("List taken at", readonly=True)
    exported_by_id = fields.Many2one("res.users", string="List taken by", readonly=True, ondelete="restrict")

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
        }

    # === The list for the printer === #

    def _keep_export(self, content):
        """Keep the encrypted list until it is taken.

        :param bytes content: an encrypted file; nothing here can open it
        """
        self.ensure_one()
        self.env["ir.attachment"].sudo().create(  # readable for nobody but ``_take_export``
            {
                "name": "crab_card_export",
                "res_model": self._name,
                "res_id": self.id,
                "res_field": "export",
                "raw": content,
            }
        )
        self.sudo().has_export = True

    def _take_export(self):
        """The encrypted list, once: it is destroyed in the same transaction, and who took it is recorded.

        :raise UserError: when it was taken already
        :raise AccessError: for users who are no card keepers
        """
        self.ensure_one()
        if not self.env.user.has_group("crab_base.group_card_keeper"):
            raise AccessError(self.env._("Only card keepers take the list for the printer."))
        self.check_access("read")
        lock_rows(self)
        attachments_sudo = self._export_sudo()
        if not attachments_sudo:
            raise UserError(
                self.env._("The list was already taken. It exists only once; cancel these numbers if it is lost.")
            )
        content = attachments_sudo.raw
        attachments_sudo.unlink()
        self.sudo().write({"has_export": False, "exported_at": fields.Datetime.now(), "exported_by_id": self.env.uid})
        return content

    def _export_sudo(self):
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(  # bound to no field, so nobody reads it by its parent's rights
                [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", "export")], limit=1
            )
        )

    def action_take_export(self):
        """Download the list for the printer, once."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/crab_card/export/{self.id}", "target": "self"}
