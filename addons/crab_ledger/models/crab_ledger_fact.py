from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.timezone import business_date


class CrabLedgerFact(models.Model):
    """One row per shipment, share, payment …; append-only by trigger, posted per day by ``crab.ledger.batch``."""

    _name = "crab.ledger.fact"
    _description = "Subledger fact"
    _order = "id desc"
    _rec_name = "reference"
    _log_access = False

    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection([("redemption_shipped", "Redemption shipped")], required=True, readonly=True)
    business_date = fields.Date("Business day", required=True, readonly=True)
    recorded_at = fields.Datetime("Recorded at", required=True, readonly=True)
    tax_id = fields.Many2one("account.tax", "Tax", readonly=True)
    partner_id = fields.Many2one("res.partner", "Partner", readonly=True)
    product_id = fields.Many2one("product.product", "Product", readonly=True)
    quantity = fields.Float(readonly=True, digits="Product Unit")
    price_unit = fields.Monetary("Price", readonly=True, help="With tax, of a unit.")
    amount_net = fields.Monetary("Net", readonly=True, required=True)
    amount_tax = fields.Monetary("VAT", readonly=True, required=True)
    amount_cost = fields.Monetary("Cost of goods", readonly=True, required=True)
    document_model = fields.Char("Document model", readonly=True, required=True)
    document_id = fields.Many2oneReference("Document", model_field="document_model", readonly=True, required=True)
    reference = fields.Char(readonly=True)
    key = fields.Char(readonly=True, help="The same fact is recorded once.")
    batch_id = fields.Many2one(
        "crab.ledger.batch", "Posted in", readonly=True, help="Empty: waiting for the daily batch."
    )
    move_id = fields.Many2one(related="batch_id.move_id", string="Journal entry")

    _cents = models.Constraint(
        "CHECK(ROUND(amount_net, 2) = amount_net AND ROUND(amount_tax, 2) = amount_tax"
        " AND ROUND(amount_cost, 2) = amount_cost AND amount_net + amount_tax + amount_cost <> 'NaN')",
        "The amounts of a fact have two decimals.",
    )
    _key_uniq = models.UniqueIndex("(company_id, kind, key) WHERE key IS NOT NULL", "This fact is recorded already.")
    _waiting_idx = models.Index("(company_id, business_date) WHERE batch_id IS NULL")
    _batch_idx = models.Index("(batch_id) WHERE batch_id IS NOT NULL")
    _document_idx = models.Index("(document_model, document_id)")

    def init(self):
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION crab_ledger_fact_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    OLD.batch_id := NEW.batch_id;
                    IF OLD IS NOT DISTINCT FROM NEW THEN
                        RETURN NEW;
                    END IF;
                END IF;
                RAISE EXCEPTION 'crab_ledger_fact is append-only: correct a fact by a counter-fact'
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE OR REPLACE TRIGGER crab_ledger_fact_append_only BEFORE UPDATE OR DELETE ON crab_ledger_fact
                FOR EACH ROW EXECUTE FUNCTION crab_ledger_fact_append_only();
            """
        )

    @api.model
    def _kind_lines(self):
        """What a fact of each kind books: ``{kind: [(purpose, column, sign)]}``, debit positive, column net/tax/cost.

        Extended with the kinds of other addons.
        """
        return {
            "redemption_shipped": [
                ("contract_liability", "net", 1),
                ("contract_liability", "tax", 1),
                ("revenue", "net", -1),
                ("vat_output", "tax", -1),
                ("cost", "cost", 1),
                ("inventory", "cost", -1),
            ],
        }

    @api.model
    def _record(self, facts):
        """Append facts in one statement per thousand rows.

        :param facts: list of dicts: ``kind``, ``company_id`` (id), ``document_model``, ``document_id``; optional
            ``tax_id``, ``partner_id``, ``product_id`` (ids), ``quantity``, ``price_unit``, ``amount_net``,
            ``amount_tax``, ``amount_cost`` (Decimal in the company's currency, negative for a counter-fact),
            ``reference``, ``business_date`` (default today in Shanghai), ``key`` (once per company and kind)
        :return: ids in the order given
        """
        today, now = business_date(), fields.Datetime.now()
        rows = [
            (
                fact["company_id"],
                fact["kind"],
                fact.get("business_date") or today,
                now,
                fact.get("tax_id") or None,
                fact.get("partner_id") or None,
                fact.get("product_id") or None,
                fact.get("quantity"),
                fact.get("price_unit"),
                fact.get("amount_net") or 0,
                fact.get("amount_tax") or 0,
                fact.get("amount_cost") or 0,
                fact["document_model"],
                fact["document_id"],
                fact.get("reference"),
                fact.get("key"),
            )
            for fact in facts
        ]
        if not rows:
            return []
        self.env.flush_all()  # facts may point to records of this transaction
        inserted = self.env.cr.execute_values(
            "INSERT INTO crab_ledger_fact (company_id, kind, business_date, recorded_at, tax_id, partner_id,"
            " product_id, quantity, price_unit, amount_net, amount_tax, amount_cost, document_model, document_id,"
            " reference, key) VALUES %s RETURNING id",
            rows,
            page_size=1000,
            fetch=True,
        )
        self.invalidate_model()
        return [row[0] for row in inserted]

    @api.model
    def _sums_by_purpose(self):
        """Debit-positive sums of all facts: ``[{company_id, purpose, amount, waiting, waiting_since}]``."""
        self.flush_model()
        lines = [
            (kind, purpose, column, sign)
            for kind, kind_lines in self._kind_lines().items()
            for purpose, column, sign in kind_lines
        ]
        rule = SQL(", ").join(SQL("(%s, %s, %s, %s)", *line) for line in lines)
        self.env.cr.execute(
            SQL(
                """
                WITH summed AS (
                    SELECT company_id, kind, batch_id IS NULL AS is_waiting, MIN(business_date) AS since,
                           SUM(amount_net) AS net, SUM(amount_tax) AS tax, SUM(amount_cost) AS cost
                      FROM crab_ledger_fact GROUP BY 1, 2, 3
                ), booked AS (
                    SELECT s.company_id, r.purpose, s.is_waiting, s.since,
                           r.sign * CASE r.col WHEN 'net' THEN s.net WHEN 'tax' THEN s.tax ELSE s.cost END AS amount
                      FROM summed s JOIN (VALUES %s) AS r(kind, purpose, col, sign) ON r.kind = s.kind
                )
                SELECT company_id, purpose, SUM(amount), COALESCE(SUM(amount) FILTER (WHERE is_waiting), 0),
                       MIN(since) FILTER (WHERE is_waiting)
                  FROM booked GROUP BY 1, 2
                """,
                rule,
            )
        )
        names = ("company_id", "purpose", "amount", "waiting", "waiting_since")
        return [dict(zip(names, row, strict=True)) for row in self.env.cr.fetchall()]
