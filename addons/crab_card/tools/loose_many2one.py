from odoo import fields


class LooseMany2one(fields.Many2one):
    """A Many2one without foreign key, for columns that are written by the million and whose target is never deleted.

    Checking a foreign key costs as much as writing the row. A trigger on the target table refuses deletion instead.
    """

    def update_db_foreign_key(self, model, column):
        return
