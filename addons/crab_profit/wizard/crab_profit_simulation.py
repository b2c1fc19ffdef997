import base64
import io

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date, day_bounds


class CrabProfitSimulation(models.TransientModel):
    """What each dealer would have earned in a past period with other price ratios or another tree.

    The orders of the period are shared again by the same rule, on their frozen prices; only what the changes say is
    another: a dealer with a new ratio has its price at that ratio, above a moved dealer stands its new parent's chain.
    What was refunded is taken back in proportion. Nothing is written but the result of this wizard.
    """

    _name = "crab.profit.simulation"
    _description = "Simulation of profit sharing"

    from_date = fields.Date("From", required=True, default=lambda self: fields.Date.subtract(business_date(), days=30))
    to_date = fields.Date("To", required=True, default=lambda self: business_date())
    change_ids = fields.One2many("crab.profit.simulation.change", "simulation_id", "Changes")
    result_ids = fields.One2many("crab.profit.simulation.result", "simulation_id", "Gain or loss", readonly=True)
    line_count = fields.Integer("Order lines shared again", readonly=True)
    warning = fields.Text(readonly=True)
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    def _compute_display_name(self):
        self.display_name = self.env._("Simulation")

    def action_replay(self):
        """Share the period again and show each dealer's gain or loss.

        :raise UserError: without changes, or with changes that make no tree
        """
        self.ensure_one()
        self._check_changes()
        rows, count = self._replay()
        simulation_sudo = self.sudo()  # results are shown, never entered
        simulation_sudo.write(
            {
                "line_count": count,
                "warning": self._warnings(),
                "result_ids": [
                    fields.Command.clear(),
                    *(
                        fields.Command.create(
                            {"dealer_id": dealer_id, "before": before, "after": after, "difference": after - before}
                        )
                        for dealer_id, before, after in rows
                    ),
                ],
            }
        )
        return self._reopen()

    def action_excel(self):
        """The table as Excel file."""
        self.ensure_one()
        if not self.result_ids:
            raise UserError(self.env._("Replay the period first."))
        self.write(
            {
                "file": base64.b64encode(self._workbook()),
                "file_name": f"{self.env._('Simulation')} {self.from_date}–{self.to_date}.xlsx",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content?model={self._name}&id={self.id}&field=file&filename_field=file_name&download=true",
            "target": "self",
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    # ------------------------------------------------------------------ the changes

    def _check_changes(self):
        if self.to_date < self.from_date:
            raise UserError(self.env._("The period ends before it begins."))
        changes = self.change_ids.filtered(lambda change: change.has_ratio or change.has_parent)
        if not changes:
            raise UserError(self.env._("Enter a new ratio or a new parent first."))
        if len(changes.dealer_id) != len(self.change_ids):
            raise UserError(self.env._("Enter each dealer once, with what is to change."))
        parents = self._new_parents()
        for change in changes:
            if change.has_ratio and not 0 < dec(change.ratio) <= 1:
                raise UserError(
                    self.env._("The ratio of %(dealer)s must lie between 0 and 1.", dealer=change.dealer_id.name)
                )
            if change.has_parent:
                seen, above = change.dealer_id, parents[change.dealer_id]
                while above:
                    if above in seen:
                        raise UserError(
                            self.env._("%(dealer)s would stand above itself.", dealer=change.dealer_id.name)
                        )
                    seen |= above
                    above = parents.get(above, above.parent_id)

    def _new_parents(self):
        return {change.dealer_id: change.parent_id for change in self.change_ids if change.has_parent}

    def _warnings(self):
        """Sentences on what a real change of this kind would refuse: the order of ratios along the tree."""
        parents = self._new_parents()
        ratios = {change.dealer_id: change.ratio for change in self.change_ids if change.has_ratio}
        concerned = self.change_ids.dealer_id | self.change_ids.dealer_id.child_ids
        broken = []
        for dealer in concerned:
            parent = parents.get(dealer, dealer.parent_id)
            if parent and dec(ratios.get(parent, parent.ratio)) >= dec(ratios.get(dealer, dealer.ratio)):
                broken.append(
                    self.env._(
                        "The ratio of %(parent)s would not be below that of %(dealer)s: such a change is refused.",
                        parent=parent.display_name,
                        dealer=dealer.display_name,
                    )
                )
        return "\n".join(broken) or False

    # ------------------------------------------------------------------ the replay

    def _replay(self):
        """``([(dealer id or None for the platform, Decimal before, Decimal after)], number of lines)``"""
        self.env["crab.earning"].check_access("read")
        self.env.flush_all()
        self.env.cr.execute(self._replay_sql())
        rows = [
            (dealer_id, dec(before), dec(after), count) for dealer_id, before, after, count in self.env.cr.fetchall()
        ]
        return [row[:3] for row in rows], rows[0][3] if rows else 0

    def _replay_sql(self):
        """One query: the lines of the period, their chains as they would be, the shares, the sums per dealer."""
        prices, earnings = self.env["crab.price"], self.env["crab.earning"]
        companies = self.env.companies.ids
        changes = SQL(", ").join(
            SQL(
                "(%s::int, %s::numeric, %s::boolean, %s::int)",
                change.dealer_id.id,
                change.ratio if change.has_ratio else None,
                change.has_parent,
                change.parent_id.id or None,
            )
            for change in self.change_ids
        )
        shared = earnings._shares_sql(
            SQL(
                """
                SELECT chain.line_id, chain.position, chain.dealer_id, chain.price, line.quantity, line.paid
                  FROM chain JOIN line ON line.id = chain.line_id WHERE chain.takes_part
                 UNION ALL
                SELECT id, 0, NULL, NULL, quantity, paid FROM line
                """
            )
        )
        return SQL(
            """
            WITH RECURSIVE change (dealer_id, ratio, is_moved, parent_id) AS (VALUES %(changes)s),
            -- above each moved dealer: its new parent and so on
            above (start_id, dealer_id, step) AS (
                SELECT dealer_id, parent_id, 1 FROM change WHERE is_moved AND parent_id IS NOT NULL
                 UNION ALL
                SELECT above.start_id, CASE WHEN change.is_moved THEN change.parent_id ELSE dealer.parent_id END,
                       above.step + 1
                  FROM above JOIN crab_dealer dealer ON dealer.id = above.dealer_id
                  LEFT JOIN change ON change.dealer_id = above.dealer_id
                 WHERE CASE WHEN change.is_moved THEN change.parent_id ELSE dealer.parent_id END IS NOT NULL
            ),
            line AS MATERIALIZED (
                SELECT line.id, line.product_uom_qty AS quantity, line.crab_paid AS paid,
                       line.crab_refunded AS refunded, line.crab_retail_price AS retail
                  FROM sale_order o JOIN sale_order_line line ON line.order_id = o.id AND line.crab_role = 'goods'
                 WHERE o.crab_paid_at >= %(start)s AND o.crab_paid_at < %(end)s AND o.company_id = ANY(%(companies)s)
                   AND o.crab_kind <> 'physical_card' AND o.crab_transaction_id IS NOT NULL
            ),
            -- the lowest moved dealer of each chain: what stands above it is exchanged
            cut AS (
                SELECT DISTINCT ON (frozen.line_id) frozen.line_id, frozen.position, frozen.dealer_id
                  FROM crab_price_chain frozen
                  JOIN change ON change.dealer_id = frozen.dealer_id AND change.is_moved
                  JOIN line ON line.id = frozen.line_id
                 ORDER BY frozen.line_id, frozen.position
            ),
            chain AS (
                SELECT frozen.line_id, frozen.position, frozen.dealer_id, frozen.is_earning AS takes_part,
                       CASE WHEN change.ratio IS NULL THEN frozen.unit_price ELSE %(new_price)s END AS price
                  FROM crab_price_chain frozen
                  JOIN line ON line.id = frozen.line_id
                  LEFT JOIN change ON change.dealer_id = frozen.dealer_id
                  LEFT JOIN cut ON cut.line_id = frozen.line_id
                 WHERE cut.line_id IS NULL OR frozen.position <= cut.position
                 UNION ALL
                SELECT cut.line_id, cut.position + above.step, above.dealer_id,
                       COALESCE(frozen.is_earning, dealer.state = 'active' AND dealer.is_online),
                       CASE WHEN change.ratio IS NOT NULL THEN %(new_price)s
                            ELSE COALESCE(frozen.unit_price, %(own_price)s) END
                  FROM cut
                  JOIN line ON line.id = cut.line_id
                  JOIN above ON above.start_id = cut.dealer_id
                  JOIN crab_dealer dealer ON dealer.id = above.dealer_id
                  LEFT JOIN change ON change.dealer_id = above.dealer_id
                  LEFT JOIN crab_price_chain frozen
                    ON frozen.line_id = cut.line_id AND frozen.dealer_id = above.dealer_id
            ),
            after AS (
                SELECT share.dealer_id,
                       SUM(share.amount - CASE WHEN line.refunded = 0 THEN 0
                           ELSE ROUND(share.amount * line.refunded / line.paid, 2) END) AS amount
                  FROM (%(shared)s) AS share JOIN line ON line.id = share.line_id
                 WHERE share.dealer_id IS NOT NULL GROUP BY 1
            ),
            before AS (
                SELECT earning.dealer_id, SUM(earning.amount) AS amount
                  FROM crab_earning earning JOIN line ON line.id = earning.line_id
                 WHERE earning.dealer_id IS NOT NULL GROUP BY 1
            ),
            dealers AS (
                SELECT dealer_id, COALESCE(before.amount, 0) AS before, COALESCE(after.amount, 0) AS after
                  FROM before FULL JOIN after USING (dealer_id)
            ),
            whole AS (SELECT COUNT(*) AS count, COALESCE(SUM(paid - refunded), 0) AS amount FROM line)
            SELECT NULL, (whole.amount - (SELECT COALESCE(SUM(before), 0) FROM dealers))::text,
                   (whole.amount - (SELECT COALESCE(SUM(after), 0) FROM dealers))::text, whole.count
              FROM whole
             UNION ALL
            SELECT dealer_id, before::text, after::text, whole.count FROM dealers, whole
            """,
            changes=changes,
            start=day_bounds(self.from_date)[0],
            end=day_bounds(self.to_date)[1],
            companies=companies,
            new_price=prices._price_sql(SQL("line.retail"), SQL("change.ratio")),
            own_price=prices._price_sql(SQL("line.retail"), SQL("dealer.ratio")),
            shared=shared,
        )

    # ------------------------------------------------------------------ Excel

    @api.model
    def _headers(self):
        return [
            self.env._("Code"),
            self.env._("Dealer"),
            self.env._("Before"),
            self.env._("After"),
            self.env._("Gain or loss"),
        ]

    def _workbook(self):
        """Bytes of the Excel file: the changes, then each dealer's figures with their totals."""
        output = io.BytesIO()
        with xlsxwriter.Workbook(
            output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
            sheet = book.add_worksheet(self.env._("Simulation"))
            sheet.set_column(0, 1, 24)
            sheet.set_column(2, 4, 16)
            sheet.write_string(0, 0, f"{self.from_date} – {self.to_date}", bold)
            at = 1
            for change in self.change_ids:
                sheet.write_string(at, 0, change.dealer_id.code or "")
                sheet.write_string(at, 1, change.display_name)
                at += 1
            for column, header in enumerate(self._headers()):
                sheet.write_string(at + 1, column, header, bold)
            at += 2
            for row in self.result_ids:
                sheet.write_string(at, 0, row.dealer_id.code or "")
                sheet.write_string(at, 1, row.name)
                for column, name in enumerate(("before", "after", "difference"), 2):
                    sheet.write_number(at, column, dec(row[name]), money)
                at += 1
            sheet.write_string(at, 1, self.env._("Total"), bold)
            for column, name in enumerate(("before", "after", "difference"), 2):
                sheet.write_number(at, column, sum(map(dec, self.result_ids.mapped(name))), money)
        return output.getvalue()
