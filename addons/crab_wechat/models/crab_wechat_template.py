import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.crab_sms.models.crab_sms_template import NOTHING, PLACEHOLDER

LINE = re.compile(r"([a-z_]+?)(\d+)\s*[:：]\s*(\S.*)")
# how much WeChat takes, by the kind of the key
LONGEST = {
    "thing": 20,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "character_string": 32,
    "time": 32,
    "date": 32,
    "amount": 16,
    "phone_number": 17,
    "car_number": 8,
    "name": 20,
    "phrase": 5,
    "short_thing": 5,
    "const": 20,
}


class CrabWechatTemplate(models.Model):
    """A subscribe message as WeChat approved it: its number, and which value stands where (MB-30)."""

    _name = "crab.wechat.template"
    _description = "Subscribe message"
    _order = "id"

    name = fields.Char(required=True)
    app_id = fields.Many2one(
        "crab.wechat.app",
        "Mini-program",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["crab.wechat.app"].search([], limit=1),
    )
    template_id = fields.Char("Template number", required=True, help="In WeChat's console under subscribe messages.")
    body = fields.Text(
        "Values",
        required=True,
        help="A line for each key of the template, such as thing1: {goods}. Longer values are shortened to what WeChat"
        " takes.",
    )
    page = fields.Char(
        help="Opened when the message is tapped, such as pages/orders/index. Empty: the entrance page.",
    )
    active = fields.Boolean(default=True, help="Switched off: nothing is sent by it.")

    _template_uniq = models.Constraint("UNIQUE(app_id, template_id)", "This template is entered already.")

    @api.constrains("body")
    def _check_body(self):
        for template in self:
            keys = [match and match[1] + match[2] for match in template._lines()]
            wrong = [match for match in template._lines() if not match or match[1] not in LONGEST]
            if wrong or not keys or len(set(keys)) != len(keys):
                raise ValidationError(
                    self.env._("Enter a line for each key of the template, each once, such as thing1: {goods}.")
                )

    @api.constrains("body")
    def _check_notices(self):
        """What notices are told by this template can still name all of it."""
        self.env["crab.notice.template"].with_context(active_test=False).search(
            [("wechat_template_id", "in", self.ids)]
        )._check_wechat()

    def _lines(self):
        return [LINE.fullmatch(line.strip()) for line in (self.body or "").splitlines() if line.strip()]

    def _names(self):
        """What the values name, each once."""
        return list(dict.fromkeys(PLACEHOLDER.findall(self.body or "")))

    def _data(self, values):
        """``{key: text}`` for WeChat out of ``values``; what is empty becomes a dash, what is long is cut."""
        self.ensure_one()
        data = {}
        for match in self._lines():
            text = PLACEHOLDER.sub(lambda name: str(values.get(name[1]) or ""), match[3])
            text, longest = " ".join(text.split()) or NOTHING, LONGEST[match[1]]
            data[match[1] + match[2]] = text if len(text) <= longest else f"{text[: longest - 1]}…"
        return data
