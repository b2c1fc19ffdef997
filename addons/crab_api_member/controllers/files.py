from odoo import http
from odoo.http import request

from ..tools import links

PICTURES = {"review": "crab.review", "aftersale": "crab.aftersale", "feedback": "crab.feedback"}
SIZES = {"512": "image_512", "1920": "image_1920"}
QUALITY = 80  # Odoo keeps what it made smaller at 95: twice the bytes, which nobody sees on a phone


class CrabFileController(http.Controller):
    """Pictures and files of the app; an address that is not public is signed and cannot be guessed."""

    @http.route(
        "/crab/product/<string:public_id>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def product(self, public_id, size="512", **_parameters):
        """The picture of a product of the suite; ``v`` in the address changes with it."""
        products_sudo = request.env["product.template"].sudo().with_context(active_test=False)  # a public address
        product_sudo = products_sudo.search([("public_id", "=", public_id), ("crab_kind", "!=", False)])
        field = SIZES.get(size)
        if not product_sudo or not field or not product_sudo.image_512:
            raise request.not_found()
        return self._picture(product_sudo, field)

    @http.route(
        "/crab/file/<string:kind>/<string:public_id>/<int:number>/<string:signature>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def file(self, kind, public_id, number, signature, **_parameters):
        """A picture of a review, after-sales request or feedback, an avatar, or a fapiao."""
        env = request.env(su=True)  # the signature was given to who may see it
        if not links.is_signed(request.env, kind, public_id, number, signature):
            raise request.not_found()
        if kind == "avatar":
            partner = env["crab.member"].search([("public_id", "=", public_id)]).partner_id
            if not partner.image_256:
                raise request.not_found()
            return self._picture(partner, "image_256")
        if kind == "fapiao":
            fapiao = env["crab.fapiao"].search([("name", "=", public_id)])
            if not fapiao.file:
                raise request.not_found()
            stream = env["ir.binary"]._get_stream_from(fapiao, "file", filename=fapiao.file_name or fapiao.name)
            return stream.get_response(as_attachment=True)
        record = env[PICTURES[kind]].search([("public_id", "=", public_id)]) if kind in PICTURES else None
        picture = record and record.picture_ids.sorted("id")[number : number + 1]
        if not picture:
            raise request.not_found()
        return env["ir.binary"]._get_stream_from(picture).get_response(as_attachment=False, immutable=True)

    def _picture(self, record, field):
        binary = request.env["ir.binary"]
        is_photo = binary._get_stream_from(record, field).mimetype == "image/jpeg"
        stream = binary._get_image_stream_from(record, field, filename="picture", quality=QUALITY if is_photo else 0)
        stream.public = True
        return stream.get_response(as_attachment=False, immutable=True)
