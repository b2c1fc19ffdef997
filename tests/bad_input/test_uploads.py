"""Files of every wrong kind through the import, as the web client sends them: saved on the form, then the button."""

import base64
import io
import re
import zipfile

import pytest
import xlsxwriter

import harness

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
    """What the form sends: the record with its file, then its button; ``Outcome`` with ``(state, message)``."""
    file = content if isinstance(content, str) else base64.b64encode(content).decode()

    def use(env):
        imports = env["crab.import"]
        saved = imports.web_save({"kind": kind, "file": file, "file_name": name}, {"state": {}})
        record = imports.browse(saved[0]["id"])
        record.action_import()
        record.web_read({"display_name": {}, "error_preview_ids": {"fields": {"reason": {}}}, "message": {}})
        return record.state, record.message or "", record.error_ids.mapped("reason")

    return harness.undone(everything.registry, uid, use)


@pytest.mark.parametrize("case", FILES)
@harness.covers("HQ-28", "import of numbers", via="import")
def test_a_wrong_file_is_refused_in_words(everything, admin, case):
    outcome = upload(everything, admin, "card", *FILES[case])
    if outcome.kind == "refused":
        assert CHINESE.search(str(outcome.error))
        return
    assert outcome.kind == "ok", outcome
    state, message, reasons = outcome.value
    assert CHINESE.search(message), outcome
    assert all(CHINESE.search(reason) for reason in reasons), reasons
    loads = case in ("no extension", "no name", "only headers", "blank rows")  # the last two: “all 0 rows were loaded”
    assert state in ("refused", "failed") or loads and state == "done", outcome


@pytest.mark.parametrize("kind", ["product", "dealer", "member", "member_level", "card", "card_vip", "greeting"])
@pytest.mark.parametrize("case", ["empty", "other headers", "a picture called xlsx", "zeros", "numbers as floats"])
def test_every_kind_of_import_refuses_wrong_files(everything, admin, kind, case):
    outcome = upload(everything, admin, kind, *FILES[case])
    text = str(outcome.error) if outcome.kind == "refused" else "".join(outcome.value[:2])
    assert outcome.kind in ("ok", "refused") and CHINESE.search(text), outcome


@pytest.mark.parametrize("role", ["finance", "warehouse", "sales_rep", "auditor"])
def test_who_may_not_import_numbers_is_refused(everything, role):
    outcome = upload(everything, everything.users[role], "card", "good.csv", GOOD.encode())
    assert outcome.kind == "denied"
