from odoo import api, fields, models


class CrabImportProgress(models.Model):
    """How far running imports are, written while they run.

    An own table without reference: the transaction of the running import holds the row of ``crab.import`` locked
    and would lose against whoever changes it meanwhile.
    """

    _name = "crab.import.progress"
    _description = "Progress of running imports"
    _log_access = False

    import_ref = fields.Integer(required=True, readonly=True)
    done = fields.Integer(readonly=True)
    total = fields.Integer(readonly=True)

    _import_ref_uniq = models.Constraint("UNIQUE(import_ref)", "An import has one progress.")

    @api.autovacuum
    def _gc_progress(self):
        """Remove what ended imports left: they cannot do it themselves, the rows are younger than their snapshot."""
        running = self.env["crab.import"].search([("state", "=", "queued")])
        self.search([("import_ref", "not in", running.ids)]).unlink()
