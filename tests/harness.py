"""What the end-to-end tests stand on: servers, parallel connections, RPC as the web client does it, faults, browser."""

import collections
import contextlib
import copy
import http.cookiejar
import json
import os
import re
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
            self.web_port = serving.start_odoo(self.processes, self.database, port, self.workers, self.log, *options)
        except SystemExit:
            self.kill()
            pytest.fail(f"the server did not start, see {self.log}")
        return self

    def rpc(self, login, password=None):
        return Rpc(self.url, self.database, login, password or login)

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
        load = [crabenv.pg_bin("psql"), "-q", "-X", "-1", "-v", "ON_ERROR_STOP=1", "-d", database]
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


# what may stand on a Chinese screen in Latin letters, besides capitals (codes, abbreviations) and names of users
LATIN = {"Crab", "Excel", "FastAPI", "Odoo", "OdooBot", "csv", "xlsx", "pdf", "Administrator", "System", *ROLES}
# what Odoo itself writes to the console: a script that its package leaves out
CONSOLE = ("selfie_segmentation",)


# The web client draws a list as it was kept from the last time, and asks the server meanwhile (its data cache):
# what is still asked for is counted, as its own sign of loading comes a quarter of a second later.
ASKED = """
    window.asked = 0;
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (...body) {
        window.asked++;
        this.addEventListener("loadend", () => window.asked--);
        return send.apply(this, body);
    };
"""
# three frames in which nothing was asked for: what an answer brings is drawn, and asked for what it shows
STILL = """() => {
    const busy = window.asked || document.querySelector('.o_loading_indicator, .o_blockUI');
    window.still = busy ? 0 : (window.still || 0) + 1;
    return window.still > 3;
}"""


class Screen:
    """The web client in Debian's chromium, in Chinese, as one user."""

    def __init__(self, browser, server, login, password=None):
        self.server = server
        self.context = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1400, "height": 900}
        )
        self.context.add_init_script(ASKED)
        self.errors = []
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note_console)
        self.page.goto(f"{server.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password or login)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar", timeout=120_000)  # the first page builds the assets

    def _note_console(self, message):
        if message.type == "error" and not any(known in message.text for known in CONSOLE):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    # ------------------------------------------------------------------ moving

    def open(self, action, record_id=None):
        """Go to an action by its XML id, or to a record of it."""
        self.page.goto(f"{self.server.url}/odoo/action-{action}" + (f"/{record_id}" if record_id else ""))
        self.page.wait_for_selector(".o_action_manager .o_view_controller, .o_action_manager .o_content")
        self.settle()

    def settle(self):
        """Wait until the web client has loaded and drawn what it was asked for."""
        self.page.evaluate("() => document.fonts.ready.then(() => (window.still = 0))")
        self.page.wait_for_function(STILL)

    def new(self):
        """A new record from a list or another record."""
        self.page.locator(".o_form_button_create:visible, .o_list_button_add:visible").first.click()
        self.page.locator(".o_form_view .o_form_editable:visible").wait_for()

    def press(self, name, confirm=False):
        """A button by the name of its method; ``confirm`` answers yes to what it asks."""
        self.page.locator(f"button[name='{name}']:visible").last.click()
        if confirm:
            # not the button itself, which may stand in a dialogue and waits for the answer
            self.page.locator(".modal-footer .btn-primary:not([disabled]):visible").last.click()

    def wait_for_state(self, text):
        """Wait until the status bar of the form says so."""
        current = self.page.locator(".o_statusbar_status .o_arrow_button_current:visible")
        current.filter(has_text=text).wait_for()
        self.settle()

    def wait_for_dialog(self, shown=True):
        """Wait until a dialogue is there, or gone."""
        self.page.locator(".modal:visible").first.wait_for(state="visible" if shown else "detached")
        self.settle()

    def menus(self, root):
        """``(names, section, menu, model)`` of each menu below ``root`` that opens something for the user.

        :return: the model is None unless a click on a line of its list opens the record
        """
        tree = self.page.evaluate("() => fetch('/web/webclient/load_menus').then(answer => answer.json())")
        menus = {menu["xmlid"]: menu for menu in tree.values()}

        def below(menu, names, section):
            if menu["actionID"] and not menu["children"]:
                yield names, section, menu["xmlid"], self._listed(menu["actionID"])
            for child in menu["children"]:
                child = tree[str(child)]
                yield from below(child, [*names, child["name"]], section or child["xmlid"])

        return list(below(menus[root], [], None))

    def _listed(self, action_id):
        """The model of an action with list and form."""
        action = self.page.evaluate(
            """id => fetch('/web/action/load', {
                method: 'POST',
                headers: {'Content-Type': 'application/json'},
                body: JSON.stringify({jsonrpc: '2.0', method: 'call', params: {action_id: id}}),
            }).then(answer => answer.json()).then(answer => answer.result)""",
            action_id,
        )
        kinds = [kind for _id, kind in action.get("views") or ()]
        return action["res_model"] if kinds[:1] == ["list"] and "form" in kinds else None

    def enter(self, app):
        """Open an application by the XML id of its menu."""
        self.page.locator(".o_navbar_apps_menu button").click()
        self.page.locator(f".o-dropdown--menu .o_app[data-menu-xmlid='{app}']").click()
        self.page.locator(f".o_menu_brand[data-menu-xmlid='{app}']").wait_for()

    @contextlib.contextmanager
    def arriving(self):
        """Wait until what is done inside has brought another view, a dialogue or an error."""
        self.page.evaluate(
            "document.querySelectorAll('.o_action, .modal .o_form_view').forEach(e => e.setAttribute('data-left', ''))"
        )
        yield
        arrived = ".o_action:not([data-left]) .o_content > *, .modal .o_form_view:not([data-left]), .o_error_dialog"
        self.page.locator(arrived).first.wait_for()
        self.settle()

    # ------------------------------------------------------------------ fields

    def field(self, name):
        """A field of the form, or of the dialogue above it."""
        place = ".modal " if self.page.locator(".modal:visible").count() else ""
        return self.page.locator(f"{place}.o_field_widget[name='{name}']:visible").last

    def fill(self, name, text):
        box = self.field(name).locator("input, textarea").first
        box.fill(text)
        box.press("Tab")

    def choose(self, name, text):
        """A record by typing."""
        self.field(name).locator("input").first.fill(text)
        self.page.locator(".o-autocomplete--dropdown-item:visible", has_text=text).first.click()

    def select(self, name, label):
        """One of a selection by its whole label."""
        from playwright.sync_api import expect

        toggler = self.field(name).locator(".o_select_menu_toggler")
        toggler.click()
        exactly = re.compile(rf"^\s*{re.escape(label)}\s*$")
        self.page.locator(".o_select_menu_item:visible").filter(has_text=exactly).click()
        expect(toggler).to_have_value(label)

    def upload(self, name, filename, content):
        """Choose a file from the disk; it is there when its name is shown."""
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        field = self.field(name)
        field.locator("input[type=file]").set_input_files({"name": filename, "mimeType": kind, "buffer": content})
        self.page.wait_for_function(
            "([name, file]) => [...document.querySelectorAll(`.o_field_widget[name='${name}'] input`)]"
            ".some(box => box.type !== 'file' && box.value === file)",
            arg=[name, filename],
        )

    def download(self, name):
        """Press a button that gives a file; its content."""
        with self.page.expect_download() as waiting:
            self.press(name)
        return Path(waiting.value.path()).read_bytes()

    # ------------------------------------------------------------------ looking

    def shot(self, name):
        """Keep a picture as build output."""
        self.settle()
        path = BUILD / "screenshots" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path))
        return path

    def faults(self):
        """What is wrong with the page as it stands: errors, texts out of their box, words that are not translated."""
        dialogs = self.page.locator(".o_error_dialog:visible").all_inner_texts()
        texts = [f"overflow: {text}" for text in self.overflows()]
        return [*self.errors, *dialogs, *texts, *(f"not translated: {word}" for word in sorted(self.latin()))]

    def overflows(self):
        """Texts of the navigation and the buttons that stand out of their box, and lists wider than their place."""
        return self.page.evaluate(
            """() => {
                const seen = selector => [...document.querySelectorAll(selector)].filter(e => e.offsetParent);
                const boxes = '.o_control_panel button, .o_main_navbar button, .o_form_label, .o_form_statusbar button';
                return [
                    ...seen(boxes).filter(e => e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 0)
                        .map(e => e.innerText),
                    ...seen('.o_content > .o_list_renderer, .o_field_x2many .o_list_renderer')
                        .filter(e => e.scrollWidth > e.clientWidth + 2)
                        .map(e => 'list ' + e.innerText.slice(0, 80)),
                ];
            }"""
        )

    def latin(self):
        """Visible words in Latin letters that are no names; messages are in the words of their time."""
        texts = self.page.evaluate(
            """() => [...document.querySelectorAll('.o_action_manager *, .o_main_navbar *, .modal *')]
                .filter(e => e.offsetParent && !e.closest('.o-mail-Message'))
                .flatMap(e => [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => n.textContent))"""
        )
        words = {word for text in texts for word in re.findall(r"(?<![\w.@/:=-])[A-Za-z]{2,}(?![\w.@/:=-])", text)}
        return {word for word in words if not word.isupper()} - LATIN

    def close(self):
        self.context.close()
