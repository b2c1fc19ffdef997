"""Odoo as a set of processes: workers, gevent and job runner, with nginx in front as in production."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

import crabenv


class Processes:
    """What was started here; stopped in reverse order."""

    def __init__(self):
        self.running = []

    def start(self, name, command, log, **kwargs):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as target:
            # a session of its own: Ctrl-C reaches only the script, which stops the rest in order
            process = subprocess.Popen(command, stdout=target, stderr=target, start_new_session=True, **kwargs)
        self.running.append((name, process))
        return process

    def ended(self):
        """The name of a process that ended by itself, if any."""
        return next((name for name, process in self.running if process.poll() is not None), None)

    def stop(self):
        for _name, process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(15)
        self.kill()

    def kill(self):
        """SIGKILL to all of them and their children: nothing is told to finish."""
        for _name, process in reversed(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()


def nginx_binary():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def start_nginx(processes, name, port, web_port, gevent_port, log):
    """The proxy of production: it sends the websocket to the gevent worker, which the web workers cannot serve."""
    folder = crabenv.DATA_DIR / "nginx" / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    words = {
        "CRAB_WEB": f"127.0.0.1:{web_port}",
        "CRAB_GEVENT": f"127.0.0.1:{gevent_port}",
        "CRAB_LISTEN": f"127.0.0.1:{port}",
        "CRAB_TRUSTED_PROXY": "127.0.0.1",
        "CRAB_CACHE": f'"{folder}/cache"',
        "CRAB_H5": f'"{crabenv.odoo_environment()["CRAB_H5_DIR"]}"',
    }
    template = (crabenv.ROOT / "docker" / "nginx.conf.template").read_text(encoding="utf-8")
    server = re.sub(r"\$\{(CRAB_\w+)\}", lambda found: words[found[1]], template)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f'{kind}_temp_path "{folder}/{kind}";\n' for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f'{user}pid "{folder}/pid";\nerror_log "{log}";\nevents {{}}\n'
        f"http {{\naccess_log off;\n{temporary}{server}}}\n",
        encoding="utf-8",
    )
    command = [nginx_binary(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;", "-e", str(log)]
    processes.start("nginx", command, log)


def start_odoo(processes, database, port, workers, log, *options):
    """Start Odoo, behind nginx where that is installed, and wait for the first good answer of the web client.

    :return: port of the web workers themselves
    """
    behind_nginx = bool(nginx_binary()) and workers > 0
    web_port = crabenv.free_port() if behind_nginx else port
    gevent_port = crabenv.free_port()
    arguments = ["--http-port", str(web_port), "--gevent-port", str(gevent_port), "--workers", str(workers), *options]
    arguments += ["--proxy-mode"] if behind_nginx else []
    figures = crabenv.DATA_DIR / "figures" / database  # of all processes, for /metrics; new with each start
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    environment = {
        **crabenv.odoo_environment(),
        "PROMETHEUS_MULTIPROC_DIR": str(figures),
        "ODOO_QUEUE_JOB_HOST": "127.0.0.1",
        "ODOO_QUEUE_JOB_PORT": str(web_port),
    }
    command = crabenv.odoo_command() + crabenv.odoo_arguments(database) + arguments
    log.unlink(missing_ok=True)
    processes.start("Odoo", command, log, env=environment)
    wait_for_answer(processes, web_port, log)
    if behind_nginx:
        start_nginx(processes, database, port, web_port, gevent_port, log)
        wait_for_answer(processes, port, log)
    return web_port


def answers(port):
    """Whether the web client's login page comes back whole."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login", timeout=60) as response:
            return response.status == 200 and b"/web/assets/" in response.read()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def wait_for_answer(processes, port, log):
    def answered():
        gone = processes.ended()
        if gone:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
            crabenv.die(f"{tail}\n{gone} ended while starting, see above and {log}")
        return answers(port)

    crabenv.wait_until(answered, 180, f"the web client on port {port}; its log is {log}")
