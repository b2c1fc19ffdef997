"""Phone numbers in one form only: E.164."""

import phonenumbers

DEFAULT_REGION = "CN"


def normalise(text):
    """``text`` as E.164, read as a Chinese number unless it carries its country; None if it is no phone number."""
    try:
        number = phonenumbers.parse(str(text or ""), DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national(e164):
    """How people of the country write it: ``13800000000``; other countries' numbers keep their prefix."""
    return e164[3:] if e164 and e164.startswith("+86") else e164
