import csv
import io
import time
from datetime import date
from pathlib import Path

from odoo.tools import SQL

from odoo.addons.crab_base.tests.common import covers

from .common import MemberCase

HEADERS = ("会员号", "姓名", "手机号", "等级", "归属渠道商", "邀请会员号", "注册日期")
SEASON = Path(__file__).parents[3] / "tests" / "data" / "season"


class TestImport(MemberCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._new_user("member-importer", "admin")
        cls.Import = cls.env["crab.import"].with_user(cls.user)

    def _run(self, *rows, kind="member", headers=HEADERS):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(headers)
        writer.writerows(rows)
        return self.Import._run_file(kind, "file.csv", text.getvalue().encode())

    def _member(self, number):
        return self.Member.search([("number", "=", number)])

    def test_circles_of_many_inviters_are_found_in_one_pass(self):
        inviters = {f"M{number}": f"M{number - 1}" if number % 3 else None for number in range(20_000)}
        inviters["M1"] = "M2"
        started = time.process_time()
        self.assertEqual(self.env["crab.import.member"]._on_cycle(inviters), {"M1", "M2"})
        self.assertLess(time.process_time() - started, 5, "was 20 s when each row copied what had been seen")

    @covers("HQ-21", "name, conditions, ratio", via="import")
    def test_levels(self):
        self._new_member(level_id=self.base.id)
        record = self.Import._run_file(
            "member_level", "member-levels.xlsx", (SEASON / "member-levels.xlsx").read_bytes()
        )
        self.assertEqual((record.state, record.count_loaded), ("done", 4), record.message)
        diamond = self.Level.search([("name", "=", "钻石会员")])
        self.assertEqual((diamond.ratio, diamond.min_spend, diamond.is_automatic), (0.92, 20000, True))
        self.assertEqual(self.Level.search_count([("name", "=", "普通会员")]), 1, "the base level is the file's")
        again = self._run(["钻石会员", "0.9", "21000"], kind="member_level", headers=["名称", "折扣", "累计消费"])
        self.assertEqual(again.state, "done")
        self.assertEqual((diamond.ratio, diamond.min_spend, len(diamond.ratio_ids)), (0.9, 21000, 2))

    def test_bad_levels(self):
        headers = ["名称", "折扣", "累计消费"]
        rows = [
            ["低", "0.8", ""],
            ["零", "0", ""],
            ["高", "1.1", ""],
            ["", "0.9", ""],
            ["好", "0.9", "-1"],
            ["对", "0.9", "1"],
        ]
        record = self._run(*rows, kind="member_level", headers=headers)
        self.assertEqual((record.state, record.error_rows), ("refused", [2, 3, 4, 5, 6]))
        self.assertFalse(self.Level.search([("name", "=", "对")]))

    def test_owner_given_or_the_inviters_wherever_it_stands(self):
        known = self._new_member(number="T-KNOWN", dealer_id=self.dealer3.id)
        record = self._run(
            ["T1", "甲", "13700000001", "T gold", "", "T2", "2026-09-12"],
            ["T2", "乙", "13700000002", "", "", "T3", ""],
            ["T3", "丙", "13700000003", "", "T-A1", "T-KNOWN", "2026/9/1"],
            ["T4", "丁", "13700000004", "", "", "T-KNOWN", ""],
            ["T5", "戊", "13700000005", "", "", "", ""],
            ["T6", "己", self.dealer2.phone, "", "", "", ""],
        )
        self.assertEqual(record.state, "done", record.error_ids.mapped("reason"))
        members = {number: self._member(number) for number in ("T1", "T2", "T3", "T4", "T5", "T6")}
        self.assertEqual(
            [members[number].dealer_id.code for number in members], ["T-A1", "T-A1", "T-A1", "T-C1", False, False]
        )
        self.assertEqual(members["T1"].inviter_id, members["T2"])
        self.assertEqual(members["T4"].inviter_id, known)
        self.assertEqual((members["T1"].level_id, members["T2"].level_id), (self.gold, self.base))
        self.assertEqual(members["T1"].registered_date, date(2026, 9, 12))
        self.assertEqual(members["T6"].account_id, self.dealer2.account_id)
        self.assertEqual(members["T1"].ownership_ids.to_dealer_id, self.dealer1)
        self.assertFalse(members["T5"].ownership_ids)
        self.assertEqual(known.invited_count, 2)

    def test_every_bad_row_is_named_and_nothing_is_loaded(self):
        known = self._new_member(number="T-KNOWN")
        self.dealer3._close("gone")
        record = self._run(
            ["T0", "好", "13700000000", "", "", "", ""],
            ["T-KNOWN", "号", "13700000001", "", "", "", ""],
            ["T2", "话", known.phone, "", "", "", ""],
            ["T3", "级", "13700000003", "皇冠", "", "", ""],
            ["T4", "商", "13700000004", "", "NONE", "", ""],
            ["T5", "闭", "13700000005", "", "T-C1", "", ""],
            ["T6", "邀", "13700000006", "", "", "NONE", ""],
            ["T7", "圈", "13700000007", "", "", "T8", ""],
            ["T8", "圈", "13700000008", "", "", "T7", ""],
            ["T9", "己", "13700000009", "", "", "T9", ""],
            ["T10", "话", "123", "", "", "", ""],
            ["T11", "同", "13700000000", "", "", "", ""],
            ["T12", "", "13700000012", "", "", "", ""],
            ["T13", "日", "13700000013", "", "", "", "昨天"],
            ["T0", "同", "13700000014", "", "", "", ""],
            ["T15", "被", "13700000015", "", "", "T7", ""],
        )
        self.assertEqual(
            (record.state, record.error_rows), ("refused", [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
        )
        self.assertFalse(self._member("T0"))
        self.assertFalse(self.env["crab.account"].search([("phone", "=", "+8613700000000")]))

    def test_a_chain_of_inviters_upside_down(self):
        count = 300
        rows = [
            [
                f"T{i}",
                "名",
                f"137{10000000 + i}",
                "",
                "T-A1" if i == count - 1 else "",
                f"T{i + 1}" if i < count - 1 else "",
                "",
            ]
            for i in range(count)
        ]
        record = self._run(*rows)
        self.assertEqual(record.state, "done", record.error_ids[:3].mapped("reason"))
        self.assertEqual(
            self.Member.search_count([("dealer_id", "=", self.dealer1.id), ("number", "=like", "T%")]), count
        )

    def _stored(self, member):
        """All that is stored of a member and beside it, with what names one person put out of the way."""
        account, partner = member.account_id, member.partner_id
        self.env.flush_all()
        found = {}
        for table, column, record in (
            ("res_partner", "id", partner),
            ("crab_account", "id", account),
            ("crab_member", "id", member),
            ("crab_member_ownership", "member_id", member),
            ("crab_member_level_history", "member_id", member),
        ):
            self.env.cr.execute(
                SQL(
                    "SELECT to_jsonb(t) FROM %s AS t WHERE %s = %s ORDER BY id",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    record.id,
                )
            )
            found[table] = [row for (row,) in self.env.cr.fetchall()]
        own = {member.number: "number", member.phone: "phone"}
        own_ids = {
            "partner_id": partner.id, "commercial_partner_id": partner.id, "account_id": account.id,
            "member_id": member.id,
        }  # fmt: skip
        for row in (row for rows in found.values() for row in rows):
            for column in {"create_date", "write_date", "write_uid", "happened_at", "id"} & row.keys():
                self.assertTrue(row.pop(column))
            for column in {"public_id", "invite_code"} & row.keys():
                self.assertIn(len(row.pop(column)), (12, 36))
            for column in own_ids.keys() & row.keys():
                self.assertEqual(row.pop(column), own_ids[column], column)
            row.update({column: own[value] for column, value in row.items() if value in own.keys() - {None}})
        return found

    def test_what_is_made_in_sets_equals_what_is_made_one_by_one(self):
        known = self._new_member(number="T-KNOWN", dealer_id=self.dealer3.id)
        account = self.env["crab.account"].create({"name": "旧名", "phone": "13700000021"})
        values = [
            {},
            {"level_id": self.gold.id, "registered_date": date(2026, 9, 12)},
            {"dealer_id": self.dealer1.id},
            {"inviter_id": known.id, "dealer_id": self.dealer3.id},
        ]
        record = self._run(
            ["M0", "同名", "13700000000", "", "", "", ""],
            ["M1", "同名", "13700000001", "T gold", "", "", "2026-09-12"],
            ["M2", "同名", "13700000002", "", "T-A1", "", ""],
            ["M3", "同名", "13700000003", "", "", "T-KNOWN", ""],
            ["M4", "新名", account.phone, "", "", "", ""],
        )
        self.assertEqual(record.state, "done", record.message)
        before = self.env["mail.message"].search_count([]), self.env["mail.followers"].search_count([])
        singly = self.Member.with_user(self.user).with_context(crab_reason="Import", tracking_disable=True)
        for number, vals in enumerate(values):
            other = singly.create({"number": f"O{number}", "name": "同名", "phone": f"1370000001{number}", **vals})
            self.assertEqual(self._stored(self._member(f"M{number}")), self._stored(other), vals)
        self.assertEqual(
            (self.env["mail.message"].search_count([]), self.env["mail.followers"].search_count([])), before
        )
        known_person = self._member("M4")
        self.assertEqual((known_person.account_id, known_person.name), (account, "旧名"), "who is known keeps the name")
        self.assertEqual(known_person.partner_id, account.partner_id)
        codes = self.Member.search([]).mapped("invite_code") + self.Member.search([]).mapped("public_id")
        self.assertEqual(len(codes), len(set(codes)))

    def test_statements_do_not_grow_with_the_rows(self):
        def count(size, start):
            before = self.env.cr.sql_log_count
            record = self._run(
                *[
                    [f"T{start + i}", "名", f"13{start + i}", "", "T-A1" if i % 2 else "", f"T{start}" if i else "", ""]
                    for i in range(size)
                ]
            )
            self.assertEqual(record.state, "done", record.message)
            return self.env.cr.sql_log_count - before

        count(3, 700000000)  # fills the caches
        small, big = count(10, 710000000), count(300, 720000000)
        self.assertLess(big, small + 5, "no statement per row")
