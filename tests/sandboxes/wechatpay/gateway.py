"""WeChat Pay v3 as a merchant sees it: orders, refunds, callbacks, bills, and the page where one pays."""

import concurrent.futures
import datetime
import gzip
import hashlib
import html
import json
import re
import secrets
import string
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from bill import trade_bill
from cryptography.hazmat.primitives import serialization
from keys import NONCE_LETTERS, Keys, is_signed, nonce, serial_of
from sandbox import Answer, Sandbox, route

ZONE = datetime.timezone(datetime.timedelta(hours=8))
OUT_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
RETRIES = (0, 1, 2, 5, 15, 60, 300)
PAGE = string.Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
STATES = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "PAYERROR": "支付失败(其他原因，如银行返回失败)",
}


class Refused(ValueError):
    """A business error, as the gateway words it."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.answer = Answer.of_json({"code": code, "message": message}, status)


def demand(condition, message, code="PARAM_ERROR", status=400):
    if not condition:
        raise Refused(status, code, message)


def moment(text=None):
    """The given RFC 3339 time, or now, in China."""
    return (datetime.datetime.fromisoformat(text) if text else datetime.datetime.now(ZONE)).astimezone(ZONE)


def number():
    return datetime.datetime.now(ZONE).strftime("%Y%m%d") + "".join(secrets.choice(string.digits) for _ in range(16))


class WeChatPay(Sandbox):
    name = "wechatpay"

    def __init__(self, store, folder):
        super().__init__(store)
        self.keys = Keys(folder)
        self.nonces = set()
        self.address = ""
        # notify: callbacks by themselves; refund: state a refund ends in by itself ("" = it stays in process);
        # serial: the key that signs callbacks; balance: what refunds can be paid from, in fen (None = enough)
        self.settings = {"notify": True, "refund": "SUCCESS", "serial": self.keys.public_key_id, "balance": None}
        self.bill_changes = []

    # ------------------------------------------------------------------ authenticity

    def check(self, request, name):
        return None if name == "page" else self.keys.wrong_with(request, self.nonces)

    def refuse(self, request, reason):
        return Answer.of_json({"code": "SIGN_ERROR", "message": f"签名错误: {reason}"}, 401)

    def _serve(self, request, name, func, groups):
        def answer(*arguments):
            try:
                return func(*arguments)
            except Refused as refusal:
                return refusal.answer

        return super()._serve(request, name, answer, groups)

    def finish(self, request, answer):
        """Signed with the public key's pair if the merchant asked for that, else with the platform certificate's."""
        if not answer.headers.get("Content-Type", "").startswith("text/html") and "unsigned" not in answer.headers:
            asked = request.headers.get("Wechatpay-Serial") or serial_of(self.keys.certificate)
            answer.headers = {**self.keys.seal(answer.body, asked), **answer.headers}
        answer.headers.pop("unsigned", None)
        return answer

    def distort(self, answer, fault):
        """``{"do": "forge"}``: the answer is altered after it was signed."""
        if fault.get("do") == "forge":
            answer.headers |= self.keys.seal(answer.body + b" ")
        return answer

    # ------------------------------------------------------------------ orders

    @route("POST", r"/v3/pay/transactions/(jsapi|native|h5)", "pay")
    def create(self, request, kind):
        asked = request.json()
        fields = self._checked(asked, kind)
        with self.store:
            order = self.store.get("order", fields["out_trade_no"])
            if order:
                self._same(order, fields)
            else:
                order = {
                    **fields,
                    "trade_state": "NOTPAY",
                    "prepay_id": f"wx{number()}{nonce(8).lower()}",
                    "token": secrets.token_urlsafe(12),
                }
                self.store.put("order", order["out_trade_no"], order)
                self.store.put("token", order["token"], order["out_trade_no"])
                self.store.put("prepay", order["prepay_id"], order["token"])
        page = f"{self.address}/pay/{order['token']}"
        return Answer.of_json(
            {"jsapi": {"prepay_id": order["prepay_id"]}, "native": {"code_url": page}, "h5": {"h5_url": page}}[kind]
        )

    def _checked(self, asked, kind):
        own = self.keys.credentials
        amount = asked.get("amount") or {}
        demand(asked.get("mchid") == own["mchid"] and asked.get("appid") == own["appid"], "appid 和 mchid 不匹配")
        demand(OUT_NO.fullmatch(asked.get("out_trade_no") or ""), "out_trade_no 不合规则")
        demand(0 < len(asked.get("description") or "") <= 127, "description 不合规则")
        notify = urllib.parse.urlsplit(asked.get("notify_url") or "")
        demand(notify.scheme in ("http", "https") and notify.netloc and not notify.query, "notify_url 不合规则")
        demand(isinstance(amount.get("total"), int) and amount["total"] >= 1, "amount.total 不合规则")
        demand(amount.get("currency", "CNY") == "CNY", "amount.currency 不合规则")
        openid = (asked.get("payer") or {}).get("openid")
        demand(kind != "jsapi" or openid, "payer.openid 缺失")
        scene = asked.get("scene_info") or {}
        demand(
            kind != "h5" or (scene.get("payer_client_ip") and (scene.get("h5_info") or {}).get("type")),
            "scene_info 缺失",
        )
        expires = asked.get("time_expire")
        return {
            "out_trade_no": asked["out_trade_no"],
            "description": asked["description"],
            "notify_url": asked["notify_url"],
            "total": amount["total"],
            "attach": asked.get("attach", ""),
            "trade_type": {"jsapi": "JSAPI", "native": "NATIVE", "h5": "MWEB"}[kind],
            "openid": openid or f"o{nonce(27)}",
            "time_expire": moment(expires).isoformat() if expires else None,
        }

    @staticmethod
    def _same(order, fields):
        demand(order["trade_state"] != "SUCCESS", "该订单已支付", "ORDERPAID")
        demand(order["trade_state"] != "CLOSED", "该订单已关闭", "ORDER_CLOSED")
        ignored = ("openid",) if fields["trade_type"] != "JSAPI" else ()
        changed = [name for name, value in fields.items() if order[name] != value and name not in ignored]
        demand(not changed, f"商户订单号重复，参数不一致: {', '.join(changed)}", "OUT_TRADE_NO_USED", 403)

    def _expired(self, order):
        return order["time_expire"] and moment(order["time_expire"]) <= moment()

    def _order(self, key, by="out_trade_no"):
        with self.store:
            found = [one for one in self.store.all("order") if one.get(by) == key] if by != "out_trade_no" else []
            order = found[0] if found else self.store.get("order", key)
        demand(order, "订单不存在", "ORDER_NOT_EXIST", 404)
        return order

    @route("GET", r"/v3/pay/transactions/out-trade-no/([^/]+)", "query")
    def query(self, request, out_trade_no):
        return self._shown(request, self._order(urllib.parse.unquote(out_trade_no)))

    @route("GET", r"/v3/pay/transactions/id/([^/]+)", "query")
    def query_by_id(self, request, transaction_id):
        return self._shown(request, self._order(transaction_id, "transaction_id"))

    def _shown(self, request, order):
        demand(request.query.get("mchid") == self.keys.credentials["mchid"], "mchid 不匹配")
        return Answer.of_json(self.transaction(order))

    @route("POST", r"/v3/pay/transactions/out-trade-no/([^/]+)/close", "close")
    def close(self, request, out_trade_no):
        demand(request.json().get("mchid") == self.keys.credentials["mchid"], "mchid 不匹配")
        with self.store:
            order = self._order(urllib.parse.unquote(out_trade_no))
            demand(order["trade_state"] in ("NOTPAY", "PAYERROR", "CLOSED"), "该订单已支付", "ORDERPAID")
            order["trade_state"] = "CLOSED"
            self.store.put("order", order["out_trade_no"], order)
        return Answer(204)

    def transaction(self, order):
        """An order as the query and the callback show it."""
        own = self.keys.credentials
        shown = {
            "appid": own["appid"],
            "mchid": own["mchid"],
            "out_trade_no": order["out_trade_no"],
            "trade_state": order["trade_state"],
            "trade_state_desc": STATES[order["trade_state"]],
            "attach": order["attach"],
            "amount": {"total": order["total"], "currency": "CNY"},
            "payer": {"openid": order["openid"]},
        }
        if order.get("transaction_id"):
            shown |= {key: order[key] for key in ("transaction_id", "trade_type", "success_time")}
            shown["bank_type"] = "OTHERS"
            shown["amount"] |= {"payer_total": order["total"], "payer_currency": "CNY"}
        return shown

    def pay(self, out_trade_no, at=None):
        """The payer pays: once, in time, an open order."""
        with self.store:
            order = self._order(out_trade_no)
            demand(order["trade_state"] in ("NOTPAY", "PAYERROR"), STATES[order["trade_state"]], "ORDER_STATE", 409)
            demand(at or not self._expired(order), "订单已过期", "ORDER_STATE", 409)
            order |= {
                "trade_state": "SUCCESS",
                "transaction_id": f"42000{number()}",
                "success_time": moment(at).isoformat(timespec="seconds"),
            }
            return self.store.put("order", out_trade_no, order)

    # ------------------------------------------------------------------ refunds

    @route("POST", r"/v3/refund/domestic/refunds", "refund")
    def refund(self, request):
        asked = request.json()
        amount = asked.get("amount") or {}
        demand(OUT_REFUND_NO.fullmatch(asked.get("out_refund_no") or ""), "out_refund_no 不合规则")
        demand(isinstance(amount.get("refund"), int) and amount["refund"] >= 1, "amount.refund 不合规则")
        with self.store:
            by = "transaction_id" if asked.get("transaction_id") else "out_trade_no"
            order = self._order(asked.get(by) or "", by)
            demand(order["trade_state"] in ("SUCCESS", "REFUND"), "订单未支付", "INVALID_REQUEST")
            demand(amount.get("total") == order["total"], "订单金额不一致", "INVALID_REQUEST")
            refund = self.store.get("refund", asked["out_refund_no"])
            if refund:
                same = refund["refund"] == amount["refund"] and refund["out_trade_no"] == order["out_trade_no"]
                demand(same, "退款单号重复，参数不一致", "INVALID_REQUEST")
                return Answer.of_json(self.refund_shown(refund))
            done = sum(
                one["refund"]
                for one in self.store.all("refund")
                if one["out_trade_no"] == order["out_trade_no"] and one["status"] != "CLOSED"
            )
            demand(done + amount["refund"] <= order["total"], "累计退款金额大于支付金额", "INVALID_REQUEST")
            balance = self.settings["balance"]
            demand(balance is None or balance >= amount["refund"], "基本账户余额不足", "NOT_ENOUGH", 403)
            refund = {
                "out_refund_no": asked["out_refund_no"],
                "refund_id": f"50300{number()}",
                "out_trade_no": order["out_trade_no"],
                "transaction_id": order["transaction_id"],
                "refund": amount["refund"],
                "total": order["total"],
                "notify_url": asked.get("notify_url"),
                "status": "PROCESSING",
                "create_time": moment().isoformat(timespec="seconds"),
            }
            self.store.put("refund", refund["out_refund_no"], refund)
        if self.settings["refund"]:
            threading.Thread(target=self.end_refund, args=(refund["out_refund_no"],), daemon=True).start()
        return Answer.of_json(self.refund_shown(refund))

    @route("GET", r"/v3/refund/domestic/refunds/([^/]+)", "query_refund")
    def query_refund(self, _request, out_refund_no):
        refund = self.store.get("refund", urllib.parse.unquote(out_refund_no))
        demand(refund, "退款单不存在", "RESOURCE_NOT_EXISTS", 404)
        return Answer.of_json(self.refund_shown(refund))

    def refund_shown(self, refund):
        shown = {
            key: refund[key]
            for key in ("refund_id", "out_refund_no", "transaction_id", "out_trade_no", "create_time", "status")
        }
        shown |= {"channel": "ORIGINAL", "user_received_account": "支付用户零钱"}
        if refund.get("success_time"):
            shown["success_time"] = refund["success_time"]
        amounts = {"total": refund["total"], "refund": refund["refund"], "currency": "CNY"}
        shown["amount"] = {**amounts, "payer_total": refund["total"], "payer_refund": refund["refund"]}
        return shown

    def end_refund(self, out_refund_no, status=None, at=None):
        """The refund reaches its end; tell the merchant if callbacks go out by themselves."""
        with self.store:
            refund = self.store.get("refund", out_refund_no)
            refund["status"] = status or self.settings["refund"]
            if refund["status"] == "SUCCESS":
                refund["success_time"] = moment(at).isoformat(timespec="seconds")
                order = self._order(refund["out_trade_no"])
                self.store.put("order", order["out_trade_no"], {**order, "trade_state": "REFUND"})
            self.store.put("refund", out_refund_no, refund)
        if self.settings["notify"]:
            self.notify_later(refund)

    # ------------------------------------------------------------------ callbacks

    def callback(self, subject, variant="good", change=None, notice_id=None):
        """``(headers, body)`` of the callback about an order or a refund, spoilt as ``variant`` says."""
        if "out_refund_no" in subject:
            event, kind = f"REFUND.{subject['status']}", "refund"
            shown = {key: value for key, value in self.refund_shown(subject).items() if key != "status"}
            shown |= {"mchid": self.keys.credentials["mchid"], "refund_status": subject["status"]}
            del shown["amount"]["currency"]
        else:
            event, kind, shown = "TRANSACTION.SUCCESS", "transaction", self.transaction(subject)
        for name, value in (change or {}).items():
            shown[name] = {**shown[name], **value} if isinstance(value, dict) else value
        plain = json.dumps(shown, ensure_ascii=False)
        resource = self.keys.encrypt(plain, kind, nonce(32) if variant == "other_api_key" else None)
        if variant == "bad_tag":
            resource["ciphertext"] = resource["ciphertext"][:-8] + "AAAAAAA="
        body = json.dumps(
            {
                "id": notice_id or secrets.token_hex(16),
                "create_time": moment().isoformat(timespec="seconds"),
                "event_type": event,
                "resource_type": "encrypt-resource",
                "resource": {**resource, "original_type": kind},
                "summary": "支付成功" if kind == "transaction" else "退款",
            },
            ensure_ascii=False,
        ).encode()
        return self._spoilt(variant, body), body + (b" " if variant == "altered" else b"")

    def _spoilt(self, variant, body):
        serial = serial_of(self.keys.certificate) if variant == "certificate" else self.settings["serial"]
        if variant == "stale":
            return self.keys.seal(body, serial, timestamp=int(time.time()) - 3600)
        if variant == "forged":
            other = serialization.load_pem_private_key(Keys._made()["platform_key"].encode(), None)
            return self.keys.seal(body, serial, key=other)
        headers = self.keys.seal(body, serial)
        if variant == "unknown_serial":
            headers["Wechatpay-Serial"] = "PUB_KEY_ID_0119000001092026010100000000009999"
        if variant == "unknown_certificate":
            headers["Wechatpay-Serial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
        if variant == "probe":
            headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]
        if variant == "unsigned":
            return {}
        return headers

    def deliver(self, url, headers, body):
        """Send one callback: ``[status, text of the answer]``; status 0: no answer."""
        request = urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return [response.status, response.read().decode()]
        except urllib.error.HTTPError as error:
            return [error.code, error.read().decode("utf-8", "replace")]
        except OSError as error:
            return [0, str(error)]

    def notify_later(self, subject):
        """Callbacks as the service sends them: again, newly signed, until the merchant confirms."""
        notice_id = secrets.token_hex(16)

        def work():
            for seconds in RETRIES:
                time.sleep(seconds)
                headers, body = self.callback(subject, notice_id=notice_id)
                if self.deliver(subject["notify_url"], headers, body)[0] in (200, 204):
                    return

        if subject.get("notify_url"):
            threading.Thread(target=work, daemon=True).start()

    # ------------------------------------------------------------------ certificates and bills

    @route("GET", r"/v3/certificates", "certificates")
    def certificates(self, _request):
        certificate = self.keys.certificate
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        entry = {
            "serial_no": serial_of(certificate),
            "effective_time": certificate.not_valid_before_utc.isoformat(),
            "expire_time": certificate.not_valid_after_utc.isoformat(),
            "encrypt_certificate": self.keys.encrypt(pem, "certificate"),
        }
        return Answer.of_json({"data": [entry]})

    @route("GET", r"/v3/bill/tradebill", "bill")
    def bill(self, request):
        day = request.query.get("bill_date", "")
        demand(re.fullmatch(r"\d{4}-\d\d-\d\d", day), "bill_date 不合规则")
        demand(day < moment().date().isoformat(), "请求的账单正在生成中", "STATEMENT_CREATING")
        text = trade_bill(
            self.keys.credentials, day, self.store.all("order"), self.store.all("refund"), self.bill_changes
        )
        demand(text, "账单文件不存在", "NO_STATEMENT_EXIST")
        token = secrets.token_urlsafe(16)
        self.store.put("bill", token, {"text": text, "until": time.time() + 30})
        return Answer.of_json(
            {
                "hash_type": "SHA1",
                "hash_value": hashlib.sha1(text.encode()).hexdigest(),
                "download_url": f"{self.address}/v3/billdownload/file?token={token}",
            }
        )

    @route("GET", r"/v3/billdownload/file", "bill_file")
    def bill_file(self, request):
        bill = self.store.get("bill", request.query.get("token", ""))
        demand(bill and bill["until"] > time.time(), "下载地址已失效", "INVALID_REQUEST")
        return Answer(
            200, gzip.compress(bill["text"].encode()), {"Content-Type": "application/octet-stream", "unsigned": ""}
        )

    # ------------------------------------------------------------------ where one pays

    @route("GET", r"/pay/jsapi", "page")
    def jsapi_page(self, request):
        """What ``wx.requestPayment`` opens: its parameters must be signed by the merchant."""
        given = request.query
        signed = is_signed(
            self.keys.merchant,
            given.get("paySign", ""),
            *(given.get(name, "") for name in ("appId", "timeStamp", "nonceStr", "package")),
        )
        token = self.store.get("prepay", given.get("package", "").removeprefix("prepay_id="))
        demand(signed and given.get("signType") == "RSA", "支付验证签名失败", "SIGN_ERROR", 401)
        demand(token, "预支付交易会话不存在", "PREPAY_ID", 404)
        return Answer(302, b"", {"Location": f"/pay/{token}", "Content-Type": "text/html"})

    @route("GET", r"/pay/([\w-]+)", "page")
    def page(self, request, token):
        out_trade_no = self.store.get("token", token)
        demand(out_trade_no, "订单不存在", "ORDER_NOT_EXIST", 404)
        order = self._order(out_trade_no)
        expired = order["trade_state"] == "NOTPAY" and self._expired(order)
        back = request.query.get("redirect_url", "")
        values = {
            "description": order["description"],
            "amount": f"{order['total'] // 100}.{order['total'] % 100:02d}",
            "out_trade_no": order["out_trade_no"],
            "state": "订单已过期" if expired else STATES[order["trade_state"]],
            "token": token,
            "back": back if back.startswith(("http://", "https://")) else "",
        }
        open_for_payment = order["trade_state"] in ("NOTPAY", "PAYERROR") and not expired
        return Answer.of_html(
            PAGE.substitute(
                {name: html.escape(value) for name, value in values.items()},
                buttons="" if open_for_payment else "hidden",
                link="" if values["back"] else "hidden",
            )
        )

    @route("POST", r"/pay/([\w-]+)", "page")
    def page_pressed(self, request, token):
        out_trade_no = self.store.get("token", token)
        demand(out_trade_no, "订单不存在", "ORDER_NOT_EXIST", 404)
        pressed = request.form()
        if pressed.get("do") == "pay":
            order = self.pay(out_trade_no)
            if self.settings["notify"]:
                self.notify_later(order)
        elif pressed.get("do") == "fail":
            with self.store:
                order = self._order(out_trade_no)
                demand(order["trade_state"] == "NOTPAY", STATES[order["trade_state"]], "ORDER_STATE", 409)
                self.store.put("order", out_trade_no, {**order, "trade_state": "PAYERROR"})
        back = pressed.get("back", "")
        where = back if back.startswith(("http://", "https://")) else f"/pay/{token}"
        return Answer(303, b"", {"Location": where, "Content-Type": "text/html"})

    # ------------------------------------------------------------------ control

    def ctl_settings(self, **values):
        unknown = set(values) - set(self.settings)
        if unknown:
            raise ValueError(f"no such setting: {unknown}")
        self.settings |= values
        return self.settings

    def ctl_pay(self, out_trade_no, at=None, total=None, notify=False):
        """Pay an order, at a given time, or another amount than asked for; no callback goes out unless ``notify``."""
        with self.store:
            order = self.pay(out_trade_no, at)
            if total is not None:
                order = self.store.put("order", out_trade_no, {**order, "total": total})
        if notify:
            self.notify_later(order)
        return order

    def ctl_end_refund(self, out_refund_no, status="SUCCESS", at=None):
        notify, self.settings["notify"] = self.settings["notify"], False
        try:
            self.end_refund(out_refund_no, status, at)
        finally:
            self.settings["notify"] = notify
        return self.store.get("refund", out_refund_no)

    def ctl_notify(self, out_trade_no=None, out_refund_no=None, times=1, at_once=False, url=None, **kind):
        """Send the callback about an order or refund now, and return the answers; ``at_once``: all in parallel.

        ``kind``: variant, change, notice_id of :meth:`callback`. Every sending of one command has the same id.
        """
        subject = self.store.get("refund", out_refund_no) if out_refund_no else self._order(out_trade_no)
        kind.setdefault("notice_id", secrets.token_hex(16))

        def send(_number):
            headers, body = self.callback(subject, **kind)
            answer = self.deliver(url or subject["notify_url"], headers, body)
            return {"status": answer[0], "answer": answer[1], "headers": headers, "body": body.decode()}

        with concurrent.futures.ThreadPoolExecutor(times if at_once else 1) as pool:
            return list(pool.map(send, range(times)))

    def ctl_order(self, out_trade_no):
        return self.store.get("order", out_trade_no)

    def ctl_orders(self):
        return self.store.all("order")

    def ctl_refunds(self):
        return self.store.all("refund")

    def ctl_bill_change(self, out_trade_no, **values):
        """The bills show this order otherwise: ``omit`` it, or another ``total`` or ``fee``, or a made-up ``row``."""
        self.bill_changes.append({"out_trade_no": out_trade_no, **values})
        return self.bill_changes

    def ctl_new_certificate(self):
        """The platform certificate is replaced by a new one, as happens every few years."""
        made = Keys._made()
        self.keys.certified = serialization.load_pem_private_key(made["certificate_key"].encode(), None)
        from cryptography import x509

        self.keys.certificate = x509.load_pem_x509_certificate(made["certificate"].encode())
        return {"serial_no": serial_of(self.keys.certificate)}


__all__ = ["NONCE_LETTERS", "WeChatPay"]
