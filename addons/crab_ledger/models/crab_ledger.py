from odoo import api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.models.res_company import LANGUAGE
from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.timezone import business_date

PENDING = "crab.ledger.pending"


class CrabLedger(models.AbstractModel):
    _name = "crab.ledger"
    _description = "Door to the accounts"

    @api.model
    def _account(self, company, purpose):
        """The account of ``company`` for ``purpose`` (a field ``crab_<purpose>_account_id`` of the company).

        :raise UserError: when none is chosen
        """
        company_sudo = company.sudo()  # which account is used is no secret; its readers are mostly not accountants
        field = company_sudo._fields[f"crab_{purpose}_account_id"]
        account_sudo = company_sudo[field.name]
        if not account_sudo:
            raise UserError(
                self.env._(
                    "%(company)s has no account for “%(purpose)s”. Choose one in the company's form, page Ledger.",
                    company=company_sudo.name,
                    purpose=field._description_string(self.env),
                )
            )
        return account_sudo

    @api.model
    def _journal(self, company, kind):
        """The journal of ``company`` for entries of documents (``document``) or of daily batches (``daily``).

        :raise UserError: when none is chosen
        """
        company_sudo = company.sudo()  # as in _account
        journal_sudo = company_sudo[f"crab_{kind}_journal_id"]
        if not journal_sudo:
            raise UserError(
                self.env._(
                    "%(company)s has no journal for the suite's entries."
                    " Choose one in the company's form, page Ledger.",
                    company=company_sudo.name,
                )
            )
        return journal_sudo

    @api.model
    def _in_language(self, company):
        """This model in the language of the company's books, for texts that are kept or sent to others."""
        return self.with_context(lang=company.sudo().partner_id.lang or LANGUAGE)  # as in _account

    @api.model
    def _check_finance(self):
        """Posting and checking by hand is finance's; the suite writes the results, so no right to write would do.

        :raise AccessError: for other users
        """
        if not self.env.su and not self.env.user.has_group("crab_base.group_finance"):
            raise AccessError(self.env._("Only finance may do this."))

    @api.model
    def _post_document(self, document, journal, lines, date=None, reference=None):
        """Book one entry for ``document`` in this transaction.

        The entry is made now and gets its number when the transaction is flushed for its end (or at the next
        savepoint): numbers of a journal are locked until the commit and other posters wait for them.
        ``_post_pending`` does it at once.

        :param document: the record the entry belongs to
        :param journal: ``account.journal`` as given by ``_journal``; its company is the entry's
        :param lines: ``[(purpose, partner or False, Decimal, label)]``, debit positive; zero amounts are left out
        :param date: accounting date, default the business day
        :param reference: shown on the entry, default the document's name
        :return: the ``account.move`` in sudo; empty when all amounts are zero
        :raise UserError: when the lines do not add up to zero, in whole cents
        """
        document.ensure_one()
        reference = reference or document.display_name
        lines = [(*line[:2], dec(line[2]), line[3]) for line in lines]
        total = sum(amount for _purpose, _partner, amount, _label in lines)
        if total or any(amount != round_cents(amount) for _purpose, _partner, amount, _label in lines):
            raise UserError(
                self.env._("The entry of %(document)s does not balance: %(amount)s.", document=reference, amount=total)
            )
        journal_sudo = journal.sudo()  # the right to the document was checked; its entry follows from it
        commands = [
            (
                0,
                0,
                {
                    "account_id": self._account(journal_sudo.company_id, purpose).id,
                    "partner_id": partner and partner.id,
                    "name": label,
                    "balance": amount,
                },
            )
            for purpose, partner, amount, label in lines
            if amount
        ]
        if not commands:
            return journal_sudo.env["account.move"]
        move_sudo = (
            journal_sudo.env["account.move"]
            .with_company(journal_sudo.company_id)
            .with_context(tracking_disable=True, skip_invoice_sync=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal_sudo.id,
                    "date": date or business_date(),
                    "ref": reference,
                    "crab_document_model": document._name,
                    "crab_document_id": document.id,
                    "line_ids": commands,
                }
            )
        )
        self._defer_posting(move_sudo)
        return move_sudo

    @api.model
    def _defer_posting(self, moves):
        precommit = self.env.cr.precommit
        pending = precommit.data.setdefault(PENDING, [])
        if not pending:
            precommit.add(self.sudo()._post_pending)
        pending.extend(moves.ids)

    @api.model
    def _post_pending(self):
        """Post what ``_post_document`` has made in this transaction."""
        move_ids = self.env.cr.precommit.data.pop(PENDING, [])
        # sudo: as in _post_document; a savepoint may have been rolled back since
        moves_sudo = self.env["account.move"].sudo().with_context(tracking_disable=True).browse(move_ids).exists()
        for company, of_company in moves_sudo.grouped("company_id").items():
            # soft=False: at one in the morning in Shanghai the entry's date is tomorrow's for the server's clock
            of_company.with_company(company).filtered(lambda move: move.state == "draft")._post(soft=False)
        self.env.flush_all()

    @api.model
    def _reverse_document(self, moves, document, date=None):
        """Post the reversing entries of ``moves`` for ``document``, in red (the Chinese charts book so), and reconcile.

        :return: the posted reversals in sudo
        """
        self._post_pending()
        moves_sudo = moves.sudo().with_context(tracking_disable=True)  # as in _post_document
        ledger = self._in_language(moves_sudo.company_id[:1])
        return moves_sudo._reverse_moves(
            [
                {
                    "date": date or business_date(),
                    "invoice_date": move.is_invoice() and (date or business_date()),
                    "ref": ledger.env._("Reversal of %(entry)s, %(ref)s", entry=move.name, ref=move.ref or ""),
                    "crab_document_model": document._name,
                    "crab_document_id": document.id,
                }
                for move in moves_sudo
            ],
            cancel=True,
        )
