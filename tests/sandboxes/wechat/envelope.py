"""Credentials of a mini-program, and how WeChat signs and encrypts what it sends; apart from the product's own code."""

import base64
import hashlib
import json
import secrets
import string
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class Keys:
    """What WeChat's console shows, kept as one file in ``folder``; ``credentials``: what a shop enters."""

    def __init__(self, folder):
        path = Path(folder) / "wechat.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            letters = string.ascii_letters + string.digits
            made = {
                "app_id": "wx0000000000000001",  # as the sandbox of WeChat Pay has it: who logs in here pays there
                "app_secret": secrets.token_hex(16),
                "message_token": secrets.token_hex(12),
                # 43 characters that are 32 bytes: the last one carries two bits that count for nothing
                "aes_key": "".join(secrets.choice(letters) for _ in range(42)) + "A",
                "corp_id": "ww" + secrets.token_hex(8),
                "service_url": "https://work.weixin.qq.com/kfid/kfc" + secrets.token_hex(6),
            }
            path.write_text(json.dumps({"credentials": made}, indent=1), encoding="utf-8")
        self.credentials = json.loads(path.read_text(encoding="utf-8"))["credentials"]


def signature(*parts):
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def _cipher(aes_key):
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def encrypt(text, aes_key, app_id):
    content = secrets.token_bytes(16) + struct.pack(">I", len(text.encode())) + text.encode() + app_id.encode()
    pad = BLOCK - len(content) % BLOCK
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(text, aes_key, app_id):
    """The words in an encrypted answer; a ``ValueError`` says what is wrong with it."""
    decryptor = _cipher(aes_key).decryptor()
    content = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
    content = content[16 : -content[-1]]
    (length,) = struct.unpack(">I", content[:4])
    if content[4 + length :].decode() != app_id:
        raise ValueError("answer for another app")
    return content[4 : 4 + length].decode()
