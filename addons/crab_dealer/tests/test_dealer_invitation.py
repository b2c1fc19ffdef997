import base64
import io
from datetime import timedelta

from PIL import Image

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import DealerCase


class TestDealerInvitation(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invitations = cls.env["crab.dealer.invitation"]
        cls.applicant = {"name": "New shop", "contact_name": "Mr Wang", "phone": "13911112222"}

    @covers(
        "CH-09",
        "invitation carries a level lower than own",
        "invitation carries a ratio above own and below the members'",
        "QR picture and link",
    )
    def test_invitation_leads_to_a_dealer_below(self):
        invitation = self.invitations._invite_for_subject(self._subject(self.a), "2", 0.72)
        self.assertIn(invitation.invite_code, invitation.invite_link)
        self.assertEqual(Image.open(io.BytesIO(base64.b64decode(invitation.invite_qr))).format, "PNG")
        application = self.env["crab.dealer.application"]._apply(
            {**self.applicant, "level": "1"}, invitation_code=invitation.invite_code.lower()
        )
        self.assertEqual(
            (application.source, application.level, application.parent_id, application.ratio, application.dealer_type),
            ("invitation", "2", self.a, 0.72, "distributor"),
        )
        self.assertEqual(invitation.status, "used")
        application.with_user(self._new_user("invitation-admin", "admin")).action_approve()
        self.assertEqual((application.dealer_id.parent_id, application.dealer_id.ratio), (self.a, 0.72))
        with self.assertRaises(UserError):
            invitation.unlink()

    @covers(
        "CH-09",
        "invitation carries a level lower than own",
        "invitation carries a ratio above own and below the members'",
    )
    def test_level_and_ratio_have_bounds(self):
        cases = [
            (self.b, "2", 0.8),
            (self.a, "2", 0.6),
            (self.a, "3", 0.5),
            (self.b, "3", 1.0),
            (self.b, "3", 0),
        ]
        for dealer, level, ratio in cases:
            with self.subTest(dealer=dealer.code, level=level, ratio=ratio), self.assertRaises(ValidationError):
                self.invitations._invite_for_subject(self._subject(dealer), level, ratio)
        strangers = self._subject(self._new_staff(self.a)), Subject("member", 1), Subject("user", self.env.uid)
        for subject in (self._subject(self.c), *strangers):
            with self.subTest(kind=subject.kind), self.assertRaises(AccessError):
                self.invitations._invite_for_subject(subject, "3", 0.9)

    def test_invitation_that_cannot_be_used(self):
        def fresh(**values):
            return self.invitations.create({"dealer_id": self.a.id, "level": "3", "ratio": 0.9, **values})

        expired, revoked, used = fresh(expires_at=fields.Datetime.now() - timedelta(minutes=1)), fresh(), fresh()
        revoked.action_revoke()
        self.invitations._take(used.invite_code)
        self.env["crab.dealer.application"]._apply(self.applicant, used.invite_code)
        for invitation, status in ((expired, "expired"), (revoked, "revoked"), (used, "used")):
            self.assertEqual(invitation.status, status)
            self.assertIn(invitation, self.invitations.search([("status", "=", status)]))
            self.assertNotIn(invitation, self.invitations.search([("status", "=", "open")]))
            with self.assertRaises(UserError):
                self.invitations._take(invitation.invite_code)
        for code in ("", None, "NOSUCH", "' OR 1=1"):
            with self.subTest(code=code), self.assertRaises(UserError):
                self.invitations._take(code)

    def test_a_rejected_application_frees_its_use(self):
        invitation = self.invitations.create({"dealer_id": self.a.id, "level": "3", "ratio": 0.9})
        application = self.env["crab.dealer.application"]._apply(self.applicant, invitation.invite_code)
        self.assertEqual(invitation.status, "used")
        application._set_rejected("no")
        self.assertEqual(invitation.status, "open")

    def test_an_invitation_keeps_its_offer(self):
        invitation = self.invitations.create({"dealer_id": self.a.id, "level": "3", "ratio": 0.9})
        for values in ({"ratio": 0.7}, {"level": "2"}, {"dealer_id": self.b.id}):
            with self.subTest(values=values), self.assertRaises(UserError):
                invitation.write(values)
        invitation.write({"max_uses": 5})

    def test_each_dealer_sees_its_own(self):
        mine, other = (
            self.invitations.create({"dealer_id": dealer.id, "level": "3", "ratio": 0.9}) for dealer in (self.a, self.b)
        )
        self.assertEqual(self.invitations._for_subject(self._subject(self.a)), mine)
        with self.assertRaises(MissingError):
            self.invitations._get_for_subject(self._subject(self.a), other.ids)
        application = self.env["crab.dealer.application"]._apply(self.applicant, other.invite_code)
        applications = self.env["crab.dealer.application"]
        self.assertEqual(applications._for_subject(self._subject(self.b)), application)
        self.assertFalse(applications._for_subject(self._subject(self.a)))

    @covers("CH-09", "QR picture and link")
    def test_head_office_makes_one_in_the_form(self):
        admin = self._new_user("invitation-admin", "admin")
        form = Form(self.invitations.with_user(admin).with_context(default_dealer_id=self.b.id))
        form.ratio = 0.85
        invitation = form.save()
        self.assertEqual((invitation.level, invitation.status), ("3", "open"))
        self.assertIn(invitation.invite_code, invitation.action_download_qr()["url"])
        invitation.action_revoke()
        self.assertEqual(invitation.status, "revoked")
