"""The keys of card passwords, in a file outside the database.

``CRAB_CARD_KEYS_FILE`` names a JSON file ``{"current": "k1", "keys": {"k1": "<base64 of 32 bytes>", …}}``, readable by
Odoo's system user only. Whoever has both this file and the database can try passwords; either alone is worth nothing.
Back it up apart from the database: without it no card can be redeemed by number and password any more.

As a command (plain Python, no Odoo needed)::

    python keyring.py create FILE        make a new file with one key
    python keyring.py add FILE KID       add a key and make it the current one; then rotate in Odoo
"""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import sys
from pathlib import Path

ENVIRONMENT = "CRAB_CARD_KEYS_FILE"
KEY_BYTES = 32
CHAIN_MARK = ","  # between the keys of a hash that was wrapped by newer keys
_KID = re.compile(r"[A-Za-z0-9_.-]{1,16}")
_CHECKED_TEXT = b"crab card key check"


class KeyringError(Exception):
    """The file cannot be used: ``kind`` is unset, unreadable, damaged or refused; the text holds no key material."""

    def __init__(self, kind, text, detail=""):
        super().__init__(text)
        self.kind = kind
        self.detail = detail


class Keyring:
    """Keys by their id (kid), oldest first; ``current`` is the id of the key that new passwords get."""

    def __init__(self, current, keys):
        self.current = current
        self._keys = keys

    def __contains__(self, chain):
        return all(kid in self._keys for kid in chain.split(CHAIN_MARK))

    def hash(self, chain, number, password):
        """HMAC-SHA-256 of the pair under the first key of ``chain``, wrapped by the following ones; 32 bytes."""
        return self._digest(chain, number.encode() + b"\0" + password.encode("utf-8", "replace"))

    def wrap(self, kid, old_hash):
        """The hash that replaces ``old_hash`` when it is rotated to the key ``kid``."""
        return hmac.digest(self._keys[kid], old_hash, hashlib.sha256)

    def check_value(self, chain):
        """Text by which the database recognises the keys of ``chain`` without knowing them."""
        return self._digest(chain, _CHECKED_TEXT).hex()

    def hasher(self):
        """``hash`` under the current key for loaders that hash by the million: text of the pair → hexadecimal hash.

        HMAC by its definition (RFC 2104): the key is prepared once, which takes a third of ``hmac.digest``'s time.
        """
        key = self._keys[self.current].ljust(hashlib.sha256().block_size, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key)).copy
        outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key)).copy

        def digest(pair):
            first, second = inner(), outer()
            first.update(pair.encode())
            second.update(first.digest())
            return second.hexdigest()

        return digest

    def _digest(self, chain, message):
        for kid in chain.split(CHAIN_MARK):
            message = hmac.digest(self._keys[kid], message, "sha256")
        return message


_cache = {}


def load():
    """The key ring of this process, read again when its file changes.

    :raise KeyringError: when there is none or it is no key ring
    """
    name = os.environ.get(ENVIRONMENT)
    if not name:
        raise KeyringError("unset", f"the environment variable {ENVIRONMENT} is not set", ENVIRONMENT)
    try:
        stamp = os.stat(name)
        mark = (name, stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)
        if mark not in _cache:
            ring = _read(Path(name).read_text())
            _cache.clear()
            _cache[mark] = ring
        return _cache[mark]
    except OSError as exc:
        raise KeyringError("unreadable", f"the file {name} cannot be read ({exc.strerror})", name) from exc


def _read(content):
    try:
        data = json.loads(content)
        keys = {kid: base64.b64decode(key, validate=True) for kid, key in data["keys"].items()}
        current = data["current"]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise KeyringError("damaged", "the key file is damaged") from exc
    if current not in keys or not all(_KID.fullmatch(kid) and len(key) == KEY_BYTES for kid, key in keys.items()):
        raise KeyringError("damaged", "the key file is damaged")
    return Keyring(current, keys)


def create(path, kid="k1"):
    """Write a new key file, readable by its owner only; an existing one is never touched.

    :raise FileExistsError: when there is a file
    """
    _write(path, {"current": kid, "keys": {kid: _new_key()}}, os.O_EXCL)


def add(path, kid):
    """Add a key to an existing file and make it the current one; earlier ones stay, they are still needed."""
    data = json.loads(Path(path).read_text())
    _read(json.dumps(data))
    if kid in data["keys"] or not _KID.fullmatch(kid):
        raise KeyringError("refused", "the id of a new key is 1 to 16 letters, digits, _ . - and not in the file yet")
    temporary = f"{path}.new"
    _write(temporary, {"current": kid, "keys": {**data["keys"], kid: _new_key()}}, os.O_EXCL)
    os.replace(temporary, path)


def _new_key():
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _write(path, data, flag):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    commands = {"create": (create, 1), "add": (add, 2)}
    command, count = commands.get(sys.argv[1] if sys.argv[1:] else "", (None, 0))
    if not command or len(sys.argv) != 2 + count:
        sys.exit(__doc__)
    command(*sys.argv[2:])
