"""The pickup-card business on screen, as a head office works through it; pictures lie in ``.build/screenshots``."""

import io

import pytest
from openpyxl import Workbook, load_workbook
from world import PASSWORD, World

import harness

COUNT = 12
CHINESE = {"lang": "zh_CN", "tz": "Asia/Shanghai"}
RECEIVER = {"receiver_name": "王小明", "receiver_phone": "13800138000", "street": "示例路 8 号"}


@pytest.fixture(scope="module")
def world(module_registry):
    made = World(module_registry)
    made.run(harness.make_users)
    return made


def excel(*lines):
    book, content = Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(content)
    return content.getvalue()


def numbers_file(*bad):
    """A file of fresh numbers; ``bad`` replaces the first rows."""
    good = [[f"STORY{i:05}", PASSWORD, "W-CARD"] for i in range(1, COUNT + 1)]
    return excel(["卡号", "卡密", "卡编码"], *bad, *good[len(bad) :])


def sheet_rows(content):
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).active.rows]


def look(view, name):
    """Keep a picture of a page that is as it should be."""
    view.shot(f"story-{name}")
    assert view.faults() == []


def request_activation(world, numbers):
    """The level 1 asks for its numbers to be activated, as its own subject; the document's id."""
    from odoo.addons.crab_base.tools.subject import Subject

    def make(env):
        cards = env["crab.card"].search([("dealer_id", "=", world.top_id), ("number", "=like", numbers)])
        subject = Subject("dealer", world.top_id)
        order = env["crab.card.order"]._create_for_subject(subject, "activation", cards)
        order._step_for_subject(subject, "submit")
        return order.id

    return world.run(make, context=CHINESE)


def enter_redemption(view, number, password=PASSWORD):
    """The dialogue of number and password, up to its answer."""
    view.open("crab_redemption.crab_redemption_action")
    view.page.locator(".o_control_panel button:visible", has_text="录入提货").click()
    view.wait_for_dialog()
    view.fill("number", number)
    view.fill("password", password)
    with view.arriving():
        view.press("action_check")


def redeem(view, number):
    """The whole of it, with the receiver's address; ends on the redemption's page."""
    enter_redemption(view, number)
    for name, text in RECEIVER.items():
        view.fill(name, text)
    view.press("action_confirm")
    view.wait_for_state("待发货")


def state_of(world, number):
    return world.run(lambda env: env["crab.card"].search([("number", "=", number)]).state)


@harness.covers("HQ-11", "stored value first, then credit", via="web")
@harness.covers("HQ-28", "import of numbers", via="web")
@harness.covers("HQ-30", "activation by head office", "every move recorded and shown", via="web")
@harness.covers("HQ-33", "dealer, card, numbers", via="web")
@harness.covers("HQ-37", "level 1's own", via="web")
@harness.covers("HQ-44", "number and password checked", "person, address, phone", via="web")
@harness.covers("HQ-44", "wrong password refused and recorded", via="web")
@harness.covers("HQ-45", "by the platform", via="web")
def test_from_a_file_with_mistakes_to_a_shipped_parcel(world, module_server, screen):
    world.fund(stored=5000, credit=2000)
    keeper = screen(module_server, "e2e_admin")
    page = keeper.page

    # a file with mistakes is refused whole, with every bad row
    keeper.open("crab_base.action_crab_import")
    keeper.new()
    keeper.select("kind", "卡号")
    bad = [["AB", PASSWORD, "W-CARD"], ["STORY00002", "1", "W-CARD"], ["STORY00003", PASSWORD, "NOPE"]]
    keeper.upload("file", "cards.xlsx", numbers_file(*bad))
    look(keeper, "01-import-chosen")
    keeper.press("action_import")
    errors = page.locator(".o_field_widget[name='error_preview_ids'] .o_data_row")
    errors.nth(2).wait_for()
    assert [row.split()[0] for row in errors.all_inner_texts()] == ["2", "3", "4"]
    look(keeper, "02-import-bad-rows")
    assert world.run(lambda env: env["crab.card"].search_count([("number", "=like", "STORY%")])) == 0
    assert [row[0] for row in sheet_rows(keeper.download("action_download_errors"))[1:]] == [2, 3, 4]

    # the corrected file takes its place in the same import
    keeper.upload("file", "cards-corrected.xlsx", numbers_file())
    keeper.press("action_import")
    keeper.wait_for_state("已完成")
    look(keeper, "03-import-done")
    keeper.press("action_open_loaded")
    page.locator(".o_data_row").nth(COUNT - 1).wait_for()
    look(keeper, "04-register")
    keeper.open("crab_card.crab_card_batch_action")
    assert "W-CARD" in page.locator(".o_data_row td[name='product_ids']").first.inner_text()
    look(keeper, "04-batches")

    # issued to the level 1 by range
    keeper.open("crab_card_order.crab_card_order_action_issue")
    keeper.new()
    keeper.choose("receiver_dealer_id", "W-A")
    keeper.press("action_pick")
    keeper.wait_for_dialog()
    keeper.field("method").locator("input").nth(1).check()
    keeper.fill("text", "STORY00001-STORY00010")
    look(keeper, "05-choose-numbers")
    keeper.press("action_add")
    keeper.wait_for_dialog(shown=False)
    look(keeper, "06-issue-draft")
    keeper.press("action_submit")
    keeper.wait_for_state("在途")
    look(keeper, "07-issue-in-transit")
    keeper.press("action_receive", confirm=True)
    keeper.wait_for_state("已完成")
    look(keeper, "08-issue-done")
    assert world.run(lambda env: env["crab.card"].search_count([("dealer_id", "=", world.top_id)])) == 10

    # a request of the dealer is activated: ten numbers at 600, 5,000 of stored value and 1,000 of credit
    request_id = request_activation(world, "STORY%")
    keeper.open("crab_card_order.crab_card_order_action_activation", request_id)
    keeper.wait_for_state("已提交")
    look(keeper, "09-activation-request")
    keeper.press("action_execute")
    keeper.wait_for_state("已完成")
    # what the customers paid was not entered
    assert not page.locator(".o_field_widget[name='line_ids'] td[name='sale_price']").inner_text().strip()
    look(keeper, "10-activation-done")
    assert world.money() == (0, 1000)

    # redeemed with number and password; a wrong one first
    clerk = screen(module_server, "e2e_customer_service")
    enter_redemption(clerk, "STORY00001", "wrong999")
    assert "卡号或卡密" in clerk.page.locator(".o_error_dialog").inner_text()
    clerk.shot("story-11-wrong-password")
    assert world.run(lambda env: env["crab.card.guess"].search_count([("number", "=", "STORY00001")])) == 1
    enter_redemption(clerk, "STORY00001")
    for name, text in RECEIVER.items():
        clerk.fill(name, text)
    look(clerk, "12-redemption")
    clerk.press("action_confirm")
    clerk.wait_for_state("待发货")
    look(clerk, "13-redeemed")
    assert state_of(world, "STORY00001") == "used"

    # prepared and shipped by the warehouse
    stock = screen(module_server, "e2e_warehouse")
    stock.open("crab_redemption.crab_delivery_action")
    look(stock, "14-deliveries")
    stock.page.locator(".o_data_row td.o_data_cell").first.click()
    stock.press("action_prepare")
    stock.wait_for_state("待发货")
    look(stock, "15-prepared")
    stock.press("action_ship")
    stock.wait_for_dialog()
    stock.fill("carrier_name", "顺丰速运")
    look(stock, "16-shipping")
    stock.press("action_confirm")
    stock.wait_for_state("已发货")
    look(stock, "17-shipped")

    # the number's page tells everything
    card_id = world.run(lambda env: env["crab.card"].search([("number", "=", "STORY00001")]).id)
    keeper.open("crab_card.crab_card_action", card_id)
    keeper.press("action_verify")
    page.locator(".o_notification", has_text="的流水完整").wait_for()
    events = page.locator(".o_field_widget[name='event_ids'] .o_data_row").all_inner_texts()
    assert len(events) == 6
    look(keeper, "18-history")
    world.assert_sound()


@harness.covers("HQ-44", "cancel before shipping", via="web")
@harness.covers("HQ-43", "states", via="web")
@harness.covers("HQ-46", "shipments", via="web")
def test_what_was_begun_is_taken_back_and_parcels_ship_by_excel(world, module_server, screen):
    free = world.run(lambda env: env["crab.card"].browse(world.numbers(3, "UNDO")).mapped("number"), context=CHINESE)
    world.active(2, "PARC")

    # an issue on its way is cancelled: its numbers are free again
    keeper = screen(module_server, "e2e_card_keeper")
    keeper.open("crab_card_order.crab_card_order_action_issue")
    keeper.new()
    keeper.choose("receiver_dealer_id", "W-A")
    keeper.press("action_pick")
    keeper.wait_for_dialog()
    keeper.field("method").locator("input").nth(1).check()
    keeper.fill("text", ",".join(free))
    keeper.press("action_add")
    keeper.wait_for_dialog(shown=False)
    keeper.press("action_submit")
    keeper.wait_for_state("在途")
    keeper.press("action_cancel", confirm=True)
    keeper.wait_for_state("已关闭")
    look(keeper, "20-issue-cancelled")
    cards = world.run(
        lambda env: env["crab.card"].search_read([("number", "in", free)], ["holder_kind", "transit_id", "state"])
    )
    assert {(card["holder_kind"], card["transit_id"], card["state"]) for card in cards} == {("platform", 0, "inactive")}

    # a redemption is cancelled before it is shipped: its number can be redeemed again
    clerk = screen(module_server, "e2e_customer_service")
    redeem(clerk, "PARC000001")
    clerk.press("action_cancel")
    clerk.wait_for_dialog()
    clerk.fill("reason", "地址填错")
    look(clerk, "21-cancel-redemption")
    clerk.press("action_confirm")
    clerk.wait_for_state("已取消")
    look(clerk, "22-redemption-cancelled")
    assert state_of(world, "PARC000001") == "active"
    redeem(clerk, "PARC000001")
    redeem(clerk, "PARC000002")

    # the list for the carrier comes back with tracking numbers, and ships
    stock = screen(module_server, "e2e_warehouse")
    stock.open("crab_redemption.crab_delivery_action")
    stock.page.locator(".o_list_table thead .o_list_record_selector input").check()
    stock.page.locator("button[name='action_export_for_carrier']:visible").wait_for()
    look(stock, "23-deliveries-selected")
    header, *lines = sheet_rows(stock.download("action_export_for_carrier"))
    place, mine = header.index("快递公司"), [line for line in lines if line[1] == RECEIVER["receiver_name"]]
    assert len(mine) == 2
    for number, line in enumerate(mine, 1):
        line[place : place + 2] = ["顺丰速运", f"SF100000000000{number}"]
    stock.open("crab_redemption.crab_delivery_action")
    stock.page.locator(".o_control_panel button:visible", has_text="导入快递单号").click()
    stock.page.locator(".o_form_view .o_form_editable:visible").wait_for()
    stock.upload("file", "carrier.xlsx", excel(header, *mine))
    look(stock, "24-tracking-chosen")
    stock.press("action_import")
    stock.wait_for_state("已完成")
    look(stock, "25-tracking-imported")
    stock.press("action_open_loaded")
    stock.page.locator(".o_data_row", has_text="SF1000000000002").wait_for()
    look(stock, "26-shipped-by-excel")
    shipped = world.run(lambda env: env["crab.redemption"].search([("state", "=", "shipped")]).card_id.mapped("number"))
    assert {"PARC000001", "PARC000002"} <= set(shipped)
    world.assert_sound()
