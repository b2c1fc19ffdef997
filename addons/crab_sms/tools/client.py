"""Tencent Cloud and Aliyun behind one face: send a text to numbers, find what became of it, read delivery reports.

Nothing here touches the database. Three ends of a call are told apart, for only one of them may be repeated blindly:
``Refused`` (the provider says no), ``Unreachable`` (nothing left this machine), ``Unknown`` (it may have been sent).
"""

import hashlib
import hmac
import json
import logging
import secrets
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from odoo.addons.crab_base.tools.timezone import business_date

_logger = logging.getLogger(__name__)

TIMEOUT = 10  # seconds, to connect and to wait for the answer
CLOCKS = timedelta(minutes=10)  # that a provider's clock may differ from ours, with the call in between
LARGEST = 200  # numbers in one call; what Tencent takes
ENDPOINTS = {"tencent": "https://sms.tencentcloudapi.com", "aliyun": "https://dysmsapi.aliyuncs.com"}
REGION = "ap-guangzhou"  # Tencent Cloud wants one; Aliyun's is in its address
NO_BODY = hashlib.sha256(b"").hexdigest()

# outcome: "accepted", "refused", "unknown" or "later"
Result = namedtuple("Result", "outcome reference code message", defaults=("", "", ""))
# what the provider knows of a number: state "pending", "sent" or "error" as of ``sms.sms``
News = namedtuple("News", "phone session reference state code message", defaults=("", ""))


class Refused(Exception):
    """The provider says no; ``code`` is its own word for the reason."""

    def __init__(self, code, message):
        super().__init__(f"{code} {message}")
        self.code, self.message = str(code), str(message or "")


class Unreachable(Exception):
    """There was no connection: nothing was sent."""


class Unknown(Exception):
    """What became of the call is not known: time-out, fault of the provider, an answer that cannot be read."""


def never_left(error, depth=8):
    """Whether the cause of ``error`` is that no connection came about."""
    if isinstance(error, NewConnectionError | ConnectTimeoutError):
        return True
    if not isinstance(error, BaseException) or not depth:
        return False
    causes = (error.__cause__, error.__context__, *error.args, vars(error).get("reason"))
    return any(never_left(cause, depth - 1) for cause in causes)


def _without_answer(error):
    raise (Unreachable if never_left(error) else Unknown)(type(error).__name__) from error


class _Client:
    """Plain values of an account, so that a call needs no database."""

    def __init__(self, key_id, key_secret, app_id, sign_name, region, endpoint):
        self.key_id, self.key_secret, self.app_id, self.sign_name = key_id, key_secret, app_id, sign_name
        self.region, url = region or REGION, urlsplit(endpoint or ENDPOINTS[self.provider])
        self.scheme, self.host = url.scheme, url.netloc

    def send(self, phones, template, params, session):
        """Send one text to ``phones``; never raises.

        :param phones: numbers in E.164, at most ``LARGEST``
        :param template: the provider's name of the template
        :param params: list of ``(name, value)``, in the order of the text
        :param session: comes back with reports and queries
        :return: ``{phone: Result}`` with each of them
        """
        try:
            results = self._send(phones, template, params, session)
        except Refused as refusal:
            results = dict.fromkeys(phones, Result("refused", "", refusal.code, refusal.message))
        except Unreachable:
            results = dict.fromkeys(phones, Result("later", "", "unreachable"))
        except Unknown as error:
            _logger.info("SMS provider %s: no usable answer (%s)", self.provider, error)
            results = {}
        return {phone: results.get(phone) or Result("unknown", "", "unknown") for phone in phones}


class Tencent(_Client):
    provider = "tencent"
    knows_all = False  # a message without report yet, or an account without the service, is not found

    def _call(self, action, values):
        from tencentcloud.common.credential import Credential  # big: only who sends loads it
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.sms.v20210111.sms_client import SmsClient

        http = HttpProfile(protocol=self.scheme, endpoint=self.host, reqTimeout=TIMEOUT)
        client = SmsClient(Credential(self.key_id, self.key_secret), self.region, ClientProfile(httpProfile=http))
        try:
            return client.call_json(action, values)["Response"]
        except TencentCloudSDKException as error:
            code = error.code or ""
            if code in ("ClientNetworkError", "ServerNetworkError") or code.startswith("InternalError"):
                _without_answer(error)
            raise Refused(code, error.message) from error
        except Exception as error:  # noqa: BLE001  whatever the library makes of an answer that is none
            _without_answer(error)

    def _send(self, phones, template, params, session):
        values = {
            "PhoneNumberSet": phones,
            "SmsSdkAppId": self.app_id,
            "SignName": self.sign_name,
            "TemplateId": template,
            "TemplateParamSet": [value for _name, value in params],
            "SessionContext": session,
        }
        return {
            one["PhoneNumber"]: Result("accepted", one.get("SerialNo") or "", "")
            if one.get("Code") == "Ok"
            else Result("refused", "", one.get("Code") or "", one.get("Message") or "")
            for one in self._call("SendSms", values).get("SendStatusSet") or []
        }

    def find(self, phone, session, taken_at):
        """``News`` of what was sent to ``phone`` in ``session``, or ``None``; raises as a call does."""
        since = int((taken_at - timedelta(minutes=1)).replace(tzinfo=UTC).timestamp())
        values = {
            "BeginTime": since,
            "EndTime": since + 86400,
            "Offset": 0,
            "Limit": 100,
            "PhoneNumber": phone,
            "SmsSdkAppId": self.app_id,
        }
        for one in self._call("PullSmsSendStatusByPhoneNumber", values).get("PullSmsSendStatusSet") or []:
            if one.get("SessionContext") == session:
                state = {"SUCCESS": "sent", "FAIL": "error"}.get(one.get("ReportStatus"), "pending")
                return News(phone, session, one.get("SerialNo") or "", state, one.get("Description") or "")
        return None

    @staticmethod
    def read_report(one):
        """``News`` of an entry of a delivery report."""
        state = {"SUCCESS": "sent", "FAIL": "error"}.get(one.get("report_status"), "pending")
        phone = f"+{one.get('nationcode') or '86'}{one.get('mobile')}"
        return News(
            phone, one.get("ext") or "", one.get("sid") or "", state, one.get("errmsg") or "", one.get("description")
        )


class Aliyun(_Client):
    provider = "aliyun"
    knows_all = True  # the query shows every message that was accepted

    def _call(self, action, values):
        """Signed by ACS3-HMAC-SHA256: the values in the query, an empty body."""
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(values[name], safe='-_.~')}" for name in sorted(values))
        headers = {
            "host": self.host,
            "x-acs-action": action,
            "x-acs-content-sha256": NO_BODY,
            "x-acs-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        signed = ";".join(headers)
        lines = (f"{name}:{value}" for name, value in headers.items())
        canonical = "\n".join(["POST", "/", query, *lines, "", signed, NO_BODY])
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = (
            f"ACS3-HMAC-SHA256 Credential={self.key_id},SignedHeaders={signed},Signature={signature}"
        )
        try:
            answer = requests.post(
                f"{self.scheme}://{self.host}/?{query}", headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            _without_answer(error)
        if answer.status_code >= 500 or not isinstance(body, dict) or not body.get("Code"):
            raise Unknown(answer.status_code)
        if body["Code"] != "OK":
            raise Refused(body["Code"], body.get("Message"))
        return body

    def _send(self, phones, template, params, session):
        values = {
            "PhoneNumbers": ",".join(self._written(phone) for phone in phones),
            "SignName": self.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(dict(params), ensure_ascii=False),
            "OutId": session,
        }
        body = self._call("SendSms", values)
        return dict.fromkeys(phones, Result("accepted", body.get("BizId") or ""))

    def find(self, phone, session, taken_at):
        """As :meth:`Tencent.find`."""
        days = {business_date(taken_at - CLOCKS), business_date(taken_at + CLOCKS)}  # it is asked by days of its own
        return next(filter(None, (self._find_on(day, phone, session) for day in sorted(days))), None)

    def _find_on(self, day, phone, session):
        page = 1
        while True:
            values = {
                "PhoneNumber": self._written(phone),
                "SendDate": day.strftime("%Y%m%d"),
                "PageSize": "50",
                "CurrentPage": str(page),
            }
            body = self._call("QuerySendDetails", values)
            details = (body.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
            for one in details:
                if one.get("OutId") == session:
                    state = {3: "sent", 2: "error"}.get(one.get("SendStatus"), "pending")
                    return News(phone, session, "", state, "" if state != "error" else one.get("ErrCode") or "")
            if len(details) < 50 or page == 20:
                return None
            page += 1

    @staticmethod
    def _written(phone):
        return phone.removeprefix("+86").removeprefix("+")

    @staticmethod
    def read_report(one):
        """As :meth:`Tencent.read_report`."""
        state = "sent" if one.get("success") is True else "error"
        written = str(one.get("phone_number") or "")
        phone = f"+86{written}" if len(written) == 11 and written.startswith("1") else f"+{written}"
        code = one.get("err_code") or "" if state == "error" else ""
        return News(phone, one.get("out_id") or "", one.get("biz_id") or "", state, code, one.get("err_msg"))


CLIENTS = {"tencent": Tencent, "aliyun": Aliyun}


def read_reports(provider, body):
    """List of ``News`` in a delivery report, or ``None`` if ``body`` is none; strange entries are left out."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, list) or len(entries) > 1000:
        return None
    reports = []
    for entry in entries:
        if isinstance(entry, dict):
            news = CLIENTS[provider].read_report(entry)
            reports.append(News(*(str(value or "").replace("\0", "")[:200] for value in news)))
    return reports
