"""The keys of both sides, and WeChat Pay's signatures from the raw bytes, apart from the product's own code."""

import base64
import datetime
import json
import secrets
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH = 300
NONCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def nonce(length=32):
    return "".join(secrets.choice(NONCE_LETTERS) for _ in range(length))


def _new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _certificate(key, name):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1826))
        .sign(key, hashes.SHA256())
    )


def serial_of(certificate):
    return f"{certificate.serial_number:X}"


def sign(key, *lines):
    """base64 of RSA (PKCS #1 v1.5, SHA-256) over the lines, each ended by a line feed."""
    text = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(public_key, signature, *lines):
    text = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    try:
        public_key.verify(base64.b64decode(signature, validate=True), text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


class Keys:
    """What the merchant's console and WeChat's own vault hold, kept as one file in ``folder``.

    ``credentials``: what a merchant enters in the shop.
    """

    def __init__(self, folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "wechatpay.json"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(json.dumps(self._made(), indent=1))
        kept = json.loads(path.read_text())
        self.credentials = kept["credentials"]
        self.public_key_id = self.credentials["public_key_id"]
        self.api_key = self.credentials["api_v3_key"]
        self.merchant = serialization.load_pem_private_key(self.credentials["private_key"].encode(), None).public_key()
        self.private = serialization.load_pem_private_key(kept["platform_key"].encode(), None)
        self.certified = serialization.load_pem_private_key(kept["certificate_key"].encode(), None)
        self.certificate = x509.load_pem_x509_certificate(kept["certificate"].encode())

    @staticmethod
    def _made():
        merchant, platform, certified = _new_key(), _new_key(), _new_key()
        return {
            "credentials": {
                "mchid": "1900000109",
                "appid": "wx0000000000000001",
                "private_key": _private_pem(merchant),
                "serial_no": serial_of(_certificate(merchant, "merchant")),
                "api_v3_key": nonce(32),
                "public_key_id": "PUB_KEY_ID_0119000001092026010100000000000001",
                "public_key": _public_pem(platform),
            },
            "platform_key": _private_pem(platform),
            "certificate_key": _private_pem(certified),
            "certificate": _certificate(certified, "Tenpay.com").public_bytes(serialization.Encoding.PEM).decode(),
        }

    # ------------------------------------------------------------------ ours

    def seal(self, body, serial=None, timestamp=None, key=None):
        """The headers that make ``body`` ours; ``serial`` says with which of our two keys."""
        serial = serial or self.public_key_id
        own = self.private if serial.startswith("PUB_KEY_ID_") else self.certified
        stamp, word = str(timestamp or int(time.time())), nonce()
        return {
            "Wechatpay-Serial": serial,
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": word,
            "Wechatpay-Signature-Type": SCHEME,
            "Wechatpay-Signature": sign(key or own, stamp, word, body),
        }

    def encrypt(self, plain, associated, key=None):
        """The ``resource`` of a callback: AEAD_AES_256_GCM with the key the merchant chose."""
        word = nonce(12)
        sealed = AESGCM((key or self.api_key).encode()).encrypt(word.encode(), plain.encode(), associated.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": word,
            "associated_data": associated,
            "ciphertext": base64.b64encode(sealed).decode(),
        }

    # ------------------------------------------------------------------ theirs

    def wrong_with(self, request, seen):
        """What is wrong with the merchant's signature of this request, or ``None``. ``seen``: nonces used before."""
        scheme, _, fields = request.headers.get("Authorization", "").partition(" ")
        values = {}
        for part in fields.split(","):
            name, _, value = part.partition("=")
            values[name.strip()] = value.strip().strip('"')
        if scheme != SCHEME:
            return f"the scheme is {scheme or 'missing'}"
        if values.get("mchid") != self.credentials["mchid"]:
            return "another merchant"
        if values.get("serial_no") != self.credentials["serial_no"]:
            return "another certificate of the merchant"
        stamp, word = values.get("timestamp", ""), values.get("nonce_str", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > FRESH:
            return "the time is more than five minutes off"
        if not word or word in seen:
            return "the nonce was used before"
        asked = request.headers.get("Wechatpay-Serial")
        if asked and asked not in (self.public_key_id, serial_of(self.certificate)):
            return "Wechatpay-Serial names no key of ours"
        if not is_signed(
            self.merchant, values.get("signature", ""), request.method, request.target, stamp, word, request.body
        ):
            return "the signature does not fit"
        seen.add(word)
        return None
