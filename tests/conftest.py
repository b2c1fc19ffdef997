"""Fixtures of the end-to-end tests; ``scripts/test --only e2e`` runs them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests"), str(ROOT / "tests" / "sandboxes")]

from odoo.tools import config  # noqa: E402

import crabenv  # noqa: E402

config.parse_config(["--addons-path", str(ROOT / "addons")])  # odoo.addons.crab_… can be imported from here on

from odoo.modules.module import load_openerp_module  # noqa: E402

load_openerp_module("crab_base")  # before anything imports from it: its restart policy would not be installed

import running  # noqa: E402

import harness  # noqa: E402


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The prepared database with the whole suite; card keys of this run's own."""
    os.environ["CRAB_CARD_KEYS_FILE"] = str(tmp_path_factory.mktemp("keys") / "card-keys.json")
    crabenv.ensure_postgres()
    name = crabenv.product_template()
    crabenv.drop_left_databases("crab_test")
    return name


def _database(template, count=[0]):  # noqa: B006  numbers the databases of this process
    count[0] += 1
    name = crabenv.clone_database(template, f"crab_test_{os.getpid()}_e2e_{count[0]}")
    try:
        yield name
    finally:
        harness.forget_registry(name)
        crabenv.drop_database(name)


def _registry(database):
    registry = crabenv.open_registry(database)
    crabenv.ensure_card_keys()
    return registry


def _server(database):
    server = harness.Server(database).start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def database(template):
    """A fresh copy of the product's database."""
    yield from _database(template)


@pytest.fixture
def registry(database):
    """Odoo in this process on :func:`database`; ``harness.in_transaction`` and ``harness.run_parallel`` use it."""
    return _registry(database)


@pytest.fixture
def server(registry, database):
    """Odoo with two workers on :func:`database`."""
    yield from _server(database)


@pytest.fixture(scope="module")
def module_database(template):
    yield from _database(template)


@pytest.fixture(scope="module")
def module_registry(module_database):
    return _registry(module_database)


@pytest.fixture(scope="module")
def module_server(module_registry, module_database):
    yield from _server(module_database)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """WeChat Pay played by our sandbox; it sends no notification by itself and ends refunds well."""
    started = running.Running("wechatpay", tmp_path_factory.mktemp("wechatpay")).start()
    started.ctl("settings", notify=False, refund="SUCCESS")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def everything_database(template):
    yield from _database(template)


@pytest.fixture(scope="session")
def everything(everything_database):
    """A business with a record of every model and a user per role; for tests that leave it as it is."""
    from everything import Everything

    return Everything(_registry(everything_database))


@pytest.fixture(scope="session")
def everything_server(everything, everything_database):
    """Odoo with two workers on :func:`everything`."""
    yield from _server(everything_database)


@pytest.fixture(scope="session")
def crash_cluster(template):
    folder = Path(f"/tmp/crab-crash-{os.getpid()}")  # a socket's path must be short
    shared = os.environ["PGHOST"]
    try:
        with harness.own_cluster(folder, template) as made:
            os.environ["PGHOST"] = shared
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def crashable(crash_cluster, monkeypatch):
    """``(cluster, database)`` on a PostgreSQL of its own; ``cluster.stop("immediate")`` crashes it."""
    cluster, source = crash_cluster
    monkeypatch.setenv("PGHOST", str(cluster.sockets))
    cluster.start()
    for database in _database(source):
        yield cluster, database
        cluster.start()


@pytest.fixture(scope="session")
def browser():
    with crabenv.browser() as made:
        yield made


@pytest.fixture
def screen(browser):
    """``screen(server, login)`` logs in; closed at the end."""
    opened = []

    def login(server, name, password=None):
        opened.append(harness.Screen(browser, server, name, password))
        return opened[-1]

    yield login
    for one in opened:
        one.close()
