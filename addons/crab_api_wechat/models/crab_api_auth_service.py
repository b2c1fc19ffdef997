from odoo import api, models


class CrabApiAuthService(models.AbstractModel):
    _inherit = "crab.api.auth.service"

    @api.model
    def _login_wechat(self, data, source, device):
        """Log in by WeChat; who is unknown shares the phone number and is registered (MB-01, MB-02, MB-03, IF-03).

        :param LoginWechatIn data:
        :return: ``TokensOut``
        :raise PhoneRequired: (409) WeChat's person is not known yet, and no phone number was shared
        """
        account_sudo = self.env["crab.account"]._wechat_login(data.js_code, data.phone_code)
        return self._enter(account_sudo, data, "wechat", source, device)
