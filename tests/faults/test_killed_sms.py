"""The queue of SMS killed in the middle of sending: after the next start each was sent at most once, and none is lost
without being seen.

The provider is our sandbox, which counts what it accepted. The queue runs in a process of its own, as a scheduled
action does, and is killed by SIGKILL: before its call left, while the provider has the message and has not answered,
and when the answer is there and not written down.
"""

import json
import subprocess

import pytest
import running

import crabenv
import harness

OWN = "您的订单{order}已发货，{carrier} {tracking}，请留意查收。"
SCRIPT = """
import os, signal
from odoo.addons.crab_sms.models import sms_sms
if {point!r} == "before the call":
    sms_sms._call = lambda work: os.kill(os.getpid(), signal.SIGKILL)
if {point!r} == "after the answer":
    sms_sms._finish = lambda env, work, outcome: os.kill(os.getpid(), signal.SIGKILL)
env["sms.sms"]._process_queue()
"""


@pytest.fixture(scope="module")
def sms_sandbox(tmp_path_factory):
    started = running.Running("sms", tmp_path_factory.mktemp("sms")).start()
    yield started
    started.stop()


def make_queue(registry, sandbox, provider):
    """Twelve SMS: nine that say each something of their own, three that say the same in one call; their ids."""
    own = json.loads((sandbox.folder / "keys" / "sms.json").read_text())["credentials"][provider]

    def make(env):
        account = env["crab.sms.account"].create(
            {
                "company_id": env["res.company"]._crab_company("sales").id,
                "provider": provider,
                "new_secret": own.pop("key_secret"),
                "endpoint": sandbox.url,
                **own,
            }
        )
        number = {"tencent": "1000002", "aliyun": "SMS_1000002"}[provider]
        template = env["crab.sms.template"].create(
            {"account_id": account.id, "name": "发货", "body": OWN, "provider_code": number}
        )
        orders = ["S0", "S0", "S0", *(f"S{number}" for number in range(1, 10))]
        rows = [
            (f"1380000{number:04}", {"order": order, "carrier": "顺丰", "tracking": f"SF{order}"})
            for number, order in enumerate(orders)
        ]
        return env["sms.sms"]._crab_queue(template, rows).ids

    return harness.in_transaction(registry, make)


def work(database, point=""):
    """The queue in a process of its own; it kills itself at ``point``."""
    worker = subprocess.Popen(
        [*crabenv.odoo_command(["shell"]), *crabenv.odoo_arguments(database), "--no-http"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=crabenv.odoo_environment(), text=True,
    )  # fmt: skip
    worker.stdin.write(SCRIPT.format(point=point))
    worker.stdin.close()
    return worker


def run_queue(registry):
    from odoo import SUPERUSER_ID, api

    with registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["sms.sms"]._process_queue()


def time_passes(registry, minutes):
    """As if what is in process had been begun so long ago."""

    def move(env):
        env.cr.execute(
            "UPDATE sms_sms SET crab_taken_at = crab_taken_at - %(by)s * interval '1 minute',"
            " crab_next_try_at = crab_next_try_at - %(by)s * interval '1 minute' WHERE state = 'process'",
            {"by": minutes},
        )

    harness.in_transaction(registry, move)


def states(registry, ids):
    def read(env):
        return [(sms.number, sms.state, sms.crab_code or "") for sms in env["sms.sms"].browse(ids)]

    return harness.in_transaction(registry, read)


@harness.covers("IF-02", "triggers on order state", via="service")
@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_a_queue_killed_again_and_again_sends_each_sms_at_most_once(registry, database, sms_sandbox, provider):
    before = len(sms_sandbox.ctl("messages"))
    ids = make_queue(registry, sms_sandbox, provider)

    def accepted():
        return [one["phone"] for one in sms_sandbox.ctl("messages")[before:]]

    # three that were never sent: the queue died before the call of the three that say the same
    assert work(database, "before the call").wait(300) == -9
    assert accepted() == []
    # one that the provider has, but has not confirmed
    sms_sandbox.ctl("fault", on="send", do="delay", seconds=60)
    worker = work(database)
    crabenv.wait_until(accepted, 300, "a message at the provider")
    worker.kill()
    worker.wait()
    # one that was confirmed, which nobody wrote down
    assert work(database, "after the answer").wait(300) == -9
    assert len(accepted()) == 2
    found = states(registry, ids)
    assert [state for _phone, state, _code in found].count("process") == 5, found

    # the next start sends the others, and leaves alone what is not known
    run_queue(registry)
    assert len(accepted()) == 9
    assert [state for _phone, state, _code in states(registry, ids)].count("process") == 5

    # after a while the provider is asked
    for _round in range(2):
        time_passes(registry, 6)
        run_queue(registry)
    if provider == "aliyun":  # it knows all that it accepted: the rest is sent
        assert {state for _phone, state, _code in states(registry, ids)} == {"pending"}
        assert len(accepted()) == 12
    else:  # it does not say: nothing is sent blindly, and after an hour a person sees and decides
        time_passes(registry, 61)
        run_queue(registry)
        found = states(registry, ids)
        assert sorted(state for _phone, state, _code in found) == ["error"] * 5 + ["pending"] * 7
        assert {code for _phone, state, code in found if state == "error"} == {"unknown"}
        assert len(accepted()) == 9
    assert len(set(accepted())) == len(accepted()), "nobody was told twice"


@harness.covers("IF-01", "one use", via="service")
def test_a_code_in_a_killed_queue_is_not_sent_later(registry, database, sms_sandbox):
    """Whoever waits for it asks for a new one; the old one is seen as failed."""
    make_queue(registry, sms_sandbox, "aliyun")

    def ask(env):
        account = env["crab.sms.account"].search([("provider", "=", "aliyun")], limit=1)
        env["sms.sms"].search([("crab_template_id.account_id", "=", account.id)]).action_set_canceled()
        env["crab.sms.template"].create(
            {
                "account_id": account.id,
                "name": "验证码",
                "key": "code",
                "body": "您的验证码为{code}，{minutes}分钟内有效，请勿告诉他人。",
                "provider_code": "SMS_1000001",
            }
        )
        env["crab.sms.code"]._make("+8613800009999", "login", "198.51.100.1", "123456")
        return env["sms.sms"].search([("number", "=", "+8613800009999")]).ids

    [sms_id] = harness.in_transaction(registry, ask)
    assert work(database, "before the call").wait(300) == -9
    time_passes(registry, 6)
    run_queue(registry)
    assert [(state, code) for _phone, state, code in states(registry, [sms_id])] == [("error", "not_there")]
    assert not sms_sandbox.ctl("messages", phone="+8613800009999")
