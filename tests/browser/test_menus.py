"""Each menu of the suite and the first record there, as each role sees them; pictures lie in ``.build/screenshots``."""

import pytest

import harness

ROOT = "crab_base.menu_crab"
# Odoo's own words for which it has no Chinese (users, categories); the kind of an actor, as events carry it; what the
# words of notices can name
NAMES = {
    *("order", "goods", "amount", "carrier", "tracking", "reason", "friend", "number", "document", "count", "missing"),
    *("until", "request", "code", "minutes", "text", "date"),
}
WORDS = {
    "crab_base.res_users_menu": {"Invited", "No"},
    "crab_catalog.menu_categories": {"Stock", "Variation", "Account"},
    "crab_notice.menu_notice_templates": NAMES,
    "crab_wechat.menu_wechat_app": {"AppID", "AppSecret", "Token", "EncodingAESKey"},
    "crab_wechat.menu_wechat_templates": NAMES | {"thing"},
    "crab_sms.menu_sms_accounts": {"AppID"} | NAMES,
    "crab_sms.menu_sms_templates": NAMES,
    "crab_base.crab_outbox_menu": {"system", "user", "dealer", "staff", "member"},
}


@pytest.mark.parametrize("role", harness.ROLES)
@harness.covers("HQ-63", "roles", via="web")
def test_each_menu_opens_in_chinese(everything, everything_server, screen, role):
    view = screen(everything_server, f"e2e_{role}")
    view.enter(ROOT)
    faults, opened, menus = [], set(), view.menus(ROOT)
    assert menus
    for names, section, menu, model in menus:
        picture = f"menu-{role}-{menu.split('.')[1]}"
        with view.arriving():
            if section != menu:
                view.page.locator(f".o_menu_sections button[data-menu-xmlid='{section}']").click()
            view.page.locator(f".dropdown-item[data-menu-xmlid='{menu}']:visible").click()
        faults += look(view, names, menu, picture)
        if not model or (model in opened and role != "admin"):
            continue
        cells = view.page.locator(".o_action_manager .o_data_row td.o_data_cell:visible")
        group = view.page.locator(".o_action_manager .o_group_header:visible")
        if not cells.count() and group.count():
            group.first.dispatch_event("click")
            cells.first.wait_for()
        if cells.count():
            opened.add(model)
            with view.arriving():
                cells.first.dispatch_event("click")  # a tooltip may lie above
            faults += look(view, names, menu, f"{picture}-record")
    assert not faults, "\n".join(faults)


def look(view, names, menu, picture):
    """Keep a picture; what is wrong with the page, and a dialogue closed again."""
    view.shot(picture)
    found = [fault for fault in view.faults() if fault.removeprefix("not translated: ") not in WORDS.get(menu, ())]
    view.errors.clear()
    if view.page.locator(".modal .btn-close:visible").count():
        view.page.locator(".modal .btn-close:visible").last.click()
        view.wait_for_dialog(shown=False)
    return [f"{' / '.join(names)}: {fault}" for fault in found]
