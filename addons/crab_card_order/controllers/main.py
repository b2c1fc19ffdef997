from odoo import http
from odoo.http import request

from odoo.addons.crab_base.tools.spreadsheet import write_workbook


class CardOrderController(http.Controller):
    @http.route("/crab_card_order/<int:order_id>/numbers.xlsx", type="http", auth="user", readonly=True)
    def numbers(self, order_id, **_params):
        """The numbers of a document as Excel, for who may read the document."""
        order = request.env["crab.card.order"].browse(order_id)
        if not order.exists() or not order.has_access("read"):
            return request.not_found()
        rows = order._number_rows()
        headers = next(rows)
        content = write_workbook([(order.name, headers, rows, [24, 24, 14, 14, 12, 12], {})])
        return request.make_response(
            content,
            [
                ("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
                ("Content-Disposition", http.content_disposition(f"{order.name}.xlsx")),
                ("Cache-Control", "no-store"),
            ],
        )
