"""The mini-program with real workers: requests that are run again, several at once, and a token for all processes."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import running
from PIL import Image

import harness

SEEN = ("app_id", "corp_id", "service_url")


@pytest.fixture(scope="module")
def wechat(tmp_path_factory):
    started = running.Running("wechat", tmp_path_factory.mktemp("wechat")).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def app_id(module_registry, module_server, wechat):
    own = json.loads((wechat.folder / "keys" / "wechat.json").read_text())["credentials"]
    values = {name if name in SEEN else f"new_{name}": own[name] for name in own}
    values |= {"name": "示例小程序", "base_url": wechat.url}
    wechat.ctl("settings", callback=f"{module_server.url}/wechat/callback")
    return harness.in_transaction(module_registry, lambda env: env["crab.wechat.app"].create(values).id)


def login(server, count=1, **body):
    """So many logins with the same codes at once: ``[(status, JSON)]``."""

    def work(_number):
        got = httpx.post(f"{server.url}/api/v1/auth/login/wechat", json=body, timeout=60)
        return got.status_code, got.json()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def accounts(registry, phone):
    def count(env):
        return env["crab.account"].search_count([("phone", "=", f"+86{phone}")])

    return harness.in_transaction(registry, count)


def test_processes_renew_the_token_once(module_registry, app_id, wechat):
    wechat.ctl("reset")
    tokens = harness.run_parallel(
        module_registry, 6, lambda env, _number: env["crab.wechat.token"]._get(env["crab.wechat.app"].browse(app_id))
    )
    assert len(set(tokens)) == 1, tokens
    assert len(wechat.ctl("received", on="stable_token")) == 1


@harness.covers("IF-03", "mini-program login", via="api")
@harness.covers("MB-03", "a known phone merges into its account", via="api")
def test_a_request_that_is_run_again_shows_wechat_a_code_once(module_registry, module_server, app_id, wechat):
    wechat.ctl("reset")
    js_code, phone_code = wechat.ctl("js_code", openid="o-1"), wechat.ctl("phone_code", phone="13900000011")
    [(status, body)] = login(module_server, js_code=js_code)
    assert (status, body["code"]) == (409, "phone_required")
    [(status, body)] = login(module_server, js_code=js_code, phone_code=phone_code)
    assert (status, body.get("is_new")) == (200, True), body
    assert len(wechat.ctl("received", on="session")) == 1
    assert len(wechat.ctl("received", on="phone")) == 1
    [(status, body)] = login(module_server, js_code=wechat.ctl("js_code", openid="o-1"))
    assert (status, body.get("is_new")) == (200, False), body


@harness.covers("MB-02", "avatar and phone number come from WeChat", via="api")
def test_phone_and_avatar_come_from_wechat(module_server, app_id, wechat):
    """The number by the code of WeChat's button; the portrait as the file that ``chooseAvatar`` gives."""
    js_code, phone_code = wechat.ctl("js_code", openid="o-3"), wechat.ctl("phone_code", phone="13900000013")
    [(status, tokens)] = login(module_server, js_code=js_code, phone_code=phone_code)
    assert status == 200
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    with httpx.Client(base_url=f"{module_server.url}/api/v1", headers=headers, timeout=60) as client:
        mine = client.get("/member/me").json()
        assert (mine["phone"][-11:], mine["avatar"]) == ("13900000013", None)
        picture = io.BytesIO()
        Image.new("RGB", (132, 132), (200, 90, 20)).save(picture, "JPEG")
        sent = client.post("/files", files={"file": ("avatar.jpg", picture.getvalue(), "image/jpeg")}).json()
        changed = client.patch("/member/me", json={"avatar": sent["id"], "name": "蟹友"})
        assert changed.status_code == 200, changed.text
        mine = client.get("/member/me").json()
        assert mine["name"] == "蟹友" and mine["avatar"]


def test_a_code_shown_many_times_at_once_logs_in_once(module_server, app_id, wechat):
    results = login(module_server, 4, js_code=wechat.ctl("js_code", openid="o-1"))
    assert sorted(status for status, _body in results) == [200, 422, 422, 422], results


def test_a_new_person_on_two_phones_is_one_account(module_registry, module_server, app_id, wechat):
    def work(_number):
        js_code, phone_code = wechat.ctl("js_code", openid="o-2"), wechat.ctl("phone_code", phone="13900000012")
        [(status, _body)] = login(module_server, js_code=js_code, phone_code=phone_code)
        return status

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(work, range(3))) == {200}
    assert accounts(module_registry, "13900000012") == 1


@harness.covers("MB-29", "opens WeChat customer service", via="api")
def test_messages_at_once_are_answered_and_count_once(module_registry, app_id, wechat):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: wechat.ctl("send", MsgId="4711")[0], range(4)))
    assert {answer["reply"]["MsgType"] for answer in answers} == {"transfer_customer_service"}

    def counts(env):
        return env["crab.wechat.event"].search([("key", "=", "m 4711")]).mapped("count")

    assert harness.in_transaction(module_registry, counts) == [4]
    [forged] = wechat.ctl("send", variant="wrong_signature")
    assert forged["status"] == 403
