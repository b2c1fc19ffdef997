import base64

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import clean_context
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date

# What people enter, in a draft. Everything else changes by the methods below only, whatever the client sends.
ENTERED = {"kind", "dealer_id", "amount", "received_date", "bank_reference", "voucher", "voucher_name", "note"}
# kind of document: account, kind of entry, kind of the entry that reverses it
EFFECTS = {
    "topup": ("stored", "topup", "topup_reversal"),
    "credit_grant": ("credit", "credit_grant", "grant_reversal"),
    "repayment": ("credit", "repayment", "repayment_reversal"),
}


class CrabWalletDocument(models.Model):
    """储值充值, 额度充值, 欠款结算 of a level-1 dealer (HQ-66)."""

    _name = "crab.wallet.document"
    _description = "Wallet document"
    _inherit = ["mail.thread", "mail.activity.mixin", "tier.validation", "crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _check_company_auto = True

    _state_from = ["draft", "waiting"]
    _state_to = ["done"]
    _cancel_state = "cancelled"

    name = fields.Char("Number", readonly=True, copy=False, default="/", index=True)
    kind = fields.Selection(
        [("topup", "Stored-value top-up"), ("credit_grant", "Credit grant"), ("repayment", "Debt repayment")],
        required=True,
        default="topup",
        tracking=True,
    )
    dealer_id = fields.Many2one(
        "crab.dealer",
        "Dealer",
        required=True,
        index=True,
        tracking=True,
        ondelete="restrict",
        domain=[("level", "=", "1")],
    )
    company_id = fields.Many2one(
        "res.company",
        "Company",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env["res.company"]._crab_company("group"),
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(required=True, tracking=True)
    received_date = fields.Date(
        "Date", required=True, default=lambda self: business_date(), help="Day the money arrived."
    )
    bank_reference = fields.Char("Bank reference", tracking=True, help="Number of the transfer on the bank statement.")
    voucher = fields.Binary(attachment=True, copy=False, help="Picture or PDF of the transfer.")
    voucher_name = fields.Char("Voucher file", copy=False)
    note = fields.Text("Notes")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("waiting", "Waiting for approval"),
            ("done", "Done"),
            ("reversed", "Reversed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    is_opening = fields.Boolean("Opening value", readonly=True, copy=False)
    is_above_limit = fields.Boolean("Needs a second person", compute="_compute_is_above_limit")
    same_reference = fields.Char("Documents with this bank reference", compute="_compute_same_reference")
    author_ids = fields.Many2many("res.users", string="Entered by", readonly=True, copy=False)
    requested_by_id = fields.Many2one("res.users", "Confirmed by", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", "Approved by", readonly=True, copy=False, tracking=True)
    done_at = fields.Datetime("Effective since", readonly=True, copy=False)
    reversed_at = fields.Datetime("Reversed at", readonly=True, copy=False)
    reverse_reason = fields.Char("Reason of the reversal", readonly=True, copy=False, tracking=True)
    move_id = fields.Many2one("account.move", "Journal entry", readonly=True, copy=False, check_company=True)
    reversal_move_id = fields.Many2one("account.move", "Reversing entry", readonly=True, copy=False, check_company=True)
    key = fields.Char(readonly=True, copy=False)

    _key_uniq = models.UniqueIndex("(key) WHERE key IS NOT NULL", "This document exists already.")
    # one transfer may pay debts and top up, and pay for two dealers; the same of it twice is a mistake
    _transfer_once = models.UniqueIndex(
        "(dealer_id, kind, bank_reference)"
        " WHERE bank_reference <> '' AND kind <> 'credit_grant' AND state IN ('waiting', 'done')",
        "This transfer was entered already.",
    )
    _amount_check = models.Constraint(
        "CHECK(amount > 0 AND amount <= 9999999999.99)", "Enter an amount between 0.01 and 9,999,999,999.99."
    )

    @api.depends("amount", "company_id.crab_wallet_approval_amount")
    def _compute_is_above_limit(self):
        for document in self:
            limit = document.company_id.sudo().crab_wallet_approval_amount  # a figure, no secret
            document.is_above_limit = document.currency_id.compare_amounts(document.amount, limit) > 0

    @api.depends("bank_reference", "kind", "state")
    def _compute_same_reference(self):
        """What the same transfer was entered for, while nothing is booked yet: who enters or approves sees it."""
        for document in self:
            others = document._with_same_reference() if document.state in ("draft", "waiting") else document.browse()
            document.same_reference = ", ".join(
                f"{other.name} ({other.dealer_id.display_name}, {other.amount:,.2f})" for other in others
            )

    def _with_same_reference(self):
        """Documents that are carried out, or wait for approval, for the transfer of this one."""
        self.ensure_one()
        reference = (self.bank_reference or "").strip()
        if not reference or self.kind == "credit_grant":
            return self.browse()
        return self.search(
            [
                ("bank_reference", "=", reference),
                ("kind", "!=", "credit_grant"),
                ("state", "in", ("waiting", "done")),
                ("id", "!=", self._origin.id),
            ]
        )

    # === Entering === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_entered(vals)
        own = {"author_ids": [(6, 0, [self.env.uid])]}
        # no defaults from the context: a client could send ``default_state``
        return super(CrabWalletDocument, self.with_context(clean_context(self.env.context))).create(
            [{**vals, **own, "name": self._next_number(vals.get("kind") or "topup")} for vals in vals_list]
        )

    def write(self, vals):
        self.check_access("write")
        entered = ENTERED & vals.keys()
        if entered and any(document.state != "draft" for document in self):
            raise UserError(self.env._("Only drafts can be changed. Set the document back to draft, or reverse it."))
        self._check_entered(vals)
        result = super().write(vals)
        if entered:
            self._set({"author_ids": [(4, self.env.uid)]})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_new_only(self):
        if any(document.state != "draft" or document.requested_by_id for document in self):
            raise UserError(
                self.env._(
                    "Only drafts that were never confirmed can be deleted. Cancel or reverse the document instead."
                )
            )

    @api.model
    def _check_entered(self, vals):
        """Refuse what belongs to the document's methods: its state, who approved it, its entries."""
        own = {
            name
            for name, field in self._fields.items()
            if field._module == "crab_wallet" or name in ("review_ids", "validation_status")
        }
        guarded = (own - ENTERED) & vals.keys()
        if guarded:
            names = ", ".join(sorted(self._fields[name]._description_string(self.env) for name in guarded))
            raise AccessError(self.env._("%(fields)s: changed by the document's buttons only.", fields=names))
        if "amount" in vals:
            self.env["crab.wallet"]._check_amount(vals["amount"])

    @api.model
    def _next_number(self, kind):
        return self.env["ir.sequence"].sudo().next_by_code(f"crab.wallet.document.{kind}")  # numbers are for everybody

    def _set(self, vals):
        """Write guarded fields: for the methods of this model only."""
        # the tier mixin refuses to write while a review is open; here the steps themselves say what they allow
        return super(CrabWalletDocument, self.with_context(skip_validation_check=True)).write(vals)

    @api.constrains("dealer_id")
    def _check_level(self):
        for document in self:
            if document.dealer_id.level != "1":
                raise UserError(
                    self.env._(
                        "%(dealer)s is not a level-1 dealer: only level 1 has stored value and credit.",
                        dealer=document.dealer_id.display_name,
                    )
                )

    # === Buttons === #

    def action_confirm(self):
        """Carry the documents out, or have those above the limit wait for a second person (HQ-66)."""
        self.check_access("write")
        lock_rows(self)
        todo = self.filtered(lambda document: document.state not in ("waiting", "done"))  # else a second click
        for document in todo:
            if document.state != "draft":
                raise UserError(self.env._("%(document)s is closed: make a new one.", document=document.name))
            document._check_complete()
        todo._set({"requested_by_id": self.env.uid})
        above = todo.filtered("is_above_limit")
        above._ask_approval()
        (todo - above)._complete()
        return True

    def request_validation(self):
        """Approval is asked for by confirming."""
        self.action_confirm()
        return self.review_ids

    def action_draft(self):
        """Take a waiting document back to correct it; the request for approval ends."""
        self.check_access("write")
        lock_rows(self)
        if any(document.state not in ("waiting", "cancelled") for document in self):
            raise UserError(self.env._("Only waiting or cancelled documents can be set back to draft."))
        self._end_review()
        self._set({"state": "draft"})
        return True

    def action_cancel(self):
        """Close a draft or waiting document without effect."""
        self.check_access("write")
        lock_rows(self)
        if any(document.state not in ("draft", "waiting") for document in self):
            raise UserError(
                self.env._("Only documents that are not carried out yet can be cancelled. Reverse this one instead.")
            )
        self._end_review()
        self._set({"state": "cancelled"})
        return True

    def action_reverse(self):
        """Ask for the reason of a reversal."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reverse %(document)s", document=self.name),
            "res_model": "crab.wallet.document.reverse",
            "view_mode": "form",
            "target": "new",
            "context": {"default_document_id": self.id},
        }

    def action_entries(self):
        """The movements of this document."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_wallet.crab_wallet_entry_action")
        domain = [("document_model", "=", self._name), ("document_id", "=", self.id)]
        return {**action, "domain": domain, "context": {}}

    # === Steps === #

    def _check_complete(self):
        self.ensure_one()
        if self.dealer_id.state != "active" and self.kind != "repayment":
            raise UserError(
                self.env._("%(dealer)s is closed: only its debts can be repaid.", dealer=self.dealer_id.display_name)
            )
        if self.received_date > business_date():
            raise UserError(self.env._("The date lies in the future."))
        if self.kind == "credit_grant" or self.is_opening:
            return
        if not self.voucher:
            raise UserError(self.env._("Attach the voucher of the transfer first."))
        mimetype = guess_mimetype(base64.b64decode(self.with_context(bin_size=False).voucher))
        if not mimetype.startswith("image/") and mimetype != "application/pdf" or "svg" in mimetype:
            raise UserError(self.env._("The voucher is neither a picture nor a PDF."))
        if not (self.bank_reference or "").strip():
            raise UserError(self.env._("Enter the bank reference of the transfer first."))
        self._set({"bank_reference": self.bank_reference.strip()})
        twice = self._with_same_reference().filtered(
            lambda other: (other.dealer_id, other.kind) == (self.dealer_id, self.kind)
        )[:1]
        if twice:
            raise UserError(
                self.env._(
                    "The transfer %(reference)s was entered already: %(document)s of %(date)s over %(amount)s.",
                    reference=self.bank_reference,
                    document=twice.name,
                    date=twice.received_date,
                    amount=f"{twice.amount:,.2f}",
                )
            )

    def _ask_approval(self):
        self._end_review()
        super().request_validation()
        without = self.filtered(lambda document: not document.review_ids)[:1]
        if without:
            raise UserError(
                self.env._(
                    "%(amount)s needs a second person's approval, but no tier definition for wallet documents is"
                    " active. Activate it under Settings, Tier Validations.",
                    amount=f"{without.amount:,.2f}",
                )
            )
        return self._set({"state": "waiting"})

    def _end_review(self):
        self.review_ids.sudo().unlink()  # the request ends with the document's step, whoever the reviewers are
        self.invalidate_recordset(["review_ids", "validation_status", "need_validation"])

    def _complete(self):
        """Post entries and journal entries. The approval is the document's own record, not only the review's."""
        for document in self.filtered("is_above_limit"):
            document._check_approver(document.approved_by_id)
        self.env["crab.wallet"]._post([document._prepare_entry("done") for document in self])
        self._set({"state": "done", "done_at": fields.Datetime.now()})
        for document in self:
            move_sudo = document._post_journal_entry()
            if move_sudo:
                document._set({"move_id": move_sudo.id})

    def _prepare_entry(self, step):
        account, *kinds = EFFECTS[self.kind]
        return {
            "dealer": self.dealer_id,
            "wallet": account,
            "kind": kinds[step == "reversed"],
            "amount": dec(self.amount),
            "document": self,
            "key": f"{self._name}:{self.id}:{step}",
        }

    def _post_journal_entry(self):
        """Top-up: bank to customers' deposits; repayment: bank to dealers' credit; a credit grant moves no money."""
        counter = {"topup": "deposits", "repayment": "receivable_credit"}.get(self.kind)
        if not counter:
            return self.env["account.move"]
        ledger = self.env["crab.ledger"]
        partner, amount = self.dealer_id.sudo().partner_id, dec(self.amount)  # the entry names the dealer
        label = dict(self._fields["kind"]._description_selection(ledger._in_language(self.company_id).env))[self.kind]
        if self.bank_reference:
            label = f"{label} {self.bank_reference}"
        return ledger._post_document(
            self,
            ledger._journal(self.company_id, "document"),
            [("bank", partner, amount, label), (counter, partner, -amount, label)],
            date=self.received_date,
        )

    def _reverse(self, reason):
        """Undo a done document by a counter-line and a reversing entry (HQ-66).

        :raise UserError: when the balance, or the unused credit, no longer covers it: nothing changed, the missing
            amount is named
        """
        self.ensure_one()
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))
        lock_rows(self)
        if self.state == "reversed":
            return
        if self.state != "done":
            raise UserError(self.env._("Only documents that were carried out can be reversed."))
        if self.is_above_limit and not self.env.user.has_group("crab_base.group_admin"):
            raise AccessError(self.env._("Documents above the approval limit are reversed by an administrator."))
        self.env["crab.wallet"]._post([self._prepare_entry("reversed")])
        self._set({"state": "reversed", "reversed_at": fields.Datetime.now(), "reverse_reason": reason.strip()})
        if self.move_id:
            self._set({"reversal_move_id": self.env["crab.ledger"]._reverse_document(self.sudo().move_id, self).id})

    # === Approval === #

    def _check_approver(self, approver):
        """:raise AccessError: unless ``approver`` is an administrator who neither entered nor confirmed the document"""
        if not approver or not approver.has_group("crab_base.group_admin"):
            raise AccessError(self.env._("Amounts above the limit are approved by an administrator."))
        if approver in self.create_uid | self.author_ids | self.requested_by_id:
            raise AccessError(
                self.env._("Whoever made, changed or confirmed a document cannot approve it. Ask a second person.")
            )

    def _validate_tier(self, tiers=False):
        """The second person's approval carries the document out."""
        self.ensure_one()
        lock_rows(self)
        if self.state != "waiting":
            raise UserError(self.env._("%(document)s does not wait for approval.", document=self.name))
        self._check_approver(self.env.user)
        result = super()._validate_tier(tiers)
        if self.validation_status == "validated":
            self._set({"approved_by_id": self.env.uid})
            self._complete()
        return result

    def _rejected_tier(self, tiers=False):
        """A rejected document goes back to whoever made it, to be corrected or cancelled."""
        self.ensure_one()
        lock_rows(self)
        if self.state != "waiting":
            raise UserError(self.env._("%(document)s does not wait for approval.", document=self.name))
        self._check_approver(self.env.user)
        result = super()._rejected_tier(tiers)
        self.message_post(body=self.env._("Not approved by %(user)s.", user=self.env.user.name))
        self._end_review()
        self._set({"state": "draft"})
        return result

    def _notify_review_requested(self, tier_reviews):
        """Opening values come in great number: approvers find them in their list, without a message each."""
        if self.env.context.get("tracking_disable"):
            return None
        return super()._notify_review_requested(tier_reviews)

    def _notify_created_review_body(self):
        return self.env._(
            "%(document)s over %(amount)s waits for a second person's approval.",
            document=self.name,
            amount=f"{self.amount:,.2f}",
        )

    def restart_validation(self):
        """Not offered: a waiting document is set back to draft instead."""
        raise UserError(self.env._("Set the document back to draft instead."))

    # === From code === #

    @api.model
    def _open(self, dealer, kind, amount, key, approver=None, is_opening=True):
        """Make and complete a document from code; once per key.

        :param amount: Decimal above zero
        :param key: unique for ever among wallet documents
        :param approver: user record of the second person, needed above the limit
        :param is_opening: no voucher is asked for
        :return: the document, in sudo
        :raise UserError: above the limit without an approver
        """
        document_sudo = self._prepare_open([(dealer, kind, amount, key)], is_opening)
        document_sudo._carry_out(approver)
        if document_sudo.state == "waiting":
            raise UserError(
                self.env._(
                    "%(amount)s is above the limit: a second person has to approve it.", amount=f"{dec(amount):,.2f}"
                )
            )
        return document_sudo

    @api.model
    def _open_all(self, requests, approver=None):
        """``_open`` for ``[(dealer, kind, amount, key)]``; what is above the limit waits if no approver is given."""
        documents_sudo = self._prepare_open(requests, True)
        documents_sudo._carry_out(approver)
        return documents_sudo

    @api.model
    def _prepare_open(self, requests, is_opening):
        # sudo: opening values follow from what the caller may do, e.g. import dealers; quiet: they may be many
        documents_sudo = self.sudo().with_context(tracking_disable=True, mail_create_nosubscribe=True)
        found = {
            document.key: document
            for document in documents_sudo.search([("key", "in", [request[3] for request in requests])])
        }
        for dealer, kind, amount, key in requests:
            known = found.get(key)
            if known and (known.dealer_id, known.kind, dec(known.amount)) != (dealer.sudo(), kind, dec(amount)):
                raise IdempotencyConflict(self.env._("This key was already used for another document."))
        new = [request for request in requests if request[3] not in found]
        created = documents_sudo.create(
            [{"dealer_id": dealer.id, "kind": kind, "amount": amount} for dealer, kind, amount, _key in new]
        )
        for document, (_dealer, _kind, _amount, key) in zip(created, new, strict=True):
            document._set({"key": key, "is_opening": is_opening})
            found[key] = document
        return documents_sudo.union(*(found[request[3]] for request in requests))

    def _carry_out(self, approver):
        self.filtered(lambda document: document.state == "draft").action_confirm()
        if approver:
            for document in self.filtered(lambda document: document.state == "waiting"):
                document.with_user(approver).validate_tier()
                document.invalidate_recordset()

    # === Who sees what === #

    @api.model
    def _subject_domain(self, subject):
        """A level-1 dealer sees what was carried out for it (CH-30: 欠款结算 records)."""
        own = self.env["crab.wallet"]._subject_domain(subject)  # both have the dealer
        return own & Domain("state", "in", ["done", "reversed"])
