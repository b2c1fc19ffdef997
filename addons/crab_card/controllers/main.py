from werkzeug.exceptions import BadRequest

from odoo import http
from odoo.exceptions import MissingError
from odoo.http import content_disposition, request


class CrabCardController(http.Controller):
    @http.route("/crab_card/export/<int:batch_id>", type="http", auth="user", readonly=False)
    def export(self, batch_id, csrf_token=None):
        """The encrypted list of a batch for the printer; the second request finds it gone.

        It changes something though it is a GET: only the button's own link is followed.
        """
        if not request.validate_csrf(csrf_token):
            raise BadRequest(request.env._("This link is no longer valid. Please use the button once more."))
        batch = request.env["crab.card.batch"].browse(batch_id).exists()
        if not batch:
            raise MissingError(request.env._("This record does not exist."))
        content = batch._take_export()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/zip"),
                ("Content-Disposition", content_disposition(f"{batch.name}.zip")),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
