from odoo import api, fields, models, tools
from odoo.exceptions import UserError

CHART = "cn_large_bis"
LANGUAGE = "zh_CN"
TIMEZONE = "Asia/Shanghai"
# key, percent, name, Chinese name
SALE_TAXES = (
    ("13", 13, "13%", "13%"),
    ("9", 9, "9%", "9%"),
    ("6", 6, "6%", "6%"),
    ("exempt", 0, "VAT exempt", "免税"),
    ("none", 0, "Not subject to VAT", "不征税"),
)


class ResCompany(models.Model):
    _inherit = "res.company"

    crab_role = fields.Selection(
        [("group", "Group"), ("sales", "Sales company")],
        string="Role in the suite",
        help="The Group takes dealers' top-ups and B2B money and owns the stock; "
        "the Sales company takes what members pay online.",
    )

    _crab_role_uniq = models.UniqueIndex(
        "(crab_role) WHERE crab_role IS NOT NULL", "Only one company can have this role."
    )

    @api.model
    def _crab_company(self, role):
        """The company with the given role ("group" or "sales"): its identity is no secret.

        :raise UserError: when no company has the role
        """
        return self.browse(self._crab_company_id(role))

    @api.model
    @tools.ormcache("role")
    def _crab_company_id(self, role):
        company_sudo = self.sudo().search([("crab_role", "=", role)], limit=1)
        if not company_sudo:
            label = dict(self._fields["crab_role"]._description_selection(self.env))[role]
            raise UserError(self.env._("No company has the role “%(role)s”. Set it in the company's form.", role=label))
        return company_sudo.id

    def write(self, vals):
        result = super().write(vals)
        if "crab_role" in vals:
            self.env.registry.clear_cache()
        return result

    @api.model
    def _crab_set_up_companies(self):
        """Make the two companies with charts of accounts and sale taxes; safe to call again.

        On a database in use only what is missing is added: a company with entries keeps its name, currency and chart.
        """
        cny = self.env.ref("base.CNY")
        cny.active = True
        china = self.env.ref("base.cn")
        group = self.search([("crab_role", "=", "group")], limit=1)
        if not group:
            group = self.env.ref("base.main_company")
            group.crab_role = "group"
            if not group._existing_accounting():
                group.write({"name": "阳澄湖集团", "country_id": china.id, "currency_id": cny.id})
        sales = self.search([("crab_role", "=", "sales")], limit=1)
        if not sales:
            sales = self.create(
                {"name": "上海销售公司", "country_id": china.id, "currency_id": cny.id, "crab_role": "sales"}
            )
        companies = group | sales
        companies._crab_load_charts()
        companies._crab_add_sale_taxes()
        companies.partner_id.write({"tz": TIMEZONE, "lang": LANGUAGE})
        for user in self.env.ref("base.user_root") | self.env.ref("base.user_admin"):
            user.write({"company_ids": [(4, company.id) for company in companies], "tz": TIMEZONE, "lang": LANGUAGE})
        return companies

    def _crab_load_charts(self):
        """The Chinese chart for business enterprises and prices with tax, for companies without accounting.

        Later addons book on these accounts in their own installation, so the chart cannot wait until the registry is
        loaded. What Odoo would do then, choose a chart for the main company by itself, is replaced: it would delete
        ours.
        """
        registry = self.env.registry
        if not registry.loaded:
            registry._auto_install_template = lambda env: None
        for company in self:
            if company.chart_template != CHART and not company._existing_accounting():
                self.env["account.chart.template"].try_loading(CHART, company=company, install_demo=False)
                company.account_price_include = "tax_included"

    def _crab_add_sale_taxes(self):
        """Sale taxes of 13, 9 and 6 % and the two without tax (免税, 不征税), where they are missing."""
        Tax = self.env["account.tax"].with_context(active_test=False)
        for company in self:
            taxes = Tax.search([("company_id", "=", company.id), ("type_tax_use", "=", "sale")])
            model = taxes.filtered(lambda tax: tax.amount_type == "percent" and tax.amount)[:1]
            for key, amount, name, chinese in SALE_TAXES:
                xmlid = f"crab_base.{company.id}_sale_tax_{key}"
                if self.env.ref(xmlid, raise_if_not_found=False) or (
                    amount
                    and taxes.filtered(lambda tax, rate=amount: tax.amount_type == "percent" and tax.amount == rate)
                ):
                    continue
                group_xmlid = f"crab_base.{company.id}_tax_group_{'vat' if amount else 'zero'}"
                group = self.env.ref(group_xmlid, raise_if_not_found=False)
                if not group:
                    label = ("VAT", "增值税") if amount else ("No VAT", "免税及不征税")
                    group = self._crab_make(
                        group_xmlid,
                        "account.tax.group",
                        {"company_id": company.id, "country_id": company.account_fiscal_country_id.id},
                        *label,
                    )
                values = {
                    "company_id": company.id,
                    "country_id": company.account_fiscal_country_id.id,
                    "type_tax_use": "sale",
                    "amount_type": "percent",
                    "amount": amount,
                    "tax_group_id": group.id,
                    "sequence": 10,
                }
                tax = self._crab_make(xmlid, "account.tax", values, name, chinese)
                account = model.invoice_repartition_line_ids.account_id
                if amount and account:
                    (tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids).filtered(
                        lambda line: line.repartition_type == "tax"
                    ).account_id = account[:1]

    @api.model
    def _crab_make(self, xmlid, model, values, name, chinese):
        """A record with an external id that upgrades leave alone, named in English and Chinese."""
        record = self.env[model].with_context(lang="en_US").create({**values, "name": name})
        record.update_field_translations("name", {"zh_CN": chinese})
        self.env["ir.model.data"]._update_xmlids([{"xml_id": xmlid, "record": record, "noupdate": True}])
        return record
