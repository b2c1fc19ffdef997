import json
import re

import pytest
import running
from client import Api
from shop_world import ShopWorld

import harness


@pytest.fixture(scope="module")
def shop(module_registry):
    return ShopWorld(module_registry)


@pytest.fixture(scope="module")
def people(shop, module_server):
    """``{"member": Api, "other_member": Api, "dealer": Api, "other_dealer": Api, "staff": Api, "stranger": Api}``."""
    registry = shop.registry

    def make(env):
        staff = env["crab.dealer.staff"].create({"dealer_id": shop.below_id, "name": "员工", "phone": "13811112222"})
        other = env["crab.member"].create({"name": "别人", "phone": "13722223333"})
        return staff.id, other.id

    staff_id, other_id = harness.in_transaction(registry, make)
    logins = {
        "member": ("crab.member", shop.member_id),
        "other_member": ("crab.member", other_id),
        "dealer": ("crab.dealer", shop.top_id),
        "other_dealer": ("crab.dealer", shop.other_id),
        "staff": ("crab.dealer.staff", staff_id),
    }
    found = {name: Api.login(module_server, registry, *login) for name, login in logins.items()}
    return {**found, "stranger": Api(module_server)}


@pytest.fixture(scope="module")
def sms_sandbox(tmp_path_factory):
    started = running.Running("sms", tmp_path_factory.mktemp("sms")).start()
    yield started
    started.stop()


class Texts:
    """What people read on their phones, and log in with."""

    def __init__(self, shop, server, sandbox):
        self.shop, self.server, self.sandbox = shop, server, sandbox
        own = json.loads((sandbox.folder / "keys" / "sms.json").read_text())["credentials"]["tencent"]
        shop.run(lambda env: self._enter(env, own))

    def _enter(self, env, own):
        """Head office sends by our sandbox from now on."""
        accounts = env["crab.sms.account"]
        accounts.search([]).active = False
        company = env["res.company"]._crab_company("sales")
        values = {"company_id": company.id, "provider": "tencent", "new_secret": own.pop("key_secret"), **own}
        account = accounts.create({**values, "endpoint": self.sandbox.url})
        env["crab.sms.template"].search([("key", "=", "code")]).key = False
        body = "您的验证码为{code}，{minutes}分钟内有效，请勿告诉他人。"
        text = {"name": "验证码", "key": "code", "body": body, "provider_code": "1000001"}
        env["crab.sms.template"].create({**text, "account_id": account.id})

    def tell(self, event, body, provider_code):
        """Head office has this event told by SMS."""

        def switch_on(env):
            account = env["crab.sms.account"].search([("endpoint", "=", self.sandbox.url)])
            values = {"name": event, "account_id": account.id, "body": body, "provider_code": provider_code}
            text = env["crab.sms.template"].create(values)
            words = env["crab.notice.template"].search([("event", "=", event)])
            words.write({"is_sms": True, "sms_template_id": text.id})

        self.shop.run(switch_on)

    def of(self, phone):
        """All texts that came to this phone."""
        self.shop.cron("sms.sms", "_process_queue")
        return [one["text"] for one in self.sandbox.ctl("messages") if one["phone"].endswith(phone)]

    def code(self, phone):
        """The code as it stands in the SMS."""
        return re.search(r"\d{6}", self.of(phone)[-1])[0]

    def log_in(self, phone, **values):
        """A client of who holds this phone."""
        api = Api(self.server, self.shop.registry)
        api.post("/auth/sms-codes", status=204, json={"phone": phone})
        return api.use(api.post("/auth/login/sms", json={"phone": phone, "code": self.code(phone), **values}))


@pytest.fixture(scope="module")
def texts(shop, module_server, sms_sandbox):
    return Texts(shop, module_server, sms_sandbox)
