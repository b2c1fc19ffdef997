from odoo import http
from odoo.http import request


class CrabSiteController(http.Controller):
    """What everybody may see by an address that cannot be guessed; integer ids stay inside."""

    @http.route("/crab/banner/<string:public_id>", type="http", auth="public", methods=["GET"], readonly=True)
    def banner(self, public_id, **_parameters):
        """The picture of a banner that is switched on; ``v`` in the address changes with the picture."""
        banner_sudo = request.env["crab.banner"].sudo().search([("public_id", "=", public_id)])  # a public address
        if not banner_sudo:
            raise request.not_found()
        stream = request.env["ir.binary"]._get_stream_from(banner_sudo, "image", filename="banner")
        stream.public = True
        return stream.get_response(as_attachment=False, immutable=True)

    @http.route("/crab/logo", type="http", auth="public", methods=["GET"], readonly=True)
    def logo(self, **_parameters):
        """The logo of the shop; ``v`` in the address changes with it."""
        partner_sudo = request.env["res.company"]._crab_company("sales").sudo().partner_id  # a public address
        stream = request.env["ir.binary"]._get_image_stream_from(partner_sudo, "image_512", filename="logo")
        stream.public = True
        return stream.get_response(as_attachment=False, immutable=True)
