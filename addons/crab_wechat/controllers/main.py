from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from odoo import http
from odoo.http import request

from ..tools import callback


class WechatCallback(http.Controller):
    @http.route(
        "/wechat/callback",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        csrf=False,
        save_session=False,
    )
    def callback(self, **_values):
        """Where WeChat sends messages and events of the mini-program; it wants an answer within five seconds.

        Nothing here calls anybody. What is not WeChat's is refused and noted.
        """
        arguments = request.httprequest.args  # not those of a form
        given = [arguments.get(name, "")[:200] for name in ("timestamp", "nonce")]
        events_sudo = request.env["crab.wechat.event"].sudo()  # the sender is nobody, its signature decides
        opener = events_sudo._callback()
        if not opener:
            raise NotFound()
        try:
            if request.httprequest.method == "GET":
                opener.check(arguments.get("signature", ""), *given)
                return self._answer(arguments.get("echostr", "")[:200])
            if (request.httprequest.content_length or 0) > callback.LARGEST:
                raise RequestEntityTooLarge()
            body = request.httprequest.get_data()
            message, as_json = opener.open(body, arguments.get("msg_signature", ""), *given)
        except callback.Forged as error:
            events_sudo._refuse(error.reason, request.httprequest.remote_addr)
            return self._answer("refused", status=403)
        reply = events_sudo._receive(message)
        return self._answer(opener.close(reply, as_json) if reply else "success")

    @staticmethod
    def _answer(text, status=200):
        return request.make_response(text, [("Content-Type", "text/plain; charset=utf-8")], status=status)
