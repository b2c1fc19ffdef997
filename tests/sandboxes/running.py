"""A sandbox as a process of its own, for tests and scripts: start it, tell it to misbehave, end it."""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent


def command(name, folder, port=0):
    """The command line of a sandbox that keeps its keys and its state in ``folder``."""
    script, folder = HERE / name, Path(folder)
    state = ["--state", str(folder / f"{name}.sqlite")]
    return [sys.executable, str(script), "--port", str(port), "--keys", str(folder / "keys"), *state]


class Running:
    """The sandbox ``name``; keys and state stay in ``folder``, so that it can be killed and started again."""

    def __init__(self, name, folder):
        self.name, self.folder, self.port, self.log = name, Path(folder), 0, []
        self.process = None

    def start(self):
        """Start it, on the same port as before, and wait until it says its address."""
        self.process = subprocess.Popen(
            command(self.name, self.folder, self.port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in self.process.stdout:
            self.log.append(line)
            if line.startswith(f"{self.name}: http://"):
                self.url = line.split()[-1]
                self.port = int(self.url.rpartition(":")[2])
                threading.Thread(target=self.log.extend, args=(self.process.stdout,), daemon=True).start()
                return self
        raise RuntimeError(f"the sandbox {self.name} did not start:\n{''.join(self.log)}")

    def ctl(self, command, **values):
        """Give a command of the control interface; its result. A refused one raises with the reason."""
        body = json.dumps(values).encode()
        request = urllib.request.Request(f"{self.url}/__ctl/{command}", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None
