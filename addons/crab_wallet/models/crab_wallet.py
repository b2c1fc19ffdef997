import hashlib
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.models.crab_idempotency import IdempotencyConflict
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.subject import CONTEXT_KEY, Subject
from odoo.addons.crab_base.tools.timezone import business_date

KINDS = ("stored", "credit")
MAX_AMOUNT = Decimal("9999999999.99")
# These change the credit limit; every other kind changes what is used of it.
LIMIT_KINDS = ("credit_grant", "grant_reversal")


class WalletShort(UserError):
    """Stored value and credit do not cover a charge."""

    error_code = "wallet_short"


class NoWallet(AccessError):
    """Stored value and credit exist at level 1 only."""

    error_code = "not_for_this_dealer"


class CrabWallet(models.Model):
    """Stored value or credit of a level-1 dealer (domain.md §6). Balances change through the doors below only.

    Every door locks the wallets it needs in id order before it reads them; the key of each entry is unique in its
    wallet for ever.
    """

    _name = "crab.wallet"
    _description = "Wallet"
    _inherit = [
        "crab.chain.parent.mixin",
        "crab.public.id.mixin",
        "crab.subject.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "dealer_id, kind desc"

    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="cascade", index=True)
    kind = fields.Selection([("stored", "Stored value"), ("credit", "Credit")], "Account", required=True, readonly=True)
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    balance = fields.Monetary(
        required=True, readonly=True, default=0, help="Stored value, or what is available of the credit."
    )
    credit_limit = fields.Monetary(
        "Credit limit", required=True, readonly=True, default=0, help="Sum of the credit grants."
    )
    credit_used = fields.Monetary(
        "Unsettled", required=True, readonly=True, default=0, help="Credit used and not repaid."
    )
    available = fields.Monetary("Available", compute="_compute_available")
    settled = fields.Monetary("Settled", compute="_compute_settled", help="Credit used and repaid.")
    entry_ids = fields.One2many("crab.wallet.entry", "wallet_id", "Movements", readonly=True)
    debt_ids = fields.One2many("crab.wallet.debt", "wallet_id", "Debts", readonly=True)

    _dealer_kind_uniq = models.Constraint("UNIQUE(dealer_id, kind)", "A dealer has one account of each kind.")
    _balance_check = models.Constraint("CHECK(balance >= 0)", "An account cannot fall below zero.")
    _credit_check = models.Constraint(
        "CHECK(CASE kind WHEN 'credit' THEN credit_used >= 0 AND balance = credit_limit - credit_used"
        " ELSE credit_limit = 0 AND credit_used = 0 END)",
        "Available credit = limit − used, and used credit is never negative.",
    )

    @api.depends("dealer_id", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for wallet in self:
            wallet.display_name = f"{wallet.dealer_id.display_name} {kinds.get(wallet.kind)}"

    @api.depends("balance")
    def _compute_available(self):
        for wallet in self:
            wallet.available = wallet.balance

    @api.depends("debt_ids.settled")
    def _compute_settled(self):
        sums = dict(
            self.env["crab.wallet.debt"]._read_group([("wallet_id", "in", self.ids)], ["wallet_id"], ["settled:sum"])
        )
        for wallet in self:
            wallet.settled = sums.get(wallet._origin, 0)

    # === Who sees what === #

    @api.model
    def _subject_domain(self, subject):
        """The level-1 dealer itself, while it is open; its staff, other dealers and members nothing."""
        if subject.kind != "dealer":
            return Domain.FALSE
        return (
            Domain("dealer_id", "=", subject.id)
            & Domain("dealer_id.level", "=", "1")
            & Domain("dealer_id.state", "=", "active")
        )

    @api.model
    def _figures(self, subject):
        """Balance, limit, unsettled, settled and available of a level-1 dealer as decimals (CH-11, CH-12).

        Empty for everybody else.
        """
        wallets = {wallet.kind: wallet for wallet in self._for_subject(subject)}
        if len(wallets) != len(KINDS):
            return {}
        credit = wallets["credit"]
        return {
            "stored": dec(wallets["stored"].balance),
            "limit": dec(credit.credit_limit),
            "unsettled": dec(credit.credit_used),
            "settled": dec(credit.settled),
            "available": dec(credit.balance),
        }

    @api.model
    def _of_subject(self, subject):
        """Both accounts of a level-1 dealer: ``{"stored": wallet, "credit": wallet}`` in sudo (CH-11, CH-12).

        :raise AccessError: (403) for everybody else
        """
        wallets = {wallet.kind: wallet for wallet in self._for_subject(subject)}
        if len(wallets) != len(KINDS):
            raise NoWallet(self.env._("Only level-1 dealers have stored value and credit."))
        return wallets

    # === Opening and locking === #

    @api.model
    def _open_for(self, dealers):
        """Both accounts for those of the dealers that are at level 1 and lack them."""
        level1 = dealers.filtered(lambda dealer: dealer.level == "1")
        if not level1:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_wallet (dealer_id, kind, company_id, balance, credit_limit, credit_used, event_count,
                                         create_uid, create_date, write_uid, write_date)
                SELECT dealer_id, kind, %(company)s, 0, 0, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(dealers)s) AS dealer_id CROSS JOIN unnest(%(kinds)s) AS kind
                 ORDER BY dealer_id
                    ON CONFLICT (dealer_id, kind) DO NOTHING
                """,
                company=self.env["res.company"]._crab_company("group").id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                dealers=level1.ids,
                kinds=list(KINDS),
            )
        )
        self.invalidate_model()

    @api.model
    def _locked(self, dealers):
        """The accounts of level-1 dealers, locked and freshly read, in sudo: ``{(dealer, kind): wallet}``.

        :raise UserError: for a dealer that is not at level 1
        """
        dealers_sudo = dealers.sudo()  # the caller's right to its document was checked; wallets follow from it
        for dealer in dealers_sudo:
            if dealer.level != "1":
                raise UserError(
                    self.env._(
                        "%(dealer)s is not a level-1 dealer: only level 1 has stored value and credit.",
                        dealer=dealer.display_name,
                    )
                )
        wallets_sudo = self.sudo().search([("dealer_id", "in", dealers_sudo.ids)])
        if len(wallets_sudo) < len(dealers_sudo) * len(KINDS):
            self._open_for(dealers_sudo)
            wallets_sudo = self.sudo().search([("dealer_id", "in", dealers_sudo.ids)])
        lock_rows(wallets_sudo)
        return {(wallet.dealer_id.id, wallet.kind): wallet for wallet in wallets_sudo}

    # === Doors === #

    @api.model
    def _charge(self, dealer, amount, document, kind, key):
        """Take ``amount`` from stored value first, the rest from credit where the kind may use it (HQ-11).

        Posts the entry for kinds with a counter-account (``_counter_purposes``); for others the caller posts.

        :param dealer: a level-1 dealer
        :param amount: Decimal above zero (zero: nothing happens)
        :param document: the record that causes it; its ``display_name`` is the reference
        :param kind: kind of entry, e.g. ``activation``, ``b2b_order``
        :param key: unique for ever in these wallets; the same call again gives the first result
        :return: ``{"stored": Decimal, "credit": Decimal}``
        :raise UserError: when both do not cover it: nothing changed, the missing amount is named, ``wallet.short`` is
            emitted
        :raise IdempotencyConflict: (409) the key was used for something else
        """
        amount, signs = self._check_amount(amount), self._check_direction(kind, -1)
        wallets = self._locked(dealer)
        stored, credit = (wallets[dealer.id, wallet_kind] for wallet_kind in KINDS)
        fingerprint = self._fingerprint("charge", kind, amount, document)
        done = self._replayed(stored | credit, key, fingerprint)
        if done is not None:
            return {wallet_kind: -done.get(wallet_kind, Decimal(0)) for wallet_kind in KINDS}
        parts = {"stored": min(dec(stored.balance), amount)}
        parts["credit"] = amount - parts["stored"]
        usable = dec(credit.balance) if "credit" in signs else Decimal(0)
        if parts["credit"] > usable:
            self._refuse_short(stored, amount, usable, document)
        self._append(
            [
                self._prepare_entry(wallets[dealer.id, wallet_kind], kind, -part, document, key, fingerprint)
                for wallet_kind, part in parts.items()
                if part
            ]
        )
        self._post_entry(dealer, document, kind, parts, 1)
        return parts

    @api.model
    def _give_back(self, dealer, amount, document, kind, key, credit_first=None):
        """Undo charges: first reduce the debts of the documents that come back, the rest goes to stored value.

        :param amount: Decimal, all that goes back
        :param credit_first: ``{document of the charge: Decimal that goes back of it}``: of each the unrepaid credit is
            reduced; without it all goes to stored value
        :return: ``{"stored": Decimal, "credit": Decimal}``
        :raise IdempotencyConflict: (409) the key was used for something else
        """
        amount, signs = self._check_amount(amount), self._check_direction(kind, 1)
        wanted = {
            (origin._name, origin.id): self._check_amount(part)
            for origin, part in (credit_first or {}).items()
            if "credit" in signs
        }
        if sum(wanted.values()) > amount:
            raise UserError(self.env._("More would go back to the documents than goes back at all."))
        wallets = self._locked(dealer)
        stored, credit = (wallets[dealer.id, wallet_kind] for wallet_kind in KINDS)
        fingerprint = self._fingerprint("give_back", kind, amount, document, wanted)
        done = self._replayed(stored | credit, key, fingerprint)
        if done is not None:
            return {wallet_kind: done.get(wallet_kind, Decimal(0)) for wallet_kind in KINDS}
        reductions = self._choose_debts(credit, wanted)
        parts = {"credit": sum(reductions.values(), Decimal(0))}
        parts["stored"] = amount - parts["credit"]
        self._append(
            [
                self._prepare_entry(wallets[dealer.id, wallet_kind], kind, part, document, key, fingerprint)
                for wallet_kind, part in parts.items()
                if part
            ]
        )
        self._reduce_debts(reductions)
        self._post_entry(dealer, document, kind, parts, -1)
        return parts

    @api.model
    def _post(self, vals_list):
        """Entries of kinds without a door of their own, all or nothing; whoever calls it books the accounting entry.

        :param vals_list: dicts ``dealer`` (level 1), ``wallet`` ("stored" or "credit"), ``kind``, ``amount`` (Decimal
            above zero; the kind says the direction), ``document``, ``key``
        :return: entries in that order, in sudo; those that were posted before under the same key are the first ones
        :raise UserError: when a balance, the credit limit or the debt does not cover one: nothing changed
        """
        dealers = self.env["crab.dealer"].browse({vals["dealer"].id for vals in vals_list})
        wallets = self._locked(dealers)
        signs = self._kind_signs()
        entries, new = [None] * len(vals_list), []
        entries_sudo = self.env["crab.wallet.entry"].sudo()  # as in _locked
        done = {
            (entry.wallet_id.id, entry.idempotency_key): entry
            for entry in entries_sudo.search(
                [
                    ("wallet_id", "in", [wallet.id for wallet in wallets.values()]),
                    ("idempotency_key", "in", [vals["key"] for vals in vals_list]),
                ]
            )
        }
        for position, vals in enumerate(vals_list):
            wallet = wallets[vals["dealer"].id, vals["wallet"]]
            amount = self._check_amount(vals["amount"]) * signs[vals["kind"]][vals["wallet"]]
            fingerprint = self._fingerprint("post", vals["kind"], amount, vals["document"])
            before = done.get((wallet.id, vals["key"]))
            if before:
                self._check_fingerprint(before, fingerprint)
                entries[position] = before.id
            elif amount:
                entry = self._prepare_entry(wallet, vals["kind"], amount, vals["document"], vals["key"], fingerprint)
                new.append((position, entry))
        appended = self._append([vals for _position, vals in new])
        for (position, _vals), entry in zip(new, appended, strict=True):
            entries[position] = entry.id
        return appended.browse(entry_id for entry_id in entries if entry_id)

    # === Rules of the kinds === #

    @api.model
    def _kind_signs(self):
        """``{kind: {wallet: 1 (in) or -1 (out)}}``: which accounts a kind moves and how; extended by other addons."""
        return {
            "topup": {"stored": 1},
            "topup_reversal": {"stored": -1},
            "delivery_goods": {"stored": 1},
            "delivery_service": {"stored": 1},
            "settlement_reversal": {"stored": -1},
            "activation": {"stored": -1, "credit": -1},
            "card_return": {"stored": 1, "credit": 1},
            "b2b_order": {"stored": -1},
            "b2b_refund": {"stored": 1},
            "credit_grant": {"credit": 1},
            "grant_reversal": {"credit": -1},
            "repayment": {"credit": 1},
            "repayment_reversal": {"credit": -1},
        }

    @api.model
    def _counter_purposes(self):
        """What charges and returns are booked against: ``{kind: purpose}``; other kinds by their documents."""
        return {"activation": "contract_liability", "card_return": "contract_liability"}

    @api.model
    def _check_direction(self, kind, sign):
        """The accounts that ``kind`` moves; a kind that goes the other way would turn money around."""
        signs = self._kind_signs()[kind]
        if signs.get("stored") != sign:
            raise ValueError(f"{kind} does not move stored value by {sign}")
        return signs

    @api.model
    def _check_amount(self, amount):
        """``amount`` as a decimal.

        :raise UserError: unless it is zero or more, in whole cents, and not absurdly much
        """
        try:
            amount = dec(amount)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT or amount != round_cents(amount):
            raise UserError(
                self.env._(
                    "%(amount)s is not an amount that can be booked: enter 0.01 to %(max)s with two decimals.",
                    amount=amount,
                    max=f"{MAX_AMOUNT:,.2f}",
                )
            )
        return amount

    # === Refusing === #

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

    # === Replays === #

    @api.model
    def _fingerprint(self, operation, kind, amount, document, parts=None):
        text = f"{operation}|{kind}|{amount:.2f}|{document._name},{document.id}"
        for (model, record_id), part in sorted((parts or {}).items()):
            text += f"|{model},{record_id}:{part:.2f}"
        return hashlib.sha256(text.encode()).hexdigest()

    @api.model
    def _check_fingerprint(self, entries, fingerprint):
        """:raise IdempotencyConflict: (409) when entries posted under the same key have another content"""
        if any(entry.fingerprint != fingerprint for entry in entries):
            raise IdempotencyConflict(self.env._("This key was already used for another entry of the same dealer."))

    @api.model
    def _replayed(self, wallets, key, fingerprint):
        """Signed amounts by account of what was posted under ``key`` before; None if nothing was."""
        entries_sudo = self.env["crab.wallet.entry"].sudo()  # as in _locked
        before = entries_sudo.search([("wallet_id", "in", wallets.ids), ("idempotency_key", "=", key)])
        self._check_fingerprint(before, fingerprint)
        return {entry.wallet_kind: dec(entry.amount) for entry in before} if before else None

    # === Writing === #

    def _prepare_entry(self, wallet, kind, amount, document, key, fingerprint):
        return {
            "wallet_id": wallet.id,
            "dealer_id": wallet.dealer_id.id,
            "company_id": wallet.company_id.id,
            "wallet_kind": wallet.kind,
            "kind": kind,
            "amount": amount,
            "amount_in": max(amount, Decimal(0)),
            "amount_out": max(-amount, Decimal(0)),
            "document_model": document._name,
            "document_id": document.id,
            "reference": document.display_name,
            "idempotency_key": key,
            "fingerprint": fingerprint,
        }

    @api.model
    def _append(self, vals_list):
        """Append entries to locked wallets, move the balances and keep the debts in step.

        :raise UserError: when one would make a balance, or what is used of the credit, negative
        """
        entries_sudo = self.env["crab.wallet.entry"].sudo()  # as in _locked
        if not vals_list:
            return entries_sudo
        wallets_sudo = self.sudo().browse({vals["wallet_id"] for vals in vals_list})
        state = {
            wallet.id: [dec(wallet.balance), dec(wallet.credit_limit), dec(wallet.credit_used)]
            for wallet in wallets_sudo
        }
        for vals in vals_list:
            figures, amount = state[vals["wallet_id"]], vals["amount"]
            figures[0] += amount
            if vals["wallet_kind"] == "credit":
                place, change = (1, amount) if vals["kind"] in LIMIT_KINDS else (2, -amount)
                figures[place] += change
            short = min(figures[0], figures[2])
            if short < 0:
                self._refuse_below_zero(wallets_sudo.browse(vals["wallet_id"]), vals["kind"], -short)
            vals["balance_after"] = figures[0]
        entries_sudo = entries_sudo._append_values(vals_list)
        rows = SQL(", ").join(SQL("(%s, %s, %s, %s)", wallet_id, *figures) for wallet_id, figures in state.items())
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_wallet w SET balance = v.balance, credit_limit = v.credit_limit, credit_used = v.credit_used
                  FROM (VALUES %s) AS v(id, balance, credit_limit, credit_used) WHERE w.id = v.id
                """,
                rows,
            )
        )
        wallets_sudo.invalidate_recordset(flush=False)
        for vals in vals_list:
            if vals["wallet_kind"] != "credit" or vals["kind"] in LIMIT_KINDS:
                continue
            if vals["kind"] == "repayment":
                self._settle(vals, 1)
            elif vals["kind"] == "repayment_reversal":
                self._settle(vals, -1)
            elif vals["amount"] < 0:
                self._open_debt(vals)
        return entries_sudo

    @api.model
    def _post_entry(self, dealer, document, kind, parts, sign):
        """Book deposits and dealers' credit against the kind's counter-account; ``sign`` 1: charge, -1: give back."""
        counter = self._counter_purposes().get(kind)
        if not counter:
            return
        company = self.env["res.company"]._crab_company("group")
        ledger = self.env["crab.ledger"]
        partner = dealer.sudo().partner_id  # the entry names the dealer, whoever causes it
        entries = ledger._in_language(company).env["crab.wallet.entry"]
        label = dict(entries._fields["kind"]._description_selection(entries.env))[kind]
        ledger._post_document(
            document,
            ledger._journal(company, "document"),
            [
                ("deposits", partner, parts["stored"] * sign, label),
                ("receivable_credit", partner, parts["credit"] * sign, label),
                (counter, False, -(parts["stored"] + parts["credit"]) * sign, label),
            ],
        )

    # === Debts === #

    @api.model
    def _open_debt(self, vals):
        self.env["crab.wallet.debt"].sudo().create(  # as in _locked
            {
                "wallet_id": vals["wallet_id"],
                "dealer_id": vals["dealer_id"],
                "company_id": vals["company_id"],
                "happened_at": fields.Datetime.now(),
                "kind": vals["kind"],
                "document_model": vals["document_model"],
                "document_id": vals["document_id"],
                "reference": vals["reference"],
                "amount": -vals["amount"],
                "given_back": 0,
                "settled": 0,
                "unsettled": -vals["amount"],
            }
        )

    @api.model
    def _settle(self, vals, sign):
        """A repayment settles the oldest debts first; its reversal opens those settled last, so that it stays so."""
        column = SQL.identifier("unsettled" if sign > 0 else "settled")
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH candidate AS (
                    SELECT id, %(column)s AS left_over,
                           SUM(%(column)s) OVER (ORDER BY id %(order)s) - %(column)s AS before
                      FROM crab_wallet_debt WHERE wallet_id = %(wallet)s AND %(column)s > 0
                ), part AS (
                    SELECT id, %(sign)s * LEAST(left_over, %(amount)s - before) AS amount
                      FROM candidate WHERE before < %(amount)s
                ), changed AS (
                    UPDATE crab_wallet_debt debt
                       SET settled = settled + part.amount, unsettled = unsettled - part.amount
                      FROM part WHERE part.id = debt.id
                )
                INSERT INTO crab_wallet_settlement
                       (debt_id, wallet_id, dealer_id, company_id, repayment_id, happened_at, amount)
                SELECT id, %(wallet)s, %(dealer)s, %(company)s, %(document)s, %(now)s, amount FROM part ORDER BY id
                """,
                column=column,
                order=SQL("ASC" if sign > 0 else "DESC"),
                sign=sign,
                wallet=vals["wallet_id"],
                amount=abs(vals["amount"]),
                dealer=vals["dealer_id"],
                company=vals["company_id"],
                document=vals["document_id"],
                now=fields.Datetime.now(),
            )
        )
        self._forget_debts()

    @api.model
    def _choose_debts(self, credit, wanted):
        """Which debts what goes back reduces: ``{debt: Decimal}``.

        :param wanted: ``{(model, id) of the charge's document: Decimal}``
        """
        if not wanted:
            return {}
        open_debts = (
            self.env["crab.wallet.debt"]
            .sudo()
            .search(  # as in _locked
                [
                    ("wallet_id", "=", credit.id),
                    ("unsettled", ">", 0),
                    ("document_id", "in", [record_id for _model, record_id in wanted]),
                ]
            )
        )
        rest, reductions = dict(wanted), {}
        for debt in open_debts:
            origin = (debt.document_model, debt.document_id)
            part = min(dec(debt.unsettled), rest.get(origin, Decimal(0)))
            if part:
                reductions[debt] = part
                rest[origin] -= part
        return reductions

    @api.model
    def _reduce_debts(self, reductions):
        if not reductions:
            return
        self.env.flush_all()
        rows = SQL(", ").join(SQL("(%s, %s)", debt.id, amount) for debt, amount in reductions.items())
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_wallet_debt debt SET given_back = given_back + v.amount, unsettled = unsettled - v.amount
                  FROM (VALUES %s) AS v(id, amount) WHERE v.id = debt.id
                """,
                rows,
            )
        )
        self._forget_debts()

    @api.model
    def _forget_debts(self):
        for model in ("crab.wallet.debt", "crab.wallet.settlement"):
            self.env[model].invalidate_model(flush=False)
        self.invalidate_model(["settled"], flush=False)

    # === Checks === #

    @api.model
    def _inconsistent(self):
        """Wallets whose figures are not those of their entries and debts: found by the check, never repaired."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT w.id FROM crab_wallet w
                  LEFT JOIN (SELECT wallet_id, SUM(amount) AS amount, SUM(amount) FILTER (WHERE kind IN %s) AS granted
                               FROM crab_wallet_entry GROUP BY 1) e ON e.wallet_id = w.id
                  LEFT JOIN (SELECT wallet_id, SUM(unsettled) AS unsettled, SUM(settled) AS settled
                               FROM crab_wallet_debt GROUP BY 1) d ON d.wallet_id = w.id
                  LEFT JOIN (SELECT wallet_id, SUM(amount) AS amount
                               FROM crab_wallet_settlement GROUP BY 1) s ON s.wallet_id = w.id
                 WHERE w.balance <> COALESCE(e.amount, 0)
                    OR w.kind = 'credit' AND (w.credit_limit <> COALESCE(e.granted, 0)
                                              OR w.credit_used <> COALESCE(d.unsettled, 0)
                                              OR COALESCE(d.settled, 0) <> COALESCE(s.amount, 0))
                 ORDER BY w.id
                """,
                LIMIT_KINDS,
            )
        )
        return self.sudo().browse(row[0] for row in self.env.cr.fetchall())  # a check sees everything
