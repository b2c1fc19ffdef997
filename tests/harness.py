"""What the end-to-end tests stand on: servers, parallel connections, RPC as the web client does it, faults, browser."""

import collections
import contextlib
import copy
import http.cookiejar
import json
import os
import runpy
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import serving

import crabenv

BUILD = crabenv.ROOT / ".build"
# covers(), from its file: importing the tests package of an addon would add its test models to every registry here
_common = crabenv.ROOT / "addons" / "crab_base" / "tests" / "common.py"
covers = runpy.run_path(str(_common))["covers"]
ROLES = (
    "admin",
    "finance",
    "card_keeper",
    "warehouse",
    "customer_service",
    "sales_rep",
    "department_manager",
    "auditor",
)


class RpcError(Exception):
    """What the server refused: ``name`` is the exception's class, the text is what the user reads."""

    def __init__(self, error):
        data = error.get("data") or {}
        super().__init__(data.get("message") or error.get("message"))
        self.name = data.get("name", "")
        self.debug = data.get("debug", "")


class Rpc:
    """A session of the web client: log in, then call models as its views do."""

    def __init__(self, url, database, login, password, timeout=300):
        self.url, self.timeout = url, timeout
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        session = self.post("/web/session/authenticate", {"db": database, "login": login, "password": password})
        self.uid = session["uid"]
        self.context = session["user_context"]

    def post(self, path, params):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})
        with self.opener.open(request, timeout=self.timeout) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer.get("result")

    def call(self, model, method, *args, **kwargs):
        """``call_kw`` with the user's context; the first argument of a record's method is the list of ids."""
        kwargs.setdefault("context", self.context)
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self.post(f"/web/dataset/call_kw/{model}/{method}", params)

    def button(self, model, method, ids, **kwargs):
        kwargs.setdefault("context", self.context)
        params = {"model": model, "method": method, "args": [ids], "kwargs": kwargs}
        return self.post(f"/web/dataset/call_button/{model}/{method}", params)

    def get(self, path):
        """``(status, body)`` of a page of this session."""
        try:
            with self.opener.open(self.url + path, timeout=self.timeout) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


Outcome = collections.namedtuple("Outcome", "kind value error wrote")


def undone(registry, uid, func, context=None):
    """``func(env)`` as this user, up to what the commit would check; then all of it is undone.

    :return: ``Outcome`` with kind ``ok`` and the value, or ``denied`` (AccessError), ``refused`` (another error that a
        user can read), ``broken`` (a traceback) and the error; ``wrote`` says whether it wrote or locked anything
    """
    from psycopg2 import IntegrityError

    from odoo import api
    from odoo.exceptions import AccessError, UserError
    from odoo.tools import mute_logger

    kind, value, error, wrote = "ok", None, None, False
    with registry.cursor() as cr:
        env = api.Environment(cr, uid, {"lang": "zh_CN", "tz": "Asia/Shanghai", **(context or {})})
        try:
            with mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"):
                value = func(env)
                cr.flush()
            cr.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            wrote = cr.fetchone()[0]
        except AccessError as refusal:
            kind, error = "denied", refusal
        except UserError as refusal:
            kind, error = "refused" if str(refusal).strip() else "broken", refusal
        except IntegrityError as refusal:
            cr.rollback()  # the client gets the constraint's text, as ``odoo.service.model.retrying`` makes it
            models = {model._table: env[name] for name, model in registry.items()}
            text = models.get(refusal.diag.table_name, env["base"])._sql_error_to_message(refusal)
            kind, error = "refused", UserError(text)
        except Exception as fault:  # noqa: BLE001  whatever it is, it is what the user would see
            kind, error = "broken", fault
        finally:
            cr.rollback()
            registry.reset_changes()
    return Outcome(kind, value, error, wrote)


def attempt(registry, uid, model, method, *args, context=None, **kwargs):
    """Call a model as the web client's RPC does, see :func:`undone`."""
    from odoo.service.model import call_kw

    kwargs, args = copy.deepcopy((kwargs, args))
    return undone(
        registry, uid, lambda env: call_kw(env[model], method, args, {**kwargs, "context": env.context}), context
    )


class Server:
    """Odoo with several workers on a database of its own, behind nginx, as processes that can be killed."""

    def __init__(self, database, workers=2, jobs=False):
        self.database, self.workers, self.jobs = database, workers, jobs
        self.processes = serving.Processes()
        self.log = BUILD / "server" / f"{database}.log"

    def start(self):
        port = crabenv.free_port()
        self.url = f"http://127.0.0.1:{port}"
        options = ["--max-cron-threads", "0"] + ([] if self.jobs else ["--load", "base,web"])
        try:
            serving.start_odoo(self.processes, self.database, port, self.workers, self.log, *options)
        except SystemExit:
            self.kill()
            pytest.fail(f"the server did not start, see {self.log}")
        return self

    def rpc(self, login, password=None):
        return Rpc(self.url, self.database, login, password or login)

    def stop(self):
        self.processes.stop()

    def kill(self):
        """SIGKILL to the server and all its workers at once: nothing is told to finish."""
        self.processes.kill()


def run_parallel(registry, count, func, uid=1, context=None):
    """Call ``func(env, number)`` ``count`` times at once, each in a transaction of its own connection.

    All begin together, after every connection is open. A call that loses a race is restarted as in production.

    :return: the results in order; an exception stands in the place of the result it prevented
    """
    from odoo.addons.crab_base.tools import transaction

    results, barrier = [None] * count, threading.Barrier(count)

    def work(number):
        waited = False

        def once(env):
            nonlocal waited
            if not waited:
                waited = True
                env.cr.execute("SELECT 1")
                env.cr.rollback()
                barrier.wait(60)
            return func(env, number)

        try:
            results[number] = transaction.run(registry, once, uid=uid, context=context)
        except Exception as error:  # noqa: BLE001  the caller looks at it
            results[number] = error
            barrier.abort() if not waited else None

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
        assert not thread.is_alive(), "a parallel call hangs"
    return results


def in_transaction(registry, func, uid=1, context=None):
    """``func(env)`` in a committed transaction of its own."""
    from odoo.addons.crab_base.tools import transaction

    return transaction.run(registry, func, uid=uid, context=context)


def make_users(env, roles=ROLES, companies=("group", "sales"), prefix="e2e"):
    """A user per role, in the companies, with Chinese; login and password are ``<prefix>_<role>``."""
    companies = env["res.company"].union(*(env["res.company"]._crab_company(role) for role in companies))
    users = env["res.users"].with_context(no_reset_password=True)
    return {
        role: users.create(
            {
                "name": role,
                "login": f"{prefix}_{role}",
                "password": f"{prefix}_{role}",
                "lang": "zh_CN",
                "tz": "Asia/Shanghai",
                "company_id": companies[:1].id,
                "company_ids": [(6, 0, companies.ids)],
                "group_ids": [(6, 0, [env.ref(f"crab_base.group_{role}").id])],
            }
        ).id
        for role in roles
    }


@contextlib.contextmanager
def own_cluster(folder, template):
    """A PostgreSQL of its own with a copy of the template, so that crashing it hurts nobody; durable as in production.

    Inside, ``PGHOST`` names it: servers and registries made there use it.

    :return: ``(cluster, name of the copy)``
    """
    shared, database = os.environ["PGHOST"], f"crab_crash_{os.getpid()}"
    source = crabenv.clone_database(template, f"crab_test_{os.getpid()}_source")
    cluster = crabenv.Cluster(Path(folder) / "data", Path(folder) / "socket")
    try:
        cluster.start()
        os.environ["PGHOST"] = str(cluster.sockets)
        with crabenv.connect() as cr:
            cr.execute(f"CREATE DATABASE {database} TEMPLATE template0")
            cr.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
            assert cr.fetchone() == ("on", "on")
        dump = subprocess.Popen(
            [crabenv.pg_bin("pg_dump"), "-h", shared, "-U", os.environ["PGUSER"], source], stdout=subprocess.PIPE
        )
        load = [crabenv.pg_bin("psql"), "-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", database]
        subprocess.run(load, stdin=dump.stdout, check=True, stdout=subprocess.DEVNULL)
        assert dump.wait() == 0
        crabenv.clone_files(source, database)
        yield cluster, database
    finally:
        os.environ["PGHOST"] = shared
        cluster.stop("immediate")
        crabenv.drop_database(source)
        crabenv.drop_files(database)


def forget_registry(database):
    """Close this process's connections to a database."""
    import sys

    if "odoo.sql_db" in sys.modules:
        from odoo import sql_db
        from odoo.modules.registry import Registry

        Registry.delete(database)
        sql_db.close_db(database)


class Screen:
    """The web client in Debian's chromium, in Chinese, as one user."""

    def __init__(self, browser, server, login, password=None):
        self.server = server
        self.context = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1400, "height": 900}
        )
        self.errors = []
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{server.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password or login)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar")

    def open(self, action):
        """Go to an action by its XML id."""
        self.page.goto(f"{self.server.url}/odoo/action-{action}")
        self.page.wait_for_selector(".o_action_manager .o_view_controller, .o_action_manager .o_content")

    def settle(self):
        """Wait until the web client has loaded and drawn what it was asked for."""
        self.page.wait_for_function("!document.querySelector('.o_loading_indicator, .o_blockUI')")
        self.page.evaluate("() => document.fonts.ready.then(() => true)")

    def shot(self, name):
        """Keep a picture as build output."""
        self.settle()
        path = BUILD / "screenshots" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path))
        return path

    def overflows(self):
        """Texts of the navigation and the buttons that stand out of their box."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('.o_control_panel button, .o_main_navbar button, .o_form_label')]
                .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 0)
                .map(e => e.innerText)"""
        )

    def close(self):
        self.context.close()
