from odoo import fields, models


class CrabImportError(models.Model):
    """One reason why a row of an import is bad. Rows are inserted in sets by ``crab.import``."""

    _name = "crab.import.error"
    _description = "Bad row of an import"
    _order = "import_id desc, row_number, id"
    _rec_name = "reason"
    _log_access = False

    import_id = fields.Many2one("crab.import", "Import", required=True, ondelete="cascade", readonly=True)
    row_number = fields.Integer("Row in Excel", readonly=True)
    header = fields.Char("Column", readonly=True)
    value = fields.Char("Cell", readonly=True)
    reason = fields.Char(readonly=True)

    _import_row_idx = models.Index("(import_id, row_number)")
