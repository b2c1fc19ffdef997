import base64

from reportlab.graphics.barcode import createBarcodeDrawing

from odoo import api, models


class CrabDeliveryNote(models.AbstractModel):
    _name = "report.crab_redemption.delivery_note"
    _description = "Delivery note"

    @api.model
    def _get_report_values(self, docids, data=None):
        deliveries = self.env["crab.delivery"].browse(docids)
        return {
            "doc_ids": docids,
            "doc_model": deliveries._name,
            "docs": deliveries,
            "barcodes": {delivery.id: self._barcode(delivery.name) for delivery in deliveries},
        }

    @api.model
    def _barcode(self, text):
        """A Code 128 as SVG; Odoo's own barcodes are bitmaps and need a library that is not everywhere."""
        drawing = createBarcodeDrawing("Code128", value=text, width=500, height=80, humanReadable=False)
        return f"data:image/svg+xml;base64,{base64.b64encode(drawing.asString('svg').encode()).decode()}"
