"""The shop on screen, as its back office works through a sale; pictures lie in ``.build/screenshots``."""

import io
import urllib.parse

import pytest
from openpyxl import load_workbook
from shop_world import ShopWorld

import harness

CHINESE = {"lang": "zh_CN", "tz": "Asia/Shanghai"}


@pytest.fixture(scope="module")
def shop(module_registry, module_server, sandbox):
    world = ShopWorld(module_registry)
    world.run(harness.make_users)
    world.pay_at(sandbox, module_server)
    return world


def look(view, name):
    """Keep a picture of a page that is as it should be."""
    view.shot(f"shop-{name}")
    assert view.faults() == []


def refused(view, text, name):
    """A dialogue says so; keep a picture, and close it."""
    refusal = view.page.locator(".modal-content", has_text=text)
    refusal.wait_for()
    view.shot(f"shop-{name}")
    refusal.locator(".modal-footer .btn-primary").click()
    refusal.wait_for(state="detached")


def left_empty(view, name, picture):
    """The dialogue is not confirmed without this field."""
    view.press("action_confirm")
    view.page.locator(f".modal .o_field_invalid[name='{name}']").wait_for()
    look(view, picture)


def pay_on_the_page(shop, sandbox, browser, order_id):
    """The member pays as WeChat shows it: the page that ``wx.requestPayment`` opens."""
    reference = shop.begin(order_id)

    def values(env):
        tx = env["sale.order"].browse(order_id).transaction_ids
        return tx._wechatpay_prepay("jsapi", openid="oOfTheMember")

    page = browser.new_page()
    page.goto(f"{sandbox.url}/pay/jsapi?{urllib.parse.urlencode(shop.run(values))}")
    sandbox.ctl("settings", notify=True)
    page.click("button.pay")
    page.locator("#state", has_text="支付成功").wait_for()
    page.screenshot(path=str(harness.BUILD / "screenshots" / "shop-03-paid-at-wechat.png"))
    sandbox.ctl("settings", notify=False)
    page.close()
    sandbox.ctl("notify", out_trade_no=reference)  # answered when it was taken; it may be told twice
    shop.later()
    return reference


@harness.covers("HQ-14", "earnings of in-stock goods", via="web")
@harness.covers("HQ-27", "basics and derived prices", "management", via="web")
@harness.covers("HQ-43", "states", "list and detail", via="web")
@harness.covers("HQ-45", "by the platform", via="web")
@harness.covers("HQ-46", "after-sales", via="web")
@harness.covers("HQ-67", "approve and reject with reason", "paid with bank reference", via="web")
def test_from_a_new_package_to_the_dealers_statement(shop, module_server, sandbox, browser, screen):
    # a package of two pieces is entered and put on sale
    admin = screen(module_server, "e2e_admin")
    page = admin.page
    admin.open("crab_catalog.product_template_action_package")
    admin.new()
    admin.fill("name", "金秋四对装")
    admin.fill("default_code", "SHOP-1")
    admin.fill("list_price", "700")
    page.locator(".o_field_x2many_list_row_add a:visible").first.click()
    part = page.locator(".o_field_widget[name='crab_part_ids'] .o_selected_row")
    part.locator("[name='product_id'] input").fill("W-PKG")
    page.locator(".o-autocomplete--dropdown-item:visible", has_text="W-PKG").first.click()
    part.locator("[name='quantity'] input").fill("2")
    page.locator(".o_form_button_save:visible").click()
    admin.press("action_crab_put_on_sale")
    admin.wait_for_state("已上架")
    assert "50,000" in admin.field("crab_available").inner_text()
    look(admin, "01-package-on-sale")
    admin.open("crab_catalog.product_template_action_package")
    page.locator(".o_data_row", has_text="金秋四对装").wait_for()
    look(admin, "02-packages")

    # a member orders two and pays at WeChat Pay
    package_id = shop.run(lambda env: env["product.product"].search([("default_code", "=", "SHOP-1")]).id)
    order_id = shop.run(lambda env: shop.place(env, 2, package_id).id, context=CHINESE)
    name = shop.run(lambda env: env["sale.order"].browse(order_id).name)
    reference = pay_on_the_page(shop, sandbox, browser, order_id)

    # customer service sees it come in
    service = screen(module_server, "e2e_customer_service")
    service.open("crab_shop.sale_order_action_package")
    row = service.page.locator(".o_data_row", has_text=name)
    row.wait_for()
    assert "待发货" in row.inner_text() and "1,400.00" in row.inner_text()
    look(service, "04-orders")
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.wait_for_state("待发货")
    assert "¥" in service.page.locator(".o_field_widget[name='order_line'] td[name='price_unit']").inner_text()
    look(service, "05-order")

    # the warehouse ships it
    stock = screen(module_server, "e2e_warehouse")
    stock.open("crab_redemption.crab_delivery_action")
    row = stock.page.locator(".o_data_row", has_text=name)
    row.wait_for()
    assert "现货套餐" in row.inner_text()
    look(stock, "06-deliveries")
    with stock.arriving():
        row.locator("td.o_data_cell").first.click()
    stock.press("action_ship")
    stock.wait_for_dialog()
    stock.fill("carrier_name", "顺丰速运")
    look(stock, "07-shipping")
    stock.press("action_confirm")
    stock.wait_for_state("已发货")
    look(stock, "08-shipped")

    # the member has it; one crab was dead: a tenth goes back
    service.open("crab_shop.sale_order_action_package", order_id)
    service.wait_for_state("待收货")
    service.press("action_crab_receive", confirm=True)
    service.wait_for_state("待评价")
    service.press("action_crab_refund")
    service.wait_for_dialog()
    service.fill("reason", "死蟹补偿")
    line = service.page.locator(".modal .o_field_widget[name='line_ids'] .o_data_row").first
    line.locator("td[name='amount']").click()
    line.locator("[name='amount'] input").fill("140")
    line.locator("[name='amount'] input").press("Tab")
    look(service, "09-refund-entered")
    service.press("action_confirm", confirm=True)
    service.wait_for_dialog(shown=False)
    service.wait_for_state("退款中")
    shop.later()
    shop.check_now(reference)
    service.page.reload()
    service.wait_for_state("已完成")
    look(service, "10-refunded")
    assert [refund["refund"] for refund in sandbox.ctl("refunds")] == [14000]
    service.open("crab_shop.sale_order_action_package", order_id)
    assert "140.00" in service.field("crab_amount_refunded").inner_text()
    look(service, "11-order-with-refund")

    # finance looks at what the dealer earned, and why
    finance = screen(module_server, "e2e_finance")
    finance.open("crab_profit.crab_earning_action")
    row = finance.page.locator(".o_data_row", has_text="W-B").first
    row.wait_for()
    look(finance, "12-earnings")
    row.locator("button[name='action_explain']").click()
    finance.wait_for_dialog()
    look(finance, "13-explained")
    steps = finance.page.locator(".modal .o_data_row")
    figures = [steps.nth(number).locator("td").all_inner_texts()[-5:-1] for number in range(steps.count())]
    plain = [[text.replace("\xa0", "").strip("¥").replace(",", "") for text in row] for row in figures]
    assert plain == [
        ["1400.00", "980.00", "420.00", "42.00"],
        ["980.00", "840.00", "140.00", "14.00"],
        ["840.00", "", "840.00", "84.00"],
    ]
    finance.page.locator(".modal-footer button:visible").first.click()
    finance.wait_for_dialog(shown=False)

    # after the after-sales days it is credited, and stands in the month's statement
    shop.run(lambda env: env["sale.order"].browse(order_id).sudo().write({"crab_credit_due_at": "2026-01-01"}) and None)
    shop.cron("crab.earning", "_cron_credit")
    finance.open("crab_profit.crab_earning_account_action")
    row = finance.page.locator(".o_data_row", has_text="W-B")
    row.wait_for()
    look(finance, "14-accounts")
    row.locator("button[name='action_statement']").click()
    finance.wait_for_dialog()
    look(finance, "15-statement")
    sheet = load_workbook(io.BytesIO(finance.download("action_make"))).active
    rows = [[cell.value for cell in row] for row in sheet.rows][3:]
    assert [(row[1], *row[3:]) for row in rows] == [
        (None, None, 0),
        ("分成", 420, 420),
        ("已返还", -42, 378),
        (None, None, 378),
    ]
    assert {row[2] for row in rows[1:-1]} == {name}

    # the dealer takes money out: not paid without the bank's number, and the bank sends it back
    def ask(env):
        from odoo.addons.crab_base.tools.subject import Subject

        card = {"bank_name": "工商银行", "bank_account": "6222020000001111", "bank_holder": "联系人 W-B"}
        return env["crab.withdrawal"]._request(Subject("dealer", shop.below_id), 300, card).id

    finance.open("crab_profit.crab_withdrawal_action", shop.run(ask, context=CHINESE))
    finance.press("action_approve")
    finance.wait_for_state("已批准")
    finance.press("action_mark_paid")
    refused(finance, "的银行流水号", "16-paid-without-reference")
    finance.fill("bank_reference", "ICBC0001")
    finance.press("action_mark_paid")
    finance.wait_for_state("已打款")
    finance.page.locator(".o_form_statusbar button", has_text="银行退回").click()
    finance.wait_for_dialog()
    assert finance.page.locator(".modal-title").inner_text() == "银行退回"
    left_empty(finance, "reason", "17-returned-without-reason")
    finance.fill("reason", "户名不符")
    look(finance, "18-returned-by-the-bank")
    finance.press("action_confirm")
    finance.wait_for_state("已驳回")
    assert finance.field("reject_reason").inner_text() == "银行退回：户名不符"
    look(finance, "19-returned")
    finance.open("crab_profit.crab_earning_account_action")
    row = finance.page.locator(".o_data_row", has_text="W-B")
    assert "378.00" in row.locator("td[name='balance']").inner_text()
    shop.assert_books()
    shop.assert_sound()


def sell_cards(shop):
    """An e-card and a physical card of which the Sales company has numbers, on sale."""

    def make(env):
        package_id = shop.package_id
        for code, kind in (("SHOP-E", "ecard"), ("SHOP-P", "physical_card")):
            env["product.template"].create(
                {
                    "name": f"提货卡 {code}",
                    "default_code": code,
                    "list_price": 1000,
                    "crab_kind": kind,
                    "crab_rule": "fixed",
                    "crab_choice_ids": [(6, 0, [package_id])],
                    "crab_state": "on_sale",
                }
            )
        ecard, printed = (env["product.product"].search([("default_code", "=", code)]) for code in ("SHOP-E", "SHOP-P"))
        env["product.product"]._crab_adjust_stock({ecard: 100})
        lines = "".join(f"ONLINE{number:04},pass1234,SHOP-P\n" for number in range(1, 4))
        done = env["crab.import"]._run_file("card_sales", "online.csv", f"卡号,卡密,卡编码\n{lines}".encode())
        assert done.state == "done", done.error_ids.mapped("reason")
        env["ir.config_parameter"].set_param("crab_shop.ecard_audit", "True")
        return ecard.id, printed.id

    return shop.run(make, context=CHINESE)


@harness.covers("HQ-40", "query and state", "cancel", "history including gifts", via="web")
@harness.covers("HQ-41", "audit switch", "numbers at once", "search, columns, states", via="web")
@harness.covers("HQ-41", "numbers: query, state, cancel", via="web")
def test_cards_bought_online_are_approved_given_sent_and_cancelled(shop, module_server, sandbox, browser, screen):
    ecard_id, printed_id = sell_cards(shop)

    # an e-card order waits for the audit, and gets its numbers with the approval
    order_id = shop.run(lambda env: shop.place(env, 2, ecard_id).id, context=CHINESE)
    name = shop.run(lambda env: env["sale.order"].browse(order_id).name)
    pay_on_the_page(shop, sandbox, browser, order_id)
    service = screen(module_server, "e2e_customer_service")
    page = service.page
    service.open("crab_shop_card.sale_order_action_ecard")
    row = page.locator(".o_data_row", has_text=name)
    row.wait_for()
    assert all(text in row.inner_text() for text in ("待审核", "提货卡 SHOP-E", "2,000.00", "会员"))
    look(service, "20-ecard-orders")
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.press("action_crab_approve_ecards", confirm=False)
    service.wait_for_state("已完成")
    look(service, "21-ecards-approved")
    with service.arriving():
        service.press("action_crab_numbers")
    numbers = page.locator(".o_data_row")
    numbers.nth(1).wait_for()
    assert "已激活" in numbers.first.inner_text()
    look(service, "22-ecard-numbers")

    # without the audit they come at once
    shop.run(lambda env: env["ir.config_parameter"].set_param("crab_shop.ecard_audit", "False") and None)
    at_once = shop.run(lambda env: shop.place(env, 1, ecard_id).id, context=CHINESE)
    pay_on_the_page(shop, sandbox, browser, at_once)
    service.open("crab_shop_card.sale_order_action_ecard", at_once)
    service.wait_for_state("已完成")

    # one is given to a friend: its page tells so
    def give(env):
        from odoo.addons.crab_base.tools.subject import Subject

        lines = env["sale.order"].browse(order_id).order_line
        first, second = env["crab.card"].search(
            [("charge_model", "=", "sale.order.line"), ("charge_id", "in", lines.ids)], order="number"
        )
        friend = env["crab.member"].create({"name": "好友", "phone": "13711113333"})
        gift = env["crab.card.gift"]._give(Subject("member", shop.member_id), first.id)
        env["crab.card.gift"]._claim(Subject("member", friend.id), gift.token)
        return first.id, second.number

    given_id, kept = shop.run(give, context=CHINESE)
    keeper = screen(module_server, "e2e_card_keeper")
    keeper.open("crab_card.crab_card_action_ecard", given_id)
    history = keeper.page.locator(".o_field_widget[name='event_ids'] .o_data_row")
    history.first.wait_for()
    assert any("好友" in text for text in history.all_inner_texts())
    look(keeper, "23-given-ecard")

    # the other one is cancelled
    keeper.open("crab_card.crab_card_action_ecard")
    keeper.page.locator(".o_data_row", has_text=kept).locator(".o_list_record_selector input").check()
    with keeper.arriving():
        keeper.press("action_cancel_numbers")
    keeper.fill("reason", "会员要求")
    look(keeper, "24-cancel-draft")
    keeper.press("action_submit")
    keeper.wait_for_state("已提交")
    look(keeper, "25-cancel-submitted")
    keeper.press("action_execute", confirm=True)
    keeper.wait_for_state("已完成")
    assert shop.run(lambda env: env["crab.card"].search([("number", "=", kept)]).state) == "cancelled"

    # a physical card is bought, its number chosen and sent, and the member receives it
    order_id = shop.run(lambda env: shop.place(env, 1, printed_id).id, context=CHINESE)
    pay_on_the_page(shop, sandbox, browser, order_id)
    history = shop.run(
        lambda env: env["sale.order"].browse(order_id).crab_card_order_ids.message_ids.mapped("body"), context=CHINESE
    )
    assert any("商城" in str(body) for body in history), "WeChat Pay has no language, the company has"
    keeper.open("crab_card_order.crab_card_order_action_direct")
    row = keeper.page.locator(".o_data_row").first
    row.wait_for()
    look(keeper, "26-direct-sales")
    with keeper.arriving():
        row.locator("td.o_data_cell").first.click()
    keeper.press("action_pick")
    keeper.wait_for_dialog()
    keeper.field("method").locator("input").nth(1).check()
    keeper.fill("text", "ONLINE0002")
    keeper.press("action_add")
    keeper.wait_for_dialog(shown=False)
    keeper.press("action_send")
    keeper.wait_for_state("在途")
    look(keeper, "27-number-sent")
    service.open("crab_shop_card.sale_order_action_physical", order_id)
    service.wait_for_state("待收货")
    service.press("action_crab_receive", confirm=True)
    service.wait_for_state("待评价")
    look(service, "28-number-received")
    shop.assert_books()
    shop.assert_sound()


@harness.covers("ERP-83", "issue and query", via="web")
@harness.covers("HQ-46", "after-sales", via="web")
@harness.covers("HQ-61", "split shipping", via="web")
def test_an_order_leaves_in_two_parcels_and_gets_its_fapiao(shop, module_server, sandbox, browser, screen):
    from odoo.tools import mute_logger

    shop.run(lambda env: env["ir.config_parameter"].set_param("crab_shop.split_shipping", "True") and None)
    order_id = shop.run(lambda env: shop.place(env, 3, shop.package_id).id, context=CHINESE)
    name = shop.run(lambda env: env["sale.order"].browse(order_id).name)
    reference = pay_on_the_page(shop, sandbox, browser, order_id)

    # the warehouse sends two pieces first, the third after them
    stock = screen(module_server, "e2e_warehouse")
    stock.open("crab_redemption.crab_delivery_action")
    row = stock.page.locator(".o_data_row", has_text=name)
    with stock.arriving():
        row.locator("td.o_data_cell").first.click()
    stock.press("action_split")
    stock.wait_for_dialog()
    line = stock.page.locator(".modal .o_field_widget[name='line_ids'] .o_data_row").first
    line.locator("td[name='quantity']").click()
    line.locator("[name='quantity'] input").fill("2")
    line.locator("[name='quantity'] input").press("Tab")
    look(stock, "30-split")
    stock.press("action_confirm")
    stock.wait_for_dialog(shown=False)
    stock.open("crab_redemption.crab_delivery_action")
    rows = stock.page.locator(".o_data_row", has_text=name)
    rows.nth(1).wait_for()
    assert rows.count() == 2
    look(stock, "31-two-deliveries")
    service = screen(module_server, "e2e_customer_service")
    for state, tracking in (("部分发货", "SF0001"), ("待收货", "SF0002")):
        stock.open("crab_redemption.crab_delivery_action")
        waiting = rows.filter(has_not_text="已发货").first
        with stock.arriving():
            waiting.locator("td.o_data_cell").first.click()
        stock.press("action_ship")
        stock.wait_for_dialog()
        stock.fill("carrier_name", "顺丰速运")
        parcel = stock.page.locator(".modal .o_field_widget[name='line_ids'] .o_data_row").first
        parcel.locator("td[name='tracking_reference']").click()
        parcel.locator("[name='tracking_reference'] input").fill(tracking)
        stock.press("action_confirm")
        stock.wait_for_state("已发货")
        service.open("crab_shop.sale_order_action_package", order_id)
        service.wait_for_state(state)
    look(service, "32-both-parcels-on-their-way")

    # the buyer wants a fapiao: finance enters what the tax bureau's system gave
    finance = screen(module_server, "e2e_finance")
    finance.open("crab_shop.sale_order_action_package", order_id)
    finance.press("action_crab_ask_fapiao")
    finance.wait_for_dialog()
    finance.field("kind").locator(".o_radio_item", has_text="公司").locator("input").check()
    finance.fill("title", "昆山某某餐饮有限公司")
    finance.fill("tax_number", "不是税号")
    finance.press("action_confirm")
    refused(finance, "请填写企业税号", "33-wrong-tax-number")
    finance.fill("tax_number", "91320583MA1MABCD2X")
    look(finance, "34-fapiao-asked")
    with finance.arriving():
        finance.press("action_confirm")
    finance.wait_for_state("申请中")
    finance.fill("number", "26322000000012345678")
    finance.press("action_issue")
    finance.wait_for_state("已开具")
    look(finance, "35-fapiao-issued")

    # a refund takes its part back by a red one
    service.press("action_crab_receive", confirm=True)
    service.wait_for_state("待评价")
    sandbox.ctl("settings", refund="")  # it stays in process
    service.press("action_crab_refund")
    service.wait_for_dialog()
    service.fill("reason", "少发一件")
    line = service.page.locator(".modal .o_field_widget[name='line_ids'] .o_data_row").first
    line.locator("td[name='amount']").click()
    line.locator("[name='amount'] input").fill("100")
    line.locator("[name='amount'] input").press("Tab")
    service.press("action_confirm", confirm=True)
    service.wait_for_dialog(shown=False)
    shop.later()
    finance.open("crab_invoice.crab_fapiao_action")
    red = finance.page.locator(".o_data_row", has_text="申请中")
    red.wait_for()
    assert "100.00" in red.inner_text() and red.locator("td[name='is_red'] input").is_checked()
    look(finance, "36-red-fapiao")

    # WeChat cannot give the money back: finance pays it by transfer
    sandbox.ctl("end_refund", out_refund_no=sandbox.ctl("refunds")[-1]["out_refund_no"], status="CLOSED")
    with mute_logger("odoo.addons.payment_wechatpay.models.payment_transaction"):  # it warns of it
        shop.check_now(reference)
    finance.open("crab_shop.crab_refund_action")
    row = finance.page.locator(".o_data_row", has_text="少发一件")
    assert "失败" in row.inner_text()
    with finance.arriving():
        row.locator("td.o_data_cell").first.click()
    finance.press("action_paid_by_transfer")
    finance.wait_for_dialog()
    left_empty(finance, "reference", "37-transfer-without-reference")
    finance.fill("reference", "ICBC0002")
    look(finance, "38-paid-by-transfer")
    finance.press("action_confirm")
    finance.wait_for_state("已完成")
    assert finance.field("bank_reference").inner_text() == "ICBC0002"
    look(finance, "39-transferred")
    shop.assert_books()
    shop.assert_sound()
