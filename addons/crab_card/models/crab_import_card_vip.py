from odoo import api, models

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column


class CrabImportCardVip(models.AbstractModel):
    """Numbers to mark as VIP cards, or to mark no longer (HQ-32)."""

    _name = "crab.import.card_vip"
    _inherit = "crab.import.kind"
    _description = "Import of VIP marks"

    @api.model
    def _groups(self):
        return ["crab_base.group_admin", "crab_base.group_card_keeper"]

    @api.model
    def _columns(self):
        return [
            Column("卡号", "number", cells.code(), required=True, unique=True, example="YC26A0000001"),
            Column(
                "贵宾卡",
                "is_vip",
                cells.boolean(),
                example="是",
                help=self.env._("否 removes the mark; empty means 是."),
            ),
        ]

    @api.model
    def _check(self, rows):
        cards = self.env["crab.card"].search([("number", "in", [row["number"] for row in rows])])
        states = {card.number: card.state for card in cards}
        unknown = self.env._("is not in the register")
        finished = self.env._("is used or cancelled and never changes again")
        return [
            (row.number, "卡号", finished if row["number"] in states else unknown)
            for row in rows
            if states.get(row["number"]) not in ("inactive", "active")
        ]

    @api.model
    def _load(self, rows):
        cards = self.env["crab.card"]._resolve([row["number"] for row in rows])
        unmarked = {row["number"] for row in rows if row["is_vip"] is False}
        cards.filtered(lambda card: card.number not in unmarked)._mark_vip(True)
        cards.filtered(lambda card: card.number in unmarked)._mark_vip(False)
        return cards
