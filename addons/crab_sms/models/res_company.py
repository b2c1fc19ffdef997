from odoo import models

from odoo.addons.sms.tools.sms_api import SmsApiBase


class TemplatesOnly(SmsApiBase):
    """What Odoo's own documents would send as free text is refused: no Chinese provider takes it."""

    PROVIDER_TO_SMS_FAILURE_TYPE = {**SmsApiBase.PROVIDER_TO_SMS_FAILURE_TYPE, "free_text": "sms_registration_needed"}

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        return [{"uuid": number["uuid"], "state": "free_text"} for message in messages for number in message["numbers"]]


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_sms_api_class(self):
        self.ensure_one()
        account_sudo = self.env["crab.sms.account"].sudo()  # whoever sends need not manage accounts
        if account_sudo.search_count([("company_id", "=", self.id)], limit=1):
            return TemplatesOnly
        return super()._get_sms_api_class()
