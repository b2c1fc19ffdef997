import io
from datetime import timedelta
from decimal import Decimal

import python_calamine
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_shop.tests.common import ShopCase

CARD = {"bank_name": "ICBC", "bank_account": "6222020011112222", "bank_holder": "Holder"}


class TestStatement(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("statement-finance", "finance")
        cls.auditor = cls._new_user("statement-auditor", "auditor")

    def _credited(self, order, when):
        with freeze_time(when):
            self.env["crab.earning"]._credit_orders(order)

    def _rows(self, account, month):
        form = Form(
            self.env["crab.earning.statement"].with_user(self.auditor).with_context(default_account_id=account.id)
        )
        form.month = month
        statement = form.save()
        action = statement.action_make()
        self.assertIn(statement.file_name, action["url"])
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(statement._workbook()))
        return book.get_sheet_by_index(0).to_python()

    @covers("HQ-15", "settled offline", via="web")
    def test_a_month_opens_with_what_the_month_before_closed(self):
        first, second = self._paid([(self.thousand, 1)]), self._paid([(self.thousand, 1)])
        self._credited(first, "2026-09-30 15:59:59")  # the last second of September in Shanghai
        self._credited(second, "2026-09-30 16:00:00")
        account = self.env["crab.earning.account"]._open_for(self.dealer3)
        withdrawal = self.env["crab.withdrawal"]._request(self._subject(self.dealer3), Decimal(100), CARD)
        withdrawal = withdrawal.with_user(self.finance)
        withdrawal.action_approve()
        withdrawal.bank_reference = "B-9"
        with freeze_time("2026-10-20 02:00:00"):
            withdrawal.action_mark_paid()
        with freeze_time("2026-10-21 02:00:00"):
            self._refund(second, (0, 95))
        september = self._rows(account, "2026-09-15")
        self.assertEqual([row[2:] for row in september[3:]], [["", "", 0], [first.name, 150, 150], ["", "", 150]])
        october = self._rows(account, "2026-10-01")
        self.assertEqual(
            [row[2:] for row in october[3:]],
            [
                ["", "", 150],
                [second.name, 150, 300],
                [withdrawal.name, -100, 200],
                [second.name, -15, 185],
                ["", "", 185],
            ],
        )
        self.assertEqual(october[4][0], "2026-10-01 00:00")

    @covers("CH-19", "each earning with its order", via="service")
    def test_each_earning_explains_itself(self):
        self.dealer2.is_online = False
        order = self._paid([(self.thousand, 2, 30)])
        self._refund(order, (0, 187))
        mine = self.env["crab.earning"]._for_subject(self._subject(self.dealer3))
        self.assertEqual(mine.order_id, order)
        earning = mine.filtered(lambda row: row.kind == "share").with_user(self.auditor)
        explain = self.env["crab.earning.explain"].with_user(self.auditor).browse(earning.action_explain()["res_id"])
        self.assertEqual((explain.order_id, explain.quantity, explain.paid, explain.refunded), (order, 2, 1870, 187))
        steps = [
            (step.ratio, step.unit_price, step.amount_before, step.share, step.given_back) for step in explain.step_ids
        ]
        self.assertEqual(
            steps,
            [(0.8, 800, 1870, 270, 27), (0.7, 700, 1600, 0, 0), (0.6, 600, 1600, 400, 40), (0, 0, 1200, 1200, 120)],
        )
        self.assertEqual([bool(step.note) for step in explain.step_ids], [False, True, False, False])
        self.assertEqual(sum(explain.step_ids.mapped("share")), explain.paid)
        with self._refused("", AccessError):
            earning.with_user(self._new_user("statement-service", "customer_service")).action_explain()

    def test_physical_cards_bought_online_explain_why_nobody_earns(self):
        card = self._new_card("T-CARD", 1000.0, self.package1, crab_state="on_sale").product_variant_id
        self._stock_cards(card.product_tmpl_id)
        order = self._paid([(card.product_tmpl_id, 1)])
        earning = self.env["crab.earning"].search([("order_id", "=", order.id)])
        self.assertFalse(earning.dealer_id)
        explain = self.env["crab.earning.explain"].browse(earning.action_explain()["res_id"])
        self.assertEqual(explain.step_ids.mapped("share"), [0, 0, 0, 950])
        self.assertEqual(explain.step_ids.mapped("given_back"), [0, 0, 0, 0])

    def test_the_statement_of_a_month_without_anything(self):
        account = self.env["crab.earning.account"]._open_for(self.dealer3)
        rows = self._rows(account, fields.Date.today() - timedelta(days=400))
        self.assertEqual([row[4] for row in rows[3:]], [0, 0])
