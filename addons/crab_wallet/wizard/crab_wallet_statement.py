import base64
import io

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import SHANGHAI, business_date, day_bounds


class CrabWalletStatement(models.TransientModel):
    """Movements of one account of a dealer in a period, with opening and closing balance, as Excel or PDF."""

    _name = "crab.wallet.statement"
    _description = "Wallet statement"

    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, domain=[("level", "=", "1")])
    wallet_kind = fields.Selection(
        [("stored", "Stored value"), ("credit", "Credit")], "Account", required=True, default="stored"
    )
    from_date = fields.Date("From", required=True, default=lambda self: business_date().replace(day=1))
    to_date = fields.Date("To", required=True, default=lambda self: business_date())
    currency_id = fields.Many2one(related="dealer_id.crab_currency_id")
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    def _data(self):
        """What a statement shows.

        :return: dict ``dealer``, ``wallet`` (records), ``opening``, ``closing``, ``total_in``, ``total_out``
            (decimals), ``entries`` (oldest first), ``labels`` of kinds, ``kinds`` (``[(label, in, out)]``), ``debts``
            (those open now)
        :raise UserError: when the period ends before it begins or the user may not see the account
        """
        self.ensure_one()
        if self.to_date < self.from_date:
            raise UserError(self.env._("The period ends before it begins."))
        wallet = self.env["crab.wallet"].search(
            [("dealer_id", "=", self.dealer_id.id), ("kind", "=", self.wallet_kind)]
        )
        if not wallet:
            raise UserError(self.env._("%(dealer)s has no such account.", dealer=self.dealer_id.display_name))
        Entry = self.env["crab.wallet.entry"]
        start, end = day_bounds(self.from_date)[0], day_bounds(self.to_date)[1]
        of_wallet = [("wallet_id", "=", wallet.id)]
        before = Entry.search([*of_wallet, ("happened_at", "<", start)], order="sequence desc", limit=1)
        entries = Entry.search([*of_wallet, ("happened_at", ">=", start), ("happened_at", "<", end)], order="sequence")
        labels = dict(Entry._fields["kind"]._description_selection(self.env))
        kinds = {}
        for entry in entries:
            sums = kinds.setdefault(entry.kind, [dec(0), dec(0)])
            sums[0] += dec(entry.amount_in)
            sums[1] += dec(entry.amount_out)
        return {
            "dealer": self.dealer_id,
            "wallet": wallet,
            "opening": dec(before.balance_after),
            "closing": dec(entries[-1:].balance_after) if entries else dec(before.balance_after),
            "total_in": sum((sums[0] for sums in kinds.values()), dec(0)),
            "total_out": sum((sums[1] for sums in kinds.values()), dec(0)),
            "entries": entries,
            "labels": labels,
            "kinds": [(labels[kind], *sums) for kind, sums in kinds.items()],
            "debts": wallet.debt_ids.filtered("unsettled").sorted("id"),
        }

    @api.model
    def _local(self, moment):
        """A stored time as people in Shanghai read it."""
        return fields.Datetime.context_timestamp(self.with_context(tz=SHANGHAI.key), moment).strftime("%Y-%m-%d %H:%M")

    def action_screen(self):
        """The statement on the screen."""
        self._data()  # a refusal is shown here, not in place of the statement
        return self.env.ref("crab_wallet.crab_wallet_statement_report_screen").report_action(self)

    def action_pdf(self):
        """The statement as PDF."""
        self._data()  # as above
        return self.env.ref("crab_wallet.crab_wallet_statement_report").report_action(self)

    def action_excel(self):
        """The statement as Excel file."""
        content = self._workbook()
        kind = dict(self._fields["wallet_kind"]._description_selection(self.env))[self.wallet_kind]
        self.write(
            {
                "file": base64.b64encode(content),
                "file_name": f"{self.dealer_id.code} {kind} {self.from_date}–{self.to_date}.xlsx",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content?model={self._name}&id={self.id}&field=file&filename_field=file_name&download=true",
            "target": "self",
        }

    def _workbook(self):
        """Bytes of the Excel file: amounts are numbers, texts stay texts whatever they begin with."""
        data = self._data()
        output = io.BytesIO()
        workbook = xlsxwriter.Workbook(
            output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        bold = workbook.add_format({"bold": True})
        head = workbook.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1})
        money = workbook.add_format({"num_format": "#,##0.00"})
        text = workbook.add_format({"num_format": "@", "quote_prefix": True})
        sheet = workbook.add_worksheet(self.env._("Movements"))
        for column, width in enumerate((18, 24, 24, 14, 14, 14, 18)):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, f"{data['wallet'].display_name}  {self.from_date} – {self.to_date}", bold)
        headers = (
            self.env._("When"),
            self.env._("Kind"),
            self.env._("Order or document"),
            self.env._("In"),
            self.env._("Out"),
            self.env._("Balance after"),
            self.env._("By"),
        )
        for column, header in enumerate(headers):
            sheet.write_string(2, column, header, head)
        sheet.freeze_panes(3, 0)
        sheet.write_string(3, 1, self.env._("Opening balance"))
        sheet.write_number(3, 5, data["opening"], money)
        labels = data["labels"]
        row = 3
        for row, entry in enumerate(data["entries"], 4):
            sheet.write_string(row, 0, self._local(entry.happened_at))
            sheet.write_string(row, 1, labels[entry.kind])
            sheet.write_string(row, 2, entry.reference or "", text)
            sheet.write_number(row, 3, entry.amount_in, money)
            sheet.write_number(row, 4, entry.amount_out, money)
            sheet.write_number(row, 5, entry.balance_after, money)
            sheet.write_string(row, 6, entry.actor_name or "", text)
        sheet.write_string(row + 1, 1, self.env._("Closing balance"), bold)
        for column, name in ((3, "total_in"), (4, "total_out"), (5, "closing")):
            sheet.write_number(row + 1, column, data[name], money)
        for kind_row, (label, amount_in, amount_out) in enumerate(data["kinds"], row + 3):
            sheet.write_string(kind_row, 1, label)
            sheet.write_number(kind_row, 3, amount_in, money)
            sheet.write_number(kind_row, 4, amount_out, money)
        if self.wallet_kind == "credit":
            self._add_debt_sheet(workbook, data["debts"], head, money, text)
        workbook.close()
        return output.getvalue()

    def _add_debt_sheet(self, workbook, debts, head, money, text):
        sheet = workbook.add_worksheet(self.env._("Unsettled debts today"))
        headers = (
            self.env._("When"),
            self.env._("Order"),
            self.env._("Credit used"),
            self.env._("Given back"),
            self.env._("Settled"),
            self.env._("Unsettled"),
        )
        for column, header in enumerate(headers):
            sheet.set_column(column, column, 20)
            sheet.write_string(0, column, header, head)
        for row, debt in enumerate(debts, 1):
            sheet.write_string(row, 0, self._local(debt.happened_at))
            sheet.write_string(row, 1, debt.reference or "", text)
            for column, name in enumerate(("amount", "given_back", "settled", "unsettled"), 2):
                sheet.write_number(row, column, debt[name], money)
