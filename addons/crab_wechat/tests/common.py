import json

from odoo.addons.crab_base.tests.common import sandbox
from odoo.addons.crab_notice.tests.test_notice import NoticeCase


def app_values(running):
    """What an administrator enters in the form of the mini-program."""
    own = json.loads((running.folder / "keys" / "wechat.json").read_text())["credentials"]
    seen = ("app_id", "corp_id", "service_url")
    values = {name if name in seen else f"new_{name}": own[name] for name in own}
    return {"name": "Program", "base_url": running.url, **values}


class WechatCase(NoticeCase):
    """One mini-program at the sandbox; what is committed by itself stays in the test's transaction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = sandbox("wechat").start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.env["crab.wechat.app"].search([]).active = False
        cls.program = cls.env["crab.wechat.app"].create(app_values(cls.sandbox))
        cls.Account = cls.env["crab.account"]
        cls.Scene = cls.env["crab.wechat.scene"]
        cls.account = cls.member.account_id

    def setUp(self):
        super().setUp()
        self.sandbox.ctl("reset")
        self.sandbox.ctl(
            "settings", bad_token=False, seconds=7200, force_left=20, quota=None, pages=None, refuse={}, late=[]
        )
        own = self._own_transactions_here()
        own.__enter__()
        self.addCleanup(own.__exit__, None, None, None)

    def received(self, on):
        """What the sandbox was sent in this test, newest last."""
        return self.sandbox.ctl("received", on=on)

    def js_code(self, openid="o-1", unionid=""):
        return self.sandbox.ctl("js_code", openid=openid, unionid=unionid)

    def phone_code(self, phone, **values):
        return self.sandbox.ctl("phone_code", phone=phone, **values)

    def bind(self, account, openid):
        """As if ``account`` had logged in by WeChat."""
        self.env["crab.account.openid"].create({"account_id": account.id, "app": self.program.app_id, "openid": openid})

    def run_job(self, name):
        """The scheduled action, as it runs by itself."""
        self.env.flush_all()
        self.env.ref(f"crab_wechat.{name}").method_direct_trigger()
        self.env.invalidate_all()
