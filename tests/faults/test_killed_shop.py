"""A process killed between payment and fulfilment: the money is booked, and the next start completes the order."""

import subprocess

import pytest
from shop_world import ShopWorld
from test_killed import standing_before

import crabenv
from harness import covers


@pytest.fixture
def shop(registry):
    return ShopWorld(registry)


@covers("MB-11", "JSAPI payment with asynchronous confirmation")
@pytest.mark.parametrize("table", ["crab_ledger_fact", "crab_delivery"])
def test_paid_order_is_completed_by_the_next_start(shop, database, table):
    order = shop.order(2)

    def paid(env):
        method = env["payment.method"].with_context(active_test=False).search([], limit=1)
        tx = env["payment.transaction"]._crab_start(env["sale.order"].browse(order), shop.provider(env), method)
        tx._set_done()

    shop.run(paid)
    with standing_before(database, table) as wait:
        worker = subprocess.Popen(
            [*crabenv.odoo_command(["shell"]), *crabenv.odoo_arguments(database), "--no-http"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=crabenv.odoo_environment(), text=True,
        )  # fmt: skip
        worker.stdin.write("env['payment.transaction']._cron_post_process()\n")
        worker.stdin.close()
        wait()
        worker.kill()
        worker.wait()
    assert shop.outcome(order) == ("to_pay", 0, 2, 0, 0), "nothing half done"
    shop.assert_books()
    for _ in range(2):
        shop.cron("payment.transaction", "_cron_post_process")
    assert shop.outcome(order) == ("to_ship", 1, 2, 0, 0)
    shop.assert_books()
