"""Pictures of every page at /m/, from a running ``scripts/run``; scripts/miniprogram screenshots calls it."""

import json
import shutil
import urllib.error
import urllib.request

import mini

import crabenv

PEOPLE = {
    "member": ("crab.member", [("number", "=", "M000001")]),
    "dealer": ("crab.dealer", [("code", "=", "A0001")]),
}


def ask(address, token):
    headers = {"Accept-Language": "zh-CN", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or "null")


def log_in(database):
    """Tokens of people of the made-up company, by role."""
    registry = crabenv.open_registry(database)
    from odoo.addons.crab_base.tools import transaction

    def enter(env):
        accounts = {role: env[model].search(domain, limit=1).account_id for role, (model, domain) in PEOPLE.items()}
        return {role: env["crab.session"]._open(account, role, "sms")._tokens() for role, account in accounts.items()}

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
    f"{CHANNEL}card-order": {"id": one_of("/dealer/card-orders")},
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
    return "dealer" if path.startswith("packages/channel/") else "member"


def main(address="http://127.0.0.1:8069", database="crab"):
    from playwright.sync_api import sync_playwright

    folder = mini.BUILD / "screens"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sessions = log_in(database)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for role, tokens in sessions.items():
            context = browser.new_context(
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
                viewport={"width": 390, "height": 844},
                device_scale_factor=2,
                is_mobile=True,
                has_touch=True,
            )
            kept = {name: tokens[name] for name in ("access_token", "refresh_token", "role")}
            stored = json.dumps(json.dumps({"type": "object", "data": kept}))
            context.add_init_script(f"if (location.protocol != 'about:') localStorage.setItem('crab.tokens', {stored})")
            page = context.new_page()
            page.on("pageerror", lambda error: print(f"  error: {error}"))

            def get(path, token=tokens["access_token"]):
                try:
                    return ask(f"{address}/api/v1{path}", token)
                except urllib.error.HTTPError:
                    return []

            for path in mini.pages():
                if role_of(path) == role or path == "pages/mine/index":
                    name = path.replace("packages/", "").replace("/pages", "").replace("pages/", "").replace("/", "-")
                    page.goto("about:blank")
                    page.goto(f"{address}/m/#/{path}?{query_of(path, get)}")
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=str(folder / f"{role}-{name}.png"))
                    print(folder / f"{role}-{name}.png", flush=True)
            context.close()
        browser.close()
    return 0
