"""Refusals that an app answers by something else than showing them; ``error_code`` is the word for it."""

from odoo.exceptions import UserError


class SmsCodeRequired(UserError):
    """Too many wrong passwords: with a code by SMS it goes on."""

    error_code = "sms_code_required"


class CardLocked(UserError):
    """Too many wrong passwords: for a while, or until customer service unlocks it, it does not go on."""

    error_code = "card_locked"
