"""WeChat's calls for a mini-program, behind plain values: nothing here touches the database.

Three ends of a call are told apart, as by ``crab_sms.tools.client``: ``Refused`` (WeChat says no, ``code`` is
its errcode), ``Unreachable`` (nothing left this machine), ``Unknown`` (it may have been done).
"""

import json
from urllib.parse import quote, urlencode

import requests

from odoo.addons.crab_sms.tools.client import Refused, Unknown, Unreachable, never_left

HOST = "https://api.weixin.qq.com"
TIMEOUT = 5  # seconds, to connect and to wait for the answer; less than a waiting lock
BAD_TOKEN = ("40001", "40014", "42001")
LINK_DAYS = 30  # the longest that WeChat gives
PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}
LONGEST_SCENE = 32

__all__ = ["BAD_TOKEN", "HOST", "Client", "Refused", "Unknown", "Unreachable"]


class Client:
    """The values of a mini-program, so that a call needs no database.

    :param env_version: ``release``, ``trial`` or ``develop``: which version codes and links open
    """

    def __init__(self, app_id, secret, base_url=None, env_version="release"):
        self.app_id, self.secret, self.env_version = app_id, secret, env_version
        self.base_url = (base_url or HOST).rstrip("/")

    def _call(self, method, path, query, values=None):
        body = None if values is None else json.dumps(values, ensure_ascii=False).encode()
        url = f"{self.base_url}{path}?{urlencode(query)}"
        error = answer = None
        try:
            answer = requests.request(
                method,
                url,
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as failure:
            error = (Unreachable if never_left(failure) else Unknown)(type(failure).__name__)
        if error:
            raise error  # not in the handler: the words of the failure hold the address, and with it the secret
        if answer.status_code != 200:
            raise Unknown(answer.status_code)
        return self._read(answer.content)

    @staticmethod
    def _read(content):
        if content[:4] in PICTURES or content[:3] in PICTURES:
            return content
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise Unknown("no JSON")
        if body.get("errcode"):
            raise Refused(body["errcode"], body.get("errmsg"))
        return body

    def _post(self, token, path, values):
        return self._call("POST", path, {"access_token": token}, values)

    @staticmethod
    def _text(body, name):
        value = body.get(name) if isinstance(body, dict) else None
        if not isinstance(value, str) or not value:
            raise Unknown(f"no {name}")
        return value

    # ------------------------------------------------------------------ identity

    def token(self, force=False):
        """The stable access token; who asks again gets the same one.

        :param force: have a new one made; WeChat does that some twenty times a day
        :return: ``(token, seconds that it is good for)``
        """
        values = {
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": self.secret,
            "force_refresh": force,
        }
        body = self._call("POST", "/cgi-bin/stable_token", {}, values)
        seconds = body.get("expires_in") if isinstance(body, dict) else None
        if not isinstance(seconds, int):
            raise Unknown("no expires_in")
        return self._text(body, "access_token"), seconds

    def session(self, js_code):
        """Who a code of ``wx.login`` stands for; the code counts once.

        :return: ``{"openid", "union_id"}``; the union id is empty where the program has no open platform
        """
        query = {
            "appid": self.app_id,
            "secret": self.secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        body = self._call("GET", "/sns/jscode2session", query)
        return {"openid": self._text(body, "openid"), "union_id": str(body.get("unionid") or "")}

    def phone(self, token, code):
        """The phone number, in E.164, that a code of the button for phone numbers stands for; the code counts once."""
        body = self._post(token, "/wxa/business/getuserphonenumber", {"code": code})
        info = body.get("phone_info") if isinstance(body, dict) else None
        number, country = self._text(info, "purePhoneNumber"), str(info.get("countryCode") or "86")
        if (info.get("watermark") or {}).get("appid") != self.app_id:
            raise Unknown("phone number of another program")
        return {"phone": f"+{country.lstrip('+')}{number}"}

    # ------------------------------------------------------------------ codes and links

    def picture(self, token, scene, page, width=430):
        """A mini-program code as JPEG or PNG."""
        values = {
            "scene": scene,
            "page": page,
            "check_path": self.env_version == "release",
            "env_version": self.env_version,
            "width": width,
        }
        content = self._post(token, "/wxa/getwxacodeunlimit", values)
        if not isinstance(content, bytes):
            raise Unknown("no picture")
        return content

    def link(self, token, path, scene):
        """An address that opens the program from anywhere, for ``LINK_DAYS``."""
        values = {
            "path": path,
            "query": f"scene={quote(scene, safe='')}",
            "env_version": self.env_version,
            "expire_type": 1,
            "expire_interval": LINK_DAYS,
        }
        return self._text(self._post(token, "/wxa/generate_urllink", values), "url_link")

    # ------------------------------------------------------------------ messages and shipping

    def notice(self, token, openid, template, data, page):
        """Send a subscribe message.

        :param data: ``{key of the template: text}``
        """
        values = {
            "touser": openid,
            "template_id": template,
            "page": page,
            "data": {key: {"value": text} for key, text in data.items()},
            "miniprogram_state": {"release": "formal", "trial": "trial", "develop": "developer"}[self.env_version],
            "lang": "zh_CN",
        }
        self._post(token, "/cgi-bin/message/subscribe/send", values)

    def shipping(self, token, values):
        """Tell how a payment was shipped; what was told before is replaced.

        :param values: as WeChat has them
        """
        self._post(token, "/wxa/sec/order/upload_shipping_info", values)
