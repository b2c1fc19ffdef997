import io
from datetime import timedelta
from decimal import Decimal

import python_calamine

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from .common import WalletCase


class TestStatement(WalletCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.orders[1].name = "=1+1"
        cls.Wallet._charge(cls.a, Decimal(4000), cls.orders[1], "activation", "1")
        cls.Wallet._charge(cls.a, Decimal(2500), cls.orders[2], "activation", "2")
        cls.Document._open(cls.a, "repayment", Decimal(100), "repay")
        cls.Wallet._give_back(cls.a, Decimal(50), cls.orders[3], "card_return", "3")

    def _statement(self, **values):
        form = Form(self.env["crab.wallet.statement"].with_user(self.finance))
        form.dealer_id = self.a
        for name, value in values.items():
            form[name] = value
        return form.save()

    def _sheets(self, statement):
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(statement._workbook()))
        return [book.get_sheet_by_index(number).to_python() for number in range(len(book.sheet_names))]

    @covers("HQ-55", "time", "order", "kind", "stored value used", "search and totals", via="web")
    def test_stored_value_used_is_listed_with_totals(self):
        action = (
            self.env["ir.actions.act_window"]
            .with_user(self.finance)
            ._for_xml_id("crab_wallet.crab_wallet_entry_action_stored")
        )
        domain = [
            ("wallet_kind", "=", "stored"),
            ("kind", "in", ("activation", "b2b_order", "card_return", "b2b_refund")),
        ]
        self.assertEqual(
            self.env["ir.actions.act_window"]
            ._for_xml_id("crab_wallet.crab_wallet_entry_action_stored")["domain"]
            .count("stored"),
            1,
        )
        entries = self.Entry.with_user(self.finance).search([*domain, ("dealer_id", "=", self.a.id)], order="id")
        self.assertEqual(
            entries.mapped(lambda entry: (entry.reference, entry.kind, entry.amount_out, entry.amount_in)),
            [("=1+1", "activation", 4000, 0), ("DD0002", "activation", 1000, 0), ("DD0003", "card_return", 0, 50)],
        )
        totals = self.Entry.with_user(self.finance).formatted_read_group(
            [*domain, ("dealer_id", "=", self.a.id)], ["kind"], ["amount_out:sum"]
        )
        self.assertEqual({row["kind"]: row["amount_out:sum"] for row in totals}, {"activation": 5000, "card_return": 0})
        arch = self.Entry.with_user(self.finance).get_view(action["views"][0][0], "list")["arch"]
        for name in ("happened_at", "reference", "kind", "amount_out"):
            self.assertIn(f'name="{name}"', arch)
        self.assertEqual(
            self.Entry.with_user(self.finance).search([("reference", "ilike", "DD0002")]).mapped("wallet_kind"),
            ["credit", "stored"],
        )

    @covers("HQ-56", "抵扣: 交易时间, 订单编号, 订单类型, 抵扣额度", "欠款: 额度账户", via="web")
    def test_credit_used_and_debts_are_listed(self):
        used = self.Entry.with_user(self.finance).search(
            [("wallet_kind", "=", "credit"), ("kind", "=", "activation"), ("dealer_id", "=", self.a.id)]
        )
        self.assertEqual((used.reference, used.amount_out), ("DD0002", 1500))
        account = self.Wallet.with_user(self.finance).search([("kind", "=", "credit"), ("dealer_id", "=", self.a.id)])
        self.assertEqual(
            (account.credit_limit, account.credit_used, account.settled, account.available), (10000, 1400, 100, 8600)
        )
        debt = self.env["crab.wallet.debt"].with_user(self.finance).search([("dealer_id", "=", self.a.id)])
        self.assertEqual((debt.reference, debt.amount, debt.settled, debt.unsettled), ("DD0002", 1500, 100, 1400))
        self.assertEqual(debt.settlement_ids.repayment_id.kind, "repayment")

    @covers("HQ-55", "search and totals", via="web")
    def test_excel_has_amounts_as_numbers_and_texts_that_stay_texts(self):
        statement = self._statement()
        action = statement.action_excel()
        self.assertIn(f"id={statement.id}", action["url"])
        self.assertTrue(statement.file)
        (rows,) = self._sheets(statement)
        flat = [cell for row in rows for cell in row]
        self.assertIn("=1+1", flat)
        self.assertIn(4000.0, flat)
        closing = next(row for row in rows if row[1] == "Closing balance")
        self.assertEqual(closing[3:6], [5050.0, 5000.0, 50.0])
        kinds = {row[1]: row[3:5] for row in rows[rows.index(closing) + 1 :] if row[1]}
        self.assertEqual(
            kinds,
            {"Top-up by the platform": [5000.0, 0.0], "Card activation": [0.0, 5000.0], "Card return": [50.0, 0.0]},
        )
        rows, debts = self._sheets(self._statement(wallet_kind="credit"))
        closing = next(row for row in rows if row[1] == "Closing balance")
        self.assertEqual(closing[3:6], [10100.0, 1500.0, 8600.0])
        self.assertEqual(debts[-1][1:], ["DD0002", 1500.0, 0.0, 100.0, 1400.0])

    def test_a_period_begins_with_the_balance_before_it(self):
        tomorrow = business_date() + timedelta(days=1)
        data = self._statement(from_date=tomorrow, to_date=tomorrow)._data()
        self.assertEqual((data["opening"], data["closing"], len(data["entries"])), (50, 50, 0))
        data = self._statement(from_date=fields.Date.to_date("2000-01-01"))._data()
        self.assertEqual((data["opening"], data["total_in"] - data["total_out"], data["closing"]), (0, 50, 50))
        with self.assertRaisesRegex(UserError, "ends before"):
            self._statement(from_date=tomorrow).action_pdf()

    def test_the_printed_statement_is_chinese_for_a_chinese_user(self):
        self.finance.lang = "zh_CN"
        statement = self._statement(wallet_kind="credit")
        html = (
            self.env["ir.actions.report"]
            .with_context(lang="zh_CN")
            ._render_qweb_html("crab_wallet.report_wallet_statement", statement.ids)[0]
            .decode()
        )
        for text in ("额度对账单", "DD0002", "1,400.00", "卡激活", "未结算"):
            self.assertIn(text, html)
