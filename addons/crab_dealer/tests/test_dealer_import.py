from unittest import skipUnless

from odoo.addons.crab_base.tests.common import covers

from .common import SEASON, DealerCase

HEADER = [
    "编码",
    "名称",
    "联系人",
    "手机号",
    "等级",
    "类型",
    "上级编码",
    "折扣",
    "省",
    "市",
    "区",
    "地址",
    "纬度",
    "经度",
    "储值",
    "额度",
]


class TestDealerImport(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("import-admin", "admin")

    def _row(self, code, level, dealer_type, parent, ratio, **values):
        row = dict(
            zip(
                HEADER,
                [code, f"名称{code}", f"联系人{code}", self._phone(), level, dealer_type, parent, ratio],
                strict=False,
            )
        )
        row.update(values)
        return [row.get(header) for header in HEADER]

    def _import(self, rows):
        content = self._workbook([HEADER, *rows])
        return self.env["crab.import"].with_user(self.admin)._run_file("dealer", "dealers.xlsx", content)

    @covers("HQ-08", "add", via="import")
    def test_parents_may_stand_below(self):
        rows = [
            self._row("N3", "三级", "小商户", "N2", 0.8),
            self._row("N4", "三级", "小商户", "TA", 0.9),
            self._row("N2", "二级", "经销商", "N1", 0.7),
            self._row(
                "N1",
                "一级",
                "专卖店",
                "",
                0.6,
                省="江苏省",
                市="苏州市",
                区="昆山市",
                地址="邱晓国路803号",
                纬度=31.396211,
                经度=121.035684,
                储值=100.5,
                额度=0,
            ),
        ]
        record = self._import(rows)
        self.assertEqual((record.state, record.count_loaded), ("done", 4), record.message)
        dealers = {dealer.code: dealer for dealer in self.env["crab.dealer"].search([("code", "like", "N%")])}
        self.assertEqual(dealers["N3"]._ancestors().mapped("code"), ["N3", "N2", "N1"])
        self.assertEqual(dealers["N4"].parent_id, self.a)
        first = dealers["N1"]
        self.assertEqual(
            (first.level, first.dealer_type, first.ratio, first.level1_id), ("1", "exclusive_store", 0.6, first)
        )
        self.assertTrue(first.is_online and first.is_offline)
        self.assertEqual((first.latitude, first.longitude, first.street), (31.396211, 121.035684, "邱晓国路803号"))
        self.assertEqual((first.partner_id.partner_latitude, first.contact_name), (31.396211, "联系人N1"))
        self.assertEqual(first.ratio_ids.ratio, 0.6)
        self.assertEqual(
            (first.province_id.name, first.city_id.name, first.district_id.name), ("江苏省", "苏州市", "昆山市")
        )
        self.assertEqual((first.partner_id.state_id.name, first.partner_id.city), ("江苏省", "苏州市昆山市"))

    def test_an_unknown_region_stays_in_the_street(self):
        record = self._import(
            [self._row("N1", "一级", "专卖店", "", 0.6, 省="江苏", 市="苏州", 区="不存在区", 地址="1号")]
        )
        self.assertEqual(record.state, "done", record.message)
        dealer = self.env["crab.dealer"].search([("code", "=", "N1")])
        self.assertEqual(
            (dealer.city_id.name, dealer.district_id.name, dealer.street), ("苏州市", False, "江苏苏州不存在区1号")
        )

    @covers("HQ-08", "add", via="import")
    def test_every_bad_row_is_named(self):
        closed = self._new_dealer("TCLOSED", "1", 0.5, dealer_type="city_partner")
        closed._close("test")
        cases = [
            (self._row("TA", "一级", "专卖店", "", 0.6), "编码"),
            (self._row("K1", "一级", "专卖店", "", 0.6, 手机号=self.b.phone), "手机号"),
            (self._row("K2", "一级", "专卖店", "", 0.6, 手机号="12345"), "手机号"),
            (self._row("K3", "一级", "经销商", "", 0.6), "类型"),
            (self._row("K4", "二级", "小商户", "TA", 0.7), "类型"),
            (self._row("K5", "一级", "专卖店", "TA", 0.7), "上级编码"),
            (self._row("K6", "二级", "经销商", "", 0.7), "上级编码"),
            (self._row("K7", "二级", "经销商", "NOBODY", 0.7), "上级编码"),
            (self._row("K8", "二级", "经销商", "TB", 0.75), "上级编码"),
            (self._row("K9", "三级", "小商户", "TC", 0.85), "上级编码"),
            (self._row("K10", "二级", "经销商", "TCLOSED", 0.75), "上级编码"),
            (self._row("K11", "二级", "经销商", "TA", 0.6), "折扣"),
            (self._row("K12", "一级", "专卖店", "", 1), "折扣"),
            (self._row("K13", "一级", "专卖店", "", 0), "折扣"),
            (self._row("K14", "一级", "专卖店", "", -0.5), "折扣"),
            (self._row("K15", "二级", "经销商", "TA", 0.7, 储值=5), "储值"),
            (self._row("K16", "三级", "小商户", "TB", 0.8, 额度=5), "额度"),
            (self._row("K17", "一级", "专卖店", "", 0.6, 储值=-1), "储值"),
            (self._row("K18", "一级", "专卖店", "", 0.6, 额度="1.005"), "额度"),
            (self._row("K19", "四级", "专卖店", "", 0.6), "等级"),
            (self._row("K20", "一级", "专卖店", "", 0.6, 纬度=91), "纬度"),
            (self._row("K21", "一级", "专卖店", "", 0.6, 名称=" "), "名称"),
            (self._row("K22", "二级", "经销商", "K22", 0.6), "上级编码"),
            (self._row("K23", "三级", "小商户", "K24", 0.6), "上级编码"),
            (self._row("K24", "三级", "小商户", "K23", 0.7), "上级编码"),
            (self._row("GOOD", "一级", "专卖店", "", 0.6), None),
            (self._row("GOOD", "一级", "专卖店", "", 0.6), "编码"),
            (self._row("CHILD", "二级", "经销商", "GOOD", 0.6), "折扣"),
            (self._row("FINE", "二级", "经销商", "GOOD", 0.61), None),
        ]
        before = self.env["crab.dealer"].search_count([])
        record = self._import([row for row, _header in cases])
        expected = {number for number, (_row, header) in enumerate(cases, 2) if header}
        self.assertEqual(record.state, "refused")
        self.assertEqual(set(record.error_rows), expected)
        columns = {(error.row_number, error.header) for error in record.error_ids}
        for number, (_row, header) in enumerate(cases, 2):
            if header:
                self.assertIn((number, header), columns)
        self.assertEqual(self.env["crab.dealer"].search_count([]), before)

    def test_a_bad_parent_row_does_not_make_its_children_bad(self):
        record = self._import([self._row("N1", "一级", "专卖店", "", 9), self._row("N2", "二级", "经销商", "N1", 0.7)])
        self.assertEqual(record.error_rows, [2])

    def test_only_administrators_import(self):
        from odoo.exceptions import AccessError

        content = self._workbook([HEADER, self._row("N1", "一级", "专卖店", "", 0.6)])
        for role in ("finance", "card_keeper", "customer_service", "auditor", "sales_rep"):
            user = self._new_user(f"import-{role}", role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["crab.import"].with_user(user)._run_file("dealer", "dealers.xlsx", content)

    def test_queries_do_not_grow_with_the_rows(self):
        def count(start, size):
            rows = [self._row(f"L{start}", "一级", "专卖店", "", 0.6)]
            rows += [self._row(f"L{start + serial}", "二级", "经销商", f"L{start}", 0.7) for serial in range(1, size)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(self._import(rows).state, "done")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1000, 10)
        small, big = count(2000, 10), count(3000, 150)
        self.assertLess(big, small + 25, "no query per row")

    @skipUnless((SEASON / "dealers.xlsx").exists(), "needs the season's files")
    def test_the_season_loads(self):
        content = (SEASON / "dealers.xlsx").read_bytes()
        record = self.env["crab.import"].with_user(self.admin)._run_file("dealer", "dealers.xlsx", content)
        self.assertEqual((record.state, record.count_loaded), ("done", 276), record.message)
        loaded = self.env["crab.dealer"].search([("code", "=like", "_0___")])
        self.assertEqual(len(loaded), 276)
        self.assertEqual(len(loaded.filtered(lambda dealer: dealer.level == "1")), 24)
        self.assertEqual(len(loaded.level1_id), 24)
        self.assertTrue(all(loaded.mapped(lambda dealer: bool(dealer.district_id))), "every region is known")
