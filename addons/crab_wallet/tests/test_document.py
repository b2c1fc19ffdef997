import base64
from contextlib import suppress
from decimal import Decimal
from itertools import count

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, mute_logger

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tests.common import covers

from .common import VOUCHER, WalletCase


class TestDocument(WalletCase):
    transfers = count(1)

    def _enter(self, kind="topup", amount=1000, user=None, dealer=None, reference=None):
        """As finance does it in the form."""
        form = Form(self.Document.with_user(user or self.finance))
        form.kind = kind
        form.dealer_id = dealer or self.a
        form.amount = amount
        if kind != "credit_grant":
            form.bank_reference = reference or f"ICBC-{next(self.transfers)}"
            form.voucher = VOUCHER
        return form.save()

    def _moves(self, document):
        self.env.cr.flush()
        return self.env["account.move"].search(
            [("crab_document_model", "=", document._name), ("crab_document_id", "=", document.id)]
        )

    def _booked(self, document):
        lines = self._moves(document).with_company(self.group).line_ids
        return {line.account_id.code: line.balance for line in lines}

    @covers("HQ-66", "stored-value top-up with voucher", "ledger line of each", "accounting entry of each", via="web")
    def test_finance_tops_stored_value_up(self):
        document = self._enter("topup", 1000.5)
        self.assertRegex(document.name, r"^CZ\d{10}$")
        document.action_confirm()
        self.assertEqual((document.state, document.requested_by_id), ("done", self.finance))
        self.assertEqual(self._figures(), (6000.5, 10000, 0, 0))
        entry = self.Entry.search(document.action_entries()["domain"])
        self.assertEqual(
            (entry.kind, entry.amount, entry.balance_after, entry.reference), ("topup", 1000.5, 6000.5, document.name)
        )
        self.assertEqual(
            (entry.actor_kind, entry.actor_id, entry.actor_name), ("user", self.finance.id, self.finance.name)
        )
        self.assertEqual(self._booked(document), {"100200": 1000.5, "220301": -1000.5})
        self.assertEqual(document.move_id.date, document.received_date)
        document.action_confirm()
        self.assertEqual(self._figures()[0], 6000.5, "a second click changes nothing")
        self._assert_sound()

    @covers("HQ-66", "credit top-up raises the limit", via="web")
    def test_finance_grants_credit(self):
        document = self._enter("credit_grant", 2000)
        document.action_confirm()
        self.assertEqual(self._figures(), (5000, 12000, 0, 0))
        self.assertFalse(self._moves(document), "no money moves")
        self._assert_sound()

    @covers("HQ-66", "credit repayment", via="web")
    @covers("HQ-56", "额度结算记录", via="web")
    def test_a_repayment_settles_the_oldest_debt_first(self):
        self._charge(6000, 0)
        self._charge(2000, 1)
        document = self._enter("repayment", 1500)
        document.action_confirm()
        self.assertEqual(self._figures(), (0, 10000, 1500, 1500))
        self.assertEqual(self._booked(document), {"100200": 1500, "112202": -1500})
        settlements = (
            self.env["crab.wallet.settlement"].with_user(self.finance).search([("repayment_id", "=", document.id)])
        )
        self.assertEqual(
            sorted(settlements.mapped(lambda row: (row.reference, row.amount))), [("DD0000", 1000), ("DD0001", 500)]
        )
        too_much = self._enter("repayment", 1500.01)
        with self.assertRaisesRegex(UserError, "0.01 less"):
            too_much.action_confirm()
        self.assertEqual(too_much.state, "draft")
        self._assert_sound()

    @covers("HQ-66", "reversal by a counter-line", via="web")
    def test_each_kind_is_reversed_by_a_counter_line(self):
        self._charge(6000, 0)
        self._charge(2000, 1)
        before = self._figures()
        for kind in ("topup", "credit_grant", "repayment"):
            document = self._enter(kind, 1200)
            document.action_confirm()
            wizard = Form(
                self.env["crab.wallet.document.reverse"]
                .with_user(self.finance)
                .with_context(**document.action_reverse()["context"])
            )
            wizard.reason = "entered twice"
            wizard.save().action_reverse()
            self.assertEqual((document.state, document.reverse_reason), ("reversed", "entered twice"))
            self.assertEqual(self._figures(), before)
            entries = self.Entry.search(document.action_entries()["domain"])
            self.assertEqual(sum(entries.mapped("amount")), 0)
            self.assertEqual(len(entries), 2)
            self.assertEqual(sum(self._moves(document).line_ids.mapped("balance")), 0)
            self.assertEqual(
                document.move_id.id and document.reversal_move_id.reversed_entry_id, document.move_id or False
            )
            document._reverse("again")
            self.assertEqual(self._figures(), before)
        self.assertEqual(self._debts(), [("DD0000", 1000), ("DD0001", 2000)])
        self._assert_sound()

    def test_a_reversal_that_is_not_covered_names_what_is_missing(self):
        topup = self._enter("topup", 1000)
        topup.action_confirm()
        grant = self._enter("credit_grant", 500)
        grant.action_confirm()
        self._charge("15100.25", 0)  # 6000 stored, 9100.25 credit of 10500
        for document, missing in (
            (topup, "1,000.00"),
            (self.Document.search([("key", "=", "test:grant")]), "8,600.25"),
        ):
            with self.assertRaisesRegex(UserError, f"{missing} is missing"):
                document._reverse("mistake")
            self.assertEqual(document.state, "done")
        repayment = self._enter("repayment", 9100)
        repayment.action_confirm()
        self._charge(10400, 1)
        with self.assertRaisesRegex(UserError, "9,000.25 is missing"):
            repayment._reverse("bounced")
        self._assert_sound()

    def test_after_a_reversed_repayment_the_others_cover_the_oldest_debts(self):
        self._charge(6000, 0)
        self._charge(2000, 1)
        first, second = self._enter("repayment", 1000), self._enter("repayment", 1000)
        (first | second).action_confirm()
        self.assertEqual(self._debts(), [("DD0001", 1000)])
        first._reverse("bounced")
        self.assertEqual(self._debts(), [("DD0001", 2000)])
        self.assertEqual(self._wallet(self.a, "credit").settled, 1000)
        self._assert_sound()

    @covers("HQ-66", "second person above the set amount", via="web")
    def test_above_the_limit_a_second_person_approves(self):
        document = self._enter("topup", 50000.01)
        document.action_confirm()
        self.assertEqual(document.state, "waiting")
        self.assertEqual(self._figures()[0], 5000)
        self.assertEqual(document.review_ids.reviewer_ids & (self.finance | self.boss), self.boss)
        mine = self.Document.with_user(self.boss).search(
            [("reviewer_ids", "in", self.boss.id), ("state", "=", "waiting")]
        )
        self.assertIn(document.id, mine.ids)
        self.assertTrue(document.with_user(self.boss).can_review)
        document.with_user(self.boss).validate_tier()
        self.assertEqual((document.state, document.approved_by_id), ("done", self.boss))
        self.assertEqual(self._figures()[0], 55000.01)
        self.assertEqual(self._booked(document), {"100200": 50000.01, "220301": -50000.01})
        exactly = self._enter("topup", 50000)
        exactly.action_confirm()
        self.assertEqual(exactly.state, "done")
        self._assert_sound()

    def test_a_rejected_document_can_be_corrected(self):
        document = self._enter("topup", 60000)
        document.action_confirm()
        with self.assertRaisesRegex(UserError, "Only drafts"):
            document.amount = 6000
        document.with_user(self.boss).reject_tier()
        self.assertEqual(document.state, "draft")
        self.assertFalse(document.review_ids)
        document.amount = 6000
        document.action_confirm()
        self.assertEqual((document.state, self._figures()[0]), ("done", 11000))

    def test_a_waiting_document_can_be_taken_back_and_cancelled(self):
        document = self._enter("topup", 60000)
        document.action_confirm()
        document.action_draft()
        self.assertEqual((document.state, document.review_ids.ids), ("draft", []))
        document.action_confirm()
        document.action_cancel()
        self.assertEqual(document.state, "cancelled")
        with self.assertRaisesRegex(UserError, "does not wait"):
            document.with_user(self.boss)._validate_tier()
        with self.assertRaisesRegex(UserError, "is closed"):
            document.action_confirm()
        document.action_draft()
        with self.assertRaisesRegex(UserError, "never confirmed"):
            document.unlink()
        self._enter("topup", 60000).unlink()

    def test_nobody_approves_an_own_document(self):
        other = self._new_user("wallet_boss2", "admin")
        document = self._enter("topup", 60000, user=self.boss)
        document.with_user(self.finance).action_confirm()
        self.assertFalse(document.with_user(self.finance).can_review)
        for user in (self.boss, self.finance):
            for method in ("validate_tier", "_validate_tier", "reject_tier"):
                with self.assertRaises(AccessError):
                    getattr(document.with_user(user), method)()
            self.assertEqual((document.state, self._figures()[0]), ("waiting", 5000))
        document.with_user(other).validate_tier()
        self.assertEqual(document.state, "done")

    def test_whoever_changed_the_draft_does_not_approve_it(self):
        other = self._new_user("wallet_boss2", "admin")
        document = self._enter("topup", 60000)
        document.action_confirm()
        document.with_user(self.boss).action_draft()
        document.with_user(self.boss).write({"amount": 900000})
        document.action_confirm()
        self.assertEqual(document.author_ids, self.finance | self.boss)
        with self.assertRaisesRegex(AccessError, "changed"):
            document.with_user(self.boss).validate_tier()
        document.with_user(other).validate_tier()
        self.assertEqual(document.state, "done")

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_forged_reviews_and_contexts_do_not_approve(self):
        document = self._enter("topup", 60000)
        document.action_confirm()
        review = document.review_ids.with_user(self.finance)
        review.write({"status": "approved", "done_by": self.boss.id, "reviewer_ids": [(4, self.finance.id)]})
        for attempt in (
            lambda: document.validate_tier(),
            lambda: document._validate_tier(),
            lambda: document.with_context(skip_validation_check=True, skip_check_state_condition=True).write(
                {"state": "done"}
            ),
            lambda: document.write({"approved_by_id": self.boss.id}),
            lambda: document.with_context(skip_validation_check=True).write({"amount": 70000}),
            lambda: document.write({"requested_by_id": self.boss.id, "validation_status": "validated"}),
            lambda: document.action_confirm(),
            lambda: document.restart_validation(),
            lambda: document.with_context(skip_check_state_condition=True).request_validation(),
            lambda: document.review_ids.with_user(self.finance).unlink() and document.validate_tier(),
            lambda: document.write({"author_ids": [(5, 0, 0)]}),
            lambda: (
                self.env["comment.wizard"]
                .with_user(self.finance)
                .with_context(default_comment="ok")
                .create(
                    {
                        "validate_reject": "validate",
                        "res_model": document._name,
                        "res_id": document.id,
                        "review_ids": [(6, 0, document.review_ids.ids)],
                        "comment": "ok",
                    }
                )
                .add_comment()
            ),
            lambda: self.Document.with_user(self.finance).create(
                {"dealer_id": self.a.id, "amount": 60000, "state": "done", "approved_by_id": self.boss.id}
            ),
            lambda: self.Document.with_user(self.finance).create(
                {"dealer_id": self.a.id, "amount": 1, "is_opening": True}
            ),
        ):
            with suppress(AccessError, UserError), self.env.cr.savepoint():
                attempt()
            document.invalidate_recordset()
            self.assertEqual((document.state, document.amount, document.approved_by_id.id), ("waiting", 60000, False))
            self.assertEqual(self._figures()[0], 5000)
        document.action_confirm()
        self.assertEqual((document.state, self._figures()[0]), ("waiting", 5000))

    def test_defaults_sent_by_a_client_make_no_finished_document(self):
        forged = {
            "default_state": "done",
            "default_is_opening": True,
            "default_approved_by_id": self.boss.id,
            "default_company_id": self.sales.id,
            "default_key": "forged",
        }
        document = (
            self.Document.with_user(self.finance)
            .with_context(**forged)
            .create({"kind": "topup", "dealer_id": self.a.id, "amount": 10})
        )
        self.assertEqual(
            (document.state, document.is_opening, document.approved_by_id.id, document.company_id, document.key),
            ("draft", False, False, self.group, False),
        )
        with self.assertRaisesRegex(UserError, "voucher"):
            document.action_confirm()

    def test_a_copy_is_a_new_draft(self):
        document = self._enter("topup", 10)
        document.action_confirm()
        copy = document.copy()
        self.assertEqual((copy.state, copy.amount, copy.voucher, copy.move_id.id), ("draft", 10, False, False))
        self.assertNotEqual(copy.name, document.name)

    def test_a_voucher_changes_in_its_draft_only(self):
        document = self._enter("topup", 10)
        document.action_confirm()
        Attachment = self.env["ir.attachment"].with_user(self.boss)
        place = [("res_model", "=", document._name), ("res_id", "=", document.id), ("res_field", "=", "voucher")]
        attachment = Attachment.search(place)
        other = {"name": "other", "res_model": document._name, "res_id": document.id, "datas": VOUCHER}
        for attempt in (
            lambda: attachment.write({"datas": base64.b64encode(b"%PDF-1.4 another")}),
            lambda: attachment.unlink(),
            lambda: Attachment.create({**other, "res_field": "voucher"}),
            lambda: Attachment.create(other).write({"res_field": "voucher"}),
        ):
            with self.assertRaisesRegex(AccessError, "Vouchers"):
                attempt()
        Attachment.create(other).unlink()  # what people add beside it is theirs

    @covers("HQ-66", "second person above the set amount", via="web")
    def test_a_change_of_the_limit_is_told_to_finance_and_auditors(self):
        auditor = self._new_user("wallet_auditor", "auditor")
        with Form(self.group.with_user(self.boss)) as form:
            form.crab_wallet_approval_amount = 10**6
        message = self.group.partner_id.message_ids[0]
        self.assertIn("50,000.00", message.body)
        self.assertLessEqual((auditor | self.finance).partner_id, message.partner_ids)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.group.crab_wallet_approval_amount = -1
            self.group.flush_recordset()

    def test_an_entry_dated_in_a_closed_period_is_booked_on_the_first_open_day(self):
        self.group.fiscalyear_lock_date = "2026-03-31"
        document = self._enter("topup", 10)
        document.received_date = "2026-03-15"
        document.action_confirm()
        self.env.cr.flush()
        self.assertEqual((document.move_id.state, document.state), ("posted", "done"))
        self.assertGreater(document.move_id.date, self.group.fiscalyear_lock_date)
        self.assertEqual(str(document.received_date), "2026-03-15")
        document._reverse("mistake")
        self.assertGreater(document.reversal_move_id.date, self.group.fiscalyear_lock_date)
        self._assert_sound()

    def test_without_journal_or_account_nothing_is_booked(self):
        for field, text in (("crab_document_journal_id", "journal"), ("crab_deposits_account_id", "stored value")):
            document = self._enter("topup", 10)
            kept = self.group[field]
            self.group[field] = False
            with self.assertRaisesRegex(UserError, f"{text}.*page Ledger"), self.env.cr.savepoint():
                document.action_confirm()
            self.group[field] = kept
            self.assertEqual((document.state, self._figures()[0]), ("draft", 5000))

    def test_the_journal_entry_of_a_document_stays(self):
        """Whatever an accountant, even an administrator, tries: refused; done behind Odoo's back: found."""
        document = self._enter("topup", 10)
        document.action_confirm()
        self.env.cr.flush()
        move = document.move_id.with_user(self.boss)
        for attempt in (
            lambda: move.button_draft(),
            lambda: move.button_cancel(),
            lambda: move.write({"state": "draft"}),
            lambda: move.with_context(skip_readonly_check=True).write({"date": "2026-01-01"}),
            lambda: move.with_context(force_delete=True).unlink(),
            lambda: move.line_ids.with_context(force_delete=True).unlink(),
            lambda: move.line_ids[:1].write({"account_id": self.group.crab_cost_account_id.id}),
            lambda: move._reverse_moves(cancel=True),
        ):
            with self.assertRaisesRegex(UserError, "belong to documents"):
                attempt()
        self._assert_sound()
        self.env.cr.execute("UPDATE account_move SET state = 'draft' WHERE id = %s", [move.id])
        self.env.cr.execute("UPDATE account_move_line SET parent_state = 'draft' WHERE move_id = %s", [move.id])
        self.assertEqual([row["difference"] for row in self._differences()], [-10])
        self.assertIn(document.name, " ".join(self.env["crab.ledger.check"]._findings()))

    def test_a_document_that_was_changed_behind_its_buttons_is_found(self):
        done, draft = self._enter("topup", 10), self._enter("topup", 20)
        done.action_confirm()
        self.env.flush_all()
        self.env.cr.execute("UPDATE crab_wallet_document SET amount = 11 WHERE id = %s", [done.id])
        self.env.cr.execute("UPDATE crab_wallet_document SET state = 'done' WHERE id = %s", [draft.id])
        self.env.invalidate_all()
        self.env["crab.ledger.check"]._run()
        check = self.env["crab.ledger.check"].search([], limit=1)
        for document in (done, draft):
            self.assertIn(document.name, check.findings)
        self.assertIn(self.finance, check.activity_ids.user_id)

    def test_reversing_above_the_limit_is_an_administrators(self):
        document = self._enter("topup", 60000)
        document.action_confirm()
        document.with_user(self.boss).validate_tier()
        with self.assertRaises(AccessError):
            document._reverse("mistake")
        document.with_user(self.boss)._reverse("mistake")
        self.assertEqual((document.state, self._figures()[0]), ("reversed", 5000))

    @covers("HQ-66", "level 1 only", via="web")
    def test_what_is_missing_is_said(self):
        with self.assertRaisesRegex(UserError, "only level 1"):
            self._enter(dealer=self.b)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self._enter(amount=0).flush_recordset()
        for amount in (-5, 10**10, 0.005, float("nan"), float("inf"), "much"):
            with self.assertRaisesRegex(UserError, "can be booked"):
                self.Document.with_user(self.finance).create({"dealer_id": self.a.id, "amount": amount})
        document = self._enter()
        document.voucher = False
        with self.assertRaisesRegex(UserError, "voucher"):
            document.action_confirm()
        document.voucher = base64.b64encode(b"<html><script>alert(1)</script></html>")
        with self.assertRaisesRegex(UserError, "neither a picture nor a PDF"):
            document.action_confirm()
        document.write({"voucher": VOUCHER, "bank_reference": " "})
        with self.assertRaisesRegex(UserError, "bank reference"):
            document.action_confirm()
        document.write({"bank_reference": "1", "received_date": "2999-01-01"})
        with self.assertRaisesRegex(UserError, "future"):
            document.action_confirm()
        done = self._enter()
        done.action_confirm()
        with self.assertRaisesRegex(UserError, "can be deleted"):
            done.unlink()
        with self.assertRaisesRegex(UserError, "reason"):
            done._reverse(" ")
        with self.assertRaisesRegex(UserError, "cannot|closed|carried out"):
            done.action_cancel()

    def test_a_transfer_is_entered_once(self):
        self._charge(8000)
        first = self._enter(amount=1000, reference="ICBC-A")
        first.action_confirm()
        second = self._enter(amount=1000, reference=" ICBC-A ")
        self.assertIn(first.name, second.same_reference)
        with self.assertRaisesRegex(UserError, f"entered already: {first.name}"):
            second.action_confirm()
        self.assertEqual((second.state, self._figures()[0]), ("draft", 1000))
        # what is left of it pays debts: who enters it sees the other one
        repayment = self._enter("repayment", 500, reference="ICBC-A")
        self.assertIn("1,000.00", repayment.same_reference)
        repayment.action_confirm()
        self.assertEqual((repayment.state, repayment.same_reference), ("done", ""))
        first._reverse("wrong amount")
        second.action_confirm()
        self.assertEqual((second.state, second.bank_reference, self._figures()[0]), ("done", "ICBC-A", 1000))
        self._assert_sound()

    def test_a_transfer_that_waits_for_approval_is_not_entered_again(self):
        self._enter(amount=60000, reference="ICBC-B").action_confirm()
        with self.assertRaisesRegex(UserError, "entered already"):
            self._enter(amount=60000, reference="ICBC-B").action_confirm()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self._enter(amount=1, reference="ICBC-B")._set({"state": "done"})  # two at the same moment
            self.env.flush_all()

    def test_a_closed_dealer_can_only_repay(self):
        self._charge(6000)
        document = self._enter("topup", 1)
        repayment = self._enter("repayment", 1000)
        self.a._close("gone")
        with self.assertRaisesRegex(UserError, "is closed"):
            document.action_confirm()
        repayment.action_confirm()
        self.assertEqual(self._figures()[2], 0)

    def test_documents_from_code_are_made_once_per_key(self):
        document = self.Document._open(self.z, "topup", Decimal(300), "k")
        self.assertEqual(self.Document._open(self.z, "topup", Decimal(300), "k"), document)
        self.assertEqual(self._figures(self.z)[0], 300)
        with self.assertRaises(IdempotencyConflict):
            self.Document._open(self.z, "topup", Decimal(301), "k")
        with self.assertRaisesRegex(UserError, "second person"):
            self.Document._open(self.z, "topup", Decimal(60000), "big")
        self.assertEqual(self._figures(self.z)[0], 300)
        big = self.Document.with_user(self.finance)._open(self.z, "topup", Decimal(60000), "big", approver=self.boss)
        self.assertEqual((big.state, big.approved_by_id, self._figures(self.z)[0]), ("done", self.boss, 60300))
        with self.assertRaisesRegex(UserError, "second person"):
            self.Document.with_user(self.boss)._open(self.z, "topup", Decimal(60000), "self", approver=self.boss)
        self._assert_sound()
