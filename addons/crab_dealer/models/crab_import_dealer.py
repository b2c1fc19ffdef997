from decimal import Decimal

from odoo import api, models

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column

from .crab_dealer import TYPES_OF_LEVEL, ratio_points, ratio_words

LEVEL_LABELS = {"一级": "1", "二级": "2", "三级": "3"}
TYPE_LABELS = {
    "城市合伙人": "city_partner",
    "专卖店": "exclusive_store",
    "经销商": "distributor",
    "小商户": "small_merchant",
}


class CrabImportDealer(models.AbstractModel):
    """New dealers with their place in the network; parents may stand below the rows that name them."""

    _name = "crab.import.dealer"
    _inherit = "crab.import.kind"
    _description = "Import of dealers"

    @api.model
    def _columns(self):
        return [
            Column("编码", "code", cells.code(upper=False), required=True, unique=True, example="A0001"),
            Column("名称", "name", cells.text(), required=True, example="苏州阳澄湖大闸蟹专卖店"),
            Column("联系人", "contact_name", cells.text(64), required=True, example="谭冬诺"),
            Column(
                "手机号", "phone", cells.phone(), required=True, unique=True, example="13629968745",
                help=self.env._("The login of the contact person."),
            ),
            Column("等级", "level", cells.selection(LEVEL_LABELS), required=True, example="一级"),
            Column("类型", "dealer_type", cells.selection(TYPE_LABELS), required=True, example="专卖店"),
            Column(
                "上级编码", "parent_code", cells.code(upper=False), must_exist=True,
                help=self.env._("Empty at level 1. May stand in a later row."),
            ),
            Column(
                "折扣", "ratio", cells.ratio(), required=True, example=0.6,
                help=self.env._("Above that of the parent, below that of every member level."),
            ),
            Column("省", "province", cells.text(64), example="江苏省"),
            Column("市", "city", cells.text(64), example="苏州市"),
            Column("区", "district", cells.text(64), example="昆山市"),
            Column("地址", "street", cells.text(), example="邱晓国路803号"),
            Column("纬度", "latitude", cells.decimal(None, -90, 90), example=31.396211),
            Column("经度", "longitude", cells.decimal(None, -180, 180), example=121.035684),
            Column(
                "储值", "stored", cells.amount(), example=300000,
                help=self.env._("Opening stored value; level 1 only."),
            ),
            Column("额度", "credit", cells.amount(), example=100000, help=self.env._("Credit limit; level 1 only.")),
        ]  # fmt: skip

    # ------------------------------------------------------------------ checks

    @api.model
    def _check(self, rows):
        dealers = self._existing(rows)
        places = {}  # in the file; of rows with the same code the first one counts, the others are refused as repeated
        for row in [*rows, *rows.bad]:
            if row["code"]:
                places.setdefault(row["code"], row)
        return [
            *self._check_identity(rows, dealers),
            *self._check_level(rows),
            *self._check_parent(rows, dealers, places),
            *self._check_circles(rows, places),
            *self._check_ratio(rows, dealers, places),
        ]

    @api.model
    def _existing(self, rows):
        """Dealers that the file names, by code."""
        codes = {row[key] for row in rows for key in ("code", "parent_code") if row[key]}
        # sudo: codes are unique and parents valid whatever the user sees
        return {dealer.code: dealer for dealer in self.env["crab.dealer"].sudo().search([("code", "in", list(codes))])}

    @api.model
    def _check_identity(self, rows, dealers):
        contacts = dict(
            self.env["crab.dealer"]
            .sudo()  # sudo: as above
            .search([("state", "=", "active"), ("phone", "in", [row["phone"] for row in rows])])
            .mapped(lambda dealer: (dealer.phone, dealer.display_name))
        )
        for row in rows:
            if row["code"] in dealers:
                yield row.number, "编码", self.env._("is already in use")
            if row["phone"] in contacts:
                yield (
                    row.number,
                    "手机号",
                    self.env._("already belongs to the contact of %(dealer)s", dealer=contacts[row["phone"]]),
                )

    @api.model
    def _check_level(self, rows):
        for row in rows:
            if row["dealer_type"] not in TYPES_OF_LEVEL[row["level"]]:
                yield row.number, "类型", self.env._("does not fit the level")
            if row["level"] != "1":
                for key, header in (("stored", "储值"), ("credit", "额度")):
                    if row[key]:
                        yield row.number, header, self.env._("is possible at level 1 only")

    @api.model
    def _check_parent(self, rows, dealers, places):
        for row in rows:
            code = row["parent_code"]
            if row["level"] == "1":
                if code:
                    yield row.number, "上级编码", self.env._("must be empty at level 1")
            elif not code:
                yield row.number, "上级编码", self.env._("is missing")
            elif code in places:
                if places[code]["level"] and places[code]["level"] >= row["level"]:
                    yield row.number, "上级编码", self.env._("is not a dealer of a higher level")
            elif code not in dealers:
                yield row.number, "上级编码", self.env._("does not exist")
            elif dealers[code].state != "active":
                yield row.number, "上级编码", self.env._("is a closed dealer")
            elif dealers[code].level >= row["level"]:
                yield row.number, "上级编码", self.env._("is not a dealer of a higher level")

    @api.model
    def _check_circles(self, rows, places):
        """Every row of a circle of parents."""
        seen = {}  # code -> number of the walk that came by
        for walk, start in enumerate(places):
            path, code = [], start
            while code in places and code not in seen:
                seen[code] = walk
                path.append(code)
                code = places[code]["parent_code"]
            if code in seen and seen[code] == walk:
                circle = {places[member].number for member in path[path.index(code) :]}
                yield from (
                    (row.number, "上级编码", self.env._("forms a circle")) for row in rows if row.number in circle
                )

    @api.model
    def _check_ratio(self, rows, dealers, places):
        ceiling = self.env["crab.dealer"]._ratio_ceiling()
        ceiling_name = self.env["crab.dealer"]._ratio_ceiling_name()
        for row in rows:
            parent = places.get(row["parent_code"]) or dealers.get(row["parent_code"])
            if parent and parent["ratio"] and ratio_points(row["ratio"]) <= ratio_points(parent["ratio"]):
                yield (
                    row.number,
                    "折扣",
                    self.env._(
                        "must be above that of the parent (%(ratio)s)", ratio=ratio_words(self.env, parent["ratio"])
                    ),
                )
            if ratio_points(row["ratio"]) >= ratio_points(ceiling):
                yield (
                    row.number,
                    "折扣",
                    self.env._(
                        "must be below that of members (%(who)s: %(ratio)s)",
                        who=ceiling_name,
                        ratio=ratio_words(self.env, ceiling),
                    ),
                )

    # ------------------------------------------------------------------ loading

    @api.model
    def _load(self, rows):
        Dealer = self.env["crab.dealer"].with_context(tracking_disable=True, mail_create_nosubscribe=True)
        ids = {code: dealer.id for code, dealer in self._existing(rows).items()}
        regions = self.env["crab.region"]._find({(row["province"], row["city"], row["district"]) for row in rows})
        for level in TYPES_OF_LEVEL:
            of_level = [row for row in rows if row["level"] == level]
            created = Dealer.create([self._prepare_dealer_vals(row, ids, regions) for row in of_level])
            ids.update({row["code"]: dealer.id for row, dealer in zip(of_level, created, strict=True)})
        dealers = self.env["crab.dealer"].browse([ids[row["code"]] for row in rows])
        self._after_load(dealers, rows)
        return dealers

    @api.model
    def _prepare_dealer_vals(self, row, ids, regions):
        """Values of a new dealer.

        :param ids: dealer ids by code
        :param regions: region ids by the three texts; texts that are not all known stay in the street
        """
        texts = (row["province"], row["city"], row["district"])
        province, city, district = regions[texts]
        is_known = all(
            bool(text) <= bool(region) for text, region in zip(texts, (province, city, district), strict=True)
        )
        street = row["street"] if is_known else "".join(filter(None, (*texts, row["street"])))
        return {
            "code": row["code"],
            "name": row["name"],
            "contact_name": row["contact_name"],
            "phone": row["phone"],
            "level": row["level"],
            "dealer_type": row["dealer_type"],
            "parent_id": ids.get(row["parent_code"]) or False,
            "ratio": float(row["ratio"]),
            "province_id": province,
            "city_id": city,
            "district_id": district,
            "street": street,
            "latitude": float(row["latitude"] or Decimal(0)),
            "longitude": float(row["longitude"] or Decimal(0)),
        }

    @api.model
    def _after_load(self, dealers, rows):
        """Hook: what else a row brings: ``row["stored"]`` (opening top-up), ``row["credit"]``; decimals or None.

        :param dealers: the new dealers, in the order of ``rows``
        """
