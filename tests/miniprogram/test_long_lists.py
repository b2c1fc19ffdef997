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
# what scrolls in the catalogue, and its rows by their place
CATALOGUE = """() => {
    const list = [...document.querySelectorAll('.rows *')].find(e => /auto|scroll/.test(getComputedStyle(e).overflowY))
    const edge = list.getBoundingClientRect()
    const cells = [...list.querySelectorAll('.cell')].map(cell => ({
        n: Number(cell.dataset.n), height: cell.offsetHeight, from: cell.getBoundingClientRect().top - edge.top,
        inside: Math.max(cell.querySelector('.picture').offsetHeight, cell.querySelector('.body').offsetHeight),
    }))
    const isDrawn = cells.some(({ from, height }) => from <= edge.height / 2 && from + height > edge.height / 2)
    return { cells, at: list.scrollTop, view: edge.height, all: list.scrollHeight, isDrawn,
             end: list.innerText.includes('没有更多了') }
}"""
SCROLL = """y => {
    [...document.querySelectorAll('.rows *')].find(e => /auto|scroll/.test(getComputedStyle(e).overflowY)).scrollTop = y
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


def test_one_comes_back_to_where_one_was(phone):
    thousand(phone, "/redemptions", ONE["/redemptions"])
    phone.enter_as(MEMBER).open("packages/member/pages/redemptions")
    phone.page.locator(ROWS).first.wait_for()
    phone.page.evaluate(MORE)
    phone.page.wait_for_function("() => document.querySelectorAll('.app-rows').length === 40")
    place = phone.page.evaluate(
        "() => (document.scrollingElement.scrollTop += 2000, document.scrollingElement.scrollTop)"
    )
    row = phone.page.locator(ROWS).filter(visible=True)
    row.nth(row.count() // 2).evaluate("row => row.dispatchEvent(new MouseEvent('click', { bubbles: true }))")
    phone.at("packages/member/pages/redemption")
    with phone.page.expect_response(re.compile("cursor=100")):
        phone.page.go_back()
    phone.at("packages/member/pages/redemptions")
    phone.page.wait_for_function("() => !document.querySelector('.app-list__end')?.innerText.includes('正在加载')")
    assert phone.page.evaluate("document.scrollingElement.scrollTop") == pytest.approx(place, abs=5)


def test_catalogue(phone):
    """Each row is as high as it must be, and stands where it stood when one comes back to it."""
    product = {
        "name": "示例蟹 3对装",
        "kind": "package",
        "picture": None,
        "retail_price": "0.01",
        "currency": "CNY",
        "is_recommended": False,
        "reviews": {"count": 0, "good": None},
        "sold": None,
        "stock": "in_stock",
        "left": None,
    }
    long = {
        **product,
        "name": "一个很长的名字 " * 5,
        "sold": 12345,
        "stock": "few",
        "left": 3,
        "retail_price": "99999.00",
    }

    def answer(route):
        found = re.search(r"cursor=(\d+)", route.request.url)
        first = int(found[1]) if found else 0
        items = [{**(long if n % 3 else product), "id": f"{first + n}"} for n in range(100)]
        route.fulfill(json={"items": items, "next_cursor": str(first + 100) if first < 200 else None})

    phone.page.route(re.compile(r"/api/v1/catalog/products\?"), answer)
    phone.open("pages/catalogue/index").see("一个很长的名字")

    def look(at):
        """The rows once it stands there: ``{place: top}``."""
        phone.page.evaluate(SCROLL, at)
        phone.page.wait_for_function(
            f"at => {{ const now = ({CATALOGUE})(); return now.isDrawn && now.at === at }}", arg=at
        )
        now = phone.page.evaluate(CATALOGUE)
        assert len(now["cells"]) < 40
        for cell in now["cells"]:
            assert cell["height"] < cell["inside"] + 20, "no empty room"
        return {cell["n"]: now["at"] + cell["from"] for cell in now["cells"]}

    places, at = look(0), 0
    first, second = places[1] - places[0], places[2] - places[1]
    assert first < 130 < second
    grown = f"at => {{ const now = ({CATALOGUE})(); return now.end || now.all > at + now.view + 700 }}"
    while True:
        phone.page.wait_for_function(grown, arg=at)
        now = phone.page.evaluate(CATALOGUE)
        if at + 700 > now["all"] - now["view"]:
            break
        at += 700
        for n, top in look(at).items():
            assert places.setdefault(n, top) == pytest.approx(top, abs=1)
    assert len(places) > 290
    while at > 0:
        at -= 700
        for n, top in look(at).items():
            assert places[n] == pytest.approx(top, abs=1), "it is where it was"
