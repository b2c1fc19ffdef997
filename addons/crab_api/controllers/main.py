import ipaddress

from odoo import http
from odoo.http import request

from .. import metrics
from ..dispatcher import MAX_FILE_BODY, ROOT

PUBLIC = ("/catalog/", "/site/")


def _is_public_read(_controller, _rule, args):
    """Answers that are the same for everyone may come from a replica."""
    method, path = request.httprequest.method, "/" + args.get("path", "")
    return method in ("GET", "HEAD") and path.startswith(PUBLIC) and path != "/catalog/prices"


class CrabApi(http.Controller):
    @http.route(
        [f"{ROOT}", f"{ROOT}/<any_path:path>"],
        type="crab_api",
        auth="public",
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        save_session=False,
        csrf=False,
        readonly=_is_public_read,
        max_content_length=MAX_FILE_BODY,
    )
    def api(self, path=""):
        """Never called: the dispatcher of ``crab_api`` hands the request to the FastAPI application."""

    @http.route("/crab/upload/<string:public_id>", type="http", auth="public", methods=["GET"], save_session=False)
    def upload(self, public_id):
        """A picture that somebody sent: whoever has its unguessable name sees it."""
        # sudo: the name is the right; content was written anew when it came
        upload_sudo = request.env["crab.upload"].sudo().search([("public_id", "=", public_id)])
        if not upload_sudo:
            raise request.not_found()
        attachment_sudo = upload_sudo.attachment_id
        return request.make_response(
            attachment_sudo.raw,
            headers=[
                ("Content-Type", attachment_sudo.mimetype),
                ("X-Content-Type-Options", "nosniff"),
                ("Content-Security-Policy", "default-src 'none'"),
                ("Cache-Control", "private, max-age=31536000, immutable"),
            ],
        )

    @http.route("/healthz", type="http", auth="none", methods=["GET"], save_session=False)
    def healthz(self):
        """The process answers."""
        return request.make_json_response({"status": "ok"})

    @http.route("/readyz", type="http", auth="none", methods=["GET"], save_session=False)
    def readyz(self):
        """The process can serve: the database answers, what the suite needs is there; else 503 with the reasons."""
        if not request.db:
            return request.make_json_response({"status": "unavailable", "reasons": ["no database"]}, status=503)
        reasons = request.env["fastapi.endpoint"].sudo()._crab_not_ready()  # sudo: nobody is logged in
        if reasons:
            return request.make_json_response({"status": "unavailable", "reasons": reasons}, status=503)
        return request.make_json_response({"status": "ok"})

    @http.route("/metrics", type="http", auth="none", methods=["GET"], save_session=False)
    def metrics(self):
        """Figures for Prometheus, for addresses of this machine and its private network only."""
        if not ipaddress.ip_address(request.httprequest.remote_addr or "8.8.8.8").is_private:
            raise request.not_found()
        return request.make_response(metrics.page(), headers=[("Content-Type", "text/plain; version=0.0.4")])
