from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL


class CrabAgreementAcceptance(models.Model):
    """Who accepted which version of an agreement, and when; added once, never changed or deleted.

    Only the network address goes, with the person that is erased: the proof is who, what and when.

    Who applies to be a dealer has no account yet: it stands with the application, and with the account of the dealer
    that it becomes.
    """

    _name = "crab.agreement.acceptance"
    _description = "Acceptance of an agreement"
    _inherit = ["crab.subject.mixin"]
    _log_access = False
    _order = "id desc"
    _rec_name = "agreement_id"

    agreement_id = fields.Many2one("crab.agreement", "Agreement", required=True, readonly=True, ondelete="restrict")
    account_id = fields.Many2one("crab.account", "Account", readonly=True, ondelete="restrict")
    application_id = fields.Many2one(
        "crab.dealer.application", "Dealer application", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    actor_kind = fields.Char("Accepted as", required=True, readonly=True)
    actor_id = fields.Integer("Number of the actor", required=True, readonly=True, aggregator=None)
    accepted_at = fields.Datetime("Accepted on", required=True, readonly=True)
    address = fields.Char("Network address", readonly=True)

    _account_uniq = models.UniqueIndex(
        "(account_id, agreement_id) WHERE account_id IS NOT NULL", "A version is accepted once."
    )
    _application_uniq = models.UniqueIndex(
        "(application_id, agreement_id) WHERE account_id IS NULL", "A version is accepted once."
    )
    _agreement_idx = models.Index("(agreement_id)")
    _somebody = models.Constraint(
        "CHECK (account_id IS NOT NULL OR application_id IS NOT NULL)", "Somebody accepts an agreement."
    )

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION crab_acceptance_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND NEW.address IS NULL
                   AND to_jsonb(NEW) - 'address' = to_jsonb(OLD) - 'address' THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'acceptances are only added' USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE OR REPLACE TRIGGER crab_append_only BEFORE UPDATE OR DELETE ON crab_agreement_acceptance
                FOR EACH ROW EXECUTE FUNCTION crab_acceptance_refuse();
            """
        )
        return result

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Acceptances are kept when somebody accepts, not by hand."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:  # the trigger stops everybody else
            raise AccessError(self.env._("Acceptances are never changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Acceptances are kept."))

    @api.model
    def _subject_domain(self, subject):
        """Everybody sees the own ones."""
        accounts_sudo = self.env["crab.account"]._crab_of_subject(subject)._with_merged()
        return Domain("account_id", "in", accounts_sudo.ids)

    @api.model
    def _of(self, account):
        """What a person accepted, also before accounts were merged, in sudo."""
        return self.sudo().search([("account_id", "in", account._with_merged().ids)])  # of the caller's subject

    @api.model
    def _keep(self, agreements, account, subject, address=None, application=None, accepted_at=None):
        """Add what is not there yet.

        :param account: ``crab.account``; empty: only the application
        :param accepted_at: of what was accepted before; default: now, and then only versions that hold
        :raise UserError: for a version that does not hold
        :return: the acceptances, in sudo, old and new
        """
        domain = (
            Domain("account_id", "in", account._with_merged().ids)
            if account
            else Domain("application_id", "=", application.id) & Domain("account_id", "=", False)
        )
        of_these = domain & Domain("agreement_id", "in", agreements.ids)
        known_sudo = self.sudo().search(of_these)  # of the caller's subject
        new = agreements.sudo() - known_sudo.agreement_id
        if not accepted_at:
            new._ensure_holding()
        if not new:
            return known_sudo
        self.env.flush_all()
        rows = [
            (
                agreement.id,
                account.id or None,
                application.id if application else None,
                subject.kind,
                subject.id,
                accepted_at or fields.Datetime.now(),
                (address or "")[:64] or None,
            )
            for agreement in new
        ]
        # accepted by another request at this moment: nothing is added, or the transaction runs again and finds it
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_agreement_acceptance
                       (agreement_id, account_id, application_id, actor_kind, actor_id, accepted_at, address)
                VALUES %s ON CONFLICT DO NOTHING
                """,
                SQL(", ").join(SQL("%s", row) for row in rows),
            )
        )
        return self.sudo().search(of_these)

    @api.model
    def _blank_addresses(self, domain):
        """Forget the network addresses from which these were accepted. In sudo."""
        found = self.search(Domain(domain) & Domain("address", "!=", False))
        self.env.cr.execute(
            SQL("UPDATE crab_agreement_acceptance SET address = NULL WHERE id = ANY(%s)", list(found.ids))
        )
        found.invalidate_recordset(["address"], flush=False)

    @api.model
    def _follow_approval(self, applications):
        """What was accepted with ``applications`` stands with the accounts of their dealers, too."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_agreement_acceptance
                       (agreement_id, account_id, application_id, actor_kind, actor_id, accepted_at, address)
                SELECT accepted.agreement_id, dealer.account_id, application.id, 'dealer', dealer.id,
                       accepted.accepted_at, accepted.address
                  FROM crab_agreement_acceptance accepted
                  JOIN crab_dealer_application application ON application.id = accepted.application_id
                  JOIN crab_dealer dealer ON dealer.id = application.dealer_id
                 WHERE application.id = ANY(%s) AND accepted.account_id IS NULL
                    ON CONFLICT DO NOTHING
                """,
                applications.ids,
            )
        )
