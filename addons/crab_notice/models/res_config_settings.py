from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crab_notice_reminder import SETTINGS

# field: the longest, less than the outbox keeps events
LONGEST = {"crab_unpaid_minutes": 1440, "crab_gift_reminder_hours": 168, "crab_expiry_days": 60}


def _setting(name, label):
    return fields.Integer(label, config_parameter=f"crab_notice.{name}", default=SETTINGS[name])


class ResConfigSettings(models.TransientModel):
    """How long before the end members are reminded."""

    _inherit = "res.config.settings"

    crab_unpaid_minutes = _setting("unpaid_minutes", "Minutes before an unpaid order closes")
    crab_gift_reminder_hours = _setting("gift_hours", "Hours before a gift ends")
    crab_expiry_days = _setting("expiry_days", "Days before a card expires")

    @api.constrains(*LONGEST)
    def _check_crab_reminders(self):
        for name, longest in LONGEST.items():
            if any(not 1 <= settings[name] <= longest for settings in self):
                raise ValidationError(
                    self.env._(
                        "%(field)s: enter a number from 1 to %(longest)s.",
                        field=self._fields[name]._description_string(self.env),
                        longest=longest,
                    )
                )
