#!/usr/bin/env python3
"""One role of the product in a container, configured by the environment.

usage: entrypoint.py web | gevent | jobs | migrate | check-keys | shell

  web         pages and RPC, port 8069
  gevent      the websocket, port 8072
  jobs        background jobs and scheduled actions; its own port 8069 only serves the job runner
  migrate     install the addons into an empty database, or update an existing one; ends
  check-keys  whether the key ring of the card passwords is the one this database was made with; ends
  shell       Odoo's Python shell

Environment: PGHOST PGPORT PGUSER, PGPASSWORD or PGPASSWORD_FILE, CRAB_DATABASE, CRAB_CARD_KEYS_FILE, CRAB_DATA_DIR,
CRAB_WORKERS, CRAB_JOB_CHANNELS, CRAB_LOG_LEVEL, CRAB_MEMORY_SOFT and CRAB_MEMORY_HARD (bytes, per worker).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECK_KEYS = """
problem = env["crab.card.key"]._keyring_problem()
print(problem or "the key ring fits this database")
raise SystemExit(1 if problem else 0)
"""


def value(name, default=None):
    """A setting from the environment, or from the file that ``<name>_FILE`` names (a container secret)."""
    if os.environ.get(f"{name}_FILE"):
        return Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
    found = os.environ.get(name) or default
    if found is None:
        sys.exit(f"entrypoint: {name} or {name}_FILE must be set")
    return found


def addons():
    return sorted(path.parent.name for path in (ROOT / "addons").glob("*/__manifest__.py"))


def settings(role):
    """The configuration of a role; the password of the database is in no command line."""
    database = value("CRAB_DATABASE", "crab")
    workers = int(value("CRAB_WORKERS", "4"))
    modules = "base,web" if role in ("web", "gevent") else "base,web,queue_job"
    return {
        "addons_path": ROOT / "addons",
        "data_dir": value("CRAB_DATA_DIR", "/var/lib/crab"),
        "db_host": value("PGHOST"),
        "db_port": value("PGPORT", "5432"),
        "db_user": value("PGUSER"),
        "db_password": value("PGPASSWORD"),
        # no filter beside it: with one, Odoo lists the databases for each request without a session
        "db_name": database,
        "list_db": False,
        "with_demo": False,
        "proxy_mode": True,
        "http_interface": "0.0.0.0",
        "server_wide_modules": modules,
        "workers": 0 if role in ("migrate", "check-keys", "shell") else workers,
        "max_cron_threads": 1 if role == "jobs" else 0,
        "limit_memory_soft": value("CRAB_MEMORY_SOFT", str(1024**3)),
        # a large import is one job: it may take longer than anybody waits for a page
        "limit_time_cpu": 3600 if role == "jobs" else 600,
        "limit_time_real": 7200 if role == "jobs" else 1200,
        # of address space, which wkhtmltopdf inherits: with less it fails on documents with styles
        "limit_memory_hard": value("CRAB_MEMORY_HARD", str(2560 * 1024**2)),
        "log_level": value("CRAB_LOG_LEVEL", "info"),
    }


def write_configuration(role):
    path = Path(os.environ.get("CRAB_CONFIGURATION") or "/tmp/crab-odoo.conf")
    lines = ["[options]", *[f"{key} = {entry}" for key, entry in settings(role).items()]]
    lines += ["", "[queue_job]", f"channels = {value('CRAB_JOB_CHANNELS', 'root:2')}", ""]
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def installed():
    """Whether the suite is in the database. Makes the extension that Odoo wants for its trigram indexes."""
    import psycopg2

    connection = psycopg2.connect(
        host=value("PGHOST"),
        port=value("PGPORT", "5432"),
        user=value("PGUSER"),
        password=value("PGPASSWORD"),
        dbname=value("CRAB_DATABASE", "crab"),
    )
    with connection, connection.cursor() as cr:
        cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cr.execute("SELECT to_regclass('ir_module_module') IS NOT NULL")
        if not cr.fetchone()[0]:
            return False
        cr.execute("SELECT 1 FROM ir_module_module WHERE name = 'crab_base' AND state = 'installed'")
        return bool(cr.fetchone())


def main():
    role = sys.argv[1] if len(sys.argv) == 2 else ""
    if role not in ("web", "gevent", "jobs", "migrate", "check-keys", "shell"):
        print(__doc__, file=sys.stderr)
        return 2
    configuration = write_configuration(role)
    command = [sys.executable, str(ROOT / "scripts" / "odoo_cli.py")]
    if role == "check-keys":
        arguments = [*command, "shell", "-c", str(configuration), "--log-level", "error", "--no-http"]
        return subprocess.run(arguments, input=CHECK_KEYS, text=True, check=False).returncode
    if role == "migrate":
        names = ",".join(addons())
        # new addons are installed, those that are there updated; an empty database gets Chinese
        words = ["-i", names, "-u", names] if installed() else ["-i", names, "--load-language", "zh_CN"]
        words += ["--stop-after-init", "--no-http"]
    else:
        words = []
    figures = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/crab-figures"))
    shutil.rmtree(figures, ignore_errors=True)  # of workers that are gone
    figures.mkdir(parents=True)
    prefix = {"gevent": ["gevent"], "shell": ["shell"]}.get(role, [])
    os.execv(command[0], [*command, *prefix, "-c", str(configuration), *words])
    return 1


if __name__ == "__main__":
    sys.exit(main())
