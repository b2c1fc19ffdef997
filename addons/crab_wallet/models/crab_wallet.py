from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents

KINDS = ("stored", "credit")
MAX_AMOUNT = Decimal("9999999999.99")
# These change the credit limit; every other kind changes what is used of it.
LIMIT_KINDS = ("credit_grant", "grant_reversal")


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
