from odoo import api, models

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column
from odoo.addons.crab_dealer.models.crab_dealer import ratio_points


class CrabImportMemberLevel(models.AbstractModel):
    """Member levels; a level that exists by name gets the ratio and spend of the file."""

    _name = "crab.import.member_level"
    _inherit = "crab.import.kind"
    _description = "Import of member levels"

    @api.model
    def _columns(self):
        return [
            Column("名称", "name", cells.text(64), required=True, unique=True, example="银卡会员"),
            Column(
                "折扣",
                "ratio",
                cells.ratio(),
                required=True,
                example=0.98,
                help=self.env._("0.98 = 98 % of the retail price."),
            ),
            Column(
                "累计消费",
                "spend",
                cells.amount(),
                example="2000.00",
                help=self.env._("Members rise to the level by themselves from this spend on; 0 or empty: never."),
            ),
        ]

    @api.model
    def _check(self, rows):
        # sudo: every dealer counts, seen or not
        highest_sudo = self.env["crab.dealer"].sudo().search([], order="ratio desc, code", limit=1)
        return [
            (
                row.number,
                "折扣",
                self.env._(
                    "must be above the price ratio of every dealer, e.g. %(dealer)s", dealer=highest_sudo.display_name
                ),
            )
            for row in rows
            if highest_sudo and ratio_points(row["ratio"]) <= ratio_points(highest_sudo.ratio)
        ]

    @api.model
    def _load(self, rows):
        levels = self.env["crab.member.level"].with_context(active_test=False)
        known = {level.name: level for level in levels.search([("name", "in", [row["name"] for row in rows])])}
        loaded = levels.browse()
        for row in rows:  # a handful of levels
            if level := known.get(row["name"]):
                level.write({"min_spend": float(row["spend"] or 0), "active": True})
                if ratio_points(level.ratio) != ratio_points(row["ratio"]):
                    level._set_ratio(float(row["ratio"]), self.env._("Import"))
                loaded |= level
        return loaded | levels.create(
            [
                {"name": row["name"], "ratio": float(row["ratio"]), "min_spend": float(row["spend"] or 0)}
                for row in rows
                if row["name"] not in known
            ]
        )
