from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import ShopCase


class TestFavourites(ShopCase):
    def setUp(self):
        super().setUp()
        self.favourites, self.subject = self.env["crab.favourite"], self._subject(self.member)

    def _shown(self, subject=None, **page):
        return self.favourites._of_subject(subject or self.subject, **page)[0].product_tmpl_id.ids

    @covers("MB-25", "favourites")
    @covers("MB-08", "favourite")
    def test_added_shown_and_removed_each_as_often_as_one_likes(self):
        for _again in range(2):
            self.favourites._add(self.subject, self.package1)
        self.favourites._add(self.subject, self.thousand)
        self.assertEqual(self._shown(), [self.thousand.id, self.package1.id])
        first, cursor = self.favourites._of_subject(self.subject, limit=1)
        self.assertEqual(self._shown(cursor=cursor), [self.package1.id])
        product = first.product_tmpl_id
        for _again in range(2):
            self.favourites._remove(self.subject, product)
        self.assertEqual(self._shown(), [self.package1.id])
        self.package1.crab_state = "off_sale"
        self.assertEqual(self._shown(), [self.package1.id], "what is off sale now is still kept in mind")

    def test_what_is_not_on_sale_is_refused(self):
        self.thousand.crab_state = "off_sale"
        plain = self.env["product.template"].create({"name": "Not of the shop"})
        for product in (self.thousand, plain, plain.browse(0), plain.browse(999999999)):
            with self._refused("not on sale", UserError):
                self.favourites._add(self.subject, product)

    def test_everybody_has_its_own(self):
        other = self._subject(self._new_member("Other"))
        self.favourites._add(self.subject, self.package1)
        self.assertFalse(self._shown(other))
        self.favourites._remove(other, self.package1)
        self.assertEqual(self._shown(), [self.package1.id], "another member's stays")
        for stranger in (self._subject(self.dealer3), self._subject(self.staff), Subject("member", 0)):
            self.assertFalse(self._shown(stranger))
            with self._refused("Only members", UserError):
                self.favourites._add(stranger, self.package1)

    def test_a_product_stands_there_once(self):
        self.favourites._add(self.subject, self.package1)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO crab_favourite (member_id, product_tmpl_id) VALUES (%s, %s)",
                [self.member.id, self.package1.id],
            )

    def test_merged_members_favourites_go_on(self):
        known = self._new_member("Known")
        for product in (self.package1, self.thousand):
            self.favourites._add(self.subject, product)
        self.favourites._add(self._subject(known), self.package1)
        self.member.account_id._merge_into(known.account_id)
        self.assertEqual(sorted(self._shown(self._subject(known))), sorted((self.package1 | self.thousand).ids))

    def test_head_office_sees_how_many_like_a_product(self):
        for member in (self.member, self._new_member("Other")):
            self.favourites._add(self._subject(member), self.thousand)
        service = self._new_user("favourite-service", "customer_service")
        view = self.env.ref("crab_catalog.product_template_view_form")
        self.assertEqual(Form(self.thousand.with_user(service), view).crab_favourite_count, 2)
        action = self.thousand.with_user(service).action_crab_favourites()
        self.assertEqual(len(self.favourites.with_user(service).search(action["domain"])), 2)
