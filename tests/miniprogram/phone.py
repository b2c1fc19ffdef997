"""A phone that opens the page at /m/, and the world behind it."""

import json
import re
from copy import copy
from urllib.parse import quote, urlencode, urlsplit

import demo_company
import mini
from client import Api
from shop_world import ShopWorld

import crabenv
import harness

SIZE = (390, 844)
SMALL = (360, 640)
CONTEXT = {"lang": "zh_CN", "tz": "Asia/Shanghai"}
# what can be tapped; pages below stay in the document, unseen
ROLES = ("button", "link", "tab", "checkbox", "radio")
TAPPED = ("uni-button", *(f"[role={role}]" for role in ROLES), ".uni-tabbar__item", ".app-cell")
OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width + 1 ? ['the page'] : [];
    const scrolls = e => e && e !== document.body &&
        (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
    const out = [...document.querySelectorAll('uni-page-body *')].filter(
        e => e.offsetParent && e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement));
    return wide.concat(out.slice(0, 5).map(e => `${e.className}: ${(e.innerText || '').slice(0, 40)}`));
}"""


AXE = "() => axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)"


class PhoneWorld(ShopWorld):
    """The made-up company of ``scripts/run`` on top of the small shop, with the sandboxes of WeChat Pay and SMS."""

    def __init__(self, registry, server, pay, sms):
        super().__init__(registry)
        self.server, self.sms = server, sms
        self.users = self.run(lambda env: harness.make_users(env, ("admin", "finance")))
        admin = self.users["admin"]
        demo_company.enter_business(lambda func: harness.in_transaction(registry, func, uid=admin, context=CONTEXT))
        self.pay_at(pay, server)
        self.run(self._open_sms)

    def _open_sms(self, env):
        own = json.loads((self.sms.folder / "keys" / "sms.json").read_text())["credentials"]["tencent"]
        company = env["res.company"]._crab_company("sales")
        values = {"company_id": company.id, "provider": "tencent", "new_secret": own.pop("key_secret"), **own}
        account = env["crab.sms.account"].create({**values, "endpoint": self.sms.url})
        env["crab.sms.template"].create(
            {
                "account_id": account.id,
                "name": "验证码",
                "key": "code",
                "body": "您的验证码为{code}，{minutes}分钟内有效，请勿告诉他人。",
                "provider_code": "1000001",
            }
        )

    def code(self, phone):
        """The newest code that was sent to this number, as it stands in the SMS."""
        self.cron("sms.sms", "_process_queue")
        text = [one["text"] for one in self.sms.ctl("messages") if one["phone"].endswith(phone)][-1]
        return re.search(r"\d{6}", text)[0]

    def tokens(self, phone, role="member"):
        """Tokens of the person with this number, who is made a member where nobody is."""

        def open_session(env):
            [account] = env["crab.account"]._get_or_create([{"name": f"用户{phone[-4:]}", "phone": phone}])
            if role == "member" and not env["crab.member"].search([("account_id", "=", account.id)]):
                env["crab.member"]._sign_up(account, None)
            return env["crab.session"]._open(account, role, "sms")._tokens()

        return self.run(open_session)

    def api(self, phone, role="member"):
        """The API as this person uses it (tests/api/client.py)."""
        return Api(self.server, self.registry, self.tokens(phone, role))

    def card(self, count):
        """``(number, password)`` of a card; the first eight are activated and nobody's, the next two a member's."""
        number = f"DEMO1{count:06d}"
        return number, demo_company.password_of(number)


def lose(route):
    route.fetch()
    route.abort("connectionreset")


class Network:
    """What happens to requests; ``path`` is a piece of the address, such as ``/orders``."""

    def __init__(self, page):
        self.page = page

    def _route(self, path, handler, times, method):
        left = [times]

        def handle(route):
            if not left[0] or method and route.request.method != method:
                route.fallback()
            else:
                left[0] -= 1
                handler(route)

        self.page.route(re.compile(re.escape("/api/v1" + path) + r"(\?|$)"), handle)

    def lose(self, path, times=1, method=None):
        """The server does it, the answer never arrives."""

        self._route(path, lose, times, method)

    def break_off(self, path, times=1, method=None):
        """The request never arrives."""
        self._route(path, lambda route: route.abort("internetdisconnected"), times, method)

    def fail(self, path, status=500, times=1, method=None):
        """The server answers with a fault, and has done nothing."""
        words = {"code": "http", "detail": "服务繁忙，请稍后重试", "fields": {}}
        self._route(
            path,
            lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(words)),
            times,
            method,
        )

    def hold(self, path, times=1, method=None):
        """The request waits until ``release()`` of what is returned."""
        held = Held()
        self._route(path, held.routes.append, times, method)
        return held

    def offline(self, gone=True):
        self.page.context.set_offline(gone)


class Held:
    def __init__(self):
        self.routes = []

    def release(self):
        self._end(lambda route: route.continue_())

    def lose(self):
        """The server does it now; the answer never arrives."""
        self._end(lose)

    def _end(self, how):
        for route in self.routes:
            how(route)
        self.routes.clear()


class Phone:
    """The page on a phone; every fault of it is kept in ``faults``, and a test with one fails."""

    def __init__(self, browser, world, size=SIZE):
        self.world, self.url = world, world.server.url
        self.context = browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": size[0], "height": size[1]},
            is_mobile=True,
            has_touch=True,
        )
        self.faults, self._allowed, self._hosts = [], [], {urlsplit(self.url).netloc}
        self._use(self.context.new_page())

    def _use(self, page):
        self.page, self.net = page, Network(page)
        page.set_default_timeout(20_000)
        page.add_init_script("addEventListener('click', () => (window.tappedAt = Date.now()), true)")
        page.on("pageerror", lambda error: self._note(f"error of the page: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def tab(self):
        """One more tab of the same browser; its faults are this one's."""
        other = copy(self)
        other._use(self.context.new_page())
        return other

    def allow(self, *texts):
        """Faults that this test provokes: a piece of what they say."""
        self._allowed += texts
        return self

    def allow_host(self, url):
        """A page of elsewhere that the test goes to: the sandbox of a provider."""
        self._hosts.add(urlsplit(url).netloc)
        return self

    def _note(self, fault):
        if not any(text in fault for text in self._allowed):
            self.faults.append(fault)

    def _console(self, message):
        place = message.location.get("url", "")
        refused = "/api/v1/" in place and re.search(r"status of 4\d\d", message.text)
        if message.type == "error" and not refused:
            self._note(f"console: {message.text} ({place})")

    def _request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc not in self._hosts:
            self._note(f"request to {request.url}")

    # ------------------------------------------------------------------ moving

    def open(self, path="pages/home/index", search=None, **query):
        """Open a page afresh, as from a link; ``search`` stands before the ``#`` (``{"invite": …}``)."""
        front = f"?{urlencode(search)}" if search else ""
        back = f"?{urlencode(query, quote_via=quote)}" if query else ""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/m/{front}#/{path}{back}")
        return self.settle()

    def settle(self):
        """Wait until the page stands and nothing of it is being loaded."""
        self.page.wait_for_function(
            "() => document.querySelector('uni-page-body *') &&"
            " ![...document.querySelectorAll('[aria-busy=true]')].some(e => e.offsetParent)"
        )
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        return self

    def at(self, path):
        """Wait until this page is the one on top."""
        first = r"(#/)?$|" if path == "pages/home/index" else ""  # the first page's address is bare
        self.page.wait_for_url(re.compile(rf"/m/({first}#/{re.escape(path)}(\?|$))"), wait_until="commit")
        return self.settle()

    def enter_as(self, phone, role="member"):
        """Be logged in as the person with this number, without the login page."""
        kept = {key: value for key, value in self.world.tokens(phone, role).items() if key != "expires_in"}
        stored = json.dumps({"type": "object", "data": kept})
        self.page.goto(f"{self.url}/m/#/pages/launch/index")
        self.page.evaluate("stored => { localStorage.clear(); localStorage.setItem('crab.tokens', stored) }", stored)
        return self

    def login(self, phone, invite=None, **search):
        """Log in on the login page with the code of the SMS."""
        if invite:
            self.open(search={"invite": invite, **search})
            self.at("pages/login/index")
        else:
            self.open("pages/login/index")
        self.fill("手机号", phone)
        self.tap("获取验证码")
        self.see("秒后重发")
        self.fill("验证码", self.world.code(phone))
        self.tap("同意用户协议")
        self.tap("登录", exact=True)
        return self

    # ------------------------------------------------------------------ doing

    def can_tap(self, text, exact=False):
        """What can be tapped with this text or label, the topmost last."""
        label = self.page.locator(f"[aria-label='{text}']:visible")
        words = re.compile(rf"^\s*{re.escape(text)}\s*$") if exact else text
        tapped = ", ".join(f"{one}:visible" for one in TAPPED)
        return label.or_(self.page.locator(tapped).filter(has_text=words)).last

    def tap(self, text, exact=False):
        return self.press(self.can_tap(text, exact))

    def press(self, button):
        button.wait_for()
        # nobody taps twice within a moment and means both: buttons take that for one
        self.page.wait_for_function("() => Date.now() - (window.tappedAt || 0) > 400")
        button.click()
        return self

    def tap_text(self, text):
        """Whatever shows this text."""
        self.page.get_by_text(text).locator("visible=true").last.click()
        return self

    def fill(self, label, text):
        self.page.locator(f"input[aria-label='{label}']:visible, textarea[aria-label='{label}']:visible").last.fill(
            text
        )
        return self

    def choose(self, label, option):
        """One of what a row of a form opens."""
        self.page.locator(f"[role=button][aria-label^='{label}']:visible").last.click()
        self.page.locator(".app-sheet [role=button]:visible").filter(has_text=option).last.click()
        return self

    def sends(self, path, method="POST"):
        """A context in which this request is sent."""
        return self.page.expect_request(
            lambda request: request.method == method and urlsplit(request.url).path == f"/api/v1{path}"
        )

    def idle(self):
        """Wait until nothing is being sent."""
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.app-button__wheel')].some(e => e.offsetParent)"
        )
        return self

    def confirm(self, yes=True):
        """Answer the question that is asked."""
        self.page.locator(f".uni-modal__btn_{'primary' if yes else 'default'}:visible").click()
        return self

    # ------------------------------------------------------------------ looking

    def see(self, text):
        """Wait until this text is seen."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for()
        return self

    def text(self):
        return self.page.locator("uni-page-body").locator("visible=true").last.inner_text()

    def told(self):
        """Wait for a toast; its text."""
        toast = self.page.locator(".uni-toast:visible, .uni-sample-toast:visible")
        toast.wait_for()
        return toast.inner_text().strip()

    def shot(self, name):
        """Keep a picture as build output."""
        path = mini.BUILD / "screens" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path))
        return path

    def overflows(self):
        """What stands out at the right."""
        return self.page.evaluate(OVERFLOW)

    def barriers(self):
        """What keeps people out who hear or key through the page: serious findings of axe."""
        axe = (crabenv.ROOT / "miniprogram" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
        self.page.evaluate(axe + "; 0")
        found = self.page.evaluate(AXE)
        return [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def close(self):
        self.context.close()
