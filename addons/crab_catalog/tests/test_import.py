import csv
import io
from pathlib import Path

from odoo.addons.crab_base.tests.common import covers

from .common import CatalogCase

HEADERS = ["编码", "类型", "分类", "名称", "零售价", "服务费补贴", "结算成本", "提货规则", "关联商品", "单位"]
SEASON = Path(__file__).parents[3] / "tests" / "data" / "season" / "products.xlsx"


class TestImport(CatalogCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Import = cls.env["crab.import"].with_user(cls._new_user("import-admin", "admin"))

    def _run(self, *rows, headers=()):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(headers or HEADERS)
        writer.writerows(rows)
        return self.Import._run_file("product", "products.csv", text.getvalue().encode())

    def _reasons(self, record):
        return [(error.row_number, error.header, error.reason) for error in record.error_ids.sorted("id")]

    def _product(self, code):
        return self.Template.search([("default_code", "=", code), ("crab_kind", "!=", False)])

    @covers("HQ-28", "rule fixed package", "rule linked products", "categories", via="import")
    def test_season_file(self):
        record = self.Import._run_file("product", SEASON.name, SEASON.read_bytes())
        self.assertEqual((record.state, record.count_loaded), ("done", 49))
        choice = self._product("CARD004")
        self.assertEqual(choice.crab_rule, "choice")
        self.assertEqual(choice.crab_choice_ids.mapped("default_code"), ["PKG001", "PKG002", "PKG003", "PKG004"])
        crab, box = self._product("B2BM01"), self._product("B2BP01")
        self.assertEqual(crab.categ_id.complete_name, "B2B商品 / 大闸蟹 / 单只")
        self.assertEqual((crab.taxes_id.mapped("amount"), box.taxes_id.mapped("amount")), ([9, 9], [13, 13]))
        self.assertEqual(box.categ_id.parent_id, self.env.ref("crab_catalog.category_b2b_accessories"))
        self.assertEqual(self._product("PKG008").list_price, 728.5)
        self.assertEqual(self._product("PKG008").crab_settlement_ids.mapped("price"), [305.97])
        self.assertEqual({crab.uom_id.name, choice.uom_id.name}, {"只", "张"})
        self.assertEqual(choice.crab_state, "on_sale")
        self.assertEqual(self.env["uom.uom"].search_count([("name", "=", "盒")]), 1)

    def test_linked_package_may_stand_below(self):
        record = self._run(
            ["T-K1", "电子提货卡", "", "card", "10", "", "", "固定套餐", "T-P1", ""],
            ["T-P1", "现货套餐", "礼盒", "package", "10.5", "1", "2", "", "", "盒"],
        )
        self.assertEqual(record.state, "done", self._reasons(record))
        self.assertEqual(self._product("T-K1").crab_choice_ids, self._product("T-P1").product_variant_id)
        self.assertEqual(self._product("T-K1").uom_id.name, "个")

    def test_every_bad_row_is_named_and_nothing_is_loaded(self):
        categories = self.env["product.category"].search_count([])
        record = self._run(
            ["T-OK", "现货套餐", "新分类", "fine", "10", "", "", "", "", ""],
            ["T-PKG1", "现货套餐", "", "taken", "10", "", "", "", "", ""],
            ["T-A", "现货", "", "kind", "10", "", "", "", "", ""],
            ["T-B", "现货套餐", "a/b/c", "category", "10", "", "", "", "", ""],
            ["T-C", "现货套餐", "", "price", "-1", "", "", "", "", ""],
            ["T-D", "现货套餐", "", "no price", "0", "", "", "", "", ""],
            ["T-E", "现货套餐", "", "decimals", "1.005", "", "", "", "", ""],
            ["T-F", "实体提货卡", "", "no package", "10", "", "", "固定套餐", "", ""],
            ["T-G", "实体提货卡", "", "two", "10", "", "", "固定套餐", "T-PKG1,T-PKG2", ""],
            ["T-H", "实体提货卡", "", "unknown", "10", "", "", "任选", "T-PKG1,T-NONE", ""],
            ["T-I", "实体提货卡", "", "card of card", "10", "", "", "任选", "T-F", ""],
            ["T-J", "B2B商品", "", "rule", "10", "", "", "任选", "", ""],
            ["T-OK", "现货套餐", "", "twice", "10", "", "", "", "", ""],
            ["", "现货套餐", "", "no code", "10", "", "", "", "", ""],
        )
        self.assertEqual(record.state, "refused")
        self.assertEqual(record.error_rows, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
        self.assertFalse(self._product("T-OK"))
        self.assertEqual(self.env["product.category"].search_count([]), categories)

    def test_code_in_the_recycle_bin_is_taken(self):
        self.package2.action_archive()
        record = self._run(["T-PKG2", "现货套餐", "", "again", "10", "", "", "", "", ""])
        self.assertEqual(record.state, "refused")
        self.assertIn("recycle bin", record.error_ids.reason)
        record = self._run(["T-K", "实体提货卡", "", "card", "10", "", "", "任选", "T-PKG2", ""])
        self.assertIn("does not exist", record.error_ids.reason)

    def test_text_is_normalised(self):
        record = self._run(["Ｔ－ｗｉｄｅ ", "Ｂ２Ｂ商品", " 配件／新包装 ", "x", "¥1,000.50", "", "", "", "", " 箱 "])
        self.assertEqual(record.state, "done", self._reasons(record))
        product = self._product("T-wide")
        self.assertEqual((product.list_price, product.uom_id.name, product.categ_id.name), (1000.5, "箱", "新包装"))
        self.assertEqual(product.taxes_id.mapped("amount"), [13, 13])
