import json
import runpy
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.payment.tests.common import PaymentCommon

# from its file: this addon stands alone, it does not import the suite
suite = runpy.run_path(str(Path(__file__).resolve().parents[2] / "crab_base" / "tests" / "common.py"))
covers, sandbox = suite["covers"], suite["sandbox"]


def credentials(running):
    return json.loads((running.folder / "keys" / "wechatpay.json").read_text())["credentials"]


def provider_values(running):
    """What a merchant enters in the form of the provider."""
    return (
        {"wechatpay_base_url": running.url}
        | {f"wechatpay_{name}": value for name, value in credentials(running).items() if name != "api_v3_key"}
        | {"wechatpay_api_key": credentials(running)["api_v3_key"]}
    )


@tagged("post_install", "-at_install")
class WechatpayCase(PaymentCommon):
    """A provider that pays at the sandbox, in yuan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        cls.sandbox = sandbox("wechatpay").start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.currency = cls._enable_currency("CNY")
        cls.provider = cls._prepare_provider("wechatpay", update_values=provider_values(cls.sandbox))
        cls.payment_method = cls.provider.payment_method_ids
        cls.payment_method_id = cls.payment_method.id
        cls.Transaction = cls.env["payment.transaction"]

    def setUp(self):
        super().setUp()
        self.sandbox.ctl("reset")
        self.sandbox.ctl("settings", notify=False, refund="", balance=None)

    def make_tx(self, amount=398.0, prefix="S00001", **values):
        """A transaction as the shop makes it."""
        return self.Transaction.create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.payment_method_id,
                "reference": self.Transaction._compute_reference("wechatpay", prefix=prefix),
                "amount": amount,
                "currency_id": self.currency.id,
                "operation": "online_direct",
                "partner_id": self.partner.id,
                **values,
            }
        )

    def begun_tx(self, amount=398.0, **values):
        tx = self.make_tx(amount, **values)
        tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
        return tx

    def paid_tx(self, amount=398.0, at=None, **values):
        """A transaction that is paid, found out by asking."""
        tx = self.begun_tx(amount, **values)
        self.sandbox.ctl("pay", out_trade_no=tx.reference, at=at)
        tx._wechatpay_settle()
        self.assertEqual(tx.state, "done")
        return tx

    def run_cron(self):
        """The scheduled action, as it runs by itself."""
        with self.enter_registry_test_mode():
            self.env.ref("payment_wechatpay.cron_settle").method_direct_trigger()

    def received(self, on):
        """What the sandbox was sent; each with the verdict of its own check of the signature."""
        return self.sandbox.ctl("received", on=on)
