from odoo.addons.web.controllers import export

RISKY = ("@", "\t", "\r", "\n")


class CSVExport(export.CSVExport):
    def from_data(self, fields, columns_headers, rows):
        """As in core, which takes the sting out of ``=``, ``+`` and ``-``; these run as well."""
        rows = [
            ["'" + cell if isinstance(cell, str) and cell.startswith(RISKY) else cell for cell in row] for row in rows
        ]
        return super().from_data(fields, columns_headers, rows)
