from odoo import fields, models


class CrabNotice(models.Model):
    _inherit = "crab.notice"

    wechat_message_id = fields.Many2one(
        "crab.wechat.message", "Message by WeChat", readonly=True, index="btree_not_null", ondelete="set null"
    )
    wechat_state = fields.Selection(related="wechat_message_id.state", string="State at WeChat")

    def _deliver(self, named):
        """Subscribe messages are queued for the events whose words say so; they leave after the commit."""
        result = super()._deliver(named)
        words = self.env["crab.notice.template"].search([("is_wechat", "=", True)]).grouped("event")
        for event, notices in self.grouped("event").items():
            if event not in words:
                continue
            rows = [
                ((notice.member_id or notice.dealer_id).account_id, words[event]._all_names(named[notice.event_id]))
                for notice in notices
            ]
            queued = self.env["crab.wechat.message"]._queue(words[event].wechat_template_id, rows)
            for notice, message in zip(notices, queued, strict=True):
                notice.wechat_message_id = message
        return result
