from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers

from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestMessages(MemberApiCase):
    @covers("MB-30", "in-app list", via="api")
    def test_messages_tell_of_what_happened_and_are_read(self):
        order = self._shipped()
        self.env.flush_all()
        self.env["crab.outbox"]._dispatch("_notice")
        found = self._pages(self.mine, "/member/messages", limit=1)
        self.assertEqual({one["event"] for one in found}, {"order.to_ship", "order.to_receive"})
        self.assertEqual({(one["target"]["kind"], one["target"]["id"]) for one in found}, {("order", order.public_id)})
        self.assertFalse(any(one["is_read"] for one in found))
        self.assertEqual(self._ok(self.mine.get("/member/messages/unread")), {"count": 2})
        self.assertEqual(self._ok(self.mine.get("/member/me"))["unread"], 2)
        first = {"ids": [found[0]["id"]]}
        self._refused_as(self.theirs.post("/member/messages/read", json=first), 404)
        for marked in (1, 0):
            self.assertEqual(self._ok(self.mine.post("/member/messages/read", json=first)), {"count": marked})
        self.assertEqual(self._ok(self.mine.post("/member/messages/read", json={})), {"count": 1})
        self.assertEqual(self._ok(self.mine.get("/member/messages/unread")), {"count": 0})
        self.assertEqual(self._pages(self.theirs, "/member/messages"), [])

    @covers("MB-27", "feedback with pictures", via="api")
    def test_feedback_with_pictures_and_its_answer(self):
        given = {"text": "More crabs", "pictures": [self._upload(), self._upload()]}
        made = self._ok(self.mine.post("/feedback", json=given, key=KEY), 201)
        self.assertEqual(self._ok(self.mine.post("/feedback", json=given, key=KEY), 201), made)
        self._refused_as(self.mine.post("/feedback", json={"text": "Other"}, key=KEY), 409)
        self._refused_as(self.mine.post("/feedback", json={"text": " "}, key=OTHER_KEY), 422, "write something")
        self._refused_as(self.theirs.post("/feedback", json=given, key=KEY), 404)
        [one] = self._pages(self.mine, "/feedback")
        self.assertEqual(
            (one["id"], one["text"], len(one["pictures"]), one["answer"]), (made["id"], "More crabs", 2, None)
        )
        feedback = self.env["crab.feedback"].search([("public_id", "=", made["id"])])
        feedback.with_user(self.service).answer = "Thank you"
        self.assertIsNone(self._pages(self.mine, "/feedback")[0]["answer"], "not before it is sent")
        feedback.with_user(self.service).action_answer()
        self.assertEqual(self._pages(self.mine, "/feedback")[0]["answer"], "Thank you")
        self.assertEqual(self._pages(self.theirs, "/feedback"), [])
        self._ok(self.dealers.post("/feedback", json={"text": "As a dealer"}, key=KEY), 201)

    def test_who_wants_to_be_a_dealer_applies(self):
        supplier = self.env["crab.agreement"].create({"title": "Supplier", "kind": "supplier", "body": "<p>Terms</p>"})
        supplier.action_publish()
        given = {"name": "New dealer", "contact_name": "Contact", "phone": self._phone(), "region_code": "310101"}
        path = "/dealer-applications"
        self._refused_as(self.mine.post(path, json=given, key=KEY), 422, "supplier agreement")
        given["agreement_id"] = supplier.public_id
        made = self._ok(self.mine.post(path, json=given, key=KEY), 201)
        self.assertEqual(self._ok(self.mine.post(path, json=given, key=KEY), 201), made)
        application = self.env["crab.dealer.application"].search([("public_id", "=", made["id"])])
        self.assertEqual(
            (application.state, application.source, application.district_id, application.agreement_version),
            ("new", "form", self.district, str(supplier.number)),
        )
        self._refused_as(self.mine.post(path, json=given, key=OTHER_KEY), 422, "already waiting")
        wrong = {**given, "phone": self._phone()}
        self._refused_as(self.mine.post(path, json={**wrong, "invitation": "NONE"}, key=OTHER_KEY), 422)
        self._refused_as(self.mine.post(path, json={**wrong, "agreement_id": "none"}, key=OTHER_KEY), 404)
        self._refused_as(self.mine.post(path, json={**wrong, "ratio": 0.5}, key=OTHER_KEY), 422, code="invalid")
        self._refused_as(self.mine.post(path, json={**wrong, "phone": "none"}, key=OTHER_KEY), 422)
