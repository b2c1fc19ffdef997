from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrabNoticeTemplate(models.Model):
    _inherit = "crab.notice.template"

    is_wechat = fields.Boolean(
        "Also by WeChat", help="Besides the list in the app, to those who agreed to one more message."
    )
    wechat_template_id = fields.Many2one(
        "crab.wechat.template",
        "Subscribe message",
        ondelete="restrict",
        help="As approved by WeChat; it can name the same as the words of the notice.",
    )

    @api.constrains("is_wechat", "wechat_template_id", "event")
    def _check_wechat(self):
        for words in self:
            if words.is_wechat and not words.wechat_template_id:
                raise ValidationError(self.env._("Choose the subscribe message by which this event is told."))
            unknown = set(words.wechat_template_id._names()) - set(self._events()[words.event][2])
            if unknown:
                raise ValidationError(
                    self.env._(
                        "The subscribe message names %(unknown)s; this event can name %(known)s only.",
                        unknown=" ".join(f"{{{name}}}" for name in sorted(unknown)),
                        known=words.placeholders,
                    )
                )
