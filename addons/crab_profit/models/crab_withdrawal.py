import base64
import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError

from odoo.addons.crab_base.tools import pictures
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.states import ensure_state
from odoo.addons.crab_base.tools.subject import Subject

CARD_FIELDS = ("bank_name", "bank_account", "bank_holder")


class CrabWithdrawal(models.Model):
    """A dealer asks for money of its earnings account (CH-18, HQ-67): asked → approved → paid, or rejected and
    released. What the bank sends back after that is rejected, too.
    """

    _name = "crab.withdrawal"
    _description = "Withdrawal"
    _inherit = [
        "crab.by.buttons.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "crab.public.id.mixin",
        "crab.subject.mixin",
    ]
    _order = "id desc"
    _entered = frozenset({"bank_reference", "invoice", "invoice_name", "invoice_number", "invoice_date"})

    name = fields.Char("Number", required=True, readonly=True, copy=False)
    account_id = fields.Many2one(
        "crab.earning.account", "Earnings account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    dealer_id = fields.Many2one(related="account_id.dealer_id", store=True, index=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(required=True, readonly=True)
    bank_name = fields.Char("Bank", required=True, readonly=True)
    bank_account = fields.Char("Bank card", required=True, readonly=True, index="trigram")
    bank_holder = fields.Char("Account holder", required=True, readonly=True)
    state = fields.Selection(
        [("requested", "Asked for"), ("approved", "Approved"), ("paid", "Paid"), ("rejected", "Rejected")],
        required=True,
        readonly=True,
        default="requested",
        index=True,
        tracking=True,
    )
    requested_at = fields.Datetime("Asked on", required=True, readonly=True, default=fields.Datetime.now, index=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_at = fields.Datetime("Decided on", readonly=True)
    reject_reason = fields.Char("Reason of rejection", readonly=True, tracking=True)
    bank_reference = fields.Char("Bank reference", tracking=True, help="Number of the transfer on the bank statement.")
    invoice = fields.Binary("Dealer's invoice", attachment=True, copy=False)
    invoice_name = fields.Char("Invoice file", copy=False)
    invoice_number = fields.Char(
        copy=False, tracking=True, index="trigram", help="Number on the dealer's invoice to the platform."
    )
    invoice_date = fields.Date(copy=False)
    paid_at = fields.Datetime("Paid on", readonly=True)
    move_id = fields.Many2one("account.move", "Journal entry", readonly=True, copy=False)
    returned_at = fields.Datetime("Returned by the bank on", readonly=True, copy=False)
    return_move_id = fields.Many2one("account.move", "Reversing entry", readonly=True, copy=False)
    key = fields.Char(readonly=True, copy=False)

    _key_uniq = models.UniqueIndex("(account_id, key) WHERE key IS NOT NULL", "This withdrawal was asked for already.")
    _amount_check = models.Constraint("CHECK (amount > 0)", "A withdrawal takes something.")

    # ------------------------------------------------------------------ access

    @api.model
    def _subject_domain(self, subject: Subject):
        return super()._subject_domain(subject) | fields.Domain(
            "account_id", "any", self.env["crab.earning.account"]._subject_domain(subject)
        )

    def _check_by_hand(self, names):
        result = super()._check_by_hand(names)
        if any(withdrawal.state in ("paid", "rejected") for withdrawal in self):
            raise UserError(self.env._("This withdrawal is closed."))
        return result

    # ------------------------------------------------------------------ asking

    @api.model
    def _request(self, subject, amount, card, key=None):
        """Ask for money on behalf of a dealer; the amount is set aside at once.

        :param Subject subject: the dealer
        :param amount: Decimal in yuan, at most what can be withdrawn
        :param dict card: ``bank_name``, ``bank_account`` (12 to 30 digits), ``bank_holder``
        :param str key: idempotency key, per dealer and for ever
        :raise UserError: too much, or an incomplete bank card; nothing is changed then
        :return: the withdrawal in sudo; for a repeated key the one asked for first
        """
        dealer_sudo = self.env["crab.dealer"]._get_for_subject(
            subject, [subject.id] if subject.kind == "dealer" else [0]
        )
        account_sudo = self.env["crab.earning.account"]._open_for(dealer_sudo)
        withdrawals_sudo = subject.bind(self.sudo())  # the subject has no Odoo user
        amount = dec(amount)
        if key:
            found = withdrawals_sudo.search([("account_id", "=", account_sudo.id), ("key", "=", key)], limit=1)
            if found:
                if dec(found.amount) != amount:
                    raise LockError(self.env._("This request was sent before with other content."))
                return found
        if amount != round_cents(amount):
            raise UserError(self.env._("An amount has at most two decimals."))
        values = {name: str(card.get(name) or "").strip() for name in CARD_FIELDS}
        values["bank_account"] = re.sub(r"[\s-]", "", values["bank_account"])
        if not all(values.values()) or not re.fullmatch(r"\d{12,30}", values["bank_account"]):
            raise UserError(self.env._("Enter bank, account holder and the complete number of the bank card."))
        account_sudo._freeze(amount)
        withdrawal = withdrawals_sudo.create(
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("crab.withdrawal"),
                "account_id": account_sudo.id,
                "amount": amount,
                "key": key,
                **values,
            }
        )
        self.env["crab.outbox"]._emit("withdrawal.requested", withdrawal, {})
        return withdrawal

    @api.model
    def _needs_invoice(self):
        """Whether withdrawals are paid only with the dealer's invoice."""
        return self.env["ir.config_parameter"].sudo().get_param("crab_profit.invoice_needed") == "True"

    @api.model
    def _attach_invoice_for_subject(self, subject, withdrawal_id, content, number, date):
        """Keep the dealer's invoice with its withdrawal, while it is not closed; a later one takes its place (CH-18).

        :param bytes content: a picture of it
        :raise MissingError: (404) for other people's withdrawals
        :raise UserError: when the withdrawal is paid or rejected, or the number is missing
        """
        withdrawal = self._get_for_subject(subject, [withdrawal_id])
        lock_rows(withdrawal)
        if withdrawal.state not in ("requested", "approved"):
            raise UserError(self.env._("This withdrawal is closed."))
        if not (number or "").strip():
            raise UserError(self.env._("Enter the number of the invoice."))
        raw, mimetype = pictures.clean(self.env, content)
        withdrawal.write(
            {
                "invoice": base64.b64encode(raw),
                "invoice_name": f"{withdrawal.name}.{mimetype.removeprefix('image/')}",
                "invoice_number": number.strip(),
                "invoice_date": date,
            }
        )
        return withdrawal

    # ------------------------------------------------------------------ deciding

    def action_approve(self):
        """Approve: the money is to be transferred."""
        self._decide("approved", "requested")

    def action_reject(self, reason=None):
        """Reject with ``reason`` and release the amount.

        :raise UserError: without a reason
        """
        self._check_right()
        if not (isinstance(reason, str) and reason.strip()):
            raise UserError(self.env._("Enter the reason of the rejection."))
        for withdrawal in self._decide("rejected", "requested", "approved", reject_reason=reason):
            withdrawal.account_id._unfreeze(dec(withdrawal.amount))

    def action_mark_paid(self):
        """The bank transfer is made: book it.

        :raise UserError: without the bank's reference or, where it is asked for, the dealer's invoice
        """
        self._check_right()
        needs_invoice = self._needs_invoice()
        for withdrawal in self:
            if not (withdrawal.bank_reference or "").strip():
                raise UserError(self.env._("Enter the bank reference of %(name)s first.", name=withdrawal.name))
            if needs_invoice and not withdrawal.invoice:
                raise UserError(self.env._("Attach the dealer's invoice of %(name)s first.", name=withdrawal.name))
        ledger = self.env["crab.ledger"]
        for withdrawal in self._decide("paid", "approved", paid_at=fields.Datetime.now()):
            amount, partner = dec(withdrawal.amount), withdrawal.dealer_id.partner_id
            withdrawal.account_id._pay_out(amount)
            withdrawal.move_id = ledger._post_document(
                withdrawal,
                ledger._journal(withdrawal.company_id, "document"),
                [
                    ("dealer_payable", partner, amount, self.env._("Withdrawal")),
                    ("bank", False, -amount, withdrawal.bank_reference),
                ],
            )

    def action_returned(self, reason=None):
        """The bank sent the money of paid withdrawals back (a wrong name or number): it can be withdrawn again.

        :raise UserError: without a reason
        """
        self._check_right()
        if not (isinstance(reason, str) and reason.strip()):
            raise UserError(self.env._("Enter what the bank says."))
        told = self.env._("Returned by the bank: %(reason)s", reason=reason.strip())
        for withdrawal in self._decide("rejected", "paid", reject_reason=told, returned_at=fields.Datetime.now()):
            withdrawal.account_id._take_back(dec(withdrawal.amount))
            withdrawal.return_move_id = self.env["crab.ledger"]._reverse_document(withdrawal.move_id, withdrawal)

    def _check_right(self):
        """:raise AccessError: for who may not decide on these withdrawals"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_finance"):
            raise AccessError(self.env._("Only finance decides on withdrawals."))

    def _decide(self, state, *allowed, **values):
        """Enter ``state`` from one of ``allowed``; those that are there already are left alone.

        :return: the withdrawals that changed, in sudo
        """
        self._check_right()
        withdrawals_sudo = self.sudo()  # finance may decide, nobody may edit
        lock_rows(withdrawals_sudo)
        changed = withdrawals_sudo.filtered(lambda withdrawal: withdrawal.state != state)
        ensure_state(changed, *allowed)
        changed.write({"state": state, "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now(), **values})
        self.env["crab.outbox"]._emit(f"withdrawal.{state}", changed, {})
        return changed
