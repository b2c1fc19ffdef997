import io

import xlsxwriter

from odoo import http
from odoo.http import request


class CardOrderController(http.Controller):
    @http.route("/crab_card_order/<int:order_id>/numbers.xlsx", type="http", auth="user", readonly=True)
    def numbers(self, order_id, **_params):
        """The numbers of a document as Excel, for who may read the document; texts stay texts, nothing becomes a formula."""
        order = request.env["crab.card.order"].browse(order_id)
        if not order.exists() or not order.has_access("read"):
            return request.not_found()
        content = io.BytesIO()
        with xlsxwriter.Workbook(content, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for row, values in enumerate(order._export_rows()):
                for column, value in enumerate(values):
                    if isinstance(value, str):
                        sheet.write_string(row, column, value)
                    elif value is not None:
                        sheet.write_number(row, column, value)
            sheet.set_column(0, 1, 24)
        headers = [
            ("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("Content-Disposition", http.content_disposition(f"{order.name}.xlsx")),
            ("Cache-Control", "no-store"),
        ]
        return request.make_response(content.getvalue(), headers)
