import base64

from odoo import api, fields, models

from odoo.addons.crab_base.tools.spreadsheet import write_workbook


class CrabDeliveryExport(models.TransientModel):
    """The list for the carrier: its file comes back with tracking numbers and is imported as it is."""

    _name = "crab.delivery.export"
    _description = "List of deliveries for the carrier"

    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    @api.model
    def _make(self, deliveries):
        """A file of these deliveries, for the user who asked; it is gone with the wizards of the hour."""
        export = self.create([{}])
        export.write(
            {
                "file": base64.b64encode(export._workbook(deliveries)),
                "file_name": self.env._("Deliveries %(day)s.xlsx", day=fields.Date.context_today(self)),
            }
        )
        return export

    def _workbook(self, deliveries):
        headers = ("配送单号", "收货人", "电话", "省", "市", "区", "地址", "期望日期", "货品", "快递公司", "快递单号")
        rows = (
            (
                delivery.name,
                delivery.receiver_name,
                delivery.receiver_phone,
                delivery.province_id.name or "",
                delivery.city_id.name or "",
                delivery.district_id.name or "",
                delivery.street,
                delivery.wish_date,
                delivery.goods,
                delivery.carrier_name or "",
                delivery.tracking_reference or "",
            )
            for delivery in deliveries
        )
        return write_workbook([("配送单", headers, rows, [18, 14, 16, 12, 12, 12, 40, 12, 40, 14, 20], {})])

    def _action_download(self):
        return {
            "type": "ir.actions.act_url",
            "target": "download",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.file_name}?download=true",
        }
