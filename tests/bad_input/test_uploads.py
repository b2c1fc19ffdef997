"""Files of every wrong kind through the import, as the web client sends them: saved on the form, then the button.

CRAB_BAD_INPUT=all tries every nonsense in every column and field, here and in test_values.py; otherwise some of it.
"""

import base64
import csv
import io
import os
import re
import zipfile

import pytest
import xlsxwriter

import harness

ALL = os.environ.get("CRAB_BAD_INPUT") == "all"
CHINESE = re.compile("[一-鿿]")
GOOD = "卡号,卡密,卡编码\nUPL000001,12345678,W-CARD\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


def workbook(rows, headers=("卡号", "卡密", "卡编码")):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([headers, *rows]):
            sheet.write_row(number, 0, row)
    return target.getvalue()


def archive(**files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


FILES = {
    "empty": ("leer.csv", b""),
    "only headers": ("only.csv", "卡号,卡密,卡编码\n".encode()),
    "blank rows": ("blank.csv", "卡号,卡密,卡编码\n,,\n , ,\n".encode()),
    "other headers": ("other.csv", "姓名,电话\n张三,1\n".encode()),
    "a picture": ("picture.png", PNG),
    "a picture called xlsx": ("picture.xlsx", PNG),
    "a program": ("setup.exe", b"MZ" + bytes(200)),
    "a PDF": ("file.pdf", b"%PDF-1.4\n%%EOF"),
    "half an xlsx": ("half.xlsx", workbook([["UPL000001", "12345678", "W-CARD"]])[:700]),
    "a zip that is no workbook": ("zip.xlsx", archive(readme="x")),
    "a zip bomb": ("bomb.xlsx", archive(**{"xl/worksheets/sheet1.xml": b"0" * 900_000_000})[:2_000_000]),
    "zeros": ("zeros.csv", bytes(5000)),
    "bad encoding": ("bytes.csv", bytes(range(128, 256)) * 20),
    "no extension": ("file", GOOD.encode()),
    "a path as name": ("../../etc/passwd.csv", "卡号,卡密,卡编码\nUPL000002,1,NONE\n".encode()),
    "a script as name": ("<script>alert(1)</script>.csv", "卡号,卡密,卡编码\n<script>,1,<b>\n".encode()),
    "a name of 5000 letters": ("长" * 5000 + ".csv", "卡号,卡密,卡编码\nUPL000003,1,NONE\n".encode()),
    "no name": (False, GOOD.encode()),
    "a long cell": ("long.csv", ("卡号,卡密,卡编码\n" + "9" * 100_000 + ",1,W-CARD\n").encode()),
    "formulas": ("formula.csv", '卡号,卡密,卡编码\n"=HYPERLINK(""http://x"")",12345678,W-CARD\n'.encode()),
    "numbers as floats": ("float.xlsx", workbook([[1.5, -2, 1e300]])),
    "a column twice": ("twice.csv", "卡号,卡号,卡密,卡编码\nUPL000001,UPL000002,12345678,W-CARD\n".encode()),
    "the same number twice": ("same.csv", (GOOD + "UPL000001,12345678,W-CARD\n").encode()),
}


@pytest.fixture(scope="module")
def admin(everything):
    return everything.users["admin"]


def upload(everything, uid, kind, name, content):
    """What the form sends: the record with its file, then its button.

    :return: ``Outcome`` with ``(state, message, reasons, bad rows)``
    """
    file = content if isinstance(content, str) else base64.b64encode(content).decode()

    def use(env):
        imports = env["crab.import"]
        saved = imports.web_save({"kind": kind, "file": file, "file_name": name}, {"state": {}})
        record = imports.browse(saved[0]["id"])
        record.action_import()
        record.web_read({"display_name": {}, "error_preview_ids": {"fields": {"reason": {}}}, "message": {}})
        return record.state, record.message or "", record.error_ids.mapped("reason"), set(record.error_rows)

    return harness.undone(everything.registry, uid, use)


@pytest.mark.parametrize("case", FILES)
@harness.covers("HQ-28", "import of numbers", via="import")
def test_a_wrong_file_is_refused_in_words(everything, admin, case):
    outcome = upload(everything, admin, "card", *FILES[case])
    if outcome.kind == "refused":
        assert CHINESE.search(str(outcome.error))
        return
    assert outcome.kind == "ok", outcome
    state, message, reasons, _bad_rows = outcome.value
    assert CHINESE.search(message), outcome
    assert all(CHINESE.search(reason) for reason in reasons), reasons
    assert state == ("done" if case == "no name" else "refused"), outcome
    assert case not in ("only headers", "blank rows") or "表头下面没有数据" in message, outcome


@pytest.mark.parametrize("kind", ["product", "dealer", "member", "member_level", "card", "card_vip", "greeting"])
@pytest.mark.parametrize("case", ["empty", "other headers", "a picture called xlsx", "zeros", "numbers as floats"])
def test_every_kind_of_import_refuses_wrong_files(everything, admin, kind, case):
    outcome = upload(everything, admin, kind, *FILES[case])
    text = str(outcome.error) if outcome.kind == "refused" else "".join(outcome.value[:2])
    assert outcome.kind in ("ok", "refused") and CHINESE.search(text), outcome


NONSENSE = (
    "-1", "0", "1e999", "NaN", "-0", "1,5", "0x10", "９９", "99999999999999999999", "长" * 3000, "true", "\\N",
    "<script>alert(1)</script>", "=1+1", "@SUM(A1)", "+86", "2026-13-45", "0001-01-01", "9999-12-31", "'", '"', "🦀",
    "a\nb", "\t", "'; DROP TABLE crab_card; --", "\u202e倒写", "%s%(x)s{0}", "../../x",
)  # fmt: skip
# What makes the row of a template's example fit this business; values of unique columns get numbers of their own.
FITTING = {"归属渠道商": "W-A", "卡编码": "W-CARD", "关联商品": "", "提货规则": "", "类型": {"product": "B2B商品"}}


def nonsense_rows(kind, columns):
    """``[(header, nonsense or None, row)]``: rows that look good but for one cell; the first is good throughout."""
    made = []
    for place in range(-1, len(columns)):
        for nonsense in (NONSENSE if ALL else NONSENSE[place % 2 :: 2]) if place >= 0 else (None,):
            row = []
            for header, example, is_unique in columns:
                value = FITTING.get(header, example)
                value = value.get(kind, example) if isinstance(value, dict) else value
                row.append(f"{value[:-4]}{len(made) + 1000}" if is_unique else value)
            if place >= 0:
                row[place] = nonsense
            made.append((columns[place][0], nonsense, row))
    return made


def csv_file(headers, rows):
    target = io.StringIO()
    csv.writer(target).writerows([headers, *rows])
    return target.getvalue().encode()


def kinds_with_columns(env):
    return {
        kind: [(column.header, str(column.example), column.unique) for column in env[f"crab.import.{kind}"]._columns()]
        for kind, _label in env["crab.import"]._fields["kind"].selection
    }


def test_every_column_of_every_kind_refuses_nonsense(everything, admin):
    """All nonsense at once, then what no row was refused for: that is loaded or refused, in words."""
    loaded, wrong = {}, []
    for kind, columns in everything.run(kinds_with_columns).items():
        headers = [header for header, _example, _is_unique in columns]
        rows = nonsense_rows(kind, columns)
        first = upload(everything, admin, kind, "rows.csv", csv_file(headers, [row for *_what, row in rows]))
        if first.kind != "ok" or first.value[0] != "refused":
            wrong.append((kind, first))
            continue
        _state, _message, reasons, bad_rows = first.value
        wrong += [(kind, reason) for reason in reasons if not CHINESE.search(reason)]
        accepted = [row for number, (*_what, row) in enumerate(rows, 2) if number not in bad_rows]
        if not accepted:
            continue
        second = upload(everything, admin, kind, "accepted.csv", csv_file(headers, accepted))
        state, message, reasons, _bad_rows = second.value or ("", "", [], [])
        loaded[kind] = state
        if state not in ("done", "refused") or not all(CHINESE.search(text) for text in (message, *reasons)):
            wrong.append((kind, second))
    assert not wrong, "\n".join(map(str, wrong))
    assert {kind for kind, state in loaded.items() if state == "done"} >= {"product", "dealer", "member", "card"}, (
        loaded
    )


def test_a_file_that_is_no_file_is_refused(everything, admin):
    for content in ("%%%", "not base64", "====", "", "长"):
        outcome = upload(everything, admin, "card", "file.csv", content)
        assert outcome.kind == "refused" and CHINESE.search(str(outcome.error)), outcome


def test_a_file_above_the_limit_is_refused(everything, admin):
    everything.run(lambda env: env["ir.config_parameter"].sudo().set_param("crab_base.import_max_mb", "1"))
    try:
        outcome = upload(everything, admin, "card", "big.csv", GOOD.encode() + b"," * 2 * 2**20)
    finally:
        everything.run(lambda env: env["ir.config_parameter"].sudo().set_param("crab_base.import_max_mb", False))
    state, message, *_rest = outcome.value
    assert state == "refused" and "1 MB" in message and CHINESE.search(message), outcome


@pytest.mark.parametrize("role", ["finance", "warehouse", "sales_rep", "auditor"])
def test_who_may_not_import_numbers_is_refused(everything, role):
    outcome = upload(everything, everything.users[role], "card", "good.csv", GOOD.encode())
    assert outcome.kind == "denied"
