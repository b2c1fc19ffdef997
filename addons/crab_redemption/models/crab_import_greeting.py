from odoo import api, models

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column
from odoo.addons.crab_base.tools.timezone import business_date


class CrabImportGreeting(models.AbstractModel):
    """One draft per company, text and day of sending (HQ-31)."""

    _name = "crab.import.greeting"
    _inherit = "crab.import.kind"
    _description = "Import of corporate gift cards"

    @api.model
    def _groups(self):
        return ["crab_base.group_customer_service", "crab_base.group_card_keeper"]

    @api.model
    def _columns(self):
        return [
            Column("企业名称", "company", cells.text(128), required=True, example="示例企业"),
            Column("卡号", "number", cells.code(), required=True, unique=True, example="YC26A0000001"),
            Column(
                "手机号",
                "phone",
                cells.phone(),
                example="13800000000",
                help=self.env._("Empty: the phone of the redemption."),
            ),
            Column("祝福语", "greeting", cells.text(300), required=True, example="中秋快乐"),
            Column(
                "发送日期",
                "send_date",
                cells.date(),
                required=True,
                example="2026-09-25",
                help=self.env._("Sent from 9:00 on that day."),
            ),
        ]

    @api.model
    def _check(self, rows):
        Card = self.env["crab.card"]
        cards = Card.search([("number", "in", [row["number"] for row in rows])])
        by_number = {card.number: card for card in cards}
        taken = set(self.env["crab.greeting.line"].search([("card_id", "in", cards.ids)]).card_id.mapped("number"))
        errors, today = [], business_date()
        for row in rows:
            if row["number"] not in by_number:
                errors.append((row.number, "卡号", self.env._("is not in the register")))
            elif row["number"] in taken:
                errors.append((row.number, "卡号", self.env._("belongs to a corporate gift already")))
            elif by_number[row["number"]].state == "cancelled":
                errors.append((row.number, "卡号", self.env._("is cancelled")))
            elif by_number[row["number"]].state == "used":
                errors.append((row.number, "卡号", self.env._("is redeemed already")))
            if row["send_date"] < today:
                errors.append((row.number, "发送日期", self.env._("is over")))
        return errors

    @api.model
    def _load(self, rows):
        Partner_sudo = self.env["res.partner"].sudo()  # card keepers have no right to make partners of their own
        names = {row["company"] for row in rows}
        partners = Partner_sudo.search([("is_company", "=", True), ("name", "in", list(names))])
        missing = sorted(names - set(partners.mapped("name")))
        partners |= Partner_sudo.create([{"name": name, "is_company": True} for name in missing])
        by_name = {partner.name: partner.id for partner in partners}
        cards = self.env["crab.card"].search([("number", "in", [row["number"] for row in rows])])
        ids = {card.number: card.id for card in cards}
        groups = {}
        for row in rows:
            groups.setdefault((row["company"], row["greeting"], row["send_date"]), []).append(row)
        return self.env["crab.greeting"].create(
            [
                {
                    "partner_id": by_name[company],
                    "greeting": greeting,
                    "send_at": f"{day} 01:00:00",  # 9:00 in Shanghai
                    "line_ids": [(0, 0, {"card_id": ids[row["number"]], "phone": row["phone"]}) for row in members],
                }
                for (company, greeting, day), members in groups.items()
            ]
        )
