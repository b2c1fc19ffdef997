"""Tencent Cloud and Aliyun SMS as a shop sees them, and the page on which the messages are read."""

import datetime
import html
import json
import secrets
import string
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from sandbox import Answer, Sandbox, route
from signatures import TEMPLATES, Keys, wrong_with_aliyun, wrong_with_tencent

ZONE = datetime.timezone(datetime.timedelta(hours=8))
PAGE = string.Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
ACTIONS = {
    "SendSms": "send",
    "QuerySendDetails": "query",
    "PullSmsSendStatusByPhoneNumber": "query",
}
STATES = {"": "已提交", "good": "已送达", "fail": "未送达"}
# seconds, how many to a number, what each provider says then
PACES = (
    (60, 1, "LimitExceeded.PhoneNumberThirtySecondLimit", "触发分钟级流控Permits:1"),
    (3600, 5, "LimitExceeded.PhoneNumberOneHourLimit", "触发小时级流控Permits:5"),
    (86400, 10, "LimitExceeded.PhoneNumberDailyLimit", "触发天级流控Permits:10"),
)


class Refused(ValueError):
    """A business error: Tencent's code, Aliyun's code and its message."""

    def __init__(self, tencent, aliyun, message):
        super().__init__(message)
        self.codes, self.message = {"tencent": tencent, "aliyun": aliyun}, message


def now():
    return datetime.datetime.now(ZONE)


class Sms(Sandbox):
    name = "sms"

    def __init__(self, store, folder):
        super().__init__(store)
        self.keys = Keys(folder)
        self.nonces = set()
        self.address = ""
        # pace: limits per number; ahead: seconds that its clock is; credit: SMS left (None: enough); report: "good" or
        # "fail" come by themselves ("": none does); report_url: {provider: address}; bad_numbers, blacklist: endings
        # of numbers that are refused
        self.settings = {
            "pace": False,
            "ahead": 0,
            "credit": None,
            "report": "",
            "report_url": {},
            "bad_numbers": [],
            "blacklist": [],
        }

    # ------------------------------------------------------------------ authenticity

    @staticmethod
    def provider(request):
        return "tencent" if request.headers.get("X-TC-Action") else "aliyun"

    def _serve(self, request, name, func, groups):
        if name == "call":
            action = request.headers.get("X-TC-Action") or request.headers.get("x-acs-action") or ""
            name = ACTIONS.get(action, "other")
        return super()._serve(request, name, func, groups)

    def check(self, request, name):
        if name == "page":
            return None
        provider = self.provider(request)
        own = self.keys.credentials[provider]
        if provider == "tencent":
            return wrong_with_tencent(request, own)
        return wrong_with_aliyun(request, own, self.nonces)

    def refuse(self, request, reason):
        return self._error(self.provider(request), reason, reason, status=403)

    @staticmethod
    def _error(provider, code, message, status=200):
        request_id = secrets.token_hex(8)
        if provider == "tencent":
            error = {"Code": code, "Message": message}
            return Answer.of_json({"Response": {"Error": error, "RequestId": request_id}})
        return Answer.of_json({"Code": code, "Message": message, "RequestId": request_id}, status)

    # ------------------------------------------------------------------ calls

    @route("POST", "/", "call")
    def call(self, request):
        provider = self.provider(request)
        action = request.headers.get("X-TC-Action") or request.headers.get("x-acs-action") or ""
        func = getattr(self, f"{provider}_{action}", None)
        if not func:
            return self._error(provider, "InvalidAction", "no such action", 404)
        try:
            answer = func(request.json() if provider == "tencent" else request.query)
        except Refused as refusal:
            return self._error(provider, refusal.codes[provider], refusal.message)
        answer["RequestId"] = secrets.token_hex(8)
        return Answer.of_json({"Response": answer} if provider == "tencent" else {**answer, "Code": "OK"})

    def tencent_SendSms(self, asked):
        own = self.keys.credentials["tencent"]
        numbers = asked.get("PhoneNumberSet") or []
        if asked.get("SmsSdkAppId") != own["app_id"]:
            raise Refused("InvalidParameterValue.SdkAppIdNotExist", "", "SdkAppId不存在")
        if not 0 < len(numbers) <= 200:
            raise Refused("LimitExceeded.PhoneNumberCountLimit", "", "手机号数量超过限制")
        self._known_sign("tencent", asked.get("SignName"))
        params = asked.get("TemplateParamSet") or []
        text = self._text(asked.get("TemplateId"), params, lambda names: len(params) == len(names))
        statuses = []
        for number in numbers:
            status = {"PhoneNumber": number, "SerialNo": "", "Fee": 0}
            try:
                message = self._accept("tencent", number, text, asked.get("SessionContext", ""))
                status |= {"SerialNo": message["reference"], "Fee": 1, "Code": "Ok", "Message": "send success"}
            except Refused as refusal:
                status |= {"Code": refusal.codes["tencent"], "Message": refusal.message}
            statuses.append(status)
        return {"SendStatusSet": statuses}

    def aliyun_SendSms(self, asked):
        numbers = [one for one in (asked.get("PhoneNumbers") or "").split(",") if one]
        if not 0 < len(numbers) <= 1000:
            raise Refused("", "isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制")
        self._known_sign("aliyun", asked.get("SignName"))
        try:
            values = json.loads(asked.get("TemplateParam") or "{}")
        except ValueError as error:
            raise Refused("", "isv.INVALID_JSON_PARAM", "参数格式错误，请修改为字符串值") from error
        code = (asked.get("TemplateCode") or "").removeprefix("SMS_")
        names = TEMPLATES.get(code, ("", ()))[1]
        if any(not values.get(name) for name in names):
            raise Refused("", "isv.TEMPLATE_MISSING_PARAMETERS", "模板变量缺失参数")
        text = self._text(code, [values[name] for name in names], lambda _names: True)
        written = [number if number.startswith("+") else f"+86{number}" for number in numbers]
        with self.store:  # all or none
            for number in written:
                self._judge("aliyun", number)
            reference = f"{secrets.randbelow(10**18):018}^0"
            for number in written:
                self._accept("aliyun", number, text, asked.get("OutId", ""), reference)
        return {"BizId": reference, "Message": "OK"}

    def tencent_PullSmsSendStatusByPhoneNumber(self, asked):
        found = [one for one in self._messages("tencent") if one["phone"] == asked.get("PhoneNumber")]
        return {
            "PullSmsSendStatusSet": [
                {
                    "CountryCode": "86",
                    "SubscriberNumber": one["phone"].removeprefix("+86"),
                    "PhoneNumber": one["phone"],
                    "SerialNo": one["reference"],
                    "ReportStatus": {"good": "SUCCESS", "fail": "FAIL"}[one["state"]],
                    "Description": "用户短信送达成功" if one["state"] == "good" else "关机或停机",
                    "SessionContext": one["session"],
                }
                for one in found
                if one["state"]  # what has no report yet is not shown
            ]
        }

    def aliyun_QuerySendDetails(self, asked):
        day = datetime.datetime.strptime(asked["SendDate"], "%Y%m%d").date()
        found = [
            one
            for one in self._messages("aliyun")
            if one["phone"] == f"+86{asked.get('PhoneNumber')}"
            and datetime.datetime.fromisoformat(one["at"]).date() == day
        ]
        start = (int(asked["CurrentPage"]) - 1) * int(asked["PageSize"])
        details = [
            {
                "PhoneNum": one["phone"].removeprefix("+86"),
                "SendStatus": {"": 1, "fail": 2, "good": 3}[one["state"]],
                "ErrCode": {"": "", "fail": "UNDELIVERED", "good": "DELIVERED"}[one["state"]],
                "OutId": one["session"],
                "Content": one["text"],
            }
            for one in found[start : start + int(asked["PageSize"])]
        ]
        return {"TotalCount": str(len(found)), "SmsSendDetailDTOs": {"SmsSendDetailDTO": details}, "Message": "OK"}

    # ------------------------------------------------------------------ messages

    def _known_sign(self, provider, sign):
        if sign != self.keys.credentials[provider]["sign_name"]:
            code = "FailedOperation.SignatureIncorrectOrUnapproved"
            raise Refused(code, "isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名")

    def _text(self, template, params, fits):
        text, names = TEMPLATES.get(template, ("", ()))
        if not text:
            code = "FailedOperation.TemplateIncorrectOrUnapproved"
            raise Refused(code, "isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板")
        if not fits(names):
            code = "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
            raise Refused(code, "isv.TEMPLATE_PARAMS_ILLEGAL", "请求内容与审核通过的模板内容不匹配")
        return text.format(*params)

    def _messages(self, provider=None):
        return [one for one in self.store.all("message") if provider in (None, one["provider"])]

    def _judge(self, provider, number):
        ends = number.endswith
        if not number.startswith("+86") or len(number) != 14 or any(map(ends, self.settings["bad_numbers"])):
            raise Refused("InvalidParameterValue.IncorrectPhoneNumber", "isv.MOBILE_NUMBER_ILLEGAL", "号码格式错误")
        if any(map(ends, self.settings["blacklist"])):
            raise Refused("FailedOperation.PhoneNumberInBlacklist", "isv.BLACK_KEY_CONTROL_LIMIT", "黑名单管控")
        if self.settings["credit"] == 0:
            code = "FailedOperation.InsufficientBalanceInSmsPackage"
            raise Refused(code, "isv.AMOUNT_NOT_ENOUGH", "账户余额不足")
        if self.settings["pace"]:
            sent = [datetime.datetime.fromisoformat(one["at"]) for one in self._messages() if one["phone"] == number]
            for seconds, most, code, message in PACES:
                if len([at for at in sent if (now() - at).total_seconds() < seconds]) >= most:
                    raise Refused(code, "isv.BUSINESS_LIMIT_CONTROL", message)

    def _accept(self, provider, number, text, session, reference=None):
        with self.store:
            self._judge(provider, number)
            if self.settings["credit"]:
                self.settings["credit"] -= 1
            sign = self.keys.credentials[provider]["sign_name"]
            message = {
                "provider": provider,
                "phone": number,
                "text": f"【{sign}】{text}",
                "session": session,
                "reference": reference or f"2028:{secrets.token_hex(10)}",
                "at": (now() + datetime.timedelta(seconds=self.settings["ahead"])).isoformat(),
                "state": "",
            }
            self.store.put("message", f"{time.time_ns():020}{secrets.token_hex(3)}", message)
        if self.settings["report"]:
            values = {"phone": number, "reference": message["reference"], "state": self.settings["report"]}
            threading.Timer(1, self.ctl_report, kwargs=values).start()
        return message

    # ------------------------------------------------------------------ delivery reports

    @staticmethod
    def _entry(message):
        good = message["state"] == "good"
        stamp = now().strftime("%Y-%m-%d %H:%M:%S")
        if message["provider"] == "tencent":
            return {
                "user_receive_time": stamp,
                "nationcode": "86",
                "mobile": message["phone"].removeprefix("+86"),
                "report_status": "SUCCESS" if good else "FAIL",
                "errmsg": "DELIVRD" if good else "UNDELIV",
                "description": "用户短信送达成功" if good else "关机或停机",
                "sid": message["reference"],
            }
        return {
            "phone_number": message["phone"].removeprefix("+86"),
            "send_time": stamp,
            "report_time": stamp,
            "success": good,
            "err_code": "DELIVERED" if good else "UNDELIVERED",
            "err_msg": "用户接收成功" if good else "关机或停机",
            "sms_size": "1",
            "biz_id": message["reference"],
            "out_id": message["session"],
        }

    def ctl_report(self, state="good", phone=None, reference=None, times=1, reverse=False, send=True):
        """Set what became of messages and tell the shop, ``times`` over; the answers, in order."""
        chosen = []
        with self.store:
            for key, message in self._keyed():
                if phone in (None, message["phone"]) and reference in (None, message["reference"]):
                    message["state"] = state
                    self.store.put("message", key, message)
                    chosen.append(message)
        answers = []
        for name in ("tencent", "aliyun"):
            entries = [self._entry(message) for message in chosen if message["provider"] == name]
            target = self.settings["report_url"].get(name)
            if entries and target and send:
                answers += [self._post(target, entries[::-1] if reverse else entries) for _time in range(times)]
        return answers

    def _keyed(self):
        with self.store as store:
            rows = store._connection.execute("SELECT key, data FROM record WHERE kind = 'message'").fetchall()
        return [(key, json.loads(data)) for key, data in rows]

    @staticmethod
    def _post(url, entries):
        body = json.dumps(entries, ensure_ascii=False).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return {"status": response.status, "body": json.load(response)}
        except urllib.error.HTTPError as error:
            return {"status": error.code, "body": {}}
        except OSError as error:
            return {"status": 0, "body": {"error": repr(error)}}

    # ------------------------------------------------------------------ control and page

    def ctl_settings(self, **values):
        unknown = values.keys() - self.settings.keys()
        if unknown:
            raise ValueError(f"unknown settings {unknown}")
        self.settings.update(values)
        return self.settings

    def ctl_messages(self, phone=None):
        return [one for one in self._messages() if phone in (None, one["phone"])]

    @route("GET", "/", "page")
    def page(self, request):
        rows = "".join(
            f"<li><header><b>{html.escape(one['phone'].removeprefix('+86'))}</b>"
            f"<time>{html.escape(one['at'][:19].replace('T', ' '))}</time>"
            f"<span>{STATES[one['state']]}</span></header><p>{html.escape(one['text'])}</p></li>"
            for one in self._messages()[:-201:-1]
        )
        return Answer.of_html(PAGE.substitute(rows=rows or "<li><p>还没有短信</p></li>"))
