"""A list of a thousand: what is far from the screen is not in the page, and nothing jumps as it comes and goes."""

import re

import pytest

MEMBER = "13800000001"
ROWS = ".app-rows > .card"
ONE = {
    "/member/messages": {
        "id": "1",
        "title": "订单已发货",
        "body": "您的订单已发货，请注意查收。",
        "told_at": "2026-11-26T10:00:00Z",
        "is_read": True,
        "target": None,
    },
    "/redemptions": {
        "id": "1",
        "goods": "示例套餐 公3.0两 母2.0两 4对装 × 1",
        "state": "confirmed",
        "state_label": "待发货",
        "card_name": "示例提货卡 398型",
        "card": "DEMO1000010",
        "delivery_date": "2026-11-27",
    },
}
SHIFTS = """() => {
    window.shifted = 0
    const add = list => list.getEntries().forEach(entry => { window.shifted += entry.value })
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true })
}"""
MORE = """() => {
    document.scrollingElement.scrollTop = document.scrollingElement.scrollHeight
    document.querySelector('.app-list__end.is-link')?.click()
}"""


def thousand(phone, path, one):
    """The API answers with a thousand like ``one``, a hundred at a time."""

    def answer(route):
        found = re.search(r"cursor=(\d+)", route.request.url)
        first = int(found[1]) if found else 0
        items = [{**one, "id": f"{one['id']}-{first + n}"} for n in range(100)]
        route.fulfill(json={"items": items, "next_cursor": str(first + 100) if first < 900 else None})

    phone.page.route(re.compile(re.escape(f"/api/v1{path}") + r"(\?|$)"), answer)


@pytest.mark.parametrize(
    ("page", "path"),
    [("packages/member/pages/redemptions", "/redemptions"), ("packages/member/pages/messages", "/member/messages")],
)
def test_thousand(phone, page, path):
    thousand(phone, path, ONE[path])
    phone.enter_as(MEMBER).open(page)
    phone.page.evaluate(SHIFTS)
    high = phone.page.locator(ROWS).first.bounding_box()["height"]
    while not phone.page.get_by_text("没有更多了").is_visible():
        phone.page.evaluate(MORE)
        phone.page.wait_for_function("() => !document.querySelector('.app-list__end')?.innerText.includes('正在加载')")
    far = f"() => document.querySelectorAll('{ROWS}').length < 100"
    phone.page.wait_for_function(far)
    assert phone.page.evaluate("document.scrollingElement.scrollHeight") > 900 * high
    phone.page.evaluate("() => { document.scrollingElement.scrollTop = 0 }")
    first = f"document.querySelector('{ROWS}')?.getBoundingClientRect().top"
    phone.page.wait_for_function(f"() => {first} > 0 && {first} < 300")
    phone.page.wait_for_function(far)
    assert phone.page.evaluate("window.shifted") < 0.01
