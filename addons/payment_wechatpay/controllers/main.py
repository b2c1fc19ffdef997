import json
from urllib.parse import quote

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.payment import utils as payment_utils

from .. import const
from ..tools.client import Forged


class WechatpayController(http.Controller):
    @http.route(
        "/payment/wechatpay/notify/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def notify(self, provider_id):
        """Where WeChat Pay tells of payments and refunds; it sends again until it reads SUCCESS.

        The body is encrypted, so the address names the provider whose keys open it.
        """
        # In sudo mode: the sender is nobody, its signature decides.
        provider_sudo = (
            request.env["payment.provider"].sudo().search([("id", "=", provider_id), ("code", "=", "wechatpay")])
        )
        if not provider_sudo:
            raise NotFound()
        # The sender has no language; what its news writes into documents is read in the company.
        provider_sudo = provider_sudo.with_context(lang=provider_sudo.company_id.partner_id.lang)
        source = payment_utils.get_customer_ip_address()
        notifications_sudo = provider_sudo.env["payment.wechatpay.notification"]
        try:
            if (request.httprequest.content_length or 0) > const.LARGEST_NOTIFICATION:
                raise Forged("form")
            notification = provider_sudo._wechatpay_open_notification(
                request.httprequest.headers, request.httprequest.get_data()
            )
        except Forged as error:
            notifications_sudo._refuse(provider_sudo, error.reason, source)
            return self._answer(401, "FAIL", "refused")
        if not notifications_sudo._receive(provider_sudo, notification, source):
            return self._answer(404, "FAIL", "no such transaction")
        return self._answer(200, "SUCCESS", "")

    @staticmethod
    def _answer(status, code, message):
        body = json.dumps({"code": code, "message": message})
        return request.make_response(body, [("Content-Type", "application/json")], status=status)

    @http.route("/payment/wechatpay/pay", type="http", auth="public", methods=["GET", "POST"], csrf=False)
    def pay(self, reference=None, access_token=None, **_kwargs):
        """Begin the payment of the portal: a phone's browser goes to WeChat, any other shows a QR code."""
        if not payment_utils.check_access_token(access_token, reference):
            raise NotFound()
        # In sudo mode: the token says that this is the payer.
        tx_sudo = (
            request.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", reference), ("provider_code", "=", "wechatpay")])
        )
        if not tx_sudo:
            raise NotFound()
        agent = request.httprequest.user_agent.string
        trade_type = tx_sudo.wechatpay_trade_type or ("h5" if "Mobile" in agent else "native")
        try:
            begun = tx_sudo._wechatpay_prepay(trade_type, client_ip=payment_utils.get_customer_ip_address())
            tx_sudo.state_message = False
        except UserError as error:
            if tx_sudo.state in ("draft", "pending"):
                tx_sudo.state_message = str(error)
            begun = {}
        if "h5_url" in begun:
            back = f"{tx_sudo.get_base_url()}/payment/status"
            glue = "&" if "?" in begun["h5_url"] else "?"
            return request.redirect(f"{begun['h5_url']}{glue}redirect_url={quote(back, safe='')}", local=False)
        return request.redirect("/payment/status")
