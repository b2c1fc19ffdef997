"""Messages and events as WeChat signs and encrypts them (safe mode); the cryptography is wechatpy's."""

import binascii
import json
import secrets
import struct
import time

from lxml import etree
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

LARGEST = 64 * 1024
FRESH = 600  # seconds; WeChat tries three times within a few
PARSER = {"resolve_entities": False, "no_network": True, "huge_tree": False}


class Forged(Exception):
    """It does not come from WeChat, or not for us; ``reason`` is a key of ``crab.wechat.event.reason``."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def is_fresh(timestamp):
    """Whether a time stamp of WeChat is of now."""
    return timestamp.isascii() and timestamp.isdigit() and abs(time.time() - int(timestamp[:12])) < FRESH


def parse(text):
    """``{name: text}`` of a flat message in JSON or XML.

    :raise Forged: for what is neither
    """
    try:
        if text.lstrip()[:1] in ("{", b"{"):
            body = json.loads(text)
        else:
            data = text if isinstance(text, bytes) else text.encode()
            body = {node.tag: node.text or "" for node in etree.fromstring(data, etree.XMLParser(**PARSER))}
    except (ValueError, RecursionError, etree.XMLSyntaxError) as error:
        raise Forged("form") from error
    if not isinstance(body, dict):
        raise Forged("form")
    return body


class Callback:
    """Opens what comes for one mini-program, and closes what is answered."""

    def __init__(self, token, aes_key, app_id):
        self.token, self.crypto = token, WeChatCrypto(token, aes_key, app_id)

    def check(self, signature, timestamp, nonce):
        """:raise Forged: the address was not asked for by WeChat"""
        try:
            check_signature(self.token, signature, timestamp, nonce)
        except InvalidSignatureException as error:
            raise Forged("signature") from error
        if not is_fresh(timestamp):
            raise Forged("stale")

    def open(self, body, signature, timestamp, nonce):
        """The message in ``body``, and whether it is JSON.

        :raise Forged: with the reason
        """
        outer = parse(body)
        if not isinstance(outer.get("Encrypt"), str):
            raise Forged("form")
        try:
            text = self.crypto.decrypt_message({"Encrypt": outer["Encrypt"]}, signature, timestamp, nonce)
        except InvalidSignatureException as error:
            raise Forged("signature") from error
        except InvalidAppIdException as error:
            raise Forged("app") from error
        except (ValueError, IndexError, struct.error, binascii.Error) as error:
            raise Forged("key") from error  # signed with the token, but encrypted with another key
        if not is_fresh(timestamp):
            raise Forged("stale")
        return parse(text), text.lstrip().startswith("{")

    def close(self, values, as_json):
        """An answer, encrypted and signed, in the format that the message had."""
        if as_json:
            text = json.dumps(values, ensure_ascii=False)
        else:
            root = etree.Element("xml")
            for name, value in values.items():
                etree.SubElement(root, name).text = str(value)
            text = etree.tostring(root, encoding="unicode")
        xml = self.crypto.encrypt_message(text, secrets.token_hex(8), str(int(time.time())))
        if not as_json:
            return xml
        return json.dumps(parse(xml))
