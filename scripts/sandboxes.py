"""The outside services that ``scripts/run`` plays on this machine, see tests/sandboxes/README.md."""

import json
import socket
import sys
from pathlib import Path

import crabenv

sys.path.insert(0, str(crabenv.ROOT / "tests" / "sandboxes"))
import running  # noqa: E402

FOLDER = crabenv.DATA_DIR / "sandboxes"
WECHATPAY_PORT = 8480


def start_wechatpay(processes):
    """Start the sandbox of WeChat Pay, on its usual port if that is free; its address."""
    try:
        port = crabenv.free_port(WECHATPAY_PORT)
    except OSError:
        port = crabenv.free_port()
    log = crabenv.DATA_DIR / "log" / "wechatpay.log"
    processes.start("the sandbox of WeChat Pay", running.command("wechatpay", FOLDER, port), log)

    def answers():
        if processes.ended():
            crabenv.die(f"the sandbox of WeChat Pay did not start, see {log}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    crabenv.wait_until(answers, 30, f"the sandbox of WeChat Pay; its log is {log}")
    return f"http://127.0.0.1:{port}"


def wechatpay_values():
    """What a merchant enters in the form of the payment provider."""
    path = Path(FOLDER) / "keys" / "wechatpay.json"
    credentials = json.loads(path.read_text())["credentials"]
    names = {"api_v3_key": "api_key"}
    return {f"wechatpay_{names.get(name, name)}": value for name, value in credentials.items()}


def point_to(database, wechatpay, port):
    """Let a database of ours use this sandbox, and tell the sandbox where Odoo is; a real address is left alone."""
    with crabenv.connect(database) as cr:
        cr.execute(
            "SELECT 1 FROM information_schema.columns"
            " WHERE table_name = 'payment_provider' AND column_name = 'wechatpay_base_url'"
        )
        if not cr.fetchone():
            return
        cr.execute(
            "UPDATE payment_provider SET wechatpay_base_url = %s WHERE wechatpay_base_url LIKE 'http://127.0.0.1:%%'",
            [wechatpay],
        )
        cr.execute(
            "UPDATE ir_config_parameter SET value = %s WHERE key = 'web.base.url'"
            " AND (value LIKE 'http://127.0.0.1%%' OR value LIKE 'http://localhost%%')",
            [f"http://127.0.0.1:{port}"],
        )
