from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form

from ..models.crab_region import short_name
from .common import CrabCase


class TestRegion(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.regions = cls.env["crab.region"]

    def _codes(self, *address):
        found = self.regions._find([address])[address]
        return tuple(self.regions.browse(region_id).code if region_id else False for region_id in found)

    def test_all_levels_hang_together(self):
        counts = dict(self.regions._read_group([], ["level"], ["__count"]))
        self.assertEqual(counts["province"], 34)
        self.assertGreater(counts["city"], 330)
        self.assertGreater(counts["district"], 2800)
        self.assertFalse(self.regions.search([("level", "!=", "province"), ("parent_id", "=", False)]))
        self.assertFalse(self.regions.search([("level", "=", "district"), ("parent_id.level", "!=", "city")]))
        self.assertFalse(self.regions.search([("level", "=", "province"), ("state_id", "=", False)]))

    def test_names_are_found_as_people_write_them(self):
        for address, codes in {
            ("江苏省", "苏州市", "虎丘区"): ("320000", "320500", "320505"),
            ("江苏", "苏州", "虎丘"): ("320000", "320500", "320505"),
            ("江苏省", "苏州市", ""): ("320000", "320500", False),
            ("江苏省", "", "昆山市"): ("320000", "320500", "320583"),
            ("江苏省", "昆山市", ""): ("320000", "320500", "320583"),
            ("", "苏州", "吴江区"): ("320000", "320500", "320509"),
            ("上海市", "上海市", "浦东新区"): ("310000", "310100", "310115"),
            ("上海", "市辖区", "徐汇"): ("310000", "310100", "310104"),
            ("上海", None, "徐汇"): ("310000", "310100", "310104"),
            ("重庆市", "县", "城口县"): ("500000", "500100", "500229"),
            ("内蒙古", "呼和浩特", "新城区"): ("150000", "150100", "150102"),
            ("新疆", "石河子市", ""): ("650000", "659000", "659001"),
            ("广西", "南宁", "武鸣"): ("450000", "450100", "450110"),
            ("云南", "大理", "大理"): ("530000", "532900", "532901"),
            ("广东省", "东莞市", ""): ("440000", "441900", False),
            (" 河南省 ", "", "济源市"): ("410000", "419000", "419001"),
        }.items():
            self.assertEqual(self._codes(*address), codes, address)

    def test_what_is_unknown_or_unclear_stays_open(self):
        self.assertEqual(self._codes("某省", "苏州市", "虎丘区"), (False, False, False))
        self.assertEqual(self._codes("江苏省", "杭州市", "虎丘区"), ("320000", False, False))
        self.assertEqual(self._codes("江苏省", "苏州市", "西湖区"), ("320000", "320500", False))
        self.assertEqual(self._codes("", "", "朝阳区"), (False, False, False))
        self.assertEqual(self._codes("", "", ""), (False, False, False))

    def test_a_set_is_looked_up_without_a_query_per_row(self):
        addresses = [("江苏", "苏州", ""), ("浙江", "杭州", "")] * 500
        self.regions._index()
        with self.assertQueryCount(0):
            self.assertEqual(len(self.regions._find(addresses)), 2)

    def test_short_names(self):
        for name, short in {
            "广西壮族自治区": "广西",
            "黔南布依族苗族自治州": "黔南",
            "延边朝鲜族自治州": "延边",
            "香港特别行政区": "香港",
            "东区": "东区",
            "神农架林区": "神农架",
            "阿拉善盟": "阿拉善",
        }.items():
            self.assertEqual(short_name(name), short)

    def test_loading_again_keeps_ids_renames_and_archives(self):
        suzhou = self.regions.search([("code", "=", "320500")])
        suzhou.name = "姑苏府"
        gone = self.regions.create({"name": "旧县", "code": "999999", "level": "district", "parent_id": suzhou.id})
        self.assertEqual(self._codes("江苏", "苏州", "旧县"), ("320000", False, False))
        self.regions._load()
        self.assertEqual(suzhou.name, "苏州市")
        self.assertEqual(self._codes("江苏", "苏州", ""), ("320000", "320500", False))
        self.assertFalse(gone.active)

    def test_an_address_is_chosen_level_by_level(self):
        self.env.user.group_ids |= self.env.ref("base.group_partner_manager")
        district = self.regions.search([("code", "=", "320505")])
        hangzhou = self.regions.search([("code", "=", "330100")])
        with Form(self.env["res.partner"]) as form:
            form.name = "A"
            form.crab_district_id = district
            self.assertEqual(form.crab_city_id.code, "320500")
            self.assertEqual(form.crab_province_id.code, "320000")
            self.assertEqual(form.city, "苏州市虎丘区")
            self.assertEqual(form.state_id.name, "江苏省")
            form.crab_city_id = hangzhou
            self.assertFalse(form.crab_district_id)
            self.assertEqual(form.crab_province_id.code, "330000")
            self.assertEqual(form.city, "杭州市")

    def test_from_code_the_smallest_region_is_enough(self):
        pudong = self.regions.search([("code", "=", "310115")])
        partner = self.env["res.partner"].create({"name": "A", "crab_district_id": pudong.id})
        self.assertEqual(partner.crab_province_id.code, "310000")
        self.assertEqual((partner.city, partner.state_id.name), ("浦东新区", "上海市"))
        partner.crab_city_id = self.regions.search([("code", "=", "320500")])
        self.assertFalse(partner.crab_district_id)
        self.assertEqual(partner.state_id.name, "江苏省")
        partner.write({"crab_city_id": False, "crab_province_id": False})
        self.assertFalse(partner.crab_province_id)

    def test_regions_that_do_not_belong_together_are_refused(self):
        province = self.regions.search([("code", "=", "330000")])
        city = self.regions.search([("code", "=", "320500")])
        with self.assertRaisesRegex(ValidationError, "苏州市"):
            self.env["res.partner"].create({"name": "A", "crab_province_id": province.id, "crab_city_id": city.id})

    def test_employees_read_and_nobody_writes(self):
        for role in ("customer_service", "admin"):
            regions = self.regions.with_user(self._new_user(f"region-{role}", role))
            self.assertTrue(regions.search([], limit=1).name)
            with self.assertRaises(AccessError):
                regions.search([], limit=1).write({"name": "x"})
