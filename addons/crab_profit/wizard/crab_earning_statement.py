import base64
import io

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date, day_bounds


class CrabEarningStatement(models.TransientModel):
    """A dealer's earnings of a month as Excel: opening balance, every credited row, withdrawals, closing balance."""

    _name = "crab.earning.statement"
    _description = "Statement of earnings"

    account_id = fields.Many2one("crab.earning.account", "Account", required=True, readonly=True, ondelete="cascade")
    dealer_id = fields.Many2one(related="account_id.dealer_id")
    month = fields.Date(
        required=True,
        default=lambda self: business_date().replace(day=1),
        help="Any day of the month; months are those of Shanghai.",
    )
    content = fields.Binary("File", readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    def action_make(self):
        """Make the file and offer it."""
        self.ensure_one()
        self.account_id.check_access("read")
        if not self.month:
            raise UserError(self.env._("Choose the month."))
        self.content = base64.b64encode(self._workbook())
        self.file_name = f"{self.dealer_id.code}-{self.month:%Y-%m}.xlsx"
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/content/{self.file_name}?download=true",
            "target": "download",
        }

    def _bounds(self):
        """First moment of the month and of the next one, in UTC."""
        first = self.month.replace(day=1)
        return day_bounds(first)[0], day_bounds(fields.Date.add(first, months=1))[0]

    def _rows(self):
        """``(when, kind, reference, Decimal amount)`` up to the end of the month, in order of time."""
        self.env["crab.earning"].flush_model()
        self.env["crab.withdrawal"].flush_model()
        _start, end = self._bounds()
        self.env.cr.execute(
            SQL(
                """
                SELECT e.credited_at, e.kind, o.name, e.amount::text
                  FROM crab_earning e JOIN sale_order o ON o.id = e.order_id
                 WHERE e.dealer_id = %(dealer)s AND e.state = 'credited' AND e.credited_at < %(end)s
                 UNION ALL
                SELECT w.paid_at, 'withdrawal', w.name, (-w.amount)::text FROM crab_withdrawal w
                 WHERE w.account_id = %(account)s AND w.paid_at < %(end)s
                 UNION ALL
                SELECT w.returned_at, 'withdrawal', w.name, w.amount::text FROM crab_withdrawal w
                 WHERE w.account_id = %(account)s AND w.returned_at < %(end)s
                 ORDER BY 1, 3
                """,
                dealer=self.dealer_id.id or None,
                account=self.account_id.id or None,  # who was never credited has no account yet
                end=end,
            )
        )
        return [(when, kind, name, dec(amount)) for when, kind, name, amount in self.env.cr.fetchall()]

    @api.model
    def _labels(self):
        kinds = dict(self.env["crab.earning"]._fields["kind"]._description_selection(self.env))
        return {**kinds, "withdrawal": self.env._("Withdrawal"), "returned": self.env._("Withdrawal returned")}

    def _workbook(self):
        start, _end = self._bounds()
        rows, labels = self._rows(), self._labels()
        balance = sum((amount for when, _kind, _name, amount in rows if when < start), dec(0))
        output = io.BytesIO()
        with xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False}) as book:
            bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
            sheet = book.add_worksheet(f"{self.month:%Y-%m}")
            sheet.set_column(0, 0, 20)
            sheet.set_column(1, 2, 18)
            sheet.set_column(3, 4, 14)
            sheet.write_row(0, 0, [self.dealer_id.display_name, f"{self.month:%Y-%m}"], bold)
            header = [
                self.env._("When"),
                self.env._("Kind"),
                self.env._("Number"),
                self.env._("Amount"),
                self.env._("Balance"),
            ]
            sheet.write_row(2, 0, header, bold)
            sheet.write(3, 0, self.env._("Opening balance"))
            sheet.write(3, 4, balance, money)
            at = 4
            for when, kind, name, amount in rows:
                if when >= start:
                    balance += amount
                    local = fields.Datetime.context_timestamp(self.with_context(tz="Asia/Shanghai"), when)
                    kind = "returned" if kind == "withdrawal" and amount > 0 else kind
                    sheet.write_row(at, 0, [f"{local:%Y-%m-%d %H:%M}", labels[kind], name])
                    sheet.write(at, 3, amount, money)
                    sheet.write(at, 4, balance, money)
                    at += 1
            sheet.write(at, 0, self.env._("Closing balance"), bold)
            sheet.write(at, 4, balance, money)
        return output.getvalue()
