from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from .common import WechatCase


class TestRights(WechatCase):
    def test_secrets_have_no_reader(self):
        admin = self._new_user("wechat-admin", "admin")
        for name in ("app_secret", "message_token", "aes_key"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.program.with_user(admin).read([name])
        shown = self.program.with_user(admin).read(["new_app_secret", "new_message_token", "new_aes_key"])[0]
        self.assertEqual({value for name, value in shown.items() if name != "id"}, {False})
        for model in ("crab.wechat.token", "crab.wechat.login", "crab.wechat.scene"):
            with self.subTest(model), self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.env[model].with_user(admin).search([])

    def test_only_administrators_change_the_program(self):
        for role in ("customer_service", "auditor", "finance"):
            user = self._new_user(f"wechat-{role}", role)
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.program.with_user(user).name = "Other"
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.program.with_user(user).action_test()
