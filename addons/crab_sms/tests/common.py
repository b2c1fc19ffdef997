import json

from odoo.addons.crab_base.tests.common import CrabCase, sandbox

PHONE = "13900000001"
E164 = f"+86{PHONE}"


def account_values(running, provider):
    """What an administrator enters in the form of the account."""
    own = json.loads((running.folder / "keys" / "sms.json").read_text())["credentials"][provider]
    return {"provider": provider, "new_secret": own.pop("key_secret"), "endpoint": running.url, **own}


class SmsCase(CrabCase):
    """The Sales company sends by Tencent Cloud, the Group by Aliyun; the sandbox plays both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = sandbox("sms").start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.env["crab.sms.account"].search([]).active = False
        cls.tencent, cls.aliyun = cls.env["crab.sms.account"].create(
            [
                {"company_id": company.id, **account_values(cls.sandbox, provider)}
                for company, provider in ((cls.sales, "tencent"), (cls.group, "aliyun"))
            ]
        )
        cls.shipped, cls.news = cls.env["crab.sms.template"].create(
            [
                {
                    "name": "Shipped",
                    "account_id": cls.tencent.id,
                    "body": "您的订单{order}已发货，{carrier} {tracking}，请留意查收。",
                    "provider_code": "1000002",
                },
                {
                    "name": "News",
                    "account_id": cls.aliyun.id,
                    "body": "您有一条新消息：{order}",
                    "provider_code": "SMS_1000004",
                },
            ]
        )
        cls.agent = cls._new_user("sms-agent", "customer_service")
        cls.Sms = cls.env["sms.sms"]

    def setUp(self):
        super().setUp()
        self.sandbox.ctl("reset")
        self.sandbox.ctl(
            "settings", pace=False, ahead=0, credit=None, report="", report_url={}, bad_numbers=[], blacklist=[]
        )
        self.before = len(self.sandbox.ctl("messages"))

    def queue(self, template, *phones, order="S1"):
        return self.Sms._crab_queue(
            template, [(phone, {"order": order, "carrier": "顺丰", "tracking": "SF1"}) for phone in phones]
        )

    def run_queue(self):
        """The scheduled action, as it runs by itself."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crab_sms.cron_queue").method_direct_trigger()
        self.env.invalidate_all()

    def sent(self):
        """What the sandbox has accepted in this test."""
        return self.sandbox.ctl("messages")[self.before :]

    def let_time_pass(self, sms, minutes):
        """As if the last try of ``sms`` lay so long ago."""
        for field in ("crab_taken_at", "crab_next_try_at"):
            self.env.cr.execute(
                f"UPDATE sms_sms SET {field} = {field} - %s * interval '1 minute' WHERE id = ANY(%s)",  # noqa: S608
                [minutes, sms.ids],
            )
        self.env.invalidate_all()
