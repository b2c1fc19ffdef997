from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError

from .product_template import SHOP_KINDS


class CrabFavourite(models.Model):
    """A product that a member keeps in mind (MB-25)."""

    _name = "crab.favourite"
    _description = "Favourite"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _rec_name = "product_tmpl_id"

    member_id = fields.Many2one("crab.member", "Member", required=True, readonly=True, ondelete="cascade")
    product_tmpl_id = fields.Many2one(
        "product.template", "Product", required=True, readonly=True, index=True, ondelete="cascade"
    )

    _once = models.Constraint("UNIQUE(member_id, product_tmpl_id)", "A product is a favourite once.")
    _member_idx = models.Index("(member_id, id)")

    @api.model
    def _subject_domain(self, subject):
        asking_sudo = self.env["crab.member"]._asking(subject)
        return super()._subject_domain(subject) | fields.Domain("member_id", "in", asking_sudo.ids)

    @api.model
    def _add(self, subject, product):
        """Keep ``product`` (``product.template``) in mind for a member; a second time changes nothing.

        :return: the favourite in sudo
        :raise UserError: for what is not on sale in the shop, and for who is no member
        """
        member_sudo = self._member_of(subject)
        product_sudo = product.sudo().exists()  # what is on sale is public
        if not product_sudo.active or product_sudo.crab_kind not in SHOP_KINDS or product_sudo.crab_state != "on_sale":
            raise UserError(self.env._("This product is not on sale."))
        found = self._for_subject(subject, [("product_tmpl_id", "=", product.id)])
        if found:
            return found
        try:
            with self.env.cr.savepoint():
                return found.create({"member_id": member_sudo.id, "product_tmpl_id": product.id})
        except errors.UniqueViolation as exc:  # two taps at once: the second finds what the first has made
            raise ConcurrencyError(self.env._("The product became a favourite just now.")) from exc

    @api.model
    def _remove(self, subject, product):
        """Forget ``product``; a second time changes nothing."""
        self._for_subject(subject, [("product_tmpl_id", "=", product.id)]).unlink()

    @api.model
    def _of_subject(self, subject, cursor=None, limit=20):
        """``(favourites in sudo, cursor of the next page or None)``, the newest first; also what is off sale now."""
        favourites_sudo = subject.bind(self.sudo())  # what is the subject's own follows from the domain
        return favourites_sudo._page(self._subject_domain(subject), cursor, limit)

    @api.model
    def _member_of(self, subject):
        """The member that ``subject`` is, in sudo.

        :raise UserError: for who is none
        """
        members_sudo = self.env["crab.member"]._asking(subject)
        if not members_sudo:
            raise UserError(self.env._("Only members have favourites."))
        return members_sudo
