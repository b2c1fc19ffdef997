"""``wechatpayv3`` as this addon uses it: it sends what it signed, verifies every answer, and waits for none for ever.

The library knows paths, parameters and cryptography. Its own transport is replaced, for it signs one serialisation and
lets ``requests`` make another, has no time-out, no other address than WeChat's, no check of freshness, and asks WeChat
for certificates whenever an anonymous caller names an unknown one (docs/decisions/0060).
"""

import functools
import json
import logging
import time
from datetime import datetime, timezone

import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificates
from wechatpayv3 import WeChatPay
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType, WeChatPayType
from wechatpayv3.utils import aes_decrypt, build_authorization, rsa_verify

_logger = logging.getLogger(__name__)

TIMEOUT = 10  # seconds, to connect and to wait for the answer
FRESH_SECONDS = 300
SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"
TYPES = {"jsapi": WeChatPayType.JSAPI, "native": WeChatPayType.NATIVE, "h5": WeChatPayType.H5}


class Unknown(Exception):
    """What became of the call is not known: no connection, a time-out, a fault of the server, an answer not WeChat's.

    The same call may be made again with the same parameters; it must not be made with others.
    """


class Refused(Exception):
    """WeChat Pay says no. ``code`` is its own word for the reason, ``status`` the HTTP status."""

    def __init__(self, status, code, message):
        super().__init__(message or code)
        self.status, self.code = status, code


class Forged(Exception):
    """A message that is not WeChat Pay's, or too old; ``reason`` is one of the selection of the notifications."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


# reading a key takes longer than signing with it; the keys of a few merchants stay read
private_key_of = functools.lru_cache(16)(lambda pem: load_pem_private_key(pem.encode(), password=None))
public_key_of = functools.lru_cache(16)(lambda pem: load_pem_public_key(pem.encode()))
certificates_of = functools.lru_cache(16)(lambda pem: tuple(load_pem_x509_certificates(pem.encode())))


class _Core(Core):
    """Both kinds of WeChat's keys are accepted where they are known; ``mode`` says which one answers are asked for.

    ``certificates``: what is known of WeChat's platform certificates, as PEM; ``renewed`` is what replaces it.
    """

    def __init__(self, url, mchid, serial_no, private_key, api_key, mode, public_key_id, public_key, certificates):
        # the library's constructor is left out: without a public key it would call WeChat
        self._gate_way = url.rstrip("/")
        self._mchid, self._cert_serial_no = mchid, serial_no
        self._private_key = private_key_of(private_key)
        self._apiv3_key, self._mode = api_key, mode
        self._public_key_id = public_key_id
        self._public_key = public_key_of(public_key) if public_key else None
        self._certificates = list(certificates_of(certificates)) if certificates else []
        self.renewed = None

    # ------------------------------------------------------------------ requests

    def request(
        self,
        path,
        method=RequestType.GET,
        data=None,
        skip_verify=False,
        sign_data=None,
        files=None,
        cipher_data=False,
        headers=None,
    ):
        """Send a request; the answer as an object, or as bytes where it is no JSON.

        :raise Unknown: when the outcome is not known
        :raise Refused: when WeChat refuses
        """
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data is not None else ""
        sent = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "Crab payment_wechatpay",
            "Authorization": build_authorization(
                path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=body
            ),
        }
        if self._mode == "public_key":
            sent["Wechatpay-Serial"] = self._public_key_id
        started, shown = time.monotonic(), path.partition("?")[0]
        try:
            response = requests.request(
                method.value,
                self._gate_way + path,
                data=body.encode() or None,
                headers=sent,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as error:
            _logger.info("WeChat Pay %s %s: %s", method.value, shown, type(error).__name__)
            raise Unknown(type(error).__name__) from error
        milliseconds = (time.monotonic() - started) * 1000
        _logger.info("WeChat Pay %s %s: %s, %.0f ms", method.value, shown, response.status_code, milliseconds)
        return self._outcome(response, skip_verify)

    def _outcome(self, response, skip_verify):
        status = response.status_code
        if status >= 500 or status == 429:
            raise Unknown(f"HTTP {status}")
        if not 200 <= status < 300:
            raise self._refusal(response)
        if not skip_verify:
            self._verify_answer(response)
        if not response.content:
            return {}
        if "application/json" not in response.headers.get("Content-Type", ""):
            return response.content
        try:
            return json.loads(response.content)
        except ValueError as error:
            raise Unknown("the answer cannot be read") from error

    def _refusal(self, response):
        """An error is WeChat's word only if it has WeChat's form and, where it is signed, WeChat's signature."""
        try:
            said = json.loads(response.content)
            code, message = said["code"], said.get("message")
        except (ValueError, KeyError, TypeError, AttributeError):
            return Unknown(f"HTTP {response.status_code} that is not WeChat Pay's")
        if response.headers.get("Wechatpay-Signature"):
            try:
                self._verify_answer(response)
            except Unknown as error:
                return error
        return Refused(response.status_code, str(code), message)

    def _verify_answer(self, response):
        serial = response.headers.get("Wechatpay-Serial") or ""
        try:
            if self._mode == "certificate" and serial and not self._key_for(serial):
                self.renew_certificates()  # none known yet, or WeChat has changed to a new one
            self.verify(response.headers, response.content)
        except (Forged, Refused) as error:
            _logger.warning("WeChat Pay: an answer could not be verified: %s", error)
            raise Unknown(f"the answer could not be verified: {error}") from error

    # ------------------------------------------------------------------ signatures of WeChat

    def _key_for(self, serial):
        if self._public_key and serial == self._public_key_id:
            return self._public_key
        try:
            wanted = int(serial, 16)
        except ValueError:
            return None
        now = datetime.now(timezone.utc)
        for certificate in self._certificates:
            if certificate.serial_number == wanted:
                valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
                return certificate.public_key() if valid else None
        return None

    def verify(self, headers, body):
        """Refuse what WeChat Pay has not signed within the last five minutes. It calls nobody.

        :raise Forged: with the reason
        """
        signature = headers.get("Wechatpay-Signature") or ""
        stamp = headers.get("Wechatpay-Timestamp") or ""
        if not signature or not stamp:
            raise Forged("unsigned")
        if headers.get("Wechatpay-Signature-Type", SCHEME) != SCHEME:
            raise Forged("scheme")
        if signature.startswith(PROBE):
            raise Forged("probe")
        if (
            not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13)
            or abs(time.time() - int(stamp)) > FRESH_SECONDS
        ):
            raise Forged("stale")
        key = self._key_for(headers.get("Wechatpay-Serial") or "")
        if not key:
            raise Forged("serial")
        try:
            signed = rsa_verify(stamp, headers.get("Wechatpay-Nonce") or "", body.decode(), signature, key)
        except UnicodeDecodeError:
            signed = False
        if not signed:
            raise Forged("signature")

    def open_notification(self, headers, body):
        """The notification with its resource in clear.

        :raise Forged: when it is not WeChat Pay's
        """
        self.verify(headers, body)
        try:
            notification = json.loads(body)
            resource = notification["resource"]
            if resource["algorithm"] != "AEAD_AES_256_GCM":
                raise Forged("form")
            plain = self._decrypted(resource)
            if plain is None:
                raise Forged("key")
            return {
                "id": str(notification["id"]),
                "event_type": str(notification["event_type"]),
                "original_type": str(resource.get("original_type") or ""),
                "resource": dict(json.loads(plain)),
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Forged("form") from error

    def _decrypted(self, resource):
        return aes_decrypt(
            nonce=resource["nonce"],
            ciphertext=resource["ciphertext"],
            associated_data=resource.get("associated_data") or "",
            apiv3_key=self._apiv3_key,
        )

    def renew_certificates(self):
        """Fetch WeChat's platform certificates. They are genuine: only WeChat and we know the key they come under.

        :raise Unknown, Refused: as for any request
        """
        answer = self.request("/v3/certificates", skip_verify=True)
        try:
            texts = [self._decrypted(entry["encrypt_certificate"]) for entry in answer["data"]]
            if not texts or None in texts:
                raise Unknown("the certificates cannot be decrypted; is the APIv3 key right?")
            self.renewed = "\n".join(text.strip() for text in texts) + "\n"
            self._certificates = list(certificates_of(self.renewed))
        except (ValueError, KeyError, TypeError) as error:
            raise Unknown("the certificates cannot be read") from error


class Client(WeChatPay):
    """The calls of the library (``pay``, ``query``, ``close``, ``refund``, ``query_refund``, ``trade_bill``, ``sign``).

    Each returns the answer as an object and raises :class:`Unknown` or :class:`Refused`.
    """

    def __init__(self, *, mchid, appid, **values):
        # the library's constructor is left out: it would make its own core
        self._type, self._mchid, self._appid = WeChatPayType.JSAPI, mchid, appid
        self._notify_url, self._partner_mode = None, False
        self._core = _Core(mchid=mchid, **values)

    @property
    def renewed(self):
        """Platform certificates fetched since this client was made, as PEM, or ``None``."""
        return self._core.renewed

    def open_notification(self, headers, body):
        """The notification with its resource in clear.

        :raise Forged: when it is not WeChat Pay's
        """
        return self._core.open_notification(headers, body)

    def renew_certificates(self):
        """Fetch WeChat Pay's platform certificates; ``renewed`` has them then."""
        self._core.renew_certificates()

    def bill_file(self, url):
        """The file behind the ``download_url`` of a bill, always fetched from our own gateway; it is not signed."""
        path = url.partition("://")[2].partition("/")[2]
        return self._core.request(f"/{path}", skip_verify=True)
