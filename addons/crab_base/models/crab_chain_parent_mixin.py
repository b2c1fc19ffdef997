from odoo import fields, models
from odoo.tools import SQL


class CrabChainParentMixin(models.AbstractModel):
    """What a record with a hash-linked history keeps of it; written only by ``crab.chain.mixin``.

    The database refuses to delete a record that has a history, also where lines name it without a foreign key.
    """

    _name = "crab.chain.parent.mixin"
    _description = "Record with a hash-linked history"

    event_count = fields.Integer("History Lines", readonly=True, copy=False, default=0)
    head_hash = fields.Char("History Head", readonly=True, copy=False, size=64)

    def init(self):
        super().init()
        if self._abstract or not self._auto:
            return
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION crab_chain_keep_parent() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'Record % of % has a history and cannot be deleted; archive or close it.',
                    OLD.id, TG_TABLE_NAME USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
            END $$
            """
        )
        self.env.cr.execute(
            SQL(
                "CREATE OR REPLACE TRIGGER crab_keep_with_history BEFORE DELETE ON %s FOR EACH ROW"
                " WHEN (OLD.event_count > 0) EXECUTE FUNCTION crab_chain_keep_parent()",
                SQL.identifier(self._table),
            )
        )
