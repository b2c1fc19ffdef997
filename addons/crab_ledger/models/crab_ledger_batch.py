import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date

SUPPLY = ("supplied", "received")  # kinds that are posted by invoices, see crab_ledger_batch_supply
_logger = logging.getLogger(__name__)


class CrabLedgerBatch(models.Model):
    _name = "crab.ledger.batch"
    _description = "Daily batch"
    _order = "business_date desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    business_date = fields.Date("Business day", required=True, readonly=True)
    kind = fields.Selection(
        lambda self: self.env["crab.ledger.fact"]._fields["kind"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    tax_id = fields.Many2one("account.tax", "Tax", readonly=True, check_company=True)
    journal_id = fields.Many2one("account.journal", "Journal", required=True, readonly=True, check_company=True)
    fact_count = fields.Integer("Facts", readonly=True)
    amount_net = fields.Monetary("Net", readonly=True)
    amount_tax = fields.Monetary("VAT", readonly=True)
    amount_cost = fields.Monetary("Cost of goods", readonly=True)
    move_id = fields.Many2one("account.move", "Journal entry", readonly=True, check_company=True)
    reversal_move_id = fields.Many2one("account.move", "Reversal", readonly=True, check_company=True)
    state = fields.Selection(
        [("posted", "Posted"), ("reversed", "Reversed")], default="posted", required=True, readonly=True
    )

    _day_idx = models.Index("(company_id, business_date)")

    @api.depends("kind", "business_date", "tax_id")
    def _compute_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for batch in self:
            parts = (batch.business_date, kinds.get(batch.kind), batch.tax_id.name)
            batch.name = " ".join(str(part) for part in parts if part)

    @api.model
    def _post_day(self, company, day):
        """Post what waits of one business day: one entry per kind, tax and journal, linked to its facts.

        Safe to call again (nothing left to do) and at the same time (the second waits for the first and is restarted).
        Facts that arrive later for the same day get a further batch.

        :return: the new batches
        """
        journal = self.env["crab.ledger"]._journal(company, "daily")
        lock_rows(journal)
        self.env.cr.execute(
            SQL(
                """
                SELECT kind, tax_id, COUNT(*), SUM(amount_net), SUM(amount_tax), SUM(amount_cost)
                  FROM crab_ledger_fact
                 WHERE company_id = %s AND business_date = %s AND batch_id IS NULL AND kind <> ALL(%s)
                 GROUP BY kind, tax_id ORDER BY kind, tax_id
                """,
                company.id,
                day,
                list(SUPPLY),
            )
        )
        batches = self.create(
            [
                {
                    "company_id": company.id,
                    "business_date": day,
                    "kind": kind,
                    "tax_id": tax_id,
                    "journal_id": journal.id,
                    "fact_count": count,
                    "amount_net": net,
                    "amount_tax": tax,
                    "amount_cost": cost,
                }
                for kind, tax_id, count, net, tax, cost in self.env.cr.fetchall()
            ]
        )
        if not batches:
            return batches
        batches.flush_recordset()
        # A fact that another run claimed since this transaction began makes this fail with 40001: it is restarted.
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_ledger_fact f SET batch_id = b.id FROM crab_ledger_batch b
                 WHERE b.id = ANY(%s) AND f.company_id = b.company_id AND f.business_date = b.business_date
                   AND f.kind = b.kind AND f.tax_id IS NOT DISTINCT FROM b.tax_id AND f.batch_id IS NULL
                """,
                batches.ids,
            )
        )
        self.env["crab.ledger.fact"].invalidate_model(["batch_id"])
        batches._post_moves()
        return batches

    def _post_moves(self):
        """One posted entry per batch; a batch whose amounts cancel out has none."""
        values_by_batch = [(batch, batch._prepare_move()) for batch in self]
        with_move = [(batch, values) for batch, values in values_by_batch if values["line_ids"]]
        moves = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True, skip_invoice_sync=True)
            .create([values for _batch, values in with_move])
        )
        for (batch, _values), move in zip(with_move, moves, strict=True):
            batch.move_id = move
        moves._post(soft=False)

    def _prepare_move(self):
        self.ensure_one()
        columns = {"net": dec(self.amount_net), "tax": dec(self.amount_tax), "cost": dec(self.amount_cost)}
        amounts = {}
        for purpose, column, sign in self.env["crab.ledger.fact"]._kind_lines()[self.kind]:
            amounts[purpose] = amounts.get(purpose, 0) + sign * columns[column]
        repartition = self.tax_id.invoice_repartition_line_ids
        base_line = repartition.filtered(lambda line: line.repartition_type == "base")
        tax_line = repartition.filtered(lambda line: line.repartition_type == "tax")[:1]
        commands = []
        for purpose, amount in amounts.items():
            if not amount:
                continue
            values = {
                "account_id": self.env["crab.ledger"]._account(self.company_id, purpose).id,
                "name": self.name,
                "balance": amount,
            }
            if purpose == "revenue" and self.tax_id:
                values.update(tax_ids=[(6, 0, self.tax_id.ids)], tax_tag_ids=[(6, 0, base_line.tag_ids.ids)])
            elif purpose == "vat_output" and tax_line:
                values.update(
                    tax_repartition_line_id=tax_line.id,
                    tax_tag_ids=[(6, 0, tax_line.tag_ids.ids)],
                    tax_base_amount=abs(self.amount_net),
                )
            commands.append((0, 0, values))
        return {
            "move_type": "entry",
            "journal_id": self.journal_id.id,
            "date": self.business_date,
            "ref": self.name,
            "crab_document_model": self._name,
            "crab_document_id": self.id,
            "line_ids": commands,
        }

    def action_reverse(self):
        """Undo posted batches by reversing entries; their facts wait again and go into the next run."""
        self |= self.counter_batch_id  # an invoice and its bill
        self.check_access("read")
        self.env["crab.ledger"]._check_finance()
        lock_rows(self)
        if any(batch.state != "posted" for batch in self):
            raise UserError(
                self.env._("Only posted batches can be reversed. Reload the page to see what is posted now.")
            )
        self.env.cr.execute(SQL("UPDATE crab_ledger_fact SET batch_id = NULL WHERE batch_id = ANY(%s)", self.ids))
        self.env["crab.ledger.fact"].invalidate_model(["batch_id"])
        for batch in self:
            values = {"state": "reversed"}
            if batch.move_id:
                # no date: the reversal belongs to the day it is made, the original's may be closed
                values["reversal_move_id"] = self.env["crab.ledger"]._reverse_document(batch.move_id, batch).id
            batch.sudo().write(values)  # nobody may write batches by hand

    def action_facts(self):
        """The facts of this batch."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_ledger.crab_ledger_fact_action")
        return {**action, "domain": [("batch_id", "=", self.id)], "context": {}}

    @api.model
    def _waiting_days(self, company, until):
        """Business days up to ``until`` that have waiting facts, oldest first."""
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT business_date FROM crab_ledger_fact
                 WHERE company_id = %s AND business_date <= %s AND batch_id IS NULL ORDER BY 1
                """,
                company.id,
                until,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _cron_post_days(self):
        """After midnight in Shanghai: post all business days before today, one transaction per company and day.

        A day that cannot be posted (an account is missing, say) keeps no other from being posted; the check names it.
        """
        yesterday = fields.Date.subtract(business_date(), days=1)
        todo = [
            (company, day)
            for company in self.env["res.company"].search([("crab_role", "!=", False)])
            for day in self._waiting_days(company, yesterday)
        ]
        self.env["ir.cron"]._commit_progress(remaining=len(todo))
        for company, day in todo:
            try:
                transaction.run(
                    self.env.registry,
                    lambda env, company=company, day=day: env[self._name]._post_day(company.with_env(env), day),
                )
            except Exception:
                _logger.exception("the facts of %s on %s could not be posted", company.name, day)
            self.env["ir.cron"]._commit_progress(1)
        for day in self._supply_days(yesterday):
            try:
                transaction.run(self.env.registry, lambda env, day=day: env[self._name]._post_supply(day))
            except Exception:
                _logger.exception("the supplies of %s could not be invoiced", day)
