"""WeChat as a mini-program's server sees it, and the page on which messages and codes are looked at."""

import datetime
import hashlib
import html
import io
import json
import re
import secrets
import string
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import qrcode
from envelope import Keys, decrypt, encrypt, signature
from sandbox import Answer, Sandbox, route

ZONE = datetime.timezone(datetime.timedelta(hours=8))
PAGE = string.Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
# subscribe messages that are approved: number, the keys
TEMPLATES = {
    "TEMPLATE-SHIPPED": ("character_string1", "thing2", "phrase3", "character_string4"),
    "TEMPLATE-ORDER": ("character_string1", "thing2", "amount3"),
}
LONGEST = {"thing": 20, "character_string": 32, "phrase": 5, "amount": 16}
CLASSIC, STABLE = "classic", "stable"
MESSAGES = {
    40001: "invalid credential, access_token is invalid or not latest",
    42001: "access_token expired",
    40125: "invalid appsecret",
    40013: "invalid appid",
    40029: "invalid code",
    40163: "code been used",
    40169: "invalid length for scene, or the data is not json string",
    41030: "invalid page",
    43101: "user refuse to accept the msg",
    40003: "invalid openid",
    40037: "invalid template_id",
    47003: "argument invalid",
    47001: "data format error",
    10060001: "支付单不存在",
    10060023: "发货信息未更新",
    45009: "reach max api daily quota limit",
    -1: "system error",
}


class Refused(ValueError):
    """A business error, by its number."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Miniprogram(Sandbox):
    name = "wechat"

    def __init__(self, store, folder):
        super().__init__(store)
        self.own = Keys(folder).credentials
        self.address = ""
        # bad_token: every token is refused (40001); seconds: how long tokens are good; force_left: forced renewals;
        # quota: messages that everybody has agreed to (None: what `subscribe` gave); pages: published ones (None: all);
        # refuse: {route: number of an error}; late: out_trade_no that is not known yet; callback: address of the shop
        self.settings = {
            "bad_token": False,
            "seconds": 7200,
            "force_left": 20,
            "quota": None,
            "pages": None,
            "refuse": {},
            "late": [],
            "callback": "",
        }

    # ------------------------------------------------------------------ authenticity

    def check(self, request, name):
        """Number of the error of the token; those calls that carry the secret look at it themselves."""
        if name in ("page", "token", "stable_token", "session"):
            return None
        token = self.store.get("token", request.query.get("access_token", ""))
        if self.settings["bad_token"] or not token or token["dead"]:
            return 40001
        return 42001 if token["until"] <= time.time() else None

    def refuse(self, request, reason):
        return self._error(reason)

    @staticmethod
    def _error(code):
        words = f"{MESSAGES.get(code, 'error')} rid: {secrets.token_hex(8)}"
        return Answer.of_json({"errcode": code, "errmsg": words})

    def _serve(self, request, name, func, groups):
        def guarded(*args):
            if name in self.settings["refuse"]:
                return self._error(self.settings["refuse"][name])
            try:
                return func(*args)
            except Refused as refusal:
                return self._error(refusal.code)

        return super()._serve(request, name, guarded, groups)

    def _secret(self, values):
        if values.get("appid") != self.own["app_id"]:
            raise Refused(40013)
        if values.get("secret") != self.own["app_secret"]:
            raise Refused(40125)

    # ------------------------------------------------------------------ tokens

    def _new_token(self, kind):
        """A new token; the classic one before ends at once, a stable one after five minutes (here: at once)."""
        with self.store:
            for token in self.store.all("token"):
                if token["kind"] == kind and not token["dead"]:
                    self.store.put("token", token["token"], {**token, "dead": True})
            token = {"token": f"{kind}-{secrets.token_hex(24)}", "kind": kind, "dead": False}
            token["until"] = time.time() + self.settings["seconds"]
            return self.store.put("token", token["token"], token)

    @route("GET", "/cgi-bin/token", "token")
    def token(self, request):
        self._secret(request.query)
        made = self._new_token(CLASSIC)
        return Answer.of_json({"access_token": made["token"], "expires_in": self.settings["seconds"]})

    @route("POST", "/cgi-bin/stable_token", "stable_token")
    def stable_token(self, request):
        asked = request.json()
        self._secret(asked)
        with self.store:
            alive = [
                one
                for one in self.store.all("token")
                if one["kind"] == STABLE and not one["dead"] and one["until"] > time.time()
            ]
            if asked.get("force_refresh"):
                if self.settings["force_left"] <= 0:
                    raise Refused(45009)
                self.settings["force_left"] -= 1
                alive = []
            made = alive[-1] if alive else self._new_token(STABLE)
        return Answer.of_json({"access_token": made["token"], "expires_in": int(made["until"] - time.time())})

    # ------------------------------------------------------------------ login

    def _use_code(self, kind, code):
        with self.store:
            known = self.store.get(kind, code)
            if not known and re.fullmatch(r"demo-\d{11}\b.*", code or ""):  # for development: a phone number is enough
                number = code[5:16]
                known = {"openid": f"o-demo-{number}", "unionid": "", "phone": number, "used": False}
            if not known:
                raise Refused(40029)
            if known["used"]:
                raise Refused(40163)
            self.store.put(kind, code, {**known, "used": True})
        return known

    @route("GET", "/sns/jscode2session", "session")
    def session(self, request):
        self._secret(request.query)
        known = self._use_code("js_code", request.query.get("js_code"))
        self.store.put("openid", known["openid"], {"openid": known["openid"]})
        answer = {"openid": known["openid"], "session_key": secrets.token_hex(8)}
        if known.get("unionid"):
            answer["unionid"] = known["unionid"]
        return Answer.of_json(answer)

    @route("POST", "/wxa/business/getuserphonenumber", "phone")
    def phone(self, request):
        known = self._use_code("phone_code", request.json().get("code"))
        number, country = known["phone"], known.get("country", "86")
        info = {
            "phoneNumber": number if country == "86" else f"+{country}{number}",
            "purePhoneNumber": number,
            "countryCode": country,
            "watermark": {"timestamp": int(time.time()), "appid": known.get("appid") or self.own["app_id"]},
        }
        return Answer.of_json({"errcode": 0, "errmsg": "ok", "phone_info": info})

    # ------------------------------------------------------------------ codes and links

    def _published(self, asked):
        page = asked.get("page") or asked.get("path") or ""
        pages = self.settings["pages"]
        if (
            page.startswith("/")
            or "?" in page
            or (asked.get("check_path", True) and pages is not None and page not in pages)
        ):
            raise Refused(41030)
        return page

    @route("POST", "/wxa/getwxacodeunlimit", "picture")
    def picture(self, request):
        asked = request.json()
        if not SCENE.fullmatch(str(asked.get("scene") or "")):
            raise Refused(40169)
        page = self._published(asked)
        self.store.put("code", f"{time.time_ns():020}", {"scene": asked["scene"], "page": page})
        buffer = io.BytesIO()
        qrcode.make(f"sandbox:{page}?scene={asked['scene']}").save(buffer, format="PNG")
        return Answer(200, buffer.getvalue(), {"Content-Type": "image/png"})

    @route("POST", "/wxa/generate_urllink", "link")
    def link(self, request):
        return self._link(request.json(), "url_link", "https://wxaurl.cn/")

    @route("POST", "/wxa/generatescheme", "scheme")
    def scheme(self, request):
        asked = request.json()
        return self._link({**asked, **(asked.get("jump_wxa") or {})}, "openlink", "weixin://dl/business/?t=")

    def _link(self, asked, name, start):
        days = asked.get("expire_interval")
        if asked.get("expire_type") != 1 or not isinstance(days, int) or not 1 <= days <= 30:
            raise Refused(47001)
        page = self._published(asked)
        made = f"{start}{secrets.token_urlsafe(8)}"
        self.store.put("link", made, {"link": made, "page": page, "query": asked.get("query", "")})
        return Answer.of_json({"errcode": 0, "errmsg": "ok", name: made})

    # ------------------------------------------------------------------ messages and shipping

    @route("POST", "/cgi-bin/message/subscribe/send", "notice")
    def notice(self, request):
        asked = request.json()
        openid, template = asked.get("touser"), asked.get("template_id")
        if template not in TEMPLATES:
            raise Refused(40037)
        if not self.store.get("openid", openid or ""):
            raise Refused(40003)
        data = {key: (value or {}).get("value") for key, value in (asked.get("data") or {}).items()}
        if set(data) != set(TEMPLATES[template]):
            raise Refused(47003)
        for key, value in data.items():
            if not value or len(value) > LONGEST[key.rstrip("0123456789")]:
                raise Refused(47003)
        with self.store:
            self._take_quota(openid, template)
            message = {"openid": openid, "template": template, "data": data, "page": asked.get("page", "")}
            self.store.put("message", f"{time.time_ns():020}", {**message, "at": now().isoformat()})
        return Answer.of_json({"errcode": 0, "errmsg": "ok", "msgid": secrets.randbelow(2**60)})

    def _take_quota(self, openid, template):
        if self.settings["quota"] is not None:
            if self.settings["quota"] <= 0:
                raise Refused(43101)
            self.settings["quota"] -= 1
            return
        key = f"{openid} {template}"
        left = (self.store.get("quota", key) or {"left": 0})["left"]
        if left <= 0:
            raise Refused(43101)
        self.store.put("quota", key, {"left": left - 1})

    @route("POST", "/wxa/sec/order/upload_shipping_info", "shipping")
    def shipping(self, request):
        asked = request.json()
        key, parcels = asked.get("order_key") or {}, asked.get("shipping_list") or []
        number = key.get("out_trade_no")
        if key.get("order_number_type") != 1 or not key.get("mchid") or not number:
            raise Refused(47001)
        if number in self.settings["late"]:
            raise Refused(10060001)
        if (
            not (asked.get("payer") or {}).get("openid")
            or not parcels
            or asked.get("logistics_type") not in (1, 2, 3, 4)
        ):
            raise Refused(47001)
        datetime.datetime.fromisoformat(asked["upload_time"])
        if asked.get("delivery_mode") == 1 and len(parcels) != 1:
            raise Refused(47001)
        if asked.get("delivery_mode") == 2 and "is_all_delivered" not in asked:
            raise Refused(47001)
        for parcel in parcels:
            express = parcel.get("tracking_no") and parcel.get("express_company")
            if not parcel.get("item_desc") or (asked["logistics_type"] == 1 and not express):
                raise Refused(47001)
            if parcel.get("express_company") == "SF" and not (parcel.get("contact") or {}).get("receiver_contact"):
                raise Refused(47001)
        content = {name: value for name, value in asked.items() if name != "upload_time"}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        with self.store:
            known = self.store.get("shipping", number)
            if known and known["digest"] == digest:
                raise Refused(10060023)
            self.store.put("shipping", number, {"number": number, "digest": digest, **asked})
        return Answer.of_json({"errcode": 0, "errmsg": "ok"})

    # ------------------------------------------------------------------ callbacks

    def ctl_send(self, message=None, variant="good", as_json=False, times=1, **values):
        """Send a message or event to the shop, ``times`` over; the answers, decrypted.

        :param variant: ``good``, ``wrong_signature``, ``wrong_app``, ``wrong_key``, ``stale``, ``unsigned``, ``plain``
        """
        message = message or {
            "ToUserName": "gh_sandbox",
            "FromUserName": "o-sandbox",
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": "你好",
            "MsgId": str(secrets.randbelow(2**60)),
        }
        message = {**message, **values}
        text = json.dumps(message, ensure_ascii=False) if as_json else as_xml(message)
        key = secrets.token_hex(21) + "A" if variant == "wrong_key" else self.own["aes_key"]
        closed = encrypt(text, key, "wx0000" if variant == "wrong_app" else self.own["app_id"])
        stamp = str(int(time.time()) - (3600 if variant == "stale" else 0))
        nonce = secrets.token_hex(6)
        signed = signature(self.own["message_token"], stamp, nonce, closed)
        query = {"timestamp": stamp, "nonce": nonce, "encrypt_type": "aes", "msg_signature": signed}
        query["signature"] = signature(self.own["message_token"], stamp, nonce)
        if variant == "wrong_signature":
            query["msg_signature"] = "0" * 40
        if variant == "unsigned":
            query = {}
        outer = {"ToUserName": message["ToUserName"], "Encrypt": closed}
        body = json.dumps(outer) if as_json else as_xml(outer)
        if variant == "plain":
            body = text
        return [self._post(query, body, as_json) for _time in range(times)]

    def _post(self, query, body, as_json):
        url = f"{self.settings['callback']}?{urllib.parse.urlencode(query)}"
        kind = "application/json" if as_json else "text/xml"
        started = time.monotonic()
        status, text = fetch(urllib.request.Request(url, body.encode(), {"Content-Type": kind}))
        answer = {"status": status, "seconds": time.monotonic() - started, "text": text}
        if status == 200 and text != "success":
            answer["reply"] = self._open(text, as_json)
        return answer

    def _open(self, text, as_json):
        outer = json.loads(text) if as_json else from_xml(text)
        parts = (outer["TimeStamp"], outer["Nonce"], outer["Encrypt"])
        if outer["MsgSignature"] != signature(self.own["message_token"], *map(str, parts)):
            raise ValueError("the answer is not signed as it should be")
        inner = decrypt(outer["Encrypt"], self.own["aes_key"], self.own["app_id"])
        return json.loads(inner) if as_json else from_xml(inner)

    def ctl_verify(self, wrong=False):
        """Ask whether the address is the shop's, as the console does; its answer and what it should be."""
        stamp, nonce, echo = str(int(time.time())), secrets.token_hex(6), secrets.token_hex(10)
        signed = "0" * 40 if wrong else signature(self.own["message_token"], stamp, nonce)
        query = {"signature": signed, "timestamp": stamp, "nonce": nonce, "echostr": echo}
        status, text = fetch(f"{self.settings['callback']}?{urllib.parse.urlencode(query)}")
        return {"status": status, "right": text == echo}

    # ------------------------------------------------------------------ control and page

    def ctl_settings(self, **values):
        unknown = values.keys() - self.settings.keys()
        if unknown:
            raise ValueError(f"unknown settings {unknown}")
        self.settings.update(values)
        return self.settings

    def ctl_js_code(self, openid, unionid="", code=None):
        """A code of ``wx.login`` of a person."""
        code = code or secrets.token_hex(16)
        self.store.put("js_code", code, {"openid": openid, "unionid": unionid, "used": False})
        return code

    def ctl_phone_code(self, phone, country="86", appid=None, code=None):
        """A code of the button that shares a phone number."""
        code = code or secrets.token_hex(16)
        self.store.put("phone_code", code, {"phone": phone, "country": country, "appid": appid, "used": False})
        return code

    def ctl_end_tokens(self, how="dead"):
        """All tokens are refused from now on: ``dead`` as not the latest (40001), ``expired`` (42001)."""
        with self.store:
            for token in self.store.all("token"):
                change = {"dead": True} if how == "dead" else {"until": 0}
                self.store.put("token", token["token"], {**token, **change})
        return {}

    def ctl_subscribe(self, openid, template, times=1):
        """The person agrees to so many messages."""
        self.store.put("openid", openid, {"openid": openid})
        self.store.put("quota", f"{openid} {template}", {"left": times})
        return {}

    def ctl_messages(self, openid=None):
        return [one for one in self.store.all("message") if openid in (None, one["openid"])]

    def ctl_shippings(self, number=None):
        return [one for one in self.store.all("shipping") if number in (None, one["number"])]

    def ctl_links(self):
        return self.store.all("link")

    @route("GET", "/", "page")
    def page(self, request):
        messages = "".join(
            f"<li><header><b>{html.escape(one['openid'])}</b><time>{html.escape(one['at'][:19])}</time></header>"
            f"<p>{html.escape('，'.join(one['data'].values()))}</p></li>"
            for one in self.store.all("message")[:-101:-1]
        )
        codes = "".join(
            f"<li>{html.escape(one['page'])}?scene={html.escape(one['scene'])}</li>"
            for one in self.store.all("code")[:-21:-1]
        )
        shown = {"messages": messages or "<li>还没有消息</li>", "codes": codes or "<li>还没有小程序码</li>"}
        return Answer.of_html(PAGE.substitute(shown))


def now():
    return datetime.datetime.now(ZONE)


def fetch(request):
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def as_xml(values):
    return f"<xml>{''.join(f'<{name}>{escape(str(value))}</{name}>' for name, value in values.items())}</xml>"


def from_xml(text):
    return {node.tag: node.text for node in ElementTree.fromstring(text)}
