"""SMS from the settings to the delivery report, over HTTP throughout.

The web client enters, the provider is our sandbox, its report comes to the server's own address.
"""

import json
import urllib.error
import urllib.request

import pytest
import running
from everything import shop_order
from shop_world import ShopWorld

import harness


@pytest.fixture(scope="module")
def sms_sandbox(tmp_path_factory):
    started = running.Running("sms", tmp_path_factory.mktemp("sms")).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shop(module_registry, module_server):
    world = ShopWorld(module_registry)
    world.run(harness.make_users)
    world.run(lambda env: env["ir.config_parameter"].set_param("web.base.url", module_server.url) and None)
    return world


def post(url, body):
    """``(status, answer)`` of what a provider, or somebody else, sends."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, None


@harness.covers("IF-02", "triggers on order state", via="web")
@pytest.mark.parametrize("provider", ["tencent", "aliyun"])
def test_a_shipped_order_is_told_by_sms_and_its_report_is_seen(shop, module_server, sms_sandbox, provider):
    own = json.loads((sms_sandbox.folder / "keys" / "sms.json").read_text())["credentials"][provider]

    # the administrator enters account and text, and switches the SMS of the event on
    admin = module_server.rpc("e2e_admin")
    company = shop.run(lambda env: env["res.company"]._crab_company("sales").id)
    earlier = admin.call("crab.sms.account", "search", [("company_id", "=", company)])
    admin.call("crab.sms.account", "write", earlier, {"active": False})
    values = {"company_id": company, "provider": provider, "new_secret": own.pop("key_secret"), **own}
    [account_id] = admin.call("crab.sms.account", "create", [{**values, "endpoint": sms_sandbox.url}])
    number = {"tencent": "1000002", "aliyun": "SMS_1000002"}[provider]
    text = {
        "name": "发货",
        "body": "您的订单{order}已发货，{carrier} {tracking}，请留意查收。",
        "provider_code": number,
    }
    [template_id] = admin.call("crab.sms.template", "create", [{**text, "account_id": account_id}])
    [words_id] = admin.call("crab.notice.template", "search", [("event", "=", "order.to_receive")])
    admin.call("crab.notice.template", "write", [words_id], {"is_sms": True, "sms_template_id": template_id})
    [account] = admin.call("crab.sms.account", "read", [account_id], ["report_url", "new_secret", "has_secret"])
    assert (account["new_secret"], account["has_secret"]) == (False, True)
    assert account["report_url"].startswith(f"{module_server.url}/callback/sms/{provider}/")

    # an order is shipped; the event is handed over, the queue sends
    def ship(env):
        member, product = env["crab.member"].browse(shop.member_id), env["product.product"].browse(shop.package_id)
        return shop_order(env, member, product, "shipped", 1).name

    name = shop.run(ship, context={"lang": "zh_CN"})
    shop.cron("crab.outbox", "_cron_dispatch")
    shop.cron("sms.sms", "_process_queue")
    [message] = [one for one in sms_sandbox.ctl("messages") if name in one["text"]]
    assert message["phone"] == "+8613711112222" and "顺丰" in message["text"], message

    # customer service sees it on its way; what strangers claim changes nothing
    service = module_server.rpc("e2e_customer_service")

    def seen():
        fields = ["number", "state", "crab_ended_at", "crab_reason"]
        [row] = service.call("sms.sms", "search_read", [("crab_reference", "=", message["reference"])], fields)
        return row["state"], bool(row["crab_ended_at"])

    assert seen() == ("pending", False)
    token = account["report_url"].rpartition("/")[2]
    wrong = {"sid": message["reference"], "mobile": "13711112222", "report_status": "FAIL"}
    assert post(account["report_url"].replace(token, "x" * len(token)), [wrong]) == (404, None)
    other = {"tencent": "aliyun", "aliyun": "tencent"}[provider]
    assert post(account["report_url"].replace(f"/{provider}/", f"/{other}/"), [wrong]) == (404, None)
    assert post(account["report_url"], {"not": "a list"}) == (400, None)
    assert seen() == ("pending", False)

    # the provider reports, three times over, and late that it failed
    sms_sandbox.ctl("settings", report_url={provider: account["report_url"]})
    answers = sms_sandbox.ctl("report", state="good", reference=message["reference"], times=3)
    assert [answer["status"] for answer in answers] == [200] * 3
    assert seen() == ("sent", True)
    sms_sandbox.ctl("report", state="fail", reference=message["reference"])
    assert seen() == ("sent", True), "only forward"

    # the notice says so, and the event is not told again
    [notice] = service.call(
        "crab.notice", "search_read", [("event", "=", "order.to_receive"), ("body", "like", name)], ["sms_state"]
    )
    assert notice["sms_state"] == "sent"
    shop.cron("crab.outbox", "_cron_dispatch")
    shop.cron("sms.sms", "_process_queue")
    assert len([one for one in sms_sandbox.ctl("messages") if name in one["text"]]) == 1
