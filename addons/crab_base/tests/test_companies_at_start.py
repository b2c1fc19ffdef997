"""Which companies are chosen when somebody logs in."""

from odoo.tests import HttpCase

from .common import CrabCase


class TestCompaniesAtStart(HttpCase, CrabCase):
    def _chosen(self, login, cookie=None):
        """The companies that the answer of the web client chooses, in order; empty: it leaves that to core."""
        self.authenticate(login, login + "-Password1")
        if cookie:
            self.opener.cookies.set("cids", cookie)
        response = self.url_open("/odoo", allow_redirects=False)
        response.raise_for_status()
        return [int(part) for part in response.cookies.get("cids", "").split("-") if part]

    def test_both_for_who_works_for_both(self):
        self._new_user("both", "customer_service")
        self.assertEqual(self._chosen("both"), [self.group.id, self.sales.id])

    def test_the_default_one_comes_first(self):
        self._new_user("seller", "customer_service", companies=self.sales | self.group)
        self.assertEqual(self._chosen("seller"), [self.sales.id, self.group.id])

    def test_what_was_chosen_stays(self):
        self._new_user("chooser", "customer_service")
        self.assertEqual(self._chosen("chooser", cookie=str(self.sales.id)), [])

    def test_one_company_is_cores_matter(self):
        self._new_user("single", "customer_service", companies=self.sales)
        self.assertEqual(self._chosen("single"), [])
