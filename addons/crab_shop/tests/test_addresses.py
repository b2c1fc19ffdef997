from psycopg2.errors import UniqueViolation

from odoo.exceptions import MissingError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import ADDRESS, ShopCase


class TestAddresses(ShopCase):
    """The address book of a member."""

    def setUp(self):
        super().setUp()
        self.book, self.subject = self.env["crab.member.address"], self._subject(self.member)
        self.district = self.env["crab.region"].search([("code", "=", "310101")])
        self.values = {**ADDRESS, "district_id": self.district.id}

    def _add(self, subject=None, **values):
        return self.book._add(subject or self.subject, {**self.values, **values})

    def _default(self, subject=None):
        return self.book._for_subject(subject or self.subject, [("is_default", "=", True)])

    @covers("MB-26", "address book", "default address", "province, city, district")
    @covers("MB-10", "choose, add, default address")
    def test_added_changed_removed_with_one_default(self):
        first, second = self._add(), self._add(receiver_name="Second")
        self.assertEqual((first.province_id.code, first.city_id.parent_id), ("310000", first.province_id))
        self.assertEqual(self._default(), first, "the first one is the default")
        self.book._change(self.subject, second.public_id, {"is_default": True, "receiver_phone": "138 1111 2222"})
        self.assertEqual((self._default(), second.receiver_phone), (second, "13811112222"))
        self.assertEqual((second.receiver_name, second.district_id), ("Second", self.district), "the rest stays")
        third = self._add(receiver_name="Third", is_default=True)
        self.assertEqual(self._default(), third)
        self.book._remove(self.subject, third.public_id)
        self.assertEqual(self._default(), second, "the latest of the others")
        self.assertEqual(self.book._for_subject(self.subject), second | first, "the default stands first")

    def test_another_region_replaces_all_of_the_old_one(self):
        address = self._add()
        other = self.env["crab.region"].search([("code", "=", "320506")])
        self.book._change(self.subject, address.public_id, {"district_id": other.id})
        self.assertEqual((address.district_id, address.province_id.code), (other, "320000"))

    def test_what_is_missing_or_unreadable_is_named_and_nothing_is_kept(self):
        address = self._add()
        wrong = (
            ({"receiver_name": " "}, "Receiver"),
            ({"receiver_phone": "none"}, "phone number"),
            ({"street": ""}, "Address"),
            ({"district_id": False}, "province, city and district"),
        )
        for values, message in wrong:
            with self._refused(message, UserError):
                self._add(**values)
            with self._refused(message, UserError):
                self.book._change(self.subject, address.public_id, values)
        self.assertEqual(self.book._for_subject(self.subject), address)
        self.assertEqual(address._receiver()["receiver_phone"], ADDRESS["receiver_phone"])

    def test_the_book_has_an_end(self):
        for _number in range(50):
            self._add()
        with self._refused("at most 50", UserError):
            self._add()

    def test_everybody_has_its_own(self):
        address = self._add()
        other = self._subject(self._new_member("Other"))
        self.assertFalse(self.book._for_subject(other))
        with self._refused("does not exist", MissingError):
            self.book._change(other, address.public_id, {"street": "Stolen road"})
        with self._refused("does not exist", MissingError):
            self.book._remove(other, address.public_id)
        for stranger in (self._subject(self.dealer3), self._subject(self.staff), Subject("member", 0)):
            self.assertFalse(self.book._for_subject(stranger))
            with self._refused("does not exist", MissingError):
                self._add(stranger)
        self.assertEqual(address.street, ADDRESS["street"])

    def test_there_is_one_default_for_the_database_too(self):
        self._add()
        second = self._add()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE crab_member_address SET is_default = true WHERE id = %s", [second.id])

    def test_merged_members_addresses_go_on_and_erased_ones_go(self):
        known = self._new_member("Known")
        mine, theirs = self._add(), self._add(self._subject(known))
        self.member.account_id._merge_into(known.account_id)
        self.assertEqual(self.book._for_subject(self._subject(known)), theirs | mine)
        self.assertEqual(self._default(self._subject(known)), theirs)
        admin = self._new_user("erasing-addresses", "admin")
        known.account_id.with_user(admin)._erase_person("asked to")
        self.assertFalse((mine | theirs).exists())

    def test_customer_service_sees_the_book_from_the_member(self):
        address = self._add()
        service = self._new_user("address-service", "customer_service")
        form = Form(self.member.with_user(service))
        self.assertTrue(form)
        action = self.member.with_user(service).action_crab_addresses()
        self.assertEqual(self.book.with_user(service).search(action["domain"]), address)
