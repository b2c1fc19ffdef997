from odoo import api, models
from odoo.fields import Command
from odoo.tools.translate import LazyTranslate

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column

from .product_template import CARD_KINDS, MAX_PRICE

_lt = LazyTranslate(__name__)

KIND_LABELS = {"现货套餐": "package", "实体提货卡": "physical_card", "电子提货卡": "ecard", "B2B商品": "b2b"}
RULE_LABELS = {"固定套餐": "fixed", "任选": "choice"}
MAX_DEPTH = 2


def category_path(value):
    """「大类/小类」 as a tuple of at most two names."""
    path = tuple(part.strip() for part in (cells.text(130)(value) or "").split("/"))
    if path == ("",):
        return ()
    if len(path) > MAX_DEPTH or not all(path):
        raise cells.CellError(_lt("has at most two levels, separated by “/”, none of them empty"))
    return path


class CrabImportProduct(models.AbstractModel):
    """Products of the suite. A code that exists is refused: a file never changes prices by accident."""

    _name = "crab.import.product"
    _inherit = "crab.import.kind"
    _description = "Import of products"

    @api.model
    def _columns(self):
        return [
            Column("编码", "code", cells.code(upper=False), required=True, unique=True, example="CARD003"),
            Column(
                "类型",
                "kind",
                cells.selection(KIND_LABELS),
                required=True,
                example="实体提货卡",
                help="、".join(KIND_LABELS),
            ),
            Column(
                "分类",
                "path",
                category_path,
                example="礼券",
                help=self.env._("“/” separates two levels; missing categories are created."),
            ),
            Column("名称", "name", cells.text(128), required=True, example="大闸蟹实体提货卡 598型"),
            Column("零售价", "price", cells.amount(minimum=0, maximum=MAX_PRICE - 1), required=True, example="598.00"),
            Column("服务费补贴", "subsidy", cells.amount(maximum=MAX_PRICE - 1), example="23.92"),
            Column("结算成本", "settlement", cells.amount(maximum=MAX_PRICE - 1), example="251.16"),
            Column(
                "提货规则",
                "rule",
                cells.selection(RULE_LABELS),
                example="固定套餐",
                help=self.env._("For cards only: 固定套餐 gives the one linked product, 任选 one of several."),
            ),
            Column(
                "关联商品",
                "choices",
                cells.codes(upper=False),
                example="PKG003",
                help=self.env._(
                    "For cards only: codes of packages, separated by commas; they may stand in later rows."
                ),
            ),
            Column(
                "单位", "uom", cells.text(16), example="张", help=self.env._("Missing units are created. Empty: 个.")
            ),
        ]

    @api.model
    def _known_products(self, codes):
        """``{code: product}`` in sudo, the recycle bin included."""
        products_sudo = (
            self.env["product.product"]
            .sudo()  # a code is taken whoever may see its product
            .with_context(active_test=False)
            .search([("default_code", "in", list(codes)), ("crab_kind", "!=", False)])
        )
        return {product.default_code: product for product in products_sudo}

    @api.model
    def _check(self, rows):
        known = self._known_products({row["code"] for row in rows} | {code for row in rows for code in row["choices"]})
        in_file = {row["code"]: row["kind"] for row in [*rows, *rows.bad] if row["code"]}
        errors = []
        for row in rows:
            errors += [(row.number, header, reason) for header, reason in self._row_errors(row, known, in_file)]
        return errors

    @api.model
    def _row_errors(self, row, known, in_file):
        if row["code"] in known:
            where = known[row["code"]]
            yield (
                "编码",
                (self.env._("is already in use") if where.active else self.env._("is in use in the recycle bin")),
            )
        if row["price"] <= 0:
            yield "零售价", self.env._("must be more than 0")
        if row["kind"] not in CARD_KINDS:
            if row["rule"]:
                yield "提货规则", self.env._("is for cards only")
            if row["choices"]:
                yield "关联商品", self.env._("is for cards only")
            return
        if not row["choices"]:
            yield "关联商品", self.env._("a card needs at least one linked product")
        elif (row["rule"] or "fixed") == "fixed" and len(row["choices"]) > 1:
            yield "关联商品", self.env._("a fixed package has exactly one linked product")
        for code in row["choices"]:
            kind = in_file.get(code) if code in in_file else known[code].crab_kind if code in known else None
            if code not in in_file and (code not in known or not known[code].active):
                yield "关联商品", self.env._("%(code)s does not exist", code=code)
            elif kind and kind != "package":
                yield "关联商品", self.env._("%(code)s is no in-stock package", code=code)

    @api.model
    def _load(self, rows):
        categories = self.env["product.category"]._crab_get_or_create(
            {(row["kind"], row["path"] or ()) for row in rows}
        )
        units = self._units({row["uom"] or "个" for row in rows})
        templates_env = self.env["product.template"].with_context(tracking_disable=True)
        products = {}
        # what a card gives must exist before the card
        for part in (
            [row for row in rows if row["kind"] not in CARD_KINDS],
            [row for row in rows if row["kind"] in CARD_KINDS],
        ):
            given = {
                code: product.id
                for code, product in self._known_products({c for row in part for c in row["choices"]}).items()
            }
            created = templates_env.create(
                [
                    {
                        "default_code": row["code"],
                        "crab_kind": row["kind"],
                        "crab_state": "on_sale",
                        "categ_id": categories[row["kind"], row["path"] or ()].id,
                        "name": row["name"],
                        "list_price": float(row["price"]),
                        "crab_subsidy": float(row["subsidy"] or 0),
                        "crab_settlement_price": float(row["settlement"] or 0),
                        "uom_id": units[row["uom"] or "个"].id,
                        **(
                            {
                                "crab_rule": row["rule"] or "fixed",
                                "crab_choice_ids": [Command.set([given[code] for code in row["choices"]])],
                            }
                            if row["kind"] in CARD_KINDS
                            else {}
                        ),
                    }
                    for row in part
                ]
            )
            products.update(zip((row.number for row in part), created, strict=True))
        return templates_env.union(*(products[row.number] for row in rows))

    @api.model
    def _units(self, names):
        """Units of measure by name, missing ones created: ``{name: uom.uom}``."""
        units_env = self.env["uom.uom"]
        found = {}
        for lang in ("en_US", "zh_CN"):
            for unit in units_env.with_context(lang=lang).search([("name", "in", list(names))], order="id desc"):
                found[unit.name] = unit
        missing = sorted(name for name in names if name not in found)
        found.update(zip(missing, units_env.create([{"name": name} for name in missing]), strict=True))
        return found
