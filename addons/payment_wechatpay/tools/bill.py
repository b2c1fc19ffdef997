"""Reading WeChat Pay's trade bill: columns by their names, amounts as exact decimals, nothing skipped in silence."""

import gzip
import hashlib
from datetime import datetime
from decimal import Decimal, InvalidOperation

COLUMNS = {
    "交易时间": "traded_at",
    "微信订单号": "transaction_id",
    "微信支付订单号": "transaction_id",
    "商户订单号": "out_trade_no",
    "用户标识": "openid",
    "交易类型": "trade_type",
    "交易状态": "trade_state",
    "货币种类": "currency",
    "微信退款单号": "refund_id",
    "商户退款单号": "out_refund_no",
    "退款状态": "refund_state",
    "商品名称": "description",
    "手续费": "fee",
    "费率": "rate",
    "订单金额": "order_amount",
    "申请退款金额": "refund_amount",
}
AMOUNTS = ("fee", "order_amount", "refund_amount")
TOTALS = {
    "总交易单数": "count",
    "手续费总金额": "fee",
    "订单总金额": "order_amount",
    "申请退款总金额": "refund_amount",
}


class Unreadable(Exception):
    """The file is no trade bill, is damaged, or does not add up."""


def unpacked(content, hash_value):
    """The text of a downloaded file, when it is the one that WeChat announced.

    :param content: the bytes of the download, gzip
    :param hash_value: SHA-1 of the unpacked file, as hexadecimal
    """
    try:
        plain = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise Unreadable("not gzip") from error
    if hashlib.sha1(plain).hexdigest() != (hash_value or "").lower():
        raise Unreadable("hash")
    return plain.decode("utf-8-sig", "strict")


def cells_of(line):
    """Each cell stands behind a backtick, so that a comma within one separates nothing."""
    return [cell.strip() for cell in line[1:].split(",`")]


def amount(text):
    """The Decimal in yuan of a cell; nothing is zero.

    :raise Unreadable: for what is no finite number
    """
    try:
        value = Decimal(text or "0")
    except InvalidOperation as error:
        raise Unreadable(f"amount {text[:40]!r}") from error
    if not value.is_finite():
        raise Unreadable(f"amount {text[:40]!r}")
    return value


def parse(text):
    """``(rows, totals)`` of a trade bill of all kinds (ALL).

    A row is a dict by the names of ``COLUMNS``; ``traded_at`` is a naive datetime of China, amounts are ``Decimal`` in
    yuan, a refund gives its fee back as a negative one.

    :raise Unreadable: also when the rows do not add up to the bill's own totals
    """
    lines = [line for line in text.splitlines() if line.strip()]
    names = [COLUMNS.get(name.strip()) for name in lines[0].split(",")] if lines else []
    missing = set(COLUMNS.values()) - set(names)
    if missing or len(lines) < 3:
        raise Unreadable(f"columns {', '.join(sorted(missing))}")
    rows = [_row(names, line) for line in lines[1:-2]]
    totals = dict(zip(lines[-2].split(","), cells_of(lines[-1]), strict=False))
    if set(TOTALS) - set(totals):
        raise Unreadable("no totals")
    totals = {key: amount(totals[name]) for name, key in TOTALS.items()}
    sums = {key: sum((row[key] for row in rows), Decimal(0)) for key in AMOUNTS}
    if sums != {key: totals[key] for key in AMOUNTS} or totals["count"] != len(rows):
        raise Unreadable("totals")
    return rows, totals


def _row(names, line):
    cells = cells_of(line)
    if not line.startswith("`") or len(cells) != len(names):
        raise Unreadable(f"row {line[:40]!r}")
    row = {name: cell for name, cell in zip(names, cells, strict=True) if name}
    row |= {name: amount(row[name]) for name in AMOUNTS}
    try:
        row["traded_at"] = datetime.strptime(row["traded_at"], "%Y-%m-%d %H:%M:%S")
    except ValueError as error:
        raise Unreadable(f"time {row['traded_at'][:40]!r}") from error
    return row
