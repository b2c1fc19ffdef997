from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import CONTEXT_KEY, Subject
from odoo.addons.crab_base.tools.timezone import business_date


class WalletShort(UserError):
    """Stored value and credit do not cover a charge."""

    error_code = "wallet_short"


class CrabWallet(models.Model):
    """What a wallet says when it does not cover something: the refusal, and the message to top up."""

    _inherit = "crab.wallet"

    @api.model
    def _warn_short(self, dealer, amount, document, kind):
        """Have the dealer told to top up when it could not pay ``amount`` now; nothing is locked or refused (HQ-11).

        :param kind: kind of entry that the charge would be
        """
        funds = self._would_charge(dealer, amount, kind)
        if funds["missing"]:
            # told whoever asks
            stored_sudo = self.sudo().search([("dealer_id", "=", dealer.id), ("kind", "=", "stored")])
            payload = self._short_payload(stored_sudo, amount, funds["credit"], document)
            self.env["crab.outbox"]._emit("wallet.short", stored_sudo, payload)

    @api.model
    def _would_charge(self, dealer, amount, kind):
        """How ``_charge`` would pay ``amount`` now; nothing is locked or changed.

        :return: decimals: ``stored`` and ``credit`` (what there is), ``from_stored``, ``from_credit``, ``missing``
        """
        wallets_sudo = self.sudo().search([("dealer_id", "=", dealer.id)])  # the caller may see the dealer's money
        balances = {wallet.kind: dec(wallet.balance) for wallet in wallets_sudo}
        stored = balances.get("stored", Decimal(0))
        credit = balances.get("credit", Decimal(0)) if "credit" in self._kind_signs()[kind] else Decimal(0)
        from_stored = min(stored, amount)
        from_credit = min(credit, amount - from_stored)
        return {
            "stored": stored,
            "credit": credit,
            "from_stored": from_stored,
            "from_credit": from_credit,
            "missing": amount - from_stored - from_credit,
        }

    @api.model
    def _short_payload(self, wallet, amount, usable, document):
        """The event ``wallet.short``: what ``document`` costs and how much of it the stored-value ``wallet`` lacks."""
        stored = dec(wallet.balance)
        return {
            "dealer_code": wallet.dealer_id.code,
            "amount": f"{amount:.2f}",
            "stored": f"{stored:.2f}",
            "credit": f"{usable:.2f}",
            "missing": f"{amount - stored - usable:.2f}",
            "reference": document.display_name,
        }

    @api.model
    def _refuse_short(self, wallet, amount, usable, document):
        """:raise UserError: with the missing amount; the dealer's message to top up is recorded all the same"""
        stored = dec(wallet.balance)
        missing = amount - stored - usable
        dealer = wallet.dealer_id
        payload = self._short_payload(wallet, amount, usable, document)
        context = {CONTEXT_KEY: Subject.of(self.env)}
        # A transaction of its own: this one ends in the refusal.
        transaction.run(
            self.env.registry,
            lambda env: env["crab.outbox"]._emit("wallet.short", ("crab.wallet", wallet.ids), payload),
            context=context,
        )
        raise WalletShort(
            self.env._(
                "%(dealer)s cannot pay %(amount)s: stored value %(stored)s and available credit %(credit)s leave"
                " %(missing)s missing. Please top up first.",
                dealer=dealer.display_name,
                amount=f"{amount:,.2f}",
                stored=f"{stored:,.2f}",
                credit=f"{usable:,.2f}",
                missing=f"{missing:,.2f}",
            )
        )

    @api.model
    def _refuse_below_zero(self, wallet, kind, missing):
        texts = {
            "repayment": self.env._(
                "%(dealer)s owes %(missing)s less than this repayment. Enter at most the unsettled amount.",
                dealer=wallet.dealer_id.display_name,
                missing=f"{missing:,.2f}",
            ),
            "grant_reversal": self.env._(
                "The credit of %(dealer)s is in use: %(missing)s is missing to take this grant back."
                " Have it repaid first.",
                dealer=wallet.dealer_id.display_name,
                missing=f"{missing:,.2f}",
            ),
            "repayment_reversal": self.env._(
                "The credit of %(dealer)s does not cover the reversal of this repayment: %(missing)s is missing.",
                dealer=wallet.dealer_id.display_name,
                missing=f"{missing:,.2f}",
            ),
        }
        raise UserError(
            texts.get(kind)
            or self.env._(
                "The stored value of %(dealer)s does not cover this: %(missing)s is missing.",
                dealer=wallet.dealer_id.display_name,
                missing=f"{missing:,.2f}",
            )
        )

    def _notice_short(self, payload):
        """A message to the dealer and an activity for its sales rep, else for finance; one open reminder is enough.

        :param payload: of the event ``wallet.short``
        """
        self.ensure_one()
        if self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref("mail.mail_activity_data_call")
        ):
            return
        env = self.env["crab.ledger"]._in_language(self.company_id).env  # others read it
        text = env._(
            "%(reference)s could not be paid: %(missing)s is missing (stored value %(stored)s, available credit"
            " %(credit)s). Please top up.",
            **{name: payload.get(name, "") for name in ("reference", "missing", "stored", "credit")},
        )
        dealer = self.dealer_id
        dealer.message_post(body=text, partner_ids=dealer.account_id.partner_id.ids, message_type="notification")
        for user in dealer.user_id or self.env["crab.ledger.check"]._finance_users():
            self.activity_schedule(
                "mail.mail_activity_data_call",
                date_deadline=business_date(),
                summary=env._("Top-up needed"),
                note=text,
                user_id=user.id,
            )
