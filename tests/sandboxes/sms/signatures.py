"""The signatures of Tencent Cloud (TC3) and Aliyun (ACS3) from the raw bytes, apart from the product's own code."""

import datetime
import hashlib
import hmac
import json
import re
import secrets
import time
import urllib.parse
from pathlib import Path

TENCENT_FRESH, ALIYUN_FRESH = 300, 900
# texts that both providers have approved, with the values in Tencent's order
TEMPLATES = {
    "1000001": ("您的验证码为{}，{}分钟内有效，请勿告诉他人。", ("code", "minutes")),
    "1000002": ("您的订单{}已发货，{} {}，请留意查收。", ("order", "carrier", "tracking")),
    "1000003": ("{}祝您：{}", ("company", "text")),
    "1000004": ("您有一条新消息：{}", ("order",)),
}


class Keys:
    """What the providers' consoles show, kept as one file in ``folder``; ``credentials``: what a shop enters."""

    def __init__(self, folder):
        path = Path(folder) / "sms.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            made = {
                provider: {
                    "key_id": prefix + secrets.token_hex(12),
                    "key_secret": secrets.token_hex(16),
                    "app_id": "1400000001",
                    "sign_name": "示例公司",
                }
                for provider, prefix in (("tencent", "AKID"), ("aliyun", "LTAI"))
            }
            path.write_text(json.dumps({"credentials": made}, ensure_ascii=False, indent=1), encoding="utf-8")
        self.credentials = json.loads(path.read_text(encoding="utf-8"))["credentials"]


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _fields(text, scheme):
    found = re.fullmatch(scheme + r" Credential=(\S+?), ?SignedHeaders=(\S+?), ?Signature=([0-9a-f]{64})", text or "")
    return found and found.groups()


def _canonical(request, names, query, payload_hash, lowered=()):
    values = {name: (request.headers.get(name) or "").strip() for name in names}
    headers = "".join(f"{name}:{value.lower() if name in lowered else value}\n" for name, value in values.items())
    path = request.path or "/"
    return "\n".join([request.method, path, query, headers, ";".join(names), payload_hash])


def wrong_with_tencent(request, own):
    """``None``, or the provider's code for what is wrong with the signature."""
    parts = _fields(request.headers.get("Authorization"), "TC3-HMAC-SHA256")
    if not parts:
        return "AuthFailure.InvalidAuthorization"
    credential, names, signature = parts
    stamp = request.headers.get("X-TC-Timestamp") or ""
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > TENCENT_FRESH:
        return "AuthFailure.SignatureExpire"
    day = datetime.datetime.fromtimestamp(int(stamp), datetime.timezone.utc).strftime("%Y-%m-%d")
    key_id, _, scope = credential.partition("/")
    if key_id != own["key_id"]:
        return "AuthFailure.SecretIdNotFound"
    names = names.split(";")
    if scope != f"{day}/sms/tc3_request" or not {"content-type", "host"} <= set(names):
        return "AuthFailure.SignatureFailure"
    text = _canonical(request, names, "", _sha256(request.body), lowered=("x-tc-action",))
    to_sign = "\n".join(["TC3-HMAC-SHA256", stamp, scope, _sha256(text.encode())])
    key = f"TC3{own['key_secret']}".encode()
    for part in (day, "sms", "tc3_request"):
        key = _hmac(key, part)
    right = hmac.compare_digest(_hmac(key, to_sign).hex(), signature)
    return None if right else "AuthFailure.SignatureFailure"


def wrong_with_aliyun(request, own, nonces):
    """As :func:`wrong_with_tencent`; ``nonces``: those that were used."""
    parts = _fields(request.headers.get("Authorization"), "ACS3-HMAC-SHA256")
    if not parts:
        return "MissingAuthorization"
    key_id, names, signature = parts
    if key_id != own["key_id"]:
        return "InvalidAccessKeyId.NotFound"
    try:
        sent = datetime.datetime.strptime(request.headers.get("x-acs-date") or "", "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return "InvalidTimeStamp.Format"
    if abs(time.time() - sent.replace(tzinfo=datetime.timezone.utc).timestamp()) > ALIYUN_FRESH:
        return "InvalidTimeStamp.Expired"
    names = names.split(";")
    needed = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
    if request.headers.get("x-acs-content-sha256") != _sha256(request.body) or not needed <= set(names):
        return "SignatureDoesNotMatch"
    pairs = urllib.parse.parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    query = "&".join(
        f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
        for name, value in sorted(pairs)
    )
    text = _canonical(request, names, query, _sha256(request.body))
    to_sign = f"ACS3-HMAC-SHA256\n{_sha256(text.encode())}"
    if not hmac.compare_digest(_hmac(own["key_secret"].encode(), to_sign).hex(), signature):
        return "SignatureDoesNotMatch"
    nonce = request.headers.get("x-acs-signature-nonce")
    if nonce in nonces:
        return "SignatureNonceUsed"
    nonces.add(nonce)
    return None
