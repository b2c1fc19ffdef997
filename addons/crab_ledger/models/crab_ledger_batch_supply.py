from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec

from .crab_ledger_batch import SUPPLY


class CrabLedgerBatch(models.Model):
    """The daily invoice between the companies, docs/decisions/0022-invoice-between-the-companies.md.

    A pair of batches: ``supplied`` of the Group with its invoice, ``received`` of the Sales company with the bill.
    """

    _inherit = "crab.ledger.batch"

    counter_batch_id = fields.Many2one("crab.ledger.batch", "Batch of the other company", readonly=True)

    _supply_day_uniq = models.UniqueIndex(
        "(kind, business_date) WHERE state = 'posted' AND kind IN ('supplied', 'received')",
        "The supplies of this day are invoiced already.",
    )

    @api.model
    def _supply_days(self, until):
        """Days up to ``until`` that need an invoice, oldest first.

        What came late for a day with an invoice goes to that of the next day; when nothing else is to be invoiced, to
        that of ``until``.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT f.business_date, b.id IS NOT NULL FROM crab_ledger_fact f
                  LEFT JOIN crab_ledger_batch b
                    ON b.kind = f.kind AND b.business_date = f.business_date AND b.state = 'posted'
                 WHERE f.kind = ANY(%s) AND f.batch_id IS NULL AND f.business_date <= %s ORDER BY 1
                """,
                list(SUPPLY),
                until,
            )
        )
        rows = self.env.cr.fetchall()
        days = [day for day, is_invoiced in rows if not is_invoiced]
        if rows and (not days or rows[-1][1]):
            days.append(until)
        return days

    @api.model
    def _post_supply(self, day):
        """Invoice what the Group supplied to the Sales company: one invoice in the one, the same bill in the other.

        Safe to call again and at the same time, as ``_post_day``. Facts that come later for the day wait for the
        invoice of the next day.

        :return: the two new batches; none when nothing waits or the day has its invoice
        """
        ledger, Company = self.env["crab.ledger"], self.env["res.company"]
        journals = {
            kind: ledger._journal(Company._crab_company(role), "supply")
            for kind, role in zip(SUPPLY, ("group", "sales"), strict=True)
        }
        lock_rows(journals["supplied"] | journals["received"])
        posted = [("kind", "in", SUPPLY), ("business_date", "=", day), ("state", "=", "posted")]
        if self.search_count(posted, limit=1):
            return self.browse()
        chosen = SQL(
            """
            f.kind = ANY(%s) AND f.batch_id IS NULL AND (f.business_date = %s OR f.business_date < %s AND EXISTS (
                SELECT FROM crab_ledger_batch d
                 WHERE d.kind = f.kind AND d.business_date = f.business_date AND d.state = 'posted'
            ))
            """,
            list(SUPPLY),
            day,
            day,
        )
        # Who waited for another run has an older picture of the database: this fails then (40001), and it is restarted.
        self.env.cr.execute(SQL("SELECT FROM crab_ledger_fact f WHERE %s ORDER BY f.id FOR NO KEY UPDATE", chosen))
        rows = self._supply_rows(chosen)
        batches = self.create(
            [
                {
                    "company_id": journals[kind].company_id.id,
                    "business_date": day,
                    "kind": kind,
                    "journal_id": journals[kind].id,
                    "fact_count": sum(row["count"] for row in of_kind),
                    "amount_net": sum(row["net"] for row in of_kind),
                    "amount_tax": sum(row["tax"] for row in of_kind),
                }
                for kind, of_kind in rows.items()
            ]
        )
        if not batches:
            return batches
        batches.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_ledger_fact f SET batch_id = b.id FROM crab_ledger_batch b
                 WHERE b.id = ANY(%s) AND b.kind = f.kind AND b.company_id = f.company_id AND %s
                """,
                batches.ids,
                chosen,
            )
        )
        self.env["crab.ledger.fact"].invalidate_model(["batch_id", "move_id"])
        for batch in batches:
            batch.counter_batch_id = batches - batch
            batch._post_invoice(rows[batch.kind])
        return batches

    @api.model
    def _supply_rows(self, chosen):
        """``{kind: [{"product_id", "tax_id", "price", "quantity", "net", "tax", "count"}]}`` of these facts."""
        self.env.cr.execute(
            SQL(
                """
                SELECT f.kind, f.product_id, f.tax_id, f.price_unit AS price, SUM(f.quantity) AS quantity,
                       SUM(f.amount_net) AS net, SUM(f.amount_tax) AS tax, COUNT(*) AS count
                  FROM crab_ledger_fact f WHERE %s GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 2, 3, 4
                """,
                chosen,
            )
        )
        rows = {}
        for row in self.env.cr.dictfetchall():
            rows.setdefault(row["kind"], []).append(row)
        return rows

    def _post_invoice(self, rows):
        """Post the invoice (Group) or the bill (Sales company) with a line per product, tax and price.

        On a day when more came back than was supplied it is a credit note.
        """
        self.ensure_one()
        ledger, is_sale = self.env["crab.ledger"], self.kind == "supplied"
        sign = self._invoice_sign()
        document = "invoice" if sign > 0 else "refund"
        move = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True)
            .create(
                {
                    "move_type": f"out_{document}" if is_sale else f"in_{document}",
                    "journal_id": self.journal_id.id,
                    "partner_id": self.counter_batch_id.company_id.partner_id.id,
                    "invoice_date": self.business_date,
                    "invoice_date_due": self.business_date,
                    "date": self.business_date,
                    "ref": self.name if is_sale else self.counter_batch_id.move_id.name,
                    "crab_document_model": self._name,
                    "crab_document_id": self.id,
                    "invoice_line_ids": [
                        fields.Command.create(
                            {
                                "product_id": row["product_id"],
                                "quantity": sign * row["quantity"],
                                "price_unit": row["price"],
                                "tax_ids": [fields.Command.set([row["tax_id"]] if row["tax_id"] else [])],
                                "account_id": ledger._account(self.company_id, "revenue" if is_sale else "cost").id,
                            }
                        )
                        for row in rows
                    ],
                }
            )
        )
        self._settle_cents(move)
        move.line_ids.filtered(lambda line: line.display_type == "payment_term").account_id = ledger._account(
            self.company_id, "intercompany"
        )
        self.move_id = move
        # the context: the cost of goods is booked by the facts of the shipment, not once more by stock_account
        move.with_context(move_reverse_cancel=True)._post(soft=False)

    def _invoice_sign(self):
        """-1 where more came back than was supplied."""
        return 1 if dec(self.amount_net) + dec(self.amount_tax) >= 0 else -1

    def _settle_cents(self, move):
        """Parts of a unit are rounded per parcel: the invoice comes to what the facts come to."""
        total = self._invoice_sign() * (dec(self.amount_net) + dec(self.amount_tax))
        difference = total - dec(move.amount_total)
        if not difference:
            return
        line = {
            "name": self.env["crab.ledger"]._in_language(self.company_id).env._("Rounding of single parcels"),
            "quantity": 1,
            "price_unit": difference,
            "tax_ids": [fields.Command.clear()],
            "account_id": move.invoice_line_ids.account_id[:1].id,
        }
        move.invoice_line_ids = [fields.Command.create(line)]
        if dec(move.amount_total) != total:
            raise UserError(self.env._("The invoice of %(day)s is not the sum of its facts.", day=self.business_date))
