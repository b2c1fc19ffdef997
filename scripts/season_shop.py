"""Step 6 of a season: what members order online, pay in the sandbox and get refunded."""

from decimal import Decimal


def read_orders(season):
    """The rows of ``orders.xlsx`` in their order: number, member, product, quantity, discount, refund."""
    from python_calamine import CalamineWorkbook

    path = season.folder / "orders.xlsx"
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python() if path.exists() else [[]]
    header = [season.text(cell) for cell in rows[0]]
    for row in rows[1:]:
        cells = {name: season.text(cell) for name, cell in zip(header, row, strict=True)}
        if any(cells.values()):
            yield (
                cells["订单号"],
                cells["会员号"],
                cells["商品编码"],
                int(cells["数量"]),
                Decimal(cells["优惠金额"] or "0"),
                Decimal(cells["退款金额"] or "0"),
            )


def play_orders(season):
    """Place, pay and refund each row, each in the transactions it has in production: placed and begun to pay, paid,
    refunded.
    """
    members, products = season.step(_ids)
    ways = season.step(_ways)
    count = 0
    for number, member, product, quantity, discount, refund in read_orders(season):
        order_id, transaction_id = season.step(
            lambda env, row=(number, members[member], products[product], quantity, discount): _place(env, ways, *row)
        )
        season.step(lambda env, transaction_id=transaction_id: _pay(env, transaction_id))
        if refund:
            season.step(lambda env, order_id=order_id, refund=refund: _refund(env, order_id, refund))
        count += 1
        if count % 500 == 0:
            season.say(f"{count} orders")
    season.say(f"{count} orders placed and paid")


def _ids(env):
    members = env["crab.member"].sudo().search_fetch([], ["number"])
    products = env["product.product"].search_fetch([("crab_kind", "in", ("package", "ecard"))], ["default_code"])
    products.product_tmpl_id.filtered(lambda product: product.crab_state != "on_sale").crab_state = "on_sale"
    return {m.number: m.id for m in members}, {p.default_code: p.id for p in products}


def _ways(env):
    """Ids of the provider and the method of payment."""
    method = env["payment.method"].sudo().with_context(active_test=False).search([], limit=1)
    return env["payment.provider"].sudo().search([], limit=1).id, method.id


def _place(env, ways, number, member_id, product_id, quantity, discount):
    from odoo.addons.crab_base.tools.subject import Subject

    subject = Subject("member", member_id)
    member = env["crab.member"]._get_for_subject(subject, [member_id])
    product = env["product.product"].sudo().browse(product_id)
    lines = [(product, quantity, discount)]
    order = env["crab.shop"]._place(member, lines, address=_address(env, member), key=number)
    provider_id, method_id = ways
    provider = env["payment.provider"].sudo().browse(provider_id)
    method = env["payment.method"].sudo().browse(method_id)
    return order.id, env["payment.transaction"]._crab_start(order, provider, method).id


def _pay(env, transaction_id):
    """What a notification of the provider does, in its sandbox."""
    transaction = env["payment.transaction"].sudo().browse(transaction_id)
    transaction._set_done()
    transaction._post_process()


def _address(env, member):
    """The address of the member's dealer, else the company's."""
    dealer = member.dealer_id
    partner = dealer.partner_id or env["res.company"].sudo()._crab_company("sales").partner_id
    return {
        "receiver_name": member.name,
        "receiver_phone": member.phone,
        "street": partner.street or partner.name,
        "province_id": partner.crab_province_id.id,
        "city_id": partner.crab_city_id.id,
        "district_id": partner.crab_district_id.id,
    }


def _refund(env, order_id, amount):
    order = env["sale.order"].sudo().browse(order_id)
    goods = order.order_line.filtered(lambda line: line.crab_role == "goods")
    is_whole = amount == Decimal(str(order.crab_amount_goods))
    wishes = [(goods, int(goods.product_uom_qty) if is_whole else 0, amount)]
    env["crab.refund"]._refund(order, wishes, "退款")
