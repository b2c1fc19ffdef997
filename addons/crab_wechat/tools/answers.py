"""What WeChat's error codes mean for whoever reads them, and for trying again."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

TOKEN = _lt("WeChat does not accept the AppID or the secret.")
LATER = _lt("WeChat is busy. It is tried again by itself.")
UNREACHABLE = _lt("WeChat cannot be reached. It is tried again by itself.")

MEANINGS = {
    "-1": LATER,
    "40001": TOKEN,
    "40014": TOKEN,
    "42001": TOKEN,
    "40013": TOKEN,
    "40125": TOKEN,
    "40164": _lt("The address of this server is not on the allow list of the mini-program."),
    "41030": _lt("The page is not in the published version of the mini-program."),
    "40169": _lt("WeChat does not take what the code stands for."),
    "43101": _lt("The receiver has not agreed to one more message."),
    "40003": _lt("The receiver does not use the mini-program any more."),
    "40037": _lt("WeChat does not know the number of the template."),
    "47003": _lt("The values do not fit the template that WeChat approved."),
    "48001": _lt("The mini-program has no permission for this. Look in WeChat's console."),
    "45009": _lt("The quota of the day is used up. It is tried again by itself."),
    "45011": LATER,
    "10060001": _lt("WeChat does not know the payment yet. It is tried again by itself."),
    "10060002": _lt("WeChat takes no more news on this order: it is shipped there already."),
    "10060003": _lt("WeChat takes no more news on this order: it was changed there once."),
    "268485216": _lt("The time of shipping lies too far back for WeChat."),
    "unready": _lt("The mini-program is switched off, or its secret is missing."),
    "unreachable": UNREACHABLE,
    "unknown": _lt("It is not known whether WeChat has sent it. It is not sent a second time."),
    "no_answer": _lt("WeChat gave no answer. It is tried again by itself."),
    "no_person": _lt("The buyer is not known to the mini-program."),
    "carrier": _lt("The carrier has no code. Enter it under Carriers, as WeChat spells it (SF, ZTO …)."),
}
# seconds until a refusal may have passed
WAITS = {"-1": 60, "45011": 60, "45009": 3600, "10060001": 300, **dict.fromkeys(("40001", "40014", "42001"), 600)}


def meaning(code):
    """Lazy text of a code, or ``None``."""
    return MEANINGS.get(code or "")


def wait_seconds(code):
    """After how many seconds it makes sense to try again; 0: by itself it does not pass."""
    return WAITS.get(code, 0)
