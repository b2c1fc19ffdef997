from unittest.mock import patch

from psycopg2 import errors

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject

from .common import SiteCase

EVIL = (
    '<p onclick="x()">Text<script>alert(1)</script><a href="javascript:alert(1)">a</a><iframe src="//x"></iframe></p>'
)


class AgreementCase(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Agreement = cls.env["crab.agreement"]
        cls.Acceptance = cls.env["crab.agreement.acceptance"]
        cls.dealer = cls._subject(cls.dealer1)

    def _published(self, kind="registration", body="<p>Text</p>"):
        agreement = self.Agreement.create({"kind": kind, "title": f"Agreement {kind}", "body": body})
        agreement.with_user(self.admin).action_publish()
        return agreement


class TestAgreement(AgreementCase):
    @covers("HQ-59", "agreements with versions", via="web")
    @covers("MB-28", "agreements")
    def test_published_versions_stay_and_the_newest_holds(self):
        with Form(self.Agreement.with_user(self.admin)) as form:
            form.kind, form.title, form.body = "supplier", "For dealers", "<p>One</p>"
        first = form.record
        self.assertEqual(
            (first.state, first.is_holding, first.display_name), ("draft", False, "Supplier agreement, draft")
        )
        self.assertFalse(self.Agreement._holding(("supplier",)))
        first.action_publish()
        at = first.published_at
        first.action_publish()
        self.assertEqual((first.number, first.published_at, first.published_by_id), (1, at, self.admin))
        second = self.Agreement.browse(first.action_new_version()["res_id"])
        self.assertEqual((second.state, second.body, second.number), ("draft", first.body, 0))
        second.body = "<p>Two</p>"
        self.assertEqual(self.Agreement._holding(("supplier",)), first)
        second.with_user(self.admin).action_publish()
        self.assertEqual((first.number, second.number), (1, 2))
        self.assertEqual((first.is_holding, second.is_holding), (False, True))
        self.assertEqual(second.display_name, "Supplier agreement, version 2")
        other = self._published("service")
        self.assertEqual(set(self.Agreement._holding()), {second, other})
        for attack in (
            lambda: first.write({"body": "<p>Other</p>"}),
            lambda: first.with_user(self.admin).write({"title": "Other"}),
            lambda: first.with_user(self.admin).write({"kind": "service"}),
            lambda: first.with_user(self.admin).write({"state": "draft"}),
            lambda: first.with_user(self.admin).unlink(),
            lambda: second.copy({"state": "published"}),
        ):
            with self._refused("", UserError):
                attack()
        self.assertEqual((first.body, first.state), ("<p>One</p>", "published"))

    def test_two_versions_published_at_once_have_two_numbers(self):
        first, second = (self.Agreement.create({"kind": "service", "title": "T", "body": "<p>T</p>"}) for _ in "12")
        first.action_publish()
        # what the second transaction sees, as it began before the first one ended
        with (
            patch.object(type(self.Agreement), "_last_number", lambda agreement: 0),
            mute_logger("odoo.sql_db"),
            self.assertRaises(ConcurrencyError),
        ):
            second.action_publish()
        self.env.invalidate_all()
        self.assertEqual(second.state, "draft")
        second.action_publish()
        self.assertEqual((first.number, second.number), (1, 2))

    def test_nothing_empty_is_published(self):
        draft = self.Agreement.create({"kind": "service", "title": "T", "body": "<p><br></p>"})
        full = self.Agreement.create({"kind": "supplier", "title": "T", "body": "<p>T</p>"})
        with self._refused("has no text", UserError):
            (full | draft).action_publish()
        self.assertEqual((draft.state, full.state), ("draft", "draft"))
        draft.unlink()

    def test_hostile_html_is_taken_out(self):
        for record in (
            self.Agreement.create({"kind": "service", "title": "T", "body": EVIL}),
            self.env["crab.article"].create({"title": "T", "body": EVIL}),
        ):
            for word in ("script", "iframe", "onclick"):
                self.assertNotIn(word, record.body)
            self.assertIn("Text", record.body)

    @covers("HQ-59", "acceptance kept")
    def test_acceptance_is_kept_once_with_version_and_time(self):
        registration, service = self._published(), self._published("service")
        self._published("supplier")
        self.assertEqual(self.Agreement._missing(self.subject), registration | service)
        kept = registration._accept(self.subject, "203.0.113.7")
        self.assertEqual(
            (kept.account_id, kept.agreement_id, kept.address), (self.member.account_id, registration, "203.0.113.7")
        )
        self.assertEqual((kept.actor_kind, kept.actor_id), ("member", self.member.id))
        self.assertTrue(kept.accepted_at)
        again = (registration | service)._accept(self.subject)
        self.assertIn(kept, again)
        self.assertEqual(len(again), 2)
        self.assertEqual(registration.acceptance_count, 1)
        self.assertFalse(self.Agreement._missing(self.subject))
        self.assertEqual(self.Agreement._missing(self._subject(self.other)), registration | service)
        newer = self._published()
        self.assertEqual(self.Agreement._missing(self.subject), newer)
        self.assertEqual(registration._accept(self.subject), kept, "a request that comes twice")
        with self._refused("newer version", UserError):
            registration._accept(self._subject(self.other))
        with self._refused("newer version", UserError):
            self.Agreement.create({"kind": "service", "title": "T", "body": "<p>T</p>"})._accept(self.subject)

    def test_accepted_twice_at_once_is_kept_once(self):
        agreement = self._published()
        agreement._accept(self.subject)
        with patch.object(type(self.Acceptance), "search", lambda acceptance, *args, **kwargs: acceptance.browse()):
            agreement._accept(self.subject)  # what was kept by the other request is not seen yet
        self.assertEqual(self.Acceptance.search_count([("agreement_id", "=", agreement.id)]), 1)

    def test_acceptances_are_never_changed_or_removed(self):
        kept = self._published()._accept(self.subject).with_user(self.admin)
        for attack in (
            lambda: kept.write({"accepted_at": "2020-01-01 00:00:00"}),
            lambda: kept.unlink(),
            lambda: kept.sudo().unlink(),
            lambda: kept.create({"agreement_id": kept.agreement_id.id, "account_id": self.other.account_id.id}),
        ):
            with self._refused("", UserError):
                attack()
        for query in ("UPDATE crab_agreement_acceptance SET actor_id = 0", "DELETE FROM crab_agreement_acceptance"):
            with self._refused("only added", errors.RestrictViolation):
                self.env.cr.execute(query)

    def test_of_an_erased_person_the_proof_stays_and_the_address_goes(self):
        agreement = self._published()
        kept = agreement._accept(self.subject, "203.0.113.7")
        other = agreement._accept(self._subject(self.other), "203.0.113.8")
        for query in (
            "UPDATE crab_agreement_acceptance SET address = '203.0.113.9' WHERE id = %s",
            "UPDATE crab_agreement_acceptance SET address = NULL, accepted_at = '2020-01-01' WHERE id = %s",
        ):
            with self._refused("only added", errors.RestrictViolation):
                self.env.cr.execute(query, [kept.id])
        accepted_at = kept.accepted_at
        self.member.account_id._erase_person("asked")
        self.assertEqual((kept.address, kept.accepted_at, kept.agreement_id), (False, accepted_at, agreement))
        self.assertEqual(other.address, "203.0.113.8")

    def test_whose_acceptance_it_is(self):
        agreement = self._published("service")
        mine = agreement._accept(self.subject)
        theirs = agreement._accept(self.dealer)
        staff = agreement._accept(self._subject(self.staff))
        for subject, own in ((self.subject, mine), (self.dealer, theirs), (self._subject(self.staff), staff)):
            self.assertEqual(self.Acceptance._for_subject(subject), own)
        self.member._close("Left")
        for subject in (*self.strangers, self.subject):
            with self.subTest(subject=subject):
                for attack in (
                    lambda subject=subject: agreement._accept(subject),
                    lambda subject=subject: self.Agreement._missing(subject),
                    lambda subject=subject: self.Acceptance._for_subject(subject),
                ):
                    with self.assertRaises(AccessError):
                        attack()

    def test_what_was_accepted_before_accounts_were_merged_counts(self):
        agreement = self._published()
        agreement._accept(self._subject(self.other))
        self.other.account_id._merge_into(self.member.account_id)
        self.assertFalse(self.Agreement._missing(self.subject))
        agreement._accept(self.subject)
        self.assertEqual(agreement.acceptance_count, 1)

    def test_rights(self):
        draft = self.Agreement.create({"kind": "service", "title": "T", "body": "<p>T</p>"})
        for user in (self.service, self.auditor):
            self.assertEqual(draft.with_user(user).title, "T")
            for attack in (
                lambda user=user: draft.with_user(user).action_publish(),
                lambda user=user: draft.with_user(user).write({"title": "x"}),
                lambda user=user: draft.with_user(user).action_new_version(),
                lambda user=user: draft.with_user(user).unlink(),
            ):
                with self.assertRaises(AccessError):
                    attack()


class TestRegistration(AgreementCase):
    def _applied(self, agreement=None, **values):
        values = {"name": "New shop", "contact_name": "Mr Wang", "phone": "13911112222", "level": "1", **values}
        return self.env["crab.dealer.application"]._apply(values, agreement=agreement, address="203.0.113.8")

    def _accepted(self, application):
        return self.Acceptance.search([("application_id", "=", application.id)])

    def test_of_a_rejected_applicant_that_is_erased_no_address_stays(self):
        application = self._applied(self._published("supplier"), phone=self.member.phone)
        self.assertEqual(self._accepted(application).address, "203.0.113.8")
        application._set_rejected("Too far away")
        self.member.account_id._erase_person("asked")
        self.assertEqual((application.phone, self._accepted(application).address), ("*", False))
        self.assertTrue(self._accepted(application).agreement_id)

    @covers("HQ-59", "acceptance kept")
    def test_a_dealer_accepts_when_registering(self):
        self.assertFalse(self._accepted(self._applied(phone="13911112221")), "nothing holds yet")
        old = self._published("supplier")
        new = self._published("supplier")
        for agreement in (None, old, self._published("service")):
            with self._refused("accept", UserError):
                self._applied(agreement)
        self.assertFalse(self.env["crab.dealer.application"].search([("phone", "=", "+8613911112222")]))
        application = self._applied(new, dealer_type="city_partner")
        self.assertEqual((application.agreement_version, self._accepted(application).agreement_id), ("2", new))
        self.assertEqual(self._accepted(application).accepted_at, application.agreement_at)
        application.with_user(self.admin).ratio = 0.6
        application.with_user(self.admin).action_approve()
        dealer = application.dealer_id
        kept = self.Acceptance.search([("account_id", "=", dealer.account_id.id)])
        self.assertEqual(
            (kept.agreement_id, kept.accepted_at, kept.address), (new, application.agreement_at, "203.0.113.8")
        )
        self.assertNotIn(new, self.Agreement._missing(Subject("dealer", dealer.id)))

    def test_a_member_accepts_when_registering(self):
        old, new = self._published(), self._published()
        account = self.env["crab.account"].create({"name": "New", "phone": self._phone()})
        with self._refused("newer version", UserError):
            self.Member._sign_up(account, agreements=old)
        self.assertFalse(self.Member.search([("account_id", "=", account.id)]))
        member = self.Member._sign_up(account, agreements=new, address="203.0.113.9")
        self.Member._sign_up(account, agreements=new)
        self.assertEqual(self.Acceptance._of(account).agreement_id, new)
        self.assertFalse(self.Agreement._missing(self._subject(member)))


class TestAbout(SiteCase):
    @covers("HQ-59", "company information", via="web")
    @covers("MB-28", "about page")
    def test_company_and_page(self):
        settings = self.env["res.config.settings"].with_user(self.admin)
        with Form(settings) as form:
            form.crab_shop_name, form.crab_shop_phone = "Crab shop", "400-000-0000"
            form.crab_shop_city, form.crab_shop_street = "上海市", "1 Lake Road"
        form.record.execute()
        self.assertEqual((self.sales.name, self.sales.phone), ("Crab shop", "400-000-0000"))
        about = self.env["crab.article"]._about()
        self.assertEqual((about["name"], about["phone"]), ("Crab shop", "400-000-0000"))
        self.assertTrue(about["address"].endswith("上海市1 Lake Road"))
        self.assertFalse(about["article"])
        page = self.env["crab.article"].create({"title": "We", "kind": "about", "body": "<p>We</p>"})
        self.assertFalse(self.env["crab.article"]._about()["article"])
        page.is_published = True
        self.assertEqual(self.env["crab.article"]._about()["article"], page)
        with self._refused("crab_article_about_uniq"):
            page.copy({"is_published": True})
            self.env.flush_all()

    def test_articles_in_order(self):
        articles = self.env["crab.article"].create(
            [{"title": str(number), "sequence": 9 - number, "is_published": number < 3} for number in range(4)]
        )
        self.assertEqual(self.env["crab.article"]._published(), articles[:3][::-1])
