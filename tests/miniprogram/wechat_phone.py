"""A phone with WeChat that runs the built mini-program: miniprogram/scripts/wechat.cjs, driven from here."""

import json
import subprocess
from urllib.parse import quote, urlencode

import mini

LARGEST = 256 * 1024  # bytes of one setData


class WechatPhone:
    """What happens on it is over when a call returns; ``faults`` collects what WeChat or the program complained of."""

    def __init__(self, folder, server):
        self.process = subprocess.Popen(
            ["node", "scripts/wechat.cjs", str(folder), server.url],
            cwd=mini.FOLDER,
            env=mini.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.faults, self.toasts, self.asked, self.sent = [], [], [], []
        self.text, self.path, self.tabs = "", None, []

    def do(self, name, *values):
        """A method of ``Wechat``; what it returns."""
        self.process.stdin.write(json.dumps([name, *values]) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        self.text, self.path, self.tabs = told["text"], told.get("path"), told["tabs"]
        self.toasts, self.asked, self.sent = told["toasts"], told["asked"], told["sent"]
        self.faults += [f"{self.path}: {fault}" for fault in told["faults"]]
        if told["largest"] > LARGEST:
            self.faults.append(f"{self.path}: {told['largest']} bytes in one setData")
        assert "error" not in told, told["error"]
        return told.get("value")

    def enter_as(self, tokens):
        """Be logged in already when the program starts."""
        self.do("keep", "crab.tokens", {key: value for key, value in tokens.items() if key != "expires_in"})
        return self

    def launch(self, path="pages/home/index", **query):
        return self._open("launch", path, query)

    def open(self, path, **query):
        return self._open("open", path, query)

    def _open(self, how, path, query):
        self.do(how, f"{path}?{urlencode(query, quote_via=quote)}" if query else path)
        return self

    def tap(self, words):
        self.do("tap", words)
        return self

    def fill(self, label, text):
        self.do("fill", label, text)
        return self

    def answer(self, call, **given):
        """The user answers what WeChat asks, or will ask next; ``fail="cancel"`` for who does not want to."""
        self.do("answer", call, given)
        return self

    def wait(self, seconds):
        """So long later, without waiting for it."""
        self.do("pass", seconds * 1000)
        return self

    def back(self):
        self.do("back")
        self.do("pass", 500)
        return self

    def see(self, words):
        assert words in self.text or words in self.toasts, (
            f"«{words}» is not on {self.path}:\n{self.text}\n{self.toasts}"
        )
        return self

    def at(self, path):
        assert self.path == path, f"at {self.path}, not at {path}:\n{self.text}\n{self.toasts}"
        return self

    def was_asked(self, call):
        """What WeChat was asked to show, in the last step."""
        return next(one for one in self.asked if one["call"] == call)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
