from odoo.exceptions import UserError

from .common import CrabCase


class TestCompanies(CrabCase):
    def test_both_companies_have_chart_currency_taxes_and_names(self):
        for company, name in ((self.group, "阳澄湖集团"), (self.sales, "上海销售公司")):
            company = company.sudo()
            self.assertEqual(company.name, name)
            self.assertEqual(company.chart_template, "cn_large_bis")
            self.assertEqual(company.currency_id.name, "CNY")
            self.assertEqual(company.account_price_include, "tax_included")
            taxes = self.env["account.tax"].search([("company_id", "=", company.id), ("type_tax_use", "=", "sale")])
            self.assertEqual(sorted(taxes.mapped("amount")), [0, 0, 6, 9, 13])
            self.assertTrue(all(taxes.mapped("price_include")))
            chinese = taxes.with_context(lang="zh_CN").mapped("name")
            self.assertIn("免税", chinese)
            self.assertIn("不征税", chinese)
            product = self.env["product.product"].create({"name": "x"})
            tax = taxes.filtered(lambda tax: tax.amount == 13)
            total = tax.compute_all(113, company.currency_id, product=product)
            self.assertAlmostEqual(total["total_excluded"], 100)

    def test_setting_up_again_changes_nothing(self):
        def state():
            self.env.flush_all()
            self.env.cr.execute(
                "SELECT (SELECT count(*) FROM res_company), (SELECT count(*) FROM account_tax),"
                " (SELECT count(*) FROM account_account), (SELECT count(*) FROM account_tax_group)"
            )
            return self.env.cr.fetchone()

        before = state()
        self.assertEqual(self.env["res.company"]._crab_set_up_companies(), self.group | self.sales)
        self.assertEqual(state(), before)

    def test_a_missing_rate_is_made_with_the_account_of_the_others(self):
        taxes = self.env["account.tax"].search(
            [("company_id", "=", self.sales.id), ("type_tax_use", "=", "sale"), ("amount", "=", 6)]
        )
        taxes.unlink()
        self.sales._crab_add_sale_taxes()
        tax = self.env["account.tax"].search(
            [("company_id", "=", self.sales.id), ("type_tax_use", "=", "sale"), ("amount", "=", 6)]
        )
        self.assertEqual(tax.invoice_repartition_line_ids.account_id.with_company(self.sales).code, "222100")

    def test_a_role_without_company_is_said_clearly(self):
        self.sales.sudo().crab_role = False
        with self.assertRaisesRegex(UserError, "Sales company"):
            self.env["res.company"]._crab_company("sales")

    def test_administrators_work_in_chinese_and_shanghai_time_in_both_companies(self):
        for user in self.env.ref("base.user_admin") | self.env.ref("base.user_root"):
            self.assertEqual((user.lang, user.tz), ("zh_CN", "Asia/Shanghai"))
            self.assertLessEqual(self.group | self.sales, user.company_ids)
