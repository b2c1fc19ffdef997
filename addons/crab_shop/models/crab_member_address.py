from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError

from odoo.addons.crab_base.tools.locks import lock_rows

from .crab_shop import ADDRESS

MOST = 50


class CrabMemberAddress(models.Model):
    """A receiver in a member's address book (MB-26). Orders copy it: changing it changes no order."""

    _name = "crab.member.address"
    _description = "Address of a member"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "is_default desc, id desc"
    _rec_name = "receiver_name"

    member_id = fields.Many2one("crab.member", "Member", required=True, readonly=True, ondelete="cascade")
    receiver_name = fields.Char("Receiver", required=True, readonly=True)
    receiver_phone = fields.Char("Receiver's phone", required=True, readonly=True)
    province_id = fields.Many2one("crab.region", "Province", required=True, readonly=True, ondelete="restrict")
    city_id = fields.Many2one("crab.region", "City", readonly=True, ondelete="restrict")
    district_id = fields.Many2one("crab.region", "District", readonly=True, ondelete="restrict")
    street = fields.Char("Address", required=True, readonly=True)
    is_default = fields.Boolean("Default", readonly=True, help="Proposed for new orders.")

    _member_idx = models.Index("(member_id, id)")
    _default_once = models.UniqueIndex("(member_id) WHERE is_default", "A member has one default address.")

    @api.model
    def _subject_domain(self, subject):
        """A member sees its own."""
        asking_sudo = self.env["crab.member"]._asking(subject)
        return super()._subject_domain(subject) | fields.Domain("member_id", "in", asking_sudo.ids)

    @api.model
    def _found(self, subject, public_id):
        """The address with this public id, in sudo.

        :raise MissingError: (404) for unknown ids and other people's alike
        """
        found = self._for_subject(subject, [("public_id", "=", public_id)], limit=1)
        if not found:
            raise MissingError(self.env._("This address does not exist."))
        return found

    @api.model
    def _add(self, subject, values):
        """Put an address into the book of a member; the first one is the default.

        :param dict values: receiver and regions as of ``crab.delivery._clean_receiver``, and ``is_default``
        :raise MissingError: (404) for who is no active member
        :raise UserError: names what is missing or unreadable, or when the book is full
        :return: the address in sudo
        """
        book_sudo = self._locked_book(subject)
        if len(book_sudo) >= MOST:
            raise UserError(self.env._("The address book is full: at most %(count)s addresses.", count=MOST))
        is_default = bool(values.get("is_default")) or not book_sudo
        address_sudo = book_sudo.create({"member_id": subject.id, **book_sudo._clean(values)})
        if is_default:
            address_sudo._make_default(book_sudo)
        return address_sudo

    @api.model
    def _change(self, subject, public_id, values):
        """Change what ``values`` names of an address; the default stays one until another is.

        :raise MissingError: (404) for unknown ids and other people's alike
        :raise UserError: names what is missing or unreadable; nothing is changed then
        :return: the address in sudo
        """
        book_sudo = self._locked_book(subject)
        address_sudo = self._found(subject, public_id)
        before = {name: self._fields[name].convert_to_write(address_sudo[name], address_sudo) for name in ADDRESS}
        regions = {"province_id", "city_id", "district_id"}
        if regions & values.keys():
            before.update(dict.fromkeys(regions, False))
        address_sudo.write(address_sudo._clean({**before, **values}))
        if values.get("is_default"):
            address_sudo._make_default(book_sudo)
        return address_sudo

    @api.model
    def _remove(self, subject, public_id):
        """Take an address out of the book; of the others the latest becomes the default, if it was that.

        :raise MissingError: (404) for unknown ids and other people's alike
        """
        book_sudo = self._locked_book(subject)
        address_sudo = self._found(subject, public_id)
        left_sudo, was_default = book_sudo - address_sudo, address_sudo.is_default
        address_sudo.unlink()
        if was_default and left_sudo:
            left_sudo[0]._make_default(left_sudo)

    @api.model
    def _locked_book(self, subject):
        """The addresses of a member, who is locked: two changes at once come one after the other.

        :raise MissingError: (404) for who is no active member
        """
        members_sudo = self.env["crab.member"]._asking(subject)
        if not members_sudo:
            raise MissingError(self.env._("This record does not exist."))
        lock_rows(members_sudo)
        # marked as changed: who read the book before this one is restarted and reads it again
        self.env.cr.execute("UPDATE crab_member SET write_date = write_date WHERE id = %s", [members_sudo.id])
        return self._for_subject(subject)

    def _make_default(self, book):
        (book - self).filtered("is_default").write({"is_default": False})
        self.flush_model(["is_default"])  # the unique index must see that there is none
        self.is_default = True

    @api.model
    def _clean(self, values):
        """The fields of an address as they are kept.

        :raise UserError: names what is missing or unreadable
        """
        cleaned = self.env["crab.delivery"]._clean_receiver({name: values.get(name) for name in ADDRESS})
        if not cleaned["province_id"]:
            raise UserError(self.env._("Choose province, city and district."))
        return cleaned

    def _receiver(self):
        """The address as ``crab.shop._place`` and redemptions take it."""
        self.ensure_one()
        return {name: self._fields[name].convert_to_write(self[name], self) for name in ADDRESS}
