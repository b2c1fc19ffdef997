from odoo import models
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools.timezone import day_bounds

from ..schemas import wallet as schemas
from ..tools.lookup import page


class CrabApiWalletService(models.AbstractModel):
    """Stored value and credit of a level-1 dealer."""

    _name = "crab.api.wallet.service"
    _description = "API: wallets of dealers"

    def _wallets(self, subject):
        wallets = self.env["crab.wallet"]._of_subject(subject)
        words = self.env["crab.wallet.entry"]._fields["kind"]._description_selection(self.env)
        signs = self.env["crab.wallet"]._kind_signs()
        kinds = {wallet: [(kind, word) for kind, word in words if wallet in signs.get(kind, ())] for wallet in wallets}
        return schemas.WalletsOut.from_wallets(wallets, kinds)

    def _entries(self, subject, paging, wallet, kinds=(), first_day=None, last_day=None):
        """:param first_day, last_day: business days, both included"""
        domain = Domain("wallet_id", "=", self.env["crab.wallet"]._of_subject(subject)[wallet].id)
        if kinds:
            domain &= Domain("kind", "in", list(kinds))
        if first_day:
            domain &= Domain("happened_at", ">=", day_bounds(first_day)[0])
        if last_day:
            domain &= Domain("happened_at", "<", day_bounds(last_day)[1])
        return self._page(subject, paging, "crab.wallet.entry", domain, schemas.WalletEntryOut, "from_entry")

    def _debts(self, subject, paging, is_open=None):
        self.env["crab.wallet"]._of_subject(subject)
        domain = Domain.TRUE
        if is_open is not None:
            domain = Domain("unsettled", ">" if is_open else "=", 0)
        return self._page(subject, paging, "crab.wallet.debt", domain, schemas.DebtOut, "from_debt")

    def _settlements(self, subject, paging):
        self.env["crab.wallet"]._of_subject(subject)
        schema = schemas.DebtSettlementOut
        return self._page(subject, paging, "crab.wallet.settlement", Domain.TRUE, schema, "from_settlement")

    def _page(self, subject, paging, model, domain, schema, mapping):
        records, cursor = page(self.env, model, subject, domain, paging)
        return Page[schema](items=[getattr(schema, mapping)(record) for record in records], next_cursor=cursor)
