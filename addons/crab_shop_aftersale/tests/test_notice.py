from odoo.addons.crab_base.tests.common import covers

from .common import AftersaleCase


class TestNotice(AftersaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member.partner_id.lang = "en_US"

    def _told(self):
        while self.env["crab.outbox"]._dispatch("_notice"):
            pass
        notices = self.env["crab.notice"]._for_subject(self.subject, [("event", "=like", "aftersale.%")], order="id")
        return [(notice.event, notice.body) for notice in notices]

    @covers("MB-30", "in-app list", via="service")
    def test_the_member_is_told_what_became_of_the_request(self):
        order = self._received((self.thousand, 3))
        request = self._ask(order, (1, None), kind="return")
        self.assertFalse(self._told())
        request._approve()
        request._send("SF", "SF1")
        request._receive("stock")
        self._ask(order, (1, None))._reject("Eaten already")
        [approved, done, rejected] = self._told()
        self.assertEqual(
            [approved[0], done[0], rejected[0]], ["aftersale.approved", "aftersale.done", "aftersale.rejected"]
        )
        self.assertIn(request.send_before.date().isoformat()[:7], approved[1])
        self.assertIn("950.00", done[1])
        self.assertIn("Eaten already", rejected[1])

    def test_words_name_only_what_there_is(self):
        words = self.env["crab.notice.template"].search([("event", "=like", "aftersale.%")])
        self.assertEqual(len(words), 4)
        for template in words:
            self.assertIn("{order}", template.placeholders)
