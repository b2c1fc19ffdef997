"""The pickup-card business on screen, as a head office works through it (issue, activation, redemption, shipping, undo)."""

import io
import re

import harness
import pytest
from openpyxl import Workbook, load_workbook
from world import PASSWORD, World

COUNT = 12
HEADER = ["卡号", "卡密", "卡编码"]
# what may stand on a Chinese screen in Latin letters: product names, codes, units, our own test data
LATIN = re.compile(r"^(Crab|Excel|VIP|B2B|QR|ID|PDF|SMS|CSV|XLSX|Odoo|W|UI|KB|MB|AM|PM|E|SF)$", re.IGNORECASE)


@pytest.fixture(scope="module")
def world(module_registry):
    made = World(module_registry)
    made.run(lambda env: harness.make_users(env))
    made.fund(stored=6000)
    return made


def rows(*bad):
    """A file of fresh numbers; ``bad`` replaces the first rows."""
    good = [[f"STORY{i:05}", PASSWORD, "W-CARD"] for i in range(1, COUNT + 1)]
    return [*bad, *good[len(bad) :]]


def excel(lines):
    book, content = Workbook(), io.BytesIO()
    for line in [HEADER, *lines]:
        book.active.append(line)
    book.save(content)
    return content.getvalue()


class Story:
    """Steps of a user on one screen; every picture is kept, every step leaves a page without errors."""

    def __init__(self, view):
        self.view, self.page = view, view.page

    def field(self, name):
        return self.page.locator(f".o_field_widget[name='{name}']:visible").last

    def fill(self, name, text):
        box = self.field(name).locator("input, textarea").first
        box.fill(text)
        box.press("Tab")

    def choose(self, name, text):
        """A many2one by typing."""
        box = self.field(name).locator("input").first
        box.click()
        box.fill(text)
        self.page.locator(".o-autocomplete--dropdown-item", has_text=text).first.click()

    def press(self, name, dialog=None):
        """A button by the name of its method; ``dialog`` confirms what it asks."""
        self.page.locator(f"button[name='{name}']:visible").first.click()
        if dialog:
            self.page.locator(".modal-footer .btn-primary:visible").last.click()
        self.view.settle()

    def shot(self, name):
        self.view.shot(f"story-{name}")
        assert not self.view.errors, self.view.errors
        assert not self.page.locator(".o_error_dialog").count()
        assert not self.view.overflows()
        assert self.latin() == set()

    def latin(self):
        """Visible words in Latin letters that are neither names nor codes."""
        texts = self.page.evaluate(
            """() => [...document.querySelectorAll('.o_action_manager *, .o_main_navbar *, .modal *')]
                .filter(e => e.offsetParent && e.children.length === 0)
                .map(e => e.innerText || '')"""
        )
        words = {word for text in texts for word in re.findall(r"(?<![\w.@/-])[A-Za-z]{2,}(?![\w.@/-])", text)}
        return {word for word in words if not LATIN.match(word) and not word.isupper()}

    def status(self):
        return self.page.locator(".o_statusbar_status .o_arrow_button_current:visible").first.inner_text().strip()

    def message(self):
        return self.page.locator(".o_notification_content, .modal-body").last.inner_text()


@harness.covers("HQ-28", "import of numbers", via="web")
@harness.covers("HQ-44", "number and password checked", via="web")
def test_from_a_file_with_mistakes_to_a_shipped_parcel(world, module_server, screen):
    keeper = Story(screen(module_server, "e2e_admin"))
    page = keeper.page

    # a file with mistakes is refused whole, with every bad row
    keeper.view.open("crab_base.action_crab_import")
    page.locator(".o_list_button_add:visible").click()
    keeper.field("kind").locator("select, input").first.wait_for()
    _choose_kind(keeper)
    bad = excel(rows(["AB", PASSWORD, "W-CARD"], ["STORY00002", "1", "W-CARD"], ["STORY00003", PASSWORD, "NOPE"]))
    page.locator(".o_field_widget[name='file'] input[type=file]").set_input_files(
        {"name": "cards.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": bad}
    )
    keeper.shot("01-import-chosen")
    keeper.press("action_import")
    page.locator(".o_field_widget[name='error_preview_ids'] .o_data_row").nth(2).wait_for()
    shown = page.locator(".o_field_widget[name='error_preview_ids']").inner_text()
    assert all(str(row) in shown for row in (2, 3, 4))
    keeper.shot("02-import-bad-rows")
    assert world.run(lambda env: env["crab.card"].search_count([("number", "=like", "STORY%")])) == 0
    with page.expect_download() as download:
        page.locator("button[name='action_download_errors']:visible").first.click()
    sheet = load_workbook(download.value.path()).active
    assert [row[0].value for row in list(sheet.rows)[1:]] == [2, 3, 4]

    # corrected, it is imported
    page.locator(".o_form_button_create:visible, .o_list_button_add:visible").first.click()
    _choose_kind(keeper)
    page.locator(".o_field_widget[name='file'] input[type=file]").set_input_files(
        {"name": "cards2.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": excel(rows())}
    )
    keeper.press("action_import")
    page.locator("button[name='action_open_loaded']:visible").wait_for()
    keeper.shot("03-import-done")
    page.locator("button[name='action_open_loaded']:visible").click()
    page.locator(".o_data_row").nth(COUNT - 1).wait_for()
    keeper.shot("04-register")

    # issued to the level 1 by range
    keeper.view.open("crab_card_order.crab_card_order_action_issue")
    page.locator(".o_list_button_add:visible").click()
    keeper.choose("receiver_dealer_id", "W-A")
    keeper.press("action_pick")
    page.locator(".modal .o_field_widget[name='method'] input").nth(1).check()
    keeper.fill("text", "STORY00001-STORY00010")
    keeper.press("action_add")
    keeper.shot("05-issue-draft")
    keeper.press("action_submit")
    keeper.shot("06-issue-in-transit")
    keeper.press("action_receive", dialog=page.locator("button[name='action_receive'][confirm]").count())
    keeper.shot("07-issue-done")
    assert world.run(lambda env: env["crab.card"].search_count([("dealer_id", "=", world.top_id)])) == 10

    # a request of the dealer is activated: ten numbers at 600 from 6,000 of stored value
    request_id = _request(world)
    page.goto(f"{module_server.url}/odoo/action-crab_card_order.crab_card_order_action_activation/{request_id}")
    page.locator("button[name='action_execute']:visible").first.wait_for()
    keeper.shot("08-activation-request")
    keeper.press("action_execute", dialog=True)
    keeper.shot("09-activation-done")
    assert world.money() == (0, 0)

    # redeemed with number and password; a wrong one first
    clerk = Story(screen(module_server, "e2e_customer_service"))
    clerk.view.open("crab_redemption.crab_redemption_action")
    clerk.page.locator(".o_control_panel button:visible", has_text="录入提货").first.click()
    clerk.page.locator(".modal").wait_for()
    clerk.fill("number", "STORY00001")
    clerk.fill("password", "wrong999")
    clerk.press("action_check")
    clerk.page.locator(".o_error_dialog, .o_notification, .modal-title").first.wait_for()
    clerk.view.shot("story-10-wrong-password")
    clerk.page.locator(".modal-footer .btn-primary:visible").last.click()
    clerk.fill("password", PASSWORD)
    clerk.press("action_check")
    clerk.fill("receiver_name", "王小明")
    clerk.fill("receiver_phone", "13800138000")
    clerk.fill("street", "示例路 8 号")
    clerk.shot("11-redemption")
    clerk.press("action_confirm")
    clerk.shot("12-redeemed")

    # prepared and shipped by the warehouse
    stock = Story(screen(module_server, "e2e_warehouse"))
    stock.view.open("crab_redemption.crab_delivery_action")
    stock.page.locator(".o_data_row td.o_data_cell").first.click()
    stock.page.locator("button[name='action_prepare']:visible").first.wait_for()
    stock.press("action_prepare")
    stock.shot("13-delivery-prepared")
    stock.press("action_ship")
    stock.fill("carrier_name", "顺丰速运")
    stock.shot("14-shipping")
    stock.press("action_confirm")
    stock.shot("15-shipped")

    # the number's page tells everything
    card_id = world.run(lambda env: env["crab.card"].search([("number", "=", "STORY00001")]).id)
    page.goto(f"{module_server.url}/odoo/action-crab_card.crab_card_action/{card_id}")
    page.locator("button[name='action_verify']:visible").first.wait_for()
    keeper.press("action_verify")
    page.locator(".o_notification").first.wait_for()
    assert "完好" in page.locator(".o_notification").first.inner_text()
    keeper.shot("16-history")
    assert world.run(lambda env: env["crab.card"].browse(card_id).state) == "used"
    world.assert_sound()


def _choose_kind(story):
    select = story.field("kind").locator("select")
    if select.count():
        select.select_option(label="卡号导入")
    else:
        story.choose("kind", "卡号导入")


def _request(world):
    """The level 1 asks for its numbers to be activated, as its own subject; the back office executes."""
    from odoo.addons.crab_base.tools.subject import Subject

    def make(env):
        cards = env["crab.card"].search([("dealer_id", "=", world.top_id), ("number", "=like", "STORY%")])
        subject = Subject("dealer", world.top_id)
        order = env["crab.card.order"]._create_for_subject(subject, "activation", cards)
        order._step_for_subject(subject, "submit")
        return order.id

    return world.run(make)
