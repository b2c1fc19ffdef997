"""Write a small season folder of random content, in the shape of the files a head office hands over."""

import random
from decimal import ROUND_HALF_UP, Decimal

from openpyxl import Workbook

FAMILY, GIVEN = "赵钱孙李周吴郑王冯陈", "一二三四五六七八九十"


def save(path, header, rows, rng):
    order = list(range(len(header)))
    rng.shuffle(order)
    book = Workbook()
    sheet = book.active
    sheet.append([header[i] for i in order])
    for row in rows:
        sheet.append([row[i] for i in order] if row else [None] * len(header))
    book.save(path)


def write(folder, seed):
    """Fill ``folder`` with files that differ with ``seed``: prices, tree, numbers, dirty rows, order of all."""
    rng = random.Random(seed)
    phones = iter(rng.sample(range(13000000000, 13999999999), 500))
    prices = write_products(folder, rng)
    codes = write_dealers(folder, rng, phones)
    save(
        folder / "member-levels.xlsx", ["名称", "折扣", "累计消费"], [["普通会员", 1, 0], ["金卡会员", 0.93, 5000]], rng
    )
    levels = write_members(folder, rng, phones, codes)
    write_numbers(folder, rng)
    write_orders(folder, rng, prices, levels)


def person(rng):
    return rng.choice(FAMILY) + rng.choice(GIVEN) + rng.choice(GIVEN)


def write_products(folder, rng):
    """The prices of what is sold online, by code."""
    packages = [(f"PKG{i:03}", rng.choice([298, 398.5, 728.5, 33.33, 1088]) + i) for i in range(1, 5)]
    rows = [[code, "现货套餐", "礼盒", f"套餐 {code}", price, 10, 100, "", "", "盒"] for code, price in packages]
    for i in range(1, 5):
        price = rng.choice([298, 598.37, 728.5, 0.99])
        rule, linked = "固定套餐", f"PKG{i:03}"
        if rng.random() < 0.5:
            rule, linked = "任选", ",".join(code for code, _price in packages)
        rows.append([f"CARD{i:03}", "实体提货卡", "礼券", f"提货卡 {i}", price, 5, 90, rule, linked, "张"])
    rows.append(["ECARD001", "电子提货卡", "电子券", "电子卡", 298, 1, 1, "固定套餐", "PKG001", "张"])
    rows.append(["B2B01", "B2B商品", "大闸蟹/单只", "公蟹", 27, "", "", "", "", "只"])
    rng.shuffle(rows)
    header = "编码 类型 分类 名称 零售价 服务费补贴 结算成本 提货规则 关联商品 单位"
    save(folder / "products.xlsx", header.split(), rows, rng)
    return {**dict(packages), "ECARD001": 298}


def write_dealers(folder, rng, phones):
    """The codes of all dealers."""
    rows = []

    def dealer(code, level, kind, parent, ratio, stored="", credit=""):
        address = ["江苏省", "苏州市", "昆山市", "示例路1号", 31.3, 120.9]
        contact = [f"渠道 {code}", person(rng), str(next(phones))]
        rows.append([code, *contact, level, kind, parent, ratio, *address, stored, credit])

    for a in range(rng.randint(2, 4)):
        top, ratio = f"A{a:03}", rng.choice([0.55, 0.6, 0.6123])
        stored, credit = rng.choice([0, 5000, 12345.67, 100000]), rng.choice([0, 8000.5, 50000])
        dealer(top, "一级", rng.choice(["专卖店", "城市合伙人"]), "", ratio, stored, credit)
        for b in range(rng.randint(0, 3)):
            middle, below = f"B{a}{b:02}", round(ratio + 0.05, 4)
            dealer(middle, "二级", "经销商", top, below)
            for c in range(rng.randint(0, 2)):
                dealer(f"C{a}{b}{c}", "三级", "小商户", middle, round(below + 0.05, 4))
        for c in range(rng.randint(0, 2)):
            # a direct level 3 may sort before the level 2 of the same parent
            dealer(f"{rng.choice('AC')}X{a}{c}", "三级", "小商户", top, round(ratio + 0.07, 4))
    codes = [row[0] for row in rows]
    rng.shuffle(rows)
    header = "编码 名称 联系人 手机号 等级 类型 上级编码 折扣 省 市 区 地址 纬度 经度 储值 额度"
    save(folder / "dealers.xlsx", header.split(), rows, rng)
    return codes


def write_members(folder, rng, phones, codes):
    """The levels of all members, by number."""
    rows = []
    for i in range(1, 21):
        inviter = f"M{rng.randint(1, i - 1):04}" if i > 1 and rng.random() < 0.3 else ""
        owner = "" if inviter and rng.random() < 0.5 else rng.choice(codes)
        level = "金卡会员" if i % 3 else "普通会员"
        rows.append([f"M{i:04}", person(rng), str(next(phones)), level, owner, inviter, "2026-08-01"])
    levels = {row[0]: row[3] for row in rows}
    rng.shuffle(rows)
    header = "会员号 姓名 手机号 等级 归属渠道商 邀请会员号 注册日期"
    save(folder / "members.xlsx", header.split(), rows, rng)
    return levels


def write_orders(folder, rng, prices, levels):
    """Orders with discounts down to almost nothing, not refunded, refunded in part or whole."""
    rows = []
    for i in range(1, 31):
        member, product, quantity = rng.choice(sorted(levels)), rng.choice(sorted(prices)), rng.randint(1, 3)
        ratio = Decimal("0.93") if levels[member] == "金卡会员" else Decimal(1)
        unit = (Decimal(str(prices[product])) * ratio).quantize(Decimal("0.01"), ROUND_HALF_UP)
        total = int(unit * quantity * 100)
        discount = rng.choice([0, 0, 1, rng.randint(0, total - 1)])
        refund = rng.choice([0, 0, total - discount, rng.randint(0, total - discount)])
        rows.append([f"SO{i:06}", member, product, quantity, discount / 100, refund / 100])
    save(folder / "orders.xlsx", "订单号 会员号 商品编码 数量 优惠金额 退款金额".split(), rows, rng)


def write_numbers(folder, rng):
    """Good files with numbers written in other ways and blank rows between, and a file that is refused."""
    header = ["卡号", "卡密", "卡编码"]
    for number_of_file, card in enumerate(("CARD003", "CARD003", "CARD002"), start=1):
        rows = []
        for i in range(rng.randint(120, 500)):
            number = f"YC{number_of_file}{i:06}"
            if i % 50 == 7:
                number = number.lower()
            if i % 50 == 9:
                number = "".join(chr(ord(c) + 0xFEE0) for c in number)
            rows.append([number, f"{rng.randrange(10**8):08}", f" {card} " if i % 40 == 3 else card])
            if i % 60 == 11:
                rows.append(None)
        rng.shuffle(rows)
        save(folder / f"card-numbers-{number_of_file:02}.xlsx", header, rows, rng)
    dirty = [
        ["YC9000001", "1234", "CARD001"],
        ["YC9000001", "12345678", "CARD001"],  # twice
        ["YC9000002", "123", "CARD001"],  # password too short
        ["YC9000002", "12345678", "CARD001"],  # the row before was not valid
        ["YC1000000", "12345678", "CARD001"],  # in the register
        [12345678, 87654321, "CARD001"],  # numeric cells that are integers
        [12.5, "87654321", "CARD001"],
        ["YC9000003", "密码密码", "CARD001"],
        ["YC9000004", "12345678", "PKG001"],
        ["YC9000005", "12345678", "ECARD001"],
        ["YC9000006", "12345678", ""],
        ["", "12345678", "CARD001"],
        ["YC900", "12345678", "CARD001"],
        ["Y" * 33, "12345678", "CARD001"],
    ]
    rng.shuffle(dirty)
    save(folder / "card-numbers-90-dirty.xlsx", header, dirty, rng)
