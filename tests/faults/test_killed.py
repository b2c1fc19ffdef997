"""Killed processes: after a restart everything or nothing of a document is there, and it can be done again.

What is in the middle is made so by a lock: another connection holds a table that the document needs late, the test
waits until the server's transaction stands there with its work done and uncommitted, and kills.
"""

import contextlib
import subprocess
import threading

import psycopg2
import pytest
from world import ADDRESS, PASSWORD, World

import crabenv
import harness

CARDS_IMPORTED = 100_000
CARDS_ACTIVATED = 10_000


@contextlib.contextmanager
def standing_before(database, table):
    """Hold ``table`` so that who comes to write it waits; yields a function that waits for that moment."""
    holder = psycopg2.connect(dbname=database)
    with contextlib.closing(holder), holder.cursor() as cr:
        cr.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")

        def wait():
            def is_waiting():
                with crabenv.connect() as other:
                    other.execute(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
                        [database],
                    )
                    return other.fetchone()[0]

            crabenv.wait_until(is_waiting, 600, f"a transaction that waits for {table}")

        yield wait


def in_background(func):
    """Start ``func`` in a thread; its failure is expected, the server dies under it."""

    def quietly():
        with contextlib.suppress(Exception):
            func()

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def world(registry):
    made = World(registry)
    made.run(lambda env: harness.make_users(env, ("admin",)))
    return made


def numbers_like(world, prefix, **state):
    domain = [("number", "=like", prefix + "%"), *((field, "=", value) for field, value in state.items())]
    return world.run(lambda env: env["crab.card"].search_count(domain))


def test_a_server_killed_in_the_middle_of_an_import_leaves_nothing_and_the_file_loads_afterwards(world, server):
    content = "卡号,卡密,卡编码\n" + "".join(f"KIM{i:06},{PASSWORD},W-CARD\n" for i in range(1, CARDS_IMPORTED + 1))
    with standing_before(server.database, "stock_move") as wait:
        # as a job does it: in a transaction of its own, in a process that is killed
        worker = subprocess.Popen(
            [*crabenv.odoo_command(["shell"]), *crabenv.odoo_arguments(server.database), "--no-http"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=crabenv.odoo_environment(), text=True,
        )  # fmt: skip
        path = harness.BUILD / "killed-import.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        worker.stdin.write(f"env['crab.import']._run_file('card', 'kim.csv', open({str(path)!r}, 'rb').read())\n")
        worker.stdin.write("env.cr.commit()\n")
        worker.stdin.close()  # the shell runs what it was given when that ends
        wait()
        worker.kill()
        worker.wait()
    server.kill()
    assert numbers_like(world, "KIM") == 0
    world.assert_sound()
    server.start()
    assert len(world.numbers(CARDS_IMPORTED, "KIM")) == CARDS_IMPORTED
    world.assert_sound()


def test_a_server_killed_in_the_middle_of_an_activation_charges_nothing_and_it_can_be_executed_again(world, server):
    world.fund(stored=600 * CARDS_ACTIVATED)
    ids = world.issued(CARDS_ACTIVATED, "KAC")
    order_id = world.run(lambda env: world.document(env, "activation", ids, sender_dealer_id=world.top_id))
    before = world.money()
    rpc = server.rpc("e2e_admin")
    with standing_before(server.database, "account_move") as wait:
        in_background(lambda: rpc.button("crab.card.order", "action_execute", [order_id]))
        wait()
        server.kill()
    assert numbers_like(world, "KAC", state="active") == 0
    assert world.money() == before
    world.assert_sound()
    server.start()
    server.rpc("e2e_admin").button("crab.card.order", "action_execute", [order_id])
    assert numbers_like(world, "KAC", state="active") == CARDS_ACTIVATED
    assert world.money()[0] == 0
    world.assert_sound()


def test_a_server_killed_in_the_middle_of_a_redemption_leaves_the_number_active(world, server):
    [card_id] = world.active(1, "KRE")
    rpc = server.rpc("e2e_admin")
    [wizard] = rpc.call("crab.redemption.enter", "create", [{"number": "KRE000001", "password": PASSWORD}])
    rpc.call("crab.redemption.enter", "write", [wizard], ADDRESS)
    with standing_before(server.database, "crab_outbox") as wait:
        in_background(lambda: rpc.button("crab.redemption.enter", "action_confirm", [wizard]))
        wait()
        server.kill()
    assert numbers_like(world, "KRE", state="active") == 1
    assert world.run(lambda env: env["crab.delivery"].search_count([])) == 0
    server.start()
    server.rpc("e2e_admin").button("crab.redemption.enter", "action_confirm", [wizard])
    assert world.run(lambda env: env["crab.redemption"].search([]).card_id.ids) == [card_id]
    world.assert_sound()


def test_a_postgresql_killed_in_the_middle_comes_back_with_all_or_nothing(crashable):
    cluster, database = crashable
    registry = crabenv.open_registry(database)
    crabenv.ensure_card_keys()
    world = World(registry)
    world.fund(stored=600 * CARDS_ACTIVATED)
    done = world.issued(100, "PGD")
    ids = world.issued(CARDS_ACTIVATED, "PGA")
    world.run(lambda env: world.document(env, "activation", done, ("submit", "execute"), sender_dealer_id=world.top_id))
    world.fund(stored=600 * 100)
    committed = world.money()
    order_id = world.run(lambda env: world.document(env, "activation", ids, sender_dealer_id=world.top_id))

    def execute(env):
        from odoo.addons.crab_base.tools.subject import Subject

        env["crab.card.order"].browse(order_id)._step_for_subject(Subject("system", 1), "execute")

    with contextlib.suppress(psycopg2.Error), standing_before(database, "account_move") as wait:
        in_background(lambda: world.run(execute))
        wait()
        cluster.stop("immediate")
    cluster.start()
    harness.forget_registry(database)
    world.registry = crabenv.open_registry(database)
    assert numbers_like(world, "PGD", state="active") == 100, "what was committed is there"
    assert numbers_like(world, "PGA", state="active") == 0, "what was not is not"
    assert world.money() == committed
    world.assert_sound()
    world.run(execute)
    assert numbers_like(world, "PGA", state="active") == CARDS_ACTIVATED
    world.assert_sound()
