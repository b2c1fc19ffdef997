from odoo.addons.crab_base.tests.common import covers

from .common import WalletCase

HEADERS = [
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


class TestImport(WalletCase):
    def _rows(self, prefix):
        place = ["江苏省", "苏州市", "昆山市", "路1号", 31.3, 121.0]
        return [
            HEADERS,
            [f"{prefix}1", "店一", "甲", self._phone(), "一级", "专卖店", "", 0.6, *place, 30000.55, 20000],
            [f"{prefix}2", "店二", "乙", self._phone(), "一级", "城市合伙人", "", 0.6, *place, 300000, 100000],
            [f"{prefix}3", "店三", "丙", self._phone(), "一级", "城市合伙人", "", 0.6, *place, 0, None],
            [f"{prefix}4", "商四", "丁", self._phone(), "二级", "经销商", f"{prefix}1", 0.7, *place, None, None],
        ]

    def _load(self, prefix, **context):
        content = self._workbook(self._rows(prefix))
        run = (
            self.env["crab.import"]
            .with_user(self.boss)
            .with_context(**context)
            ._run_file("dealer", f"{prefix}.xlsx", content)
        )
        self.assertEqual(run.state, "done", run.error_rows)
        return self.env["crab.dealer"].search([("code", "like", f"{prefix}%")], order="code")

    @covers("HQ-66", "second person above the set amount")
    def test_opening_values_become_documents_and_wait_above_the_limit(self):
        first, second, third, fourth = self._load("IW")
        self.assertEqual(self._figures(first), (30000.55, 20000, 0, 0))
        self.assertEqual(self._figures(second), (0, 0, 0, 0))
        self.assertEqual(self._figures(third), (0, 0, 0, 0))
        self.assertFalse(self._wallet(fourth, "stored"))
        waiting = self.Document.search([("dealer_id", "=", second.id)])
        self.assertEqual(set(waiting.mapped("state")), {"waiting"})
        self.assertFalse(self.Document.search([("dealer_id", "in", (third | fourth).ids)]))
        other = self._new_user("wallet_boss2", "admin")
        for document in waiting:
            document.with_user(other).validate_tier()
        self.assertEqual(self._figures(second), (300000, 100000, 0, 0))
        self._assert_sound()

    def test_code_may_name_the_second_person_and_a_client_may_not(self):
        other = self._new_user("wallet_boss2", "admin")
        _first, second, *_rest = self._load("IX", crab_wallet_approver=other)
        self.assertEqual(self._figures(second), (300000, 100000, 0, 0))
        documents = self.Document.search([("dealer_id", "=", second.id)])
        self.assertEqual(documents.approved_by_id, other)
        self.assertEqual(documents.create_uid, self.boss)
        _first, second, *_rest = self._load("IY", crab_wallet_approver=other.id)
        self.assertEqual(self._figures(second), (0, 0, 0, 0))
        self.assertEqual(
            sum(self.Entry.search([("dealer_id.code", "=like", "IX%"), ("kind", "=", "topup")]).mapped("amount")),
            330000.55,
        )
        self._assert_sound()
