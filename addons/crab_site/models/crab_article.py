from odoo import api, fields, models


class CrabArticle(models.Model):
    """A page of the shop: who we are, how crabs are kept, what is delivered where."""

    _name = "crab.article"
    _description = "Article"
    _inherit = ["crab.public.id.mixin"]
    _order = "sequence, id desc"
    _rec_name = "title"

    title = fields.Char(required=True, size=64, index="trigram")
    kind = fields.Selection(
        [("article", "Article"), ("about", "About us")],
        required=True,
        default="article",
        help="The app shows the published page “About us” with the information of the company.",
    )
    body = fields.Html("Text", sanitize_overridable=False)
    sequence = fields.Integer(default=10)
    is_published = fields.Boolean("Published", copy=False, help="Only published articles are seen in the app.")

    _about_uniq = models.UniqueIndex(
        "(kind) WHERE kind = 'about' AND is_published", "Another page “About us” is published. Take that one off first."
    )

    @api.model
    def _published(self, kind="article"):
        """The published articles in order, in sudo: they are for everybody."""
        return self.sudo().search([("is_published", "=", True), ("kind", "=", kind)])

    @api.model
    def _about(self):
        """What the app shows of the shop: ``name``, ``phone``, ``address``, ``logo`` (a path below the server's
        address, or None) of the Sales company, and ``article``, the published page “About us” (in sudo, may be empty).
        """
        company_sudo = self.env["res.company"]._crab_company("sales").sudo()  # it is for everybody
        partner = company_sudo.partner_id
        return {
            "name": company_sudo.name,
            "phone": company_sudo.phone or None,
            "address": "".join(filter(None, (partner.state_id.name, partner.city, partner.street, partner.street2))),
            "logo": f"/crab/logo?v={int(partner.write_date.timestamp())}" if partner.image_1920 else None,
            "article": self._published("about"),
        }
