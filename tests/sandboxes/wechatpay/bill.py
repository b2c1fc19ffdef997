"""The trade bill of a day, in WeChat Pay's form: cells behind a backtick, two lines of totals at the end."""

from decimal import ROUND_HALF_UP, Decimal

RATE = Decimal("0.006")
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def fee_of(fen):
    """WeChat's fee in yuan, half a fen counts up."""
    return (Decimal(fen) / 100 * RATE).quantize(Decimal("0.01"), ROUND_HALF_UP)


def yuan(fen):
    return f"{Decimal(fen) / 100:.2f}"


def _row(own, about, at, state, **cells):
    values = {
        "at": at[:19].replace("T", " "),
        "bank": "OTHERS",
        "settled": "0.00",
        "refund_id": "0",
        "out_refund_no": "0",
        "refund": "0.00",
        "refund_type": "",
        "refund_state": "",
        "order": "0.00",
        **cells,
    }
    row = [values["at"], own["appid"], own["mchid"], "0", "", about["transaction_id"], about["out_trade_no"]]
    row += [about["openid"], about["trade_type"], state, values["bank"], "CNY", values["settled"], "0.00"]
    row += [values["refund_id"], values["out_refund_no"], values["refund"], "0.00"]
    row += [values["refund_type"], values["refund_state"], about["description"].replace("`", ""), about["attach"]]
    return [*row, f"{values['fee']:.5f}", "0.60%", values["order"], values["refund"], ""]


def trade_bill(own, day, orders, refunds, changes):
    """The bill's text, empty when nothing happened that day. ``changes``: how it is made to differ from the truth."""
    changed = {change["out_trade_no"]: change for change in changes}
    by_number = {order["out_trade_no"]: order for order in orders}
    rows, settled, refunded, fees = [], 0, 0, Decimal(0)
    extra = [change["row"] for change in changes if change.get("row")]
    for order in [*orders, *extra]:
        change = changed.get(order["out_trade_no"], {})
        if not (order.get("success_time") or "").startswith(day) or change.get("omit"):
            continue
        total = change.get("total", order["total"])
        fee = Decimal(change["fee"]) if "fee" in change else fee_of(total)
        rows.append(_row(own, order, order["success_time"], "SUCCESS", settled=yuan(total), order=yuan(total), fee=fee))
        settled, fees = settled + total, fees + fee
    for refund in refunds:
        if refund["status"] != "SUCCESS" or not refund["success_time"].startswith(day):
            continue
        fee = -fee_of(refund["refund"])
        cells = {"refund_id": refund["refund_id"], "out_refund_no": refund["out_refund_no"], "fee": fee}
        cells |= {"refund": yuan(refund["refund"]), "refund_type": "ORIGINAL", "refund_state": "SUCCESS"}
        rows.append(_row(own, by_number[refund["out_trade_no"]], refund["success_time"], "REFUND", **cells))
        refunded, fees = refunded + refund["refund"], fees + fee
    if not rows:
        return ""
    rows.sort(key=lambda row: row[0])
    totals = [str(len(rows)), yuan(settled), yuan(refunded), "0.00", f"{fees:.5f}", yuan(settled), yuan(refunded)]
    lines = [HEADER, *("`" + ",`".join(row) for row in rows), TOTALS, "`" + ",`".join(totals)]
    return "\ufeff" + "\r\n".join(lines) + "\r\n"
