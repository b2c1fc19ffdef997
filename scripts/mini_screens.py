"""Pictures of every page at /m/ in every state, from a running ``scripts/run``: ``scripts/miniprogram screenshots``."""

import json
import shutil
import urllib.error
import urllib.request

import mini

import crabenv

# by role: who has something of everything, and who has nothing
PEOPLE = {
    "member": ("crab.member", [("number", "=", "M000001")], None),
    "dealer": ("crab.dealer", [("code", "=", "A0001")], [("code", "=", "C0001")]),
    "staff": ("crab.dealer.staff", [("dealer_id.code", "=", "A0001")], [("dealer_id.code", "=", "A0001")]),
}
NOBODY = "13655559999"  # a member who has just come
STATES = ("data", "empty", "error", "offline", "big", "english")
SIZE, ROW, ROWS = {"width": 390, "height": 844}, 4, 2


def ask(address, token):
    headers = {"Accept-Language": "zh-CN", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or "null")


def log_in(registry):
    """Tokens of people of the made-up company: ``{role: (of one with something, of one with nothing)}``."""
    from odoo.addons.crab_base.tools import transaction

    def enter(env):
        def newcomer():
            [account] = env["crab.account"]._get_or_create([{"name": "新会员", "phone": NOBODY}])
            if not env["crab.member"].search_count([("account_id", "=", account.id)]):
                env["crab.member"]._sign_up(account, None)
            return account

        def tokens(role, domain):
            account = newcomer() if domain is None else env[PEOPLE[role][0]].search(domain, limit=1).account_id
            return env["crab.session"]._open(account, role, "sms")._tokens()

        return {role: (tokens(role, rich), tokens(role, poor)) for role, (_model, rich, poor) in PEOPLE.items()}

    return transaction.run(registry, enter)


def one_of(path, field="id"):
    """The first record of a list of the API, as ``{name of the query: value}`` needs it."""

    def find(get):
        answer = get(path)
        items = answer["items"] if isinstance(answer, dict) else answer
        return items[0][field] if items else None

    return find


# what a page needs to know: its query, each from the API; others open without
MEMBER, CHANNEL = "packages/member/pages/", "packages/channel/pages/"
QUERIES = {
    **{f"{MEMBER}{name}": {"id": one_of("/member/cards")} for name in ("card", "card-redeem")},
    **{f"{MEMBER}{name}": {"id": one_of("/catalog/products?kind=package")} for name in ("product", "product-reviews")},
    **{
        f"{MEMBER}{name}": {"id": one_of("/orders")}
        for name in ("pay", "order", "fapiao", "after-sale-ask", "review-write")
    },
    f"{MEMBER}checkout": {"product": one_of("/catalog/products?kind=package")},
    f"{MEMBER}redemption": {"id": one_of("/redemptions")},
    f"{MEMBER}gift": {"token": one_of("/member/gifts", "token")},
    f"{MEMBER}address": {"id": one_of("/member/addresses")},
    f"{MEMBER}after-sale": {"id": one_of("/after-sales")},
    f"{MEMBER}article": {"id": one_of("/site/articles")},
    f"{MEMBER}agreement": {"kind": "registration"},
    f"{CHANNEL}card": {"number": one_of("/dealer/cards", "number")},
    **{f"{CHANNEL}{name}": {"id": one_of("/dealer/card-orders")} for name in ("card-order", "card-numbers")},
    f"{CHANNEL}card-order-new": {"kind": "transfer"},
    f"{CHANNEL}dealer": {"id": one_of("/dealer/network")},
    f"{CHANNEL}poster": {"id": one_of("/dealer/invitations")},
    f"{CHANNEL}staff-member": {"id": one_of("/dealer/staff")},
    f"{CHANNEL}withdrawal": {"id": one_of("/dealer/withdrawals")},
}


def query_of(path, get):
    """``id=…`` for a page that shows one record, empty where it needs none or there is none."""
    found = {name: value if isinstance(value, str) else value(get) for name, value in QUERIES.get(path, {}).items()}
    return "&".join(f"{name}={value}" for name, value in found.items() if value)


def role_of(path):
    if path == f"{CHANNEL}staff-account":
        return "staff"
    return "dealer" if path.startswith("packages/channel/") else "member"


def stored(name, value):
    """A line of script that puts this into the storage of the page, as uni keeps it."""
    kept = json.dumps(json.dumps({"type": "object", "data": value}))
    return f"if (location.protocol != 'about:') localStorage.setItem({name!r}, {kept});"


def prepare(context, state, tokens):
    kept = {name: tokens[name] for name in ("access_token", "refresh_token", "role")}
    context.add_init_script(stored("crab.tokens", kept))
    context.add_init_script(
        stored("crab.settings", {"bigText": state == "big", "language": "en" if state == "english" else "zh-Hans"})
    )
    if state == "error":
        words = {"code": "http", "detail": "服务繁忙，请稍后重试", "fields": {}}
        context.route("**/api/v1/**", lambda route: route.fulfill(status=500, json=words))
    if state == "offline":
        context.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => false })")
        context.route("**/api/v1/**", lambda route: route.abort("internetdisconnected"))


def take(browser, address, enter, states=STATES, folder=mini.BUILD / "screens"):
    """Every page in these states, one picture each, and sheets of several that are quickly looked through."""
    for state in states:
        shutil.rmtree(folder / state, ignore_errors=True)
        (folder / state).mkdir(parents=True)
        made = []
        for role, (rich, poor) in enter().items():  # anew: tokens do not live as long as all of it takes
            if state == "english" and role == "member":
                continue  # the pages of members are Chinese
            tokens = poor if state == "empty" else rich
            context = browser.new_context(
                locale="zh-CN", timezone_id="Asia/Shanghai", viewport=SIZE, is_mobile=True, has_touch=True
            )
            prepare(context, state, tokens)
            page = context.new_page()
            page.on("pageerror", lambda error: print(f"  error: {error}"))

            def get(path, token=rich["access_token"]):
                try:
                    return ask(f"{address}/api/v1{path}", token)
                except urllib.error.HTTPError:
                    return []

            for path in sorted(mini.pages()):
                if role_of(path) == role or path in ("pages/mine/index", f"{CHANNEL}workbench") and role != "member":
                    name = path.replace("packages/", "").replace("/pages", "").replace("pages/", "").replace("/", "-")
                    query = "" if state == "empty" else query_of(path, get)
                    page.goto("about:blank")
                    page.goto(f"{address}/m/#/{path}?{query}")
                    page.wait_for_load_state("networkidle")
                    made.append(folder / state / f"{role}-{name}.png")
                    page.screenshot(path=str(made[-1]))
            context.close()
        for sheet in sheets(made, folder, state):
            print(sheet, flush=True)


def sheets(pictures, folder, state):
    from PIL import Image, ImageDraw

    head, each = 24, ROW * ROWS
    for start in range(0, len(pictures), each):
        sheet = Image.new("RGB", (ROW * SIZE["width"], ROWS * (SIZE["height"] + head)), "white")
        for place, picture in enumerate(pictures[start : start + each]):
            at = place % ROW * SIZE["width"], place // ROW * (SIZE["height"] + head)
            sheet.paste(Image.open(picture), (at[0], at[1] + head))
            ImageDraw.Draw(sheet).text((at[0] + 4, at[1] + 6), picture.stem, fill="black")
        path = folder / f"{state}-{start // each + 1:02}.png"
        sheet.save(path)
        yield path


def main(address="http://127.0.0.1:8069", database="crab", *states):
    registry = crabenv.open_registry(database)
    with crabenv.browser() as browser:
        take(browser, address, lambda: log_in(registry), states or STATES)
    return 0
