from odoo import api, fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_role = fields.Selection(
        [("group", "Group"), ("sales", "Sales company")],
        string="Role in the suite",
        help="The Group takes dealers' top-ups and B2B money and owns the stock; the Sales company takes what members pay online.",
    )

    _crab_role_uniq = models.UniqueIndex(
        "(crab_role) WHERE crab_role IS NOT NULL", "Only one company can have this role."
    )

    @api.model
    def _crab_company(self, role):
        """The company with the given role ("group" or "sales"), in sudo: its identity is no secret.

        :raise UserError: when no company has the role
        """
        company = self.sudo().search([("crab_role", "=", role)], limit=1)
        if not company:
            label = dict(self._fields["crab_role"]._description_selection(self.env))[role]
            raise UserError(self.env._("No company has the role “%(role)s”. Set it in the company's form.", role=label))
        return company.with_env(self.env)

    @api.model
    def _crab_set_up_companies(self):
        """Make the two companies with their charts of accounts; safe to call again."""
        cny = self.env.ref("base.CNY")
        cny.active = True
        china = self.env.ref("base.cn")
        group = self.search([("crab_role", "=", "group")], limit=1)
        if not group:
            group = self.env.ref("base.main_company")
            group.write({"crab_role": "group"})
            if not self.env["account.move"].search_count([("company_id", "=", group.id)], limit=1):
                group.write({"name": "阳澄湖集团", "country_id": china.id, "currency_id": cny.id})
        sales = self.search([("crab_role", "=", "sales")], limit=1)
        if not sales:
            sales = self.create(
                {"name": "上海销售公司", "country_id": china.id, "currency_id": cny.id, "crab_role": "sales"}
            )
        companies = group | sales
        for company in companies:
            if company.chart_template != "cn_large_bis":
                self.env["account.chart.template"].try_loading("cn_large_bis", company=company, install_demo=False)
        companies.write({"account_price_include": "tax_included"})
        companies.partner_id.write({"tz": "Asia/Shanghai", "lang": "zh_CN"})
        for user in self.env.ref("base.user_root") | self.env.ref("base.user_admin"):
            user.write({"company_ids": [(4, company.id) for company in companies], "tz": "Asia/Shanghai", "lang": "zh_CN"})
        return companies
