from odoo import api, fields, models
from odoo.tools import SQL

MANY = 20  # ticks that the version is read from before they are made one
# table, events, condition, for each row or statement: what public answers are made of (decision 0092)
PICTURE = "{0}.res_field IS NOT NULL AND {0}.res_model IN ('product.template', 'crab.banner')"
WATCHED = [
    ("product_template", "INSERT OR UPDATE", "NEW.crab_kind IS NOT NULL", "ROW"),
    ("product_template", "DELETE", "OLD.crab_kind IS NOT NULL", "ROW"),
    ("product_product", "UPDATE", "OLD.active IS DISTINCT FROM NEW.active", "ROW"),
    ("product_category", "INSERT OR UPDATE", "NEW.crab_kind IS NOT NULL", "ROW"),
    ("product_category", "DELETE", "OLD.crab_kind IS NOT NULL", "ROW"),
    ("uom_uom", "UPDATE", "true", "ROW"),
    ("crab_package_part", "INSERT OR UPDATE OR DELETE", "true", "ROW"),
    ("crab_card_choice", "INSERT OR UPDATE OR DELETE", "true", "ROW"),
    ("crab_banner", "INSERT OR UPDATE OR DELETE", "true", "ROW"),
    ("crab_article", "INSERT OR UPDATE OR DELETE", "true", "ROW"),
    ("crab_agreement", "INSERT OR UPDATE OR DELETE", "true", "ROW"),
    ("crab_review", "INSERT OR UPDATE OR DELETE", "true", "ROW"),
    ("crab_member", "UPDATE", "OLD.name IS DISTINCT FROM NEW.name", "ROW"),  # authors of reviews
    ("ir_attachment", "INSERT OR UPDATE", PICTURE.format("NEW"), "ROW"),  # a new picture writes no other row
    ("ir_attachment", "DELETE", PICTURE.format("OLD"), "ROW"),
    ("crab_region", "INSERT OR UPDATE OR DELETE", "true", "STATEMENT"),
]


class CrabApiCatalogVersion(models.AbstractModel):
    """Whether a public answer may have changed since the caller has it (docs/decisions/0092-catalogue-version.md)."""

    _inherit = "crab.api.catalog.service"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS crab_catalog_tick (id bigserial PRIMARY KEY);
            CREATE OR REPLACE FUNCTION crab_catalog_tick() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO crab_catalog_tick DEFAULT VALUES;
                RETURN NULL;
            END $$;
            """
        )
        for number, (table, events, condition, each) in enumerate(WATCHED):
            self.env.cr.execute(
                SQL(
                    "CREATE OR REPLACE TRIGGER %s AFTER %s ON %s FOR EACH %s WHEN (%s)"
                    " EXECUTE FUNCTION crab_catalog_tick()",
                    SQL.identifier(f"crab_catalog_tick_{number}"),
                    SQL(events),
                    SQL.identifier(table),
                    SQL(each),
                    SQL(condition),
                )
            )
        return result

    @api.model
    def _version(self):
        """A short text that changes with every change of what the paths below /catalog and /site answer to everybody.

        It is read from the same picture of the database as the answer, so that neither is older than the other.
        """
        company_sudo = self.env["res.company"]._crab_company("sales").sudo()  # it is for everybody
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT md5(concat_ws('|',
                    (SELECT string_agg(id::text, ',' ORDER BY id) FROM crab_catalog_tick),
                    (SELECT string_agg(concat(key, '=', value), ',' ORDER BY key) FROM ir_config_parameter
                      WHERE key LIKE 'crab\\_shop.%%'),
                    (SELECT concat_ws(',', company.name, partner.name, partner.phone, partner.street, partner.street2,
                                      partner.city, partner.state_id, partner.write_date)
                       FROM res_company company JOIN res_partner partner ON partner.id = company.partner_id
                      WHERE company.id = %(company)s),
                    (SELECT concat_ws(',', COUNT(*) FILTER (WHERE start_at <= %(now)s),
                                      COUNT(*) FILTER (WHERE end_at <= %(now)s)) FROM crab_banner)))
                """,
                company=company_sudo.id,
                now=fields.Datetime.now(),
            )
        )
        return self.env.cr.fetchone()[0][:16]

    @api.model
    def _join_ticks(self):
        """Many ticks become one that was never there before: no version is ever met a second time."""
        self.env.cr.execute("SELECT id FROM crab_catalog_tick")
        ids = [row[0] for row in self.env.cr.fetchall()]
        if len(ids) > MANY:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO crab_catalog_tick DEFAULT VALUES; DELETE FROM crab_catalog_tick WHERE id = ANY(%s)",
                    ids,
                )
            )
