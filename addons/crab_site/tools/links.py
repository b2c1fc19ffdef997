"""Addresses that people enter and others will open."""

import re
from urllib.parse import urlsplit

from odoo.exceptions import ValidationError

LONGEST = 2048
# what browsers drop or read as something else than it looks like
FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u200b-\u200f\u202a-\u202e\\<>\"]")


def clean_link(env, link, schemes=("http", "https")):
    """The address without space around it.

    :raise ValidationError: for anything but a whole address of the web: other schemes, no host, a user name in it
    """
    link = str(link or "").strip()
    try:
        parts = urlsplit(link)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, None
    if (
        not host
        or parts.scheme.lower() not in schemes
        or "@" in parts.netloc
        or len(link) > LONGEST
        or FORBIDDEN.search(link)
    ):
        raise ValidationError(
            env._("“%(link)s” is no address of the web: it begins with %(scheme)s://.", link=link, scheme=schemes[-1])
        )
    return link
