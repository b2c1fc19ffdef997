"""The outside services that ``scripts/run`` plays on this machine, see tests/sandboxes/README.md."""

import json
import socket
import sys
import urllib.request
from pathlib import Path

import crabenv

sys.path.insert(0, str(crabenv.ROOT / "tests" / "sandboxes"))
import running  # noqa: E402

FOLDER = crabenv.DATA_DIR / "sandboxes"
WECHATPAY_PORT, SMS_PORT, WECHAT_PORT = 8480, 8490, 8500


def start_wechatpay(processes):
    """Start the sandbox of WeChat Pay; its address."""
    return _start(processes, "wechatpay", WECHATPAY_PORT, "the sandbox of WeChat Pay")


def start_sms(processes):
    """Start the sandbox of the SMS providers; its address, where the messages are read."""
    return _start(processes, "sms", SMS_PORT, "the sandbox of SMS")


def start_wechat(processes):
    """Start the sandbox of WeChat's mini-program side; its address, where messages and codes are looked at."""
    return _start(processes, "wechat", WECHAT_PORT, "the sandbox of WeChat")


def _start(processes, name, usual_port, title):
    """Start a sandbox, on its usual port if that is free; its address."""
    try:
        port = crabenv.free_port(usual_port)
    except OSError:
        port = crabenv.free_port()
    log = crabenv.DATA_DIR / "log" / f"{name}.log"
    processes.start(title, running.command(name, FOLDER, port), log)

    def answers():
        if processes.ended():
            crabenv.die(f"{title} did not start, see {log}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    crabenv.wait_until(answers, 30, f"{title}; its log is {log}")
    return f"http://127.0.0.1:{port}"


def wechatpay_values():
    """What a merchant enters in the form of the payment provider."""
    path = Path(FOLDER) / "keys" / "wechatpay.json"
    credentials = json.loads(path.read_text())["credentials"]
    names = {"api_v3_key": "api_key"}
    return {f"wechatpay_{names.get(name, name)}": value for name, value in credentials.items()}


def sms_credentials(provider):
    """What a shop enters in the form of its account at this SMS provider."""
    return json.loads((Path(FOLDER) / "keys" / "sms.json").read_text(encoding="utf-8"))["credentials"][provider]


def wechat_credentials():
    """What a shop enters in the form of its mini-program."""
    return json.loads((Path(FOLDER) / "keys" / "wechat.json").read_text(encoding="utf-8"))["credentials"]


def point_to(database, wechatpay, sms, wechat, port):
    """Let a database of ours use these sandboxes, and tell them where Odoo is; a real address is left alone."""
    with crabenv.connect(database) as cr:
        cr.execute(
            "SELECT table_name FROM information_schema.columns WHERE (table_name, column_name) IN"
            " (('payment_provider', 'wechatpay_base_url'), ('crab_sms_account', 'endpoint'),"
            " ('crab_wechat_app', 'base_url'))"
        )
        if {name for (name,) in cr.fetchall()} != {"payment_provider", "crab_sms_account", "crab_wechat_app"}:
            return  # of before these addons
        cr.execute(
            "UPDATE payment_provider SET wechatpay_base_url = %s WHERE wechatpay_base_url LIKE 'http://127.0.0.1:%%'",
            [wechatpay],
        )
        cr.execute(
            "UPDATE crab_sms_account SET endpoint = %s WHERE endpoint LIKE 'http://127.0.0.1:%%'"
            " RETURNING provider, report_token",
            [sms],
        )
        reports = {
            provider: f"http://127.0.0.1:{port}/callback/sms/{provider}/{token}" for provider, token in cr.fetchall()
        }
        cr.execute("UPDATE crab_wechat_app SET base_url = %s WHERE base_url LIKE 'http://127.0.0.1:%%'", [wechat])
        cr.execute(
            "UPDATE ir_config_parameter SET value = %s WHERE key = 'web.base.url'"
            " AND (value LIKE 'http://127.0.0.1%%' OR value LIKE 'http://localhost%%')",
            [f"http://127.0.0.1:{port}"],
        )
    tell(sms, "settings", report="good", report_url=reports)
    tell(wechat, "settings", callback=f"http://127.0.0.1:{port}/wechat/callback")


def tell(sandbox, command, **values):
    """Give a sandbox an order."""
    request = urllib.request.Request(
        f"{sandbox}/__ctl/{command}", json.dumps(values).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()
