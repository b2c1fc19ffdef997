from odoo import api, models
from odoo.tools import SQL

FINDINGS_SHOWN = 20
# Documents of their own with an entry; a credit grant moves no money.
DOCUMENT_KINDS = ("topup", "topup_reversal", "repayment", "repayment_reversal")


class CrabLedgerCheck(models.Model):
    _inherit = "crab.ledger.check"

    @api.model
    def _subledgers(self):
        """Stored value, dealers' credit, and what activations and returns booked on the prepaid cards."""
        contributions = super()._subledgers()
        self.env.cr.execute(
            """
            SELECT company_id, CASE kind WHEN 'stored' THEN 'deposits' ELSE 'receivable_credit' END,
                   SUM(CASE kind WHEN 'stored' THEN -balance ELSE credit_used END)
              FROM crab_wallet GROUP BY company_id, kind
            """
        )
        rows = self.env.cr.fetchall()
        counters = self.env["crab.wallet"]._counter_purposes()
        self.env.cr.execute(
            SQL(
                """
                SELECT entry.company_id, counter.purpose, SUM(entry.amount) FROM crab_wallet_entry entry
                  JOIN (VALUES %s) AS counter(kind, purpose) ON counter.kind = entry.kind
                 GROUP BY 1, 2
                """,
                SQL(", ").join(SQL("(%s, %s)", kind, purpose) for kind, purpose in counters.items()),
            )
        )
        rows += self.env.cr.fetchall()
        names = ("company_id", "purpose", "amount")
        return contributions + [dict(zip(names, row, strict=True)) for row in rows]

    @api.model
    def _findings(self):
        findings = super()._findings() + [
            self.env._("%(wallet)s: the figures are not those of its entries and debts.", wallet=wallet.display_name)
            for wallet in self.env["crab.wallet"]._inconsistent()
        ]
        findings += [
            self.env._("%(document)s: its movements are not what the document says.", document=name)
            for name in self._documents_unlike_entries()
        ]
        findings += [
            self.env._("%(document)s: its journal entry is missing or not what its movements say.", document=name)
            for name in self._entries_unlike_moves()
        ]
        return findings

    @api.model
    def _documents_unlike_entries(self):
        """Names of wallet documents that moved another amount than they say, or moved although not carried out."""
        self.env["crab.wallet.document"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT document.name FROM crab_wallet_document document
                  LEFT JOIN (SELECT document_id, SUM(amount) AS amount FROM crab_wallet_entry
                              WHERE document_model = 'crab.wallet.document' GROUP BY 1) entry
                    ON entry.document_id = document.id
                 WHERE COALESCE(entry.amount, 0) <> CASE document.state WHEN 'done' THEN document.amount ELSE 0 END
                 ORDER BY document.id LIMIT %s
                """,
                FINDINGS_SHOWN,
            )
        )
        return [name for (name,) in self.env.cr.fetchall()]

    @api.model
    def _entries_unlike_moves(self):
        """References of documents whose posted entries book another amount than their movements.

        Compared is what each document moves in all with the debit side of its entries, whatever the accounts are:
        the accounts' totals are compared by ``_compare``.
        """
        kinds = (*self.env["crab.wallet"]._counter_purposes(), *DOCUMENT_KINDS)
        self.env.cr.execute(
            SQL(
                """
                SELECT entry.reference
                  FROM (SELECT document_model, document_id, MIN(reference) AS reference, SUM(amount) AS amount
                          FROM crab_wallet_entry WHERE kind IN %s GROUP BY 1, 2) entry
                  LEFT JOIN (SELECT model, id, SUM(balance) FILTER (WHERE balance > 0) AS amount
                               FROM (SELECT move.crab_document_model AS model, move.crab_document_id AS id,
                                            SUM(line.balance) AS balance
                                       FROM account_move move JOIN account_move_line line ON line.move_id = move.id
                                      WHERE move.state = 'posted' AND move.crab_document_id IS NOT NULL
                                      GROUP BY 1, 2, line.account_id) account
                              GROUP BY 1, 2) posted
                    ON posted.model = entry.document_model AND posted.id = entry.document_id
                 WHERE ABS(entry.amount) <> COALESCE(posted.amount, 0)
                 ORDER BY entry.reference LIMIT %s
                """,
                kinds,
                FINDINGS_SHOWN,
            )
        )
        return [reference for (reference,) in self.env.cr.fetchall()]
