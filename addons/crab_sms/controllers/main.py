import json

from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge

from odoo import http
from odoo.http import request

from ..tools import client

LARGEST_REPORT = 256 * 1024
ANSWERS = {
    "tencent": ({"result": 0, "errmsg": "OK"}, {"result": 1, "errmsg": "not known yet"}),
    "aliyun": ({"code": 0, "msg": "OK"}, {"code": 1, "msg": "not known yet"}),
}


class SmsReports(http.Controller):
    @http.route(
        "/callback/sms/<string:provider>/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def reports(self, provider, token):
        """Where the providers tell what was delivered.

        Nothing is signed: the secret in the address is all that tells them from others, so they are hints, which move
        an SMS of ours forward and nothing else.
        """
        account_sudo = provider in ANSWERS and request.env["crab.sms.account"]._by_token(provider, token)
        if not account_sudo:
            raise NotFound()
        if (request.httprequest.content_length or 0) > LARGEST_REPORT:
            raise RequestEntityTooLarge()
        body = request.httprequest.get_data()
        reports = client.read_reports(provider, body) if len(body) <= LARGEST_REPORT else None
        if reports is None:
            raise BadRequest()
        known = account_sudo.env["sms.sms"]._crab_take_reports(account_sudo, reports)
        answer = ANSWERS[provider][0 if known else 1]
        return request.make_response(json.dumps(answer), [("Content-Type", "application/json")])
