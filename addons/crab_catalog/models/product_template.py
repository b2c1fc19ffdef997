from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools import cells, money
from odoo.addons.crab_base.tools.timezone import business_date

from .product_category import KINDS, VAT_AMOUNTS

CARD_KINDS = ("physical_card", "ecard")
FINANCE_FIELDS = {"crab_subsidy", "crab_settlement_price", "crab_settlement_ids"}
MAX_PRICE = 10**8


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "crab.public.id.mixin"]

    crab_kind = fields.Selection(
        KINDS, string="Kind of Goods", index="btree_not_null", tracking=True, help="Empty: not sold through the suite."
    )
    crab_state = fields.Selection(
        [("off_sale", "Off sale"), ("on_sale", "On sale")],
        string="Shelf",
        required=True,
        default="off_sale",
        copy=False,
        tracking=True,
        help="Only what is on sale is offered to members and dealers. Numbers already issued stay redeemable.",
    )
    crab_is_recommended = fields.Boolean("Recommended", copy=False, tracking=True)
    list_price = fields.Float(aggregator=None)  # prices of different goods add up to nothing
    crab_subsidy = fields.Monetary(
        "Service Subsidy",
        tracking=True,
        aggregator=None,
        help="Paid to the store per unit it delivers for the platform.",
    )
    crab_settlement_price = fields.Monetary(
        "Settlement Price",
        compute="_compute_crab_settlement_price",
        inverse="_inverse_crab_settlement_price",
        groups="crab_base.group_user",
        help="What a unit costs today between the Group, the Sales company and the stores. "
        "Shipments keep the price of their day.",
    )
    crab_settlement_ids = fields.One2many(
        "crab.settlement.price",
        "product_tmpl_id",
        "Settlement Prices",
        copy=False,
        groups="crab_base.group_user",
    )
    crab_rule = fields.Selection(
        [("fixed", "Fixed package"), ("choice", "Choice of several")],
        string="Redemption Rule",
        tracking=True,
        help="Fixed package: the card gives this package. Choice: whoever redeems chooses among the linked packages.",
    )
    crab_choice_count = fields.Integer(
        "Packages to Choose",
        default=1,
        tracking=True,
        help="How many different ones of the linked packages a number gives.",
    )
    crab_choice_ids = fields.Many2many(
        "product.product",
        "crab_card_choice",
        "card_tmpl_id",
        "product_id",
        "Linked Packages",
        domain=[("crab_kind", "=", "package")],
        ondelete="restrict",
    )
    crab_part_ids = fields.One2many("crab.package.part", "package_tmpl_id", "Parts", copy=True)
    crab_detail_html = fields.Html("Detail Page", translate=True, sanitize_overridable=False)
    crab_can_manage = fields.Boolean(compute="_compute_crab_can_manage")

    _crab_code_uniq = models.UniqueIndex(
        "(default_code) WHERE crab_kind IS NOT NULL", "Another product of the suite already has this code."
    )
    _crab_amounts_positive = models.Constraint(
        "CHECK(crab_kind IS NULL OR (crab_subsidy >= 0 AND crab_subsidy < 100000000))",
        "A subsidy is never negative, and below 100 million.",
    )

    # ------------------------------------------------------------------ defaults and computes

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        kind = defaults.get("crab_kind")
        if kind:
            defaults.update(self._crab_defaults(kind))
            if "categ_id" in fields_list and not self.env.context.get("default_categ_id"):
                defaults["categ_id"] = self.env["product.category"]._crab_root(kind).id
        return defaults

    @api.model
    def _crab_defaults(self, kind):
        """What a new product of this kind is unless said otherwise: storable, bought and sold, without a price."""
        return {
            "type": "consu",
            "is_storable": True,
            "sale_ok": True,
            "purchase_ok": True,
            "list_price": 0.0,
            "crab_rule": "fixed" if kind in CARD_KINDS else False,
        }

    @api.depends_context("uid")
    def _compute_crab_can_manage(self):
        self.crab_can_manage = self.env.su or self.env.user.has_group("crab_base.group_admin")

    @api.depends("crab_settlement_ids.price", "crab_settlement_ids.start_date")
    def _compute_crab_settlement_price(self):
        prices = self._crab_settlement_prices(business_date())
        for product in self:
            product.crab_settlement_price = prices.get(product._origin.id, 0)

    def _inverse_crab_settlement_price(self):
        today = business_date()
        before = self._crab_settlement_prices(today)
        self.env["crab.settlement.price"].create(
            [
                {"product_tmpl_id": product.id, "price": product.crab_settlement_price, "start_date": today}
                for product in self
                if money.round_cents(product.crab_settlement_price) != before.get(product.id, 0)
            ]
        )

    # ------------------------------------------------------------------ constraints

    @api.constrains("crab_kind", "list_price", "categ_id", "attribute_line_ids", "company_id", "is_storable", "type")
    def _check_crab_product(self):
        for product in self.filtered("crab_kind"):
            name = product.name
            if not 0 < product.list_price < MAX_PRICE:  # also false for what is no number
                raise ValidationError(
                    self.env._("The retail price of “%(name)s” must be above 0 and below 100 million.", name=name)
                )
            if money.dec(product.list_price) != money.round_cents(product.list_price):
                raise ValidationError(self.env._("The retail price of “%(name)s” has at most two decimals.", name=name))
            if product.categ_id.crab_kind != product.crab_kind:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” needs a category of its own kind: one below “%(root)s”.",
                        name=name,
                        root=self.env["product.category"]._crab_root(product.crab_kind).name,
                    )
                )
            if product.company_id:
                raise ValidationError(
                    self.env._("“%(name)s” belongs to both companies; leave the company empty.", name=name)
                )
            if product.attribute_line_ids:
                raise ValidationError(
                    self.env._("“%(name)s” cannot have variants; make a product of its own for each.", name=name)
                )
            if not product.is_storable:
                raise ValidationError(
                    self.env._("“%(name)s” is counted in stock; keep “Track Inventory” on.", name=name)
                )

    @api.constrains("crab_kind", "crab_rule", "crab_choice_ids", "crab_choice_count")
    def _check_crab_rule(self):
        for product in self.filtered("crab_kind"):
            choices = product.with_context(active_test=False).crab_choice_ids
            if product.crab_kind not in CARD_KINDS:
                if product.crab_rule or choices:
                    raise ValidationError(
                        self.env._("“%(name)s” is no card and has no redemption rule.", name=product.name)
                    )
                continue
            if not product.crab_rule:
                raise ValidationError(self.env._("The card “%(name)s” needs a redemption rule.", name=product.name))
            if not choices:
                raise ValidationError(self.env._("The card “%(name)s” needs a linked package.", name=product.name))
            if product.crab_rule == "fixed" and len(choices) != 1:
                raise ValidationError(
                    self.env._("The card “%(name)s” gives a fixed package: link exactly one.", name=product.name)
                )
            if not 1 <= product.crab_choice_count <= len(choices):
                raise ValidationError(
                    self.env._(
                        "The card “%(name)s” has %(count)s linked packages: between 1 and %(count)s can be chosen.",
                        name=product.name,
                        count=len(choices),
                    )
                )
            wrong = choices.filtered(lambda choice: choice.crab_kind != "package")
            if wrong:
                raise ValidationError(
                    self.env._(
                        "A card gives in-stock packages only; “%(product)s” is none. Take it off “%(name)s”.",
                        product=wrong[0].display_name,
                        name=product.name,
                    )
                )
            archived = choices.filtered(lambda choice: not choice.active)
            if archived and product.active:
                raise ValidationError(
                    self.env._(
                        "“%(product)s” is in the recycle bin. Restore it or take it off “%(name)s”.",
                        product=archived[0].display_name,
                        name=product.name,
                    )
                )

    @api.constrains("active")
    def _check_crab_active(self):
        self.filtered("active")._check_crab_rule()
        gone = self.with_context(active_test=False).filtered(lambda product: not product.active).product_variant_ids
        cards = self.search([("crab_choice_ids", "in", gone.ids)], limit=3) if gone else gone
        if cards:
            raise ValidationError(
                self.env._(
                    "This package is given by %(cards)s. "
                    "Link another package there, or put the card into the recycle bin first.",
                    cards=", ".join(f"“{card.display_name}”" for card in cards),
                )
            )

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._crab_prepare(vals) for vals in vals_list]
        products = super().create(vals_list)
        ours = [(product, vals) for product, vals in zip(products, vals_list, strict=True) if product.crab_kind]
        for product, vals in ours:
            product._crab_complete_taxes("taxes_id" in vals)
        return products

    def write(self, vals):
        if "crab_kind" in vals and any(
            product.crab_kind and product.crab_kind != vals["crab_kind"] for product in self
        ):
            raise UserError(self.env._("The kind of a product is settled when it is made. Make a new product instead."))
        ours = self.filtered(lambda product: product.crab_kind or vals.get("crab_kind"))
        self._crab_check_rights(ours, vals)
        if ours and "default_code" in vals:
            vals = {**vals, "default_code": self._crab_clean_code(vals["default_code"], ours[0].name)}
        return super().write(vals)

    def unlink(self):
        """Delete what nothing refers to; what has history goes to the recycle bin instead, and the user is told."""
        ours = self.with_context(active_test=False).filtered(
            lambda product: (
                product.crab_kind and product.product_variant_ids
            )  # without: its variant just went, and calls this
        )
        if not ours:
            return super().unlink()
        self.check_access("unlink")
        kept = ours.browse()
        for product in ours:
            if product._crab_unlink_or_archive():
                kept += product
        if kept:
            self.env.user._bus_send(
                "simple_notification",
                {
                    "type": "warning",
                    "title": self.env._("Moved to the recycle bin"),
                    "message": self.env._(
                        "These products have history and cannot be deleted: %(names)s",
                        names=", ".join(kept[:20].mapped("display_name")),
                    ),
                },
            )
        return super(ProductTemplate, self - ours).unlink()

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        for product, vals in zip(self, vals_list, strict=True):
            if product.crab_kind and not (default or {}).get("default_code"):
                vals["default_code"] = product._crab_free_code()
        return vals_list

    # ------------------------------------------------------------------ actions

    def action_crab_put_on_sale(self):
        """Offer the products to members and dealers."""
        self._crab_set_state("on_sale")

    def action_crab_take_off_sale(self):
        """Stop offering the products; numbers already issued stay redeemable."""
        self._crab_set_state("off_sale")

    def _crab_set_state(self, state):
        self.filtered(lambda product: product.crab_kind and product.crab_state != state).write({"crab_state": state})

    # ------------------------------------------------------------------ business

    @api.model
    def _crab_clean_code(self, code, name):
        """The code of a product as imported files write it: NFKC, trimmed; letter case counts.

        Not a constraint: the code is the variant's, which exists only after its template.
        """
        code = cells.normalize(str(code or ""))
        if not code:
            raise ValidationError(self.env._("“%(name)s” needs a code.", name=name))
        return code

    @api.model
    def _crab_prepare(self, vals):
        kind = vals.get("crab_kind", self.env.context.get("default_crab_kind"))
        if not kind:
            return vals
        code = self._crab_clean_code(vals.get("default_code"), vals.get("name"))
        vals = {**self._crab_defaults(kind), **vals, "default_code": code}
        if not vals.get("categ_id"):
            vals["categ_id"] = self.env["product.category"]._crab_root(kind).id
        return vals

    def _crab_check_rights(self, ours, vals):
        """Products of the suite are changed by the head-office administrator; finance sets what is settled."""
        if self.env.su or self.env.user.has_group("crab_base.group_admin"):
            return
        is_finance = self.env.user.has_group("crab_base.group_finance")
        manages_others = self.env.user.has_group("product.group_product_manager")
        if (ours and not (is_finance and set(vals) <= FINANCE_FIELDS)) or (self - ours and not manages_others):
            raise AccessError(
                self.env._(
                    "Only the head-office administrator changes products. "
                    "Finance may change the service subsidy and the settlement price."
                )
            )

    def _crab_settlement_prices(self, day):
        """The settlement price of a unit that holds on ``day``, for whatever is shipped then (HQ-47).

        :return: ``{template id: Decimal}``; without a price there is no entry
        """
        self.env["crab.settlement.price"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (product_tmpl_id) product_tmpl_id, price FROM crab_settlement_price
                 WHERE product_tmpl_id = ANY(%s) AND start_date <= %s
                 ORDER BY product_tmpl_id, start_date DESC, id DESC
                """,
                self.ids,
                day,
            )
        )
        return {template_id: money.round_cents(price) for template_id, price in self.env.cr.fetchall()}

    def _crab_unlink_or_archive(self):
        """:return: whether the product had to be kept (archived)"""
        self.ensure_one()
        variants = self.with_context(active_test=False).product_variant_ids
        variants._unlink_or_archive()
        if not self.exists():
            return False
        self.sudo().write({"active": False})  # sudo: whoever may delete may put aside
        return True

    def _crab_free_code(self):
        self.ensure_one()
        taken = set(
            self.sudo()
            .with_context(active_test=False)
            .search([("default_code", "=like", f"{self.default_code}-%")])
            .mapped("default_code")
        )
        number = next(number for number in range(2, len(taken) + 3) if f"{self.default_code}-{number}" not in taken)
        return f"{self.default_code}-{number}"

    @api.model
    def _crab_sale_taxes(self, vat):
        """The sale taxes of both companies for a key of ``product.category.crab_vat``, in sudo."""
        taxes_sudo = self.env["account.tax"].sudo()  # which taxes exist is no secret; users may be in one company only
        companies = self.env["res.company"]._crab_company("group") | self.env["res.company"]._crab_company("sales")
        domain = Domain("type_tax_use", "=", "sale") & Domain("company_id", "in", companies.ids)
        if vat not in VAT_AMOUNTS:
            found = (
                self.env.ref(f"crab_base.{company.id}_sale_tax_{vat}", raise_if_not_found=False)
                for company in companies
            )
            return taxes_sudo.union(*(tax.sudo() for tax in found if tax))
        taxes = taxes_sudo.search(
            domain & Domain("amount_type", "=", "percent") & Domain("amount", "=", VAT_AMOUNTS[vat]),
            order="sequence, id",
        )
        return taxes_sudo.union(*(own[0] for own in taxes.grouped("company_id").values()))

    def _crab_complete_taxes(self, is_explicit):
        """Give the category's sale taxes for the companies whose taxes the user did not choose himself.

        Core adds the default taxes of companies that are not switched on, whatever the product is.
        """
        taxes_sudo = self._crab_sale_taxes(self.categ_id._crab_vat_key())
        product_sudo = self.sudo()
        chosen = (
            product_sudo.taxes_id.filtered(lambda tax: tax.company_id in self.env.companies)
            if is_explicit
            else taxes_sudo.browse()
        )
        rest = taxes_sudo.filtered(lambda tax: not is_explicit or tax.company_id not in self.env.companies)
        product_sudo.taxes_id = [Command.set((chosen | rest).ids)]

    @api.onchange("categ_id", "crab_kind")
    def _onchange_crab_taxes(self):
        if self.crab_kind and self.categ_id and not self._origin:
            taxes_sudo = self._crab_sale_taxes(self.categ_id._crab_vat_key())
            self.taxes_id = taxes_sudo.filtered(lambda tax: tax.company_id in self.env.companies).with_env(self.env)
