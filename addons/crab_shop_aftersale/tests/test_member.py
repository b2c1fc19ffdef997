from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import AftersaleCase, picture


class TestMember(AftersaleCase):
    @covers("HQ-23", "orders, after-sales, reviews", via="web")
    def test_orders_and_after_sales_on_the_members_page(self):
        request = self._ask(self._received(), (1, None))
        member = self.member.with_user(self.service)
        self.assertEqual(Form(member).crab_order_count, 1)
        action = member.action_crab_aftersales()
        self.assertEqual(request.with_user(self.service).search(action["domain"]), request)
        self.assertIn("action_crab_aftersales", member.get_view(view_type="form")["arch"])

    def test_an_open_request_keeps_the_account_open(self):
        self._ask(self._received(), (1, None))
        with self._refused("After-sales request: 1", UserError):
            self.env["crab.member"]._close_for_subject(self.subject, is_confirmed=True)

    def test_an_erased_persons_requests_stay_without_words_and_pictures(self):
        request = self._ask(self._received(), (1, None), text="Zhang San", pictures=[picture()]).sudo()
        request._set_state("cancelled", "cancelled")
        attachment = request.picture_ids
        self.member.account_id._erase_person("asked")
        self.assertFalse(request.text or request.picture_ids or attachment.exists())
        self.assertTrue(request.line_ids)
