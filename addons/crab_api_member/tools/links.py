"""Addresses below the server's, of what the app shows or downloads."""

from odoo.tools import consteq, hmac

SCOPE = "crab-api-file"


def _sign(env, *parts):
    return hmac(env(su=True), SCOPE, parts)[:24]  # su: the secret is no user's to read


def signed(env, kind, public_id, number=0, version=""):
    """The address of a file that only who was given the address may see."""
    name = f"{kind}/{public_id}/{number}"
    return f"/crab/file/{name}/{_sign(env, kind, public_id, str(number))}" + (f"?v={version}" if version else "")


def is_signed(env, kind, public_id, number, signature):
    """Whether ``signature`` was given out for this file."""
    return consteq(_sign(env, kind, public_id, str(number)), signature)


def pictures(env, kind, record):
    """The addresses of the pictures of a record with ``crab.pictures.mixin``."""
    return [signed(env, kind, record.public_id, number) for number in range(len(record.picture_ids))]
