"""The benchmark ``phone``: the page at ``/m/`` on a slow phone, beside pages of plain Odoo in the same browser.

The phone is what Lighthouse takes for one: a processor throttled four times, a 4G network of 1.6 Mbit/s that answers
after 150 ms, nothing cached. The list is scrolled by a finger, and so is Odoo's own of as many contacts.
"""

import contextlib
import re
import statistics
import sys

import bench_api
import mini
import mini_screens
import serving

import crabenv

PROCESSOR, DELAY, DOWN, UP = 4, 150, 1_600, 750  # times slower; ms; kbit/s
TURNS, ROWS, WORKERS = 3, 1_000, 2
SPEED, WAY = 3_000, 6_000  # pixels per second, and that far in each direction: a hard flick
MEMBER = "M000001"
PAGES = {"home": "/m/", "redeeming": "/m/#/pages/redeem/index", "catalogue": "/m/#/pages/catalogue/index"}
ORDERS = "packages/member/pages/orders"
SEEN = """
window.seen = { long: [], largest: 0, shifted: 0 }
const watch = (type, tell) =>
    new PerformanceObserver(list => list.getEntries().forEach(tell)).observe({ type, buffered: true })
watch('longtask', one => seen.long.push([one.startTime, one.duration]))
watch('largest-contentful-paint', one => { seen.largest = one.startTime })
watch('layout-shift', one => { seen.shifted += one.value })
"""
FRAMES = """() => {
    window.frames_ = []
    let last = performance.now()
    const frame = now => { frames_.push(now - last); last = now; requestAnimationFrame(frame) }
    requestAnimationFrame(frame)
}"""
DEEPER = """() => {
    document.scrollingElement.scrollTop = document.scrollingElement.scrollHeight
    document.querySelector('.app-list__end.is-link')?.click()
}"""
# the first place with something to scroll: the page itself, or Odoo's content below its bar
MIDDLE = """() => {
    const all = [document.scrollingElement, ...document.querySelectorAll('*')]
    const place = all.find(e => e.scrollHeight > 20 * e.clientHeight && e.clientHeight > 300)
    place.scrollTop = place.scrollHeight / 2
    return { high: place.scrollHeight, nodes: document.querySelectorAll('*').length }
}"""


class Company:
    """A database of its own with the made-up company of ``scripts/run``, and what Odoo's list of contacts needs."""

    def __init__(self, database):
        self.database = database
        crabenv.clone_database(crabenv.product_template(), database)
        self.registry = crabenv.open_registry(database)
        crabenv.ensure_card_keys()
        sys.path.insert(0, str(crabenv.ROOT / "tests"))
        import demo_company

        import harness

        admin = harness.in_transaction(self.registry, lambda env: demo_company.make_users(env, {"admin": "bench"}))
        context = {"lang": "zh_CN", "tz": "Asia/Shanghai"}
        self.run = lambda func: harness.in_transaction(self.registry, func, uid=admin, context=context)
        demo_company.enter_business(self.run)
        self.action_id, self.tokens = self.run(self._make)

    def _make(self, env):
        from everything import shop_order

        member = env["crab.member"].search([("number", "=", MEMBER)])
        package = env["product.product"].search([("default_code", "=", "PKG001")])
        shop_order(env, member, package, "received")
        env["res.partner"].create([{"name": f"联系人 {at}", "phone": f"139{at:08}"} for at in range(ROWS)])
        action = env["ir.actions.act_window"].create(
            {"name": "Contacts", "res_model": "res.partner", "view_mode": "kanban", "limit": ROWS, "path": "bench"}
        )
        return action.id, env["crab.session"]._open(member.account_id, "member", "sms")._tokens()


@contextlib.contextmanager
def phone(browser):
    context = browser.new_context(
        locale="zh-CN", viewport=mini_screens.SIZE, is_mobile=True, has_touch=True, device_scale_factor=3
    )
    context.add_init_script(SEEN)
    try:
        page = context.new_page()
        yield page, context.new_cdp_session(page)
    finally:
        context.close()


def first_load(browser, address):
    """What whoever opens this address for the first time waits for: ``{figure: value}``, medians."""

    def one():
        with phone(browser) as (page, devtools):
            sizes = []
            devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
            devtools.send("Network.enable")
            network = {"latency": DELAY, "downloadThroughput": DOWN * 125, "uploadThroughput": UP * 125}
            devtools.send("Network.emulateNetworkConditions", {"offline": False, **network})
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
            page.goto(address)
            page.wait_for_load_state("networkidle")
            content = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            seen = page.evaluate("seen")
            # as Lighthouse: interactive when the last long task before the network is quiet has ended
            free = max([content, *(start + lasted for start, lasted in seen["long"])])
            return content, seen["largest"], free, sum(sizes) / 1000, seen["shifted"]

    content, largest, free, size, shifted = map(statistics.median, zip(*(one() for _turn in range(TURNS)), strict=True))
    return {
        "first content, ms": round(content),
        "largest content, ms": round(largest),
        "interactive, ms": round(free),
        "fetched, kB": round(size),
        "layout shift": round(shifted, 3),
    }


def a_thousand(page, token, address):
    """The API answers with a thousand orders like the member's, a hundred at a time."""
    order = mini_screens.ask(f"{address}/api/v1/orders", token)["items"][0]

    def answer(route):
        found = re.search(r"cursor=(\d+)", route.request.url)
        first = int(found[1]) if found else 0
        items = [{**order, "id": f"{order['id']}-{first + at}"} for at in range(100)]
        more = first + 100 < ROWS
        route.fulfill(json={"items": items, "next_cursor": str(first + 100) if more else None})

    page.route(re.compile(re.escape("/api/v1/orders") + r"(\?|$)"), answer)


def scrolled(page, devtools):
    """Frames while a finger goes through the list both ways, from its middle: ``{figure: value}``."""
    place = page.evaluate(MIDDLE)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
    page.evaluate(FRAMES)
    for way in (WAY, -WAY):
        gesture = {"x": 195, "y": 500, "yDistance": way, "speed": SPEED, "gestureSourceType": "touch"}
        devtools.send("Input.synthesizeScrollGesture", {**gesture, "preventFling": True})
    frames = sorted(page.evaluate("frames_.slice(1)"))
    return {
        "frame, median, ms": round(statistics.median(frames), 1),
        "frame, 99 % within, ms": round(frames[int(len(frames) * 0.99)], 1),
        "frames over 50 ms": sum(frame > 50 for frame in frames),
        "elements in the page": place["nodes"],
    }


def our_list(browser, address, tokens):
    with phone(browser) as (page, devtools):
        mini_screens.prepare(page.context, "data", tokens)
        a_thousand(page, tokens["access_token"], address)
        page.goto(f"{address}/m/#/{ORDERS}")
        page.wait_for_load_state("networkidle")
        while not page.get_by_text("没有更多了").is_visible():
            page.evaluate(DEEPER)
            page.wait_for_function("() => !document.querySelector('.app-list__end')?.innerText.includes('正在加载')")
        return scrolled(page, devtools)


def odoo_list(browser, address):
    with phone(browser) as (page, devtools):
        page.goto(f"{address}/web/login")
        page.fill("[name=login]", "admin")
        page.fill("[name=password]", "bench")
        page.click(".oe_login_form button[type=submit]")
        page.wait_for_url(re.compile("/odoo"))
        page.goto(f"{address}/odoo/bench")
        page.wait_for_function(f"() => document.querySelectorAll('.o_kanban_record').length >= {ROWS}", timeout=120_000)
        return scrolled(page, devtools)


def run(bench):
    """Figures and reference, see :func:`scripts.benches.phone`."""
    database = f"{bench.database}_phone"
    crabenv.drop_database(database)
    processes, port = serving.Processes(), crabenv.free_port()
    address, figures, reference = f"http://127.0.0.1:{port}", {}, {}
    mini.build("h5")
    try:
        company = Company(database)
        options = ["--max-cron-threads", "0", "--load", "base,web", "--log-level", "warn"]
        serving.start_odoo(processes, database, port, WORKERS, bench.folder / "phone.log", *options)
        with crabenv.browser() as browser:
            for name, path in PAGES.items():
                for figure, value in first_load(browser, address + path).items():
                    figures[f"{name}, {figure}"] = value
            for figure, value in first_load(browser, f"{address}/web/login").items():
                reference[f"Odoo's login page, {figure}"] = value
            for figure, value in our_list(browser, address, company.tokens).items():
                figures[f"list of {ROWS:,} orders, {figure}"] = value
            for figure, value in odoo_list(browser, address).items():
                reference[f"Odoo's list of {ROWS:,} contacts, {figure}"] = value
        figures["peak of a worker, MB"] = round(max(bench_api.workers_memory(processes).values()))
    finally:
        processes.stop()
        crabenv.drop_database(database)
    figures["slowest page until interactive, ms"] = max(figures[f"{name}, interactive, ms"] for name in PAGES)
    return {"figures": figures, "reference": reference}
