"""What every test run of the suite records: outcomes with the requirements they prove, and warnings of our own code.

With ``CRAB_RESULTS`` set to a path, one JSON line per finished test goes to ``<path>.tests`` and one per warning that
our addons logged to ``<path>.warnings``; ``scripts/test`` and ``scripts/trace`` read them. With ``CRAB_CLAIMS`` set to
a folder, processes that were given the same files share them.
"""

import hashlib
import json
import logging
import os
from pathlib import Path

from hypothesis import settings

settings.register_profile("fixed", deadline=None, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, database=None, max_examples=500)
settings.load_profile(os.environ.get("CRAB_HYPOTHESIS", "fixed"))

RESULTS = os.environ.get("CRAB_RESULTS")
CLAIMS = os.environ.pop("CRAB_CLAIMS", None)
OURS = ("crab_", "payment_wechatpay")
_items, _states = {}, {}


def _append(kind, **values):
    if RESULTS:
        with Path(f"{RESULTS}.{kind}").open("a", encoding="utf-8") as target:
            target.write(json.dumps(values, ensure_ascii=False) + "\n")


class _OurWarnings(logging.Handler):
    """A test that expects a warning catches it (``assertLogs``, ``mute_logger``); any other is a fault."""

    def emit(self, record):
        text = record.getMessage()
        ours = record.name.startswith(tuple(f"odoo.addons.{name}" for name in OURS))
        if ours or (record.name == "py.warnings" and any(f"addons/{name}" in text for name in OURS)):
            _append("warnings", test=os.environ.get("PYTEST_CURRENT_TEST", ""), text=f"{record.name}: {text}"[:2000])


def pytest_configure():
    logging.getLogger().addHandler(_OurWarnings(logging.WARNING))


def pytest_itemcollected(item):
    _items[item.nodeid] = getattr(getattr(item, "function", None), "crab_covers", [])


def _claim(path):
    """Whether no other process has taken this file."""
    try:
        (Path(CLAIMS) / hashlib.sha256(str(path).encode()).hexdigest()).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def pytest_runtestloop(session):
    """As pytest's own, but for files that another process has taken."""
    if not CLAIMS or session.testsfailed:
        return None
    files = {}
    for item in session.items:
        files.setdefault(item.path, []).append(item)
    for path, items in files.items():
        if _claim(path):
            # what comes next is not known yet: all of the file is torn down, what belongs to the session stays
            for item, following in zip(items, [*items[1:], session], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return True


def pytest_runtest_logreport(report):
    """Reports of setup, call, each subtest and teardown: one that is not passed decides."""
    state = _states.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0})
    state["seconds"] += report.duration
    if report.outcome != "passed" and state["outcome"] != "failed":
        state["outcome"] = report.outcome
    if report.when == "teardown":
        state = _states.pop(report.nodeid)
        _append(
            "tests",
            test=report.nodeid,
            outcome=state["outcome"],
            seconds=round(state["seconds"], 3),
            covers=_items.get(report.nodeid, []),
        )


def pytest_collectreport(report):
    if report.failed:
        _append("tests", test=report.nodeid or "collection", outcome="failed", seconds=0, covers=[])
