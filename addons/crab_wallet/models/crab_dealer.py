from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows

DELIVERY_KINDS = ("delivery_goods", "delivery_service", "settlement_reversal")
MONEY_GROUPS = "crab_base.group_finance,crab_base.group_sales_rep,crab_base.group_auditor"


class CrabDealer(models.Model):
    _inherit = "crab.dealer"

    crab_currency_id = fields.Many2one("res.currency", compute="_compute_wallet_figures", groups=MONEY_GROUPS)
    stored_value = fields.Monetary(
        "Stored value", currency_field="crab_currency_id", compute="_compute_wallet_figures", groups=MONEY_GROUPS
    )
    stored_unsettled = fields.Monetary(
        "Unsettled delivery money",
        currency_field="crab_currency_id",
        compute="_compute_wallet_figures",
        groups=MONEY_GROUPS,
        help="Earned by the store's deliveries, not settled yet.",
    )
    stored_settled = fields.Monetary(
        "Settled delivery money",
        currency_field="crab_currency_id",
        compute="_compute_wallet_figures",
        groups=MONEY_GROUPS,
        help="Goods and service subsidies of the store's deliveries that were settled into stored value.",
    )
    credit_limit = fields.Monetary(
        "Credit limit", currency_field="crab_currency_id", compute="_compute_wallet_figures", groups=MONEY_GROUPS
    )
    credit_unsettled = fields.Monetary(
        "Unsettled", currency_field="crab_currency_id", compute="_compute_wallet_figures", groups=MONEY_GROUPS
    )
    credit_settled = fields.Monetary(
        "Settled", currency_field="crab_currency_id", compute="_compute_wallet_figures", groups=MONEY_GROUPS
    )
    credit_available = fields.Monetary(
        "Available", currency_field="crab_currency_id", compute="_compute_wallet_figures", groups=MONEY_GROUPS
    )

    def _compute_wallet_figures(self):
        wallets = self.env["crab.wallet"].search([("dealer_id", "in", self.ids)])
        by_dealer = {(wallet.dealer_id.id, wallet.kind): wallet for wallet in wallets}
        none = self.env["crab.wallet"]
        settled = self.env["crab.wallet.entry"]._read_group(
            [("dealer_id", "in", self.ids), ("kind", "in", DELIVERY_KINDS)], ["dealer_id"], ["amount:sum"]
        )
        settled = {dealer.id: amount for dealer, amount in settled}
        unsettled = self._unsettled_deliveries()
        for dealer in self:
            stored = by_dealer.get((dealer.id, "stored"), none)
            credit = by_dealer.get((dealer.id, "credit"), none)
            dealer.crab_currency_id = self.env["res.company"]._crab_company("group").sudo().currency_id  # no secret
            dealer.stored_value = stored.balance
            dealer.stored_unsettled = unsettled.get(dealer.id, 0)
            dealer.stored_settled = settled.get(dealer.id, 0)
            dealer.credit_limit = credit.credit_limit
            dealer.credit_unsettled = credit.credit_used
            dealer.credit_settled = credit.settled
            dealer.credit_available = credit.balance

    def _unsettled_deliveries(self):
        """What stores earned by deliveries and no settlement has paid yet (domain.md §6); added by what delivers.

        :return: ``{dealer id: Decimal}``
        """
        return {}

    @api.model_create_multi
    def create(self, vals_list):
        """A new level 1 gets its two accounts."""
        dealers = super().create(vals_list)
        self.env["crab.wallet"]._open_for(dealers)
        return dealers

    def _relocate(self, parent, level=None, dealer_type=None, ratio=None, reason=None):
        """A dealer that becomes a level 1 gets its accounts."""
        result = super()._relocate(parent, level=level, dealer_type=dealer_type, ratio=ratio, reason=reason)
        self.env["crab.wallet"]._open_for(self)
        return result

    def _check_relocation(self, parent, level):
        """A level 1 with stored value, debts or waiting documents stays one: only level 1 has accounts (HQ-11)."""
        super()._check_relocation(parent, level)
        if level == "1":
            return
        wallets_sudo = (
            self.env["crab.wallet"].sudo().search([("dealer_id", "=", self.id)])
        )  # counts whoever moves the dealer
        lock_rows(wallets_sudo)
        if any(wallet.credit_used or (wallet.kind == "stored" and wallet.balance) for wallet in wallets_sudo):
            raise UserError(
                self.env._(
                    "%(dealer)s has stored value or unsettled credit. Settle both before it leaves level 1.",
                    dealer=self.display_name,
                )
            )
        if self._wallet_documents("draft", "waiting"):
            raise UserError(
                self.env._(
                    "%(dealer)s has wallet documents in work. Complete or cancel them first.", dealer=self.display_name
                )
            )
        # changed, not only locked: whoever waits to move money is restarted and then sees the new level
        self.env.cr.execute(
            SQL("UPDATE crab_wallet SET write_date = %s WHERE dealer_id = %s", fields.Datetime.now(), self.id)
        )

    def _wallet_documents(self, *states):
        # sudo: they count whether or not the user sees them
        return self.env["crab.wallet.document"].sudo().search([("dealer_id", "=", self.id), ("state", "in", states)])

    def _open_items(self):
        """Waiting documents, what is left of stored value, and debts."""
        items = super()._open_items()
        waiting = self._wallet_documents("draft", "waiting")
        if waiting:
            items.append((self.env._("Wallet documents in work"), len(waiting), waiting._get_records_action()))
        wallets_sudo = self.env["crab.wallet"].sudo().search([("dealer_id", "=", self.id)])  # as above
        left = wallets_sudo.filtered(lambda wallet: wallet.kind == "stored" and wallet.balance)
        if left:
            items.append(
                (
                    self.env._("Stored value left: %(amount)s", amount=f"{left.balance:,.2f}"),
                    1,
                    left._get_records_action(),
                )
            )
        owing = wallets_sudo.filtered("credit_used")
        if owing:
            items.append(
                (
                    self.env._("Unsettled credit: %(amount)s", amount=f"{owing.credit_used:,.2f}"),
                    1,
                    owing._get_records_action(),
                )
            )
        return items

    def _has_history(self):
        """Movements and documents are history."""
        documents_sudo = self.env["crab.wallet.document"].sudo()  # as above
        entries_sudo = self.env["crab.wallet.entry"].sudo()
        return (
            super()._has_history()
            or bool(documents_sudo.search_count([("dealer_id", "=", self.id)], limit=1))
            or bool(entries_sudo.search_count([("dealer_id", "=", self.id)], limit=1))
        )

    def action_wallet_entries(self):
        """Movements of one account; ``wallet_kind`` comes from the button's context."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_wallet.crab_wallet_entry_action")
        domain = [("dealer_id", "=", self.id)]
        if kind := self.env.context.get("wallet_kind"):
            domain.append(("wallet_kind", "=", kind))
        return {**action, "domain": domain, "context": {}}

    def action_wallet_debts(self):
        """What this dealer owes and how it was settled."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_wallet.crab_wallet_debt_action")
        return {**action, "domain": [("dealer_id", "=", self.id)], "context": {}}

    def action_wallet_statement(self):
        """Ask for account and period of a statement."""
        self.ensure_one()
        return self._action_wizard("crab.wallet.statement")
