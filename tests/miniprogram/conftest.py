"""The page for browsers, end to end: a real server, the sandboxes of WeChat Pay and SMS, the H5 build at /m/.

    def test_order(phone, world):
        phone.enter_as("13711110001")                 # or phone.login("13711110001"), by the code of the SMS
        phone.open("pages/catalogue/index")           # afresh, as from a link
        phone.tap("礼盒").see("尊享礼盒")               # buttons, cells, tabs by text or aria-label
        phone.fill("手机号", "13800138000")            # fields by their label
        phone.net.lose("/orders", method="POST")      # done by the server, the answer is lost; also hold, fail, offline
        phone.allow("ERR_CONNECTION_RESET")           # what the test itself provokes

``world`` is a ``ShopWorld`` (tests/shop_world.py) with the made-up company of ``scripts/run``; ``world.later()`` does
what runs by itself (payments, jobs). A test fails by itself when the page logged an error, asked another host, or is
wider than the screen at its end. ``other_phone`` is a second person. One file by itself:

    .venv/bin/python -m pytest -q -p no:odoo tests/miniprogram/test_entry.py
"""

import sys

import mini
import pytest
import running

import crabenv

sys.path.append(str(crabenv.ROOT / "tests" / "api"))

from phone import SMALL, Phone, PhoneWorld  # noqa: E402


@pytest.fixture(scope="session")
def h5():
    """The folder of the built page."""
    if mini.missing():
        pytest.fail(f"{' and '.join(mini.missing())} must be installed (Node 20 or later)")
    mini.install()
    folder, _said = mini.build("h5")
    return folder


@pytest.fixture(scope="module")
def sms_sandbox(tmp_path_factory):
    started = running.Running("sms", tmp_path_factory.mktemp("sms")).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def world(h5, module_registry, module_server, sandbox, sms_sandbox):
    return PhoneWorld(module_registry, module_server, sandbox, sms_sandbox)


@pytest.fixture
def phones(browser, world):
    """``phones(size)`` opens one more phone; each is looked at when the test ends."""
    opened = []

    def make(size=None):
        opened.append(Phone(browser, world, size) if size else Phone(browser, world))
        return opened[-1]

    yield make
    faults = [fault for one in opened for fault in [*one.faults, *one.overflows()]]
    for one in opened:
        one.close()
    assert not faults, faults


@pytest.fixture
def phone(phones):
    return phones()


@pytest.fixture
def other_phone(phones):
    return phones()


@pytest.fixture
def small_phone(phones):
    return phones(SMALL)


@pytest.fixture
def pay_page(sandbox):
    """Where one pays: what the shop is told, is told at once."""
    sandbox.ctl("settings", notify=True)
    yield sandbox.url
    sandbox.ctl("settings", notify=False)
