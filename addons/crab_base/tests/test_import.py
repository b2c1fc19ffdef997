import base64
import io
from datetime import date
from decimal import Decimal
from unittest.mock import patch

import python_calamine
import xlsxwriter

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.queue_job.tests.common import trap_jobs

from ..models import crab_import, crab_import_run
from .common import CrabCase
from .models_import import set_up_models

HEADERS = ["编码", "名称", "手机号", "类型", "额度", "日期", "数量"]
GOOD = ["A1", "阳澄湖", "13629968745", "收货", 12.5, date(2026, 9, 12), 3]


def excel(*rows, sheet="Sheet1"):
    """An .xlsx file of rows of Python values; a text that begins with ``=`` stays a text."""
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output, {"strings_to_formulas": False, "strings_to_urls": False})
    worksheet = workbook.add_worksheet(sheet)
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                worksheet.write_datetime(number, column, value, day)
            elif isinstance(value, tuple):
                worksheet.write_formula(number, column, value[0], None, value[1])
            elif value is not None:
                worksheet.write(number, column, value)
    workbook.close()
    return output.getvalue()


class ImportCase(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        set_up_models(cls)
        cls.keeper = cls._new_user("keeper", "card_keeper")
        cls.imports = cls.env["crab.import"].with_user(cls.keeper)

    def _run(self, content, kind="test", filename="file.xlsx"):
        return self.imports._run_file(kind, filename, content)

    def _run_rows(self, *rows, headers=tuple(HEADERS)):
        return self._run(excel(headers, *rows))

    def _reasons(self, record):
        return [(error.row_number, error.header, error.reason) for error in record.error_ids]

    def _partners(self, *refs):
        return self.env["res.partner"].search([("ref", "in", refs)])


class TestImport(ImportCase):
    def test_good_file_is_loaded_with_exact_values(self):
        with patch.object(type(self.env["crab.import.test"]), "_load", autospec=True) as load:
            load.return_value = 1
            record = self._run_rows(GOOD, [], ["  ", "\u3000"], [" ｂ２ ", "x", None, None, "1,234.50"])
        rows = load.call_args[0][1]
        self.assertEqual(record.state, "done", record.message)
        self.assertEqual([row.number for row in rows], [2, 5])
        self.assertEqual(
            rows[0],
            {
                "ref": "A1",
                "name": "阳澄湖",
                "phone": "+8613629968745",
                "type": "delivery",
                "limit": Decimal("12.50"),
                "date": date(2026, 9, 12),
                "quantity": 3,
            },
        )
        self.assertEqual((rows[1]["ref"], rows[1]["phone"], rows[1]["limit"]), ("B2", None, Decimal("1234.50")))

    def test_a_damaged_upload_is_refused(self):
        form = {"kind": "test", "file_name": "x.csv"}
        record = self.imports.create(form)
        for content in ("not base64", "%%%", "====", "长", 7, ["x"]):
            for model, vals in ((self.imports, {**form, "file": content}), (record, {"file": content})):
                with self.subTest(content=content, model=model), self.assertRaisesRegex(UserError, "undamaged"):
                    model.write(vals) if model else model.create(vals)
            with self.subTest(content=content), self.assertRaisesRegex(UserError, "undamaged"):
                self.env["ir.attachment"].create({"name": "x", "datas": content})
        lines = base64.encodebytes(b"x" * 100).decode()
        self.assertEqual(base64.b64decode(self.imports.create({**form, "file": lines}).file), b"x" * 100)

    def test_a_file_above_the_limit_is_refused_at_once(self):
        self.env["ir.config_parameter"].sudo().set_param("crab_base.import_max_mb", "1")
        record = self.imports.create({"kind": "test", "file_name": "x.csv", "file": base64.b64encode(b"," * 1_000_001)})
        with trap_jobs() as trap:
            record.action_import()
        trap.assert_jobs_count(0)
        self.assertEqual(record.state, "refused")
        self.assertIn("larger than 1 MB", record.message)

    def test_result_names_count_and_records(self):
        record = self._run_rows(GOOD, ["A2", "b"])
        self.assertRecordValues(
            record, [{"state": "done", "count_rows": 2, "count_loaded": 2, "count_bad": 0, "progress": 100}]
        )
        self.assertEqual(sorted(self._partners("A1", "A2").ids), sorted(record.loaded_ids))
        action = record.action_open_loaded()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), self._partners("A1", "A2"))

    def test_columns_in_any_order_with_stars_aliases_and_unknown_ones(self):
        record = self._run(excel([], ["备注", "客户名称", " 编码＊ ".replace("＊", "*")], ["n", "x", "C1"]))
        self.assertEqual(record.state, "done", record.message)
        self.assertEqual(self._partners("C1").name, "x")
        self.assertIn("备注", record.message)

    def test_one_bad_row_refuses_the_whole_file_and_all_bad_rows_are_listed(self):
        record = self._run_rows(
            GOOD,
            ["A2", "", "123", "自提", -1, "2026-02-30", 0],
            [],
            ["A1", "again"],
            ["", "no code"],
            ["A 3", "x" * 41, None, None, "12.345", None, 1.5],
            ["A4", "fine"],
        )
        self.assertRecordValues(record, [{"state": "refused", "count_rows": 6, "count_bad": 4, "count_loaded": 0}])
        self.assertEqual(record.error_rows, [3, 5, 6, 7])
        self.assertFalse(self._partners("A1", "A4"))
        reasons = self._reasons(record)
        self.assertIn((5, "编码", "stands already in row 2"), reasons)
        self.assertEqual(
            [header for number, header, _reason in reasons if number == 3],
            ["名称", "手机号", "类型", "额度", "日期", "数量"],
        )
        self.assertEqual(
            {header for number, header, _reason in reasons if number == 7}, {"编码", "名称", "额度", "数量"}
        )
        self.assertEqual(
            record.error_ids.filtered(lambda error: error.row_number == 3 and error.header == "额度").value, "-1"
        )

    def test_duplicate_of_a_bad_row_is_no_duplicate(self):
        record = self._run_rows(["A1", ""], ["A1", "x"], ["A1", "y"])
        self.assertEqual(record.error_rows, [2, 4])

    def test_rows_known_in_the_database_are_refused_by_the_kind(self):
        self._run_rows(GOOD)
        record = self._run_rows(GOOD, ["A2", "y"])
        self.assertEqual(record.error_rows, [2])
        self.assertEqual(len(self._partners("A1", "A2")), 1)

    def test_numeric_cells_are_read_as_their_digits(self):
        record = self._run_rows(
            [12.0, 1234567890123, 13629968745.0], ["1.23457E+15", "x"], [7.5, "y"], [True, "z"], [date(2026, 1, 1), "z"]
        )
        self.assertEqual(
            record.error_rows, [3, 4, 5, 6]
        )  # the text 1.23457E+15 has 11 characters, “+” is none of a code
        self.assertEqual(self._run_rows([12.0, 1234567890123]).state, "done")
        self.assertEqual(self._partners("12").name, "1234567890123")

    def test_formula_counts_by_its_stored_value_and_errors_are_bad(self):
        record = self._run_rows(["A1", ("=1+1", 2)], ["A2", ("=1+1", "")], [("=NA()", "#N/A"), "x"], ["A4", "=1+1"])
        self.assertEqual(
            self._reasons(record), [(3, "名称", "is missing"), (4, "编码", "holds an Excel error such as #N/A")]
        )

    def test_scripts_and_sql_in_texts_are_only_texts(self):
        name = "<script>alert(1)</script>'; DROP --"
        record = self._run_rows(["A1", name])
        self.assertEqual(record.state, "done")
        self.assertEqual(self._partners("A1").name, name)

    def test_csv_in_the_usual_encodings_and_delimiters(self):
        text = '编码{0}名称\r\nA1{0}"a\nb"\r\n\r\n{0}\r\nA2{0}x\r\n,,\r\n'
        for number, (encoding, mark) in enumerate(
            [("utf-8-sig", ","), ("utf-8", ";"), ("gb18030", "\t"), ("utf-16", "\t")]
        ):
            content = text.replace("A1", f"A{number}1").replace("A2", f"A{number}2").format(mark).encode(encoding)
            record = self._run(content, filename="x.csv")
            if mark == ",":
                self.assertEqual(record.state, "done", (encoding, record.message))
                self.assertEqual(self._partners(f"A{number}1").name, "a\nb")
            else:  # the last line is a text to them
                self.assertEqual(record.error_rows, [6], (encoding, record.message))

    def test_result_is_written_by_the_import_alone(self):
        record = self._run_rows(["A1", ""])
        for values in (
            {"state": "done"},
            {"count_loaded": 5},
            {"company_id": self.sales.id},
            {"message": "x"},
            {"content_hash": "0"},
        ):
            with self.assertRaises(AccessError):
                record.write(values)
            with self.assertRaises(AccessError):
                self.imports.create({"kind": "test", **values})

    def test_corrected_file_on_the_same_record(self):
        record = self._run_rows(["A1", ""])
        record.write({"file": base64.b64encode(excel(HEADERS, ["A1", "x"])), "file_name": "corrected.xlsx"})
        self.assertRecordValues(
            record, [{"state": "draft", "count_bad": 0, "error_ids": [], "message": False, "error_file": False}]
        )
        record.action_import()
        self.assertEqual(record.state, "done")
        for change in ({"file": False}, {"kind": "test_stream"}, {"file_name": "y"}):
            with self.assertRaises(UserError):
                record.write(change)
        with self.assertRaises(UserError):
            record.action_import()
        with self.assertRaises(UserError):
            record.unlink()

    def test_refused_file_can_be_checked_again(self):
        partner = self.env["res.partner"].create({"name": "x", "ref": "A1"})
        record = self._run_rows(["A1", "x"], ["A2", "y"])
        self.assertEqual(record.error_rows, [2])
        record.action_import()
        self.assertEqual((len(record.error_ids), record.count_bad), (1, 1))
        partner.ref = False
        record.action_import()
        self.assertRecordValues(record, [{"state": "done", "error_ids": [], "count_bad": 0, "error_file": False}])

    def test_same_content_is_loaded_once(self):
        content = excel(HEADERS, ["A1", "x"])
        first = self._run(content)
        self.assertEqual(first.state, "done")
        self._partners("A1").unlink()
        again = self._run(content, filename="renamed.xlsx")
        self.assertEqual(again.state, "refused")
        self.assertIn(str(first.id), again.message)
        self.assertFalse(self._partners("A1"))
        refused = excel(HEADERS, ["A2", ""])
        self.assertEqual([self._run(refused).count_bad, self._run(refused).count_bad], [1, 1])

    def test_content_counts_as_loaded_per_kind(self):
        content = excel(HEADERS, ["A1", "x"])
        self._run(content)
        finance = self._new_user("money", "finance")
        other = self.env["crab.import"].with_user(finance)._run_file("test_other", "file.xlsx", content)
        self.assertEqual(self._reasons(other), [(2, "编码", "is already in use")])

    def test_failure_while_loading_leaves_nothing(self):
        for name, message in [("refuse", "not today"), ("twice", "country"), ("break", "unexpected error")]:
            with mute_logger("odoo.sql_db", crab_import_run.__name__):
                record = self._run_rows(["A1", "first"], ["A2", name])
            self.assertEqual((record.state, record.count_loaded), ("failed", 0))
            self.assertIn(message, record.message.lower())
            self.assertFalse(self._partners("A1", "A2"))
            record.write({"file": base64.b64encode(excel(HEADERS, [f"B{name[0]}", "good"]))})
            record.action_import()
            self.assertEqual(record.state, "done")

    def test_streaming_kind_leaves_nothing_when_a_late_row_is_bad(self):
        rows = [[f"N{number}", "p"] for number in range(2500)]
        record = self._run(excel(["卡号", "卡密"], *rows, ["N9999", None]), kind="test_stream")
        self.assertEqual(record.error_rows, [2502])
        self.assertFalse(self._partners("stream"))
        record = self._run(excel(["卡号", "卡密"], *rows), kind="test_stream")
        self.assertRecordValues(record, [{"state": "done", "count_loaded": 2500, "count_rows": 2500}])

    def test_secret_cells_and_files_do_not_stay(self):
        record = self._run(excel(["卡密", "卡号"], ["s3cret", ""], [None, "N1"]), kind="test_stream")
        self.assertFalse(record.file)
        self.assertNotIn(b"s3cret", base64.b64decode(record.error_file))
        waiting = self.imports.create({"kind": "test_stream", "file_name": "x.xlsx", "file": base64.b64encode(b"x")})
        self.env["crab.import"]._gc_secret_files()
        self.assertTrue(waiting.file)
        self.env.cr.execute(
            "UPDATE crab_import SET write_date = write_date - interval '2 days' WHERE id = %s", [waiting.id]
        )
        self.env["crab.import"]._gc_secret_files()
        self.assertFalse(waiting.file)


class TestImportErrors(ImportCase):
    def test_excel_of_bad_rows_holds_texts_only(self):
        evil = ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", '=HYPERLINK("http://x")']
        record = self._run_rows(*[[text, text] for text in evil], GOOD)
        content = base64.b64decode(record.error_file)
        rows = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        self.assertEqual(rows[0][:4], ["Row in Excel", "Reason", "编码", "名称"])
        self.assertEqual([row[0] for row in rows[1:]], record.error_rows)
        self.assertEqual([row[3] for row in rows[1:]][:2], evil[:2])
        import zipfile

        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml")
        self.assertNotIn(b"<f>", sheet)
        self.assertNotIn(b"hyperlink", sheet.lower())

    def test_many_bad_rows_are_stored_and_shown_in_parts(self):
        rows = [["", f"n{number}"] for number in range(crab_import.PREVIEW_ERRORS + 50)]
        record = self._run_rows(*rows)
        self.assertEqual(record.count_bad, len(rows))
        self.assertEqual(len(record.error_preview_ids), crab_import.PREVIEW_ERRORS)
        self.assertEqual(record.error_preview_ids[0].row_number, 2)
        action = record.action_open_errors()
        self.assertEqual(self.env["crab.import.error"].with_user(self.keeper).search_count(action["domain"]), len(rows))

    def test_two_hundred_thousand_bad_rows(self):
        lines = ["编码,名称"] + [f"bad code,{number}" for number in range(200_000)]
        record = self._run("\n".join(lines).encode(), filename="big.csv")
        self.assertEqual((record.state, record.count_bad), ("refused", 200_000))
        self.assertEqual((record.error_rows[0], record.error_rows[-1]), (2, 200_001))
        sheet = python_calamine.load_workbook(io.BytesIO(base64.b64decode(record.error_file))).get_sheet_by_index(0)
        self.assertEqual(sheet.height, 200_001)


class TestImportRights(ImportCase):
    def test_kinds_are_for_their_groups(self):
        self.assertEqual(
            set(self.imports._allowed_kinds()) & {"test", "test_stream", "test_other"}, {"test", "test_stream"}
        )
        shown = {kind for kind, _label in self.imports.fields_get(["kind"])["kind"]["selection"]}
        self.assertNotIn("test_other", shown)
        content = base64.b64encode(excel(HEADERS, GOOD))
        with self.assertRaises(AccessError):
            self.imports.create({"kind": "test_other", "file_name": "x.xlsx", "file": content})
        record = self.imports.create({"kind": "test", "file_name": "x.xlsx", "file": content})
        with self.assertRaises(AccessError):
            record.write({"kind": "test_other"})
        finance = self._new_user("money", "finance")
        theirs = (
            self.env["crab.import"]
            .with_user(finance)
            .create({"kind": "test_other", "file_name": "x.xlsx", "file": content})
        )
        for attempt in (
            lambda: theirs.with_user(self.keeper).action_import(),
            lambda: theirs.with_user(self.keeper).read(["file_name"]),
            lambda: theirs.with_user(self.keeper).write({"file_name": "y"}),
            lambda: theirs.with_user(self.keeper).unlink(),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertNotIn(theirs.id, self.imports.search([]).ids)

    def test_bad_rows_are_for_those_who_may_import_the_kind(self):
        finance = self._new_user("money", "finance")
        theirs = self.env["crab.import"].with_user(finance)._run_file("test_other", "x.xlsx", excel(HEADERS, ["", "n"]))
        errors = self.env["crab.import.error"]
        self.assertTrue(errors.with_user(finance).search([("import_id", "=", theirs.id)]))
        self.assertFalse(errors.with_user(self.keeper).search([("import_id", "=", theirs.id)]))
        with self.assertRaises(AccessError):
            errors.with_user(finance).search([("import_id", "=", theirs.id)]).write({"reason": "x"})

    def test_auditor_reads_and_changes_nothing(self):
        auditor = self._new_user("eyes", "auditor")
        record = self._run_rows(["", "x"])
        as_auditor = record.with_user(auditor)
        self.assertEqual(as_auditor.count_bad, 1)
        self.assertTrue(as_auditor.error_ids)
        for attempt in (
            lambda: as_auditor.action_import(),
            lambda: as_auditor.write({"file_name": "y"}),
            lambda: as_auditor.unlink(),
            lambda: as_auditor.create({"kind": "test", "file_name": "x"}),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_employee_without_a_role_sees_nothing(self):
        plain = self.env["res.users"].create(
            {"name": "plain", "login": "plain", "group_ids": [(6, 0, self.env.ref("base.group_user").ids)]}
        )
        with self.assertRaises(AccessError):
            self.env["crab.import"].with_user(plain).search([])
        with self.assertRaises(AccessError):
            self.env["crab.import"].with_user(plain).create({"kind": "test"})


class TestImportScreen(ImportCase):
    def test_form_upload_check_and_correct(self):
        with Form(self.imports.with_context(default_kind="test", default_file_name="mine.xlsx")) as form:
            form.file = base64.b64encode(excel(HEADERS, ["A1", ""]))
        record = form.record
        record.action_import()
        self.assertEqual(record.state, "refused")
        with Form(record) as form:
            form.file = base64.b64encode(excel(HEADERS, ["A1", "x"]))
        record.action_import()
        self.assertEqual(record.state, "done")

    def test_import_without_a_file_says_so(self):
        record = self.imports.create({"kind": "test"})
        with self.assertRaisesRegex(UserError, "Choose a file"):
            record.action_import()

    def test_open_import_from_another_list(self):
        action = (
            self.env.ref("crab_base.action_open_import").with_user(self.keeper).with_context(default_kind="test").run()
        )
        with Form(self.imports.with_context(**action["context"])) as form:
            self.assertEqual(form.kind, "test")

    def test_template_can_be_filled_in_and_imported(self):
        record = self.imports.create({"kind": "test"})
        self.assertIn("/template_file?", record.action_download_template()["url"])
        content = base64.b64decode(record.template_file)
        book = python_calamine.load_workbook(io.BytesIO(content))
        self.assertEqual(book.sheet_names, ["Addresses", "How to fill in"])
        self.assertEqual(book.get_sheet_by_index(0).to_python()[0], ["编码*", "名称*", *HEADERS[2:]])
        help_rows = book.get_sheet_by_index(1).to_python()
        self.assertEqual(help_rows[4][:3], ["类型", "no", "收货、开票"])
        self.assertEqual(self._run(content).state, "done")


class TestImportJob(ImportCase):
    def _record(self, *rows):
        return self.imports.create(
            {"kind": "test", "file_name": "x.xlsx", "file": base64.b64encode(excel(HEADERS, *rows))}
        )

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("crab_base.import_job_rows", "2")
        self.startPatcher(patch.object(type(self.env["crab.import"]), "_make_progress", lambda self: None))

    def test_file_above_the_threshold_runs_as_one_job(self):
        record = self._record(*[[f"A{number}", "x"] for number in range(5)])
        with trap_jobs() as trap:
            record.action_import()
            self.assertEqual((record.state, record.count_loaded), ("queued", 0))
            trap.assert_enqueued_job(
                record._run_as_job,
                properties={
                    "channel": "root.crab_import",
                    "identity_key": f"crab.import.{record.id}",
                    "description": f"crab.import {record.id}",
                },
            )
            with self.assertRaises(UserError):
                record.action_import()
            with self.assertRaises(UserError):
                record.write({"file": base64.b64encode(b"x")})
            with self.assertRaises(UserError):
                record.unlink()
            trap.perform_enqueued_jobs()
        self.assertRecordValues(record, [{"state": "done", "count_loaded": 5}])
        record.with_context(crab_import_job=True)._run_as_job()  # a job that is started twice
        self.assertEqual(len(self._partners(*[f"A{number}" for number in range(5)])), 5)

    def test_small_file_runs_at_once(self):
        record = self._record(["A1", "x"])
        with trap_jobs() as trap:
            record.action_import()
            trap.assert_jobs_count(0)
        self.assertEqual(record.state, "done")

    def test_import_whose_job_is_gone_can_be_taken_back_and_started_again(self):
        record = self._record(*[[f"A{number}", "x"] for number in range(5)])
        record.action_import()
        job = self.env["queue.job"].search([("identity_key", "=", f"crab.import.{record.id}")])
        job.write({"state": "started"})
        with self.assertRaises(UserError):
            record.action_reset()
        job.write({"state": "failed"})
        record.action_reset()
        self.assertEqual(record.state, "draft")
        with trap_jobs() as trap:
            record.action_import()
            trap.perform_enqueued_jobs()
        self.assertEqual(record.state, "done")

    def test_progress_of_a_running_import(self):
        record = self._record(*[[f"A{number}", "x"] for number in range(5)])
        record.action_import()
        self.assertEqual(record.progress, 0)
        self.env["crab.import.progress"].create({"import_ref": record.id, "done": 3, "total": 12})
        record.invalidate_recordset(["progress"])
        self.assertEqual(record.progress, 25)
