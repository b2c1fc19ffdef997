from odoo import api, models

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column


class CrabImportShipment(models.AbstractModel):
    """Carriers and tracking numbers of many deliveries: loading the file ships them, all or none."""

    _name = "crab.import.shipment"
    _inherit = "crab.import.kind"
    _description = "Import of tracking numbers"

    @api.model
    def _groups(self):
        return ["crab_base.group_warehouse"]

    @api.model
    def _columns(self):
        return [
            Column("配送单号", "name", cells.code(), required=True, unique=True, example="PS260925000001"),
            Column("快递公司", "carrier", cells.text(64), required=True, example="顺丰速运"),
            Column("快递单号", "tracking", cells.text(64), required=True, example="SF1000000000001"),
        ]

    @api.model
    def _deliveries(self, rows):
        deliveries = self.env["crab.delivery"].search([("name", "in", [row["name"] for row in rows])])
        return {delivery.name: delivery for delivery in deliveries}

    @api.model
    def _check(self, rows):
        found = self._deliveries(rows)
        states = dict(self.env["crab.delivery"]._fields["state"]._description_selection(self.env))
        errors = []
        for row in rows:
            delivery = found.get(row["name"])
            if not delivery:
                errors.append((row.number, "配送单号", self.env._("does not exist")))
            elif delivery.state not in ("waiting", "prepared"):
                errors.append(
                    (
                        row.number,
                        "配送单号",
                        self.env._("its state is “%(state)s” already", state=states[delivery.state]),
                    )
                )
        numbers = {found[row["name"]].id: row["tracking"] for row in rows if row["name"] in found}
        others = self.env["crab.delivery"].browse(numbers)._parcels_of_others(numbers)
        for row in rows:
            if other := others.get(found.get(row["name"])):
                errors.append((row.number, "快递单号", self.env._("is that of %(other)s, which goes to somebody else",
                                                             other=other.name)))  # fmt: skip
        return errors

    @api.model
    def _load(self, rows):
        found = self._deliveries(rows)
        deliveries = self.env["crab.delivery"].union(*found.values())
        deliveries._ensure_warehouse()
        deliveries._ship(
            {found[row["name"]].id: row["carrier"] for row in rows},
            {found[row["name"]].id: row["tracking"] for row in rows},
        )
        return deliveries
