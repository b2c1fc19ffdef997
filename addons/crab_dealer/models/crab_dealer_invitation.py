from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.subject import Subject

from .crab_dealer import LEVELS, RATIO_DIGITS, ratio_points, ratio_words


class CrabDealerInvitation(models.Model):
    """A dealer invites others to become dealers below it, at a level and price ratio that the link carries (CH-09)."""

    _name = "crab.dealer.invitation"
    _description = "Invitation of a dealer below"
    _inherit = ["crab.subject.mixin", "crab.public.id.mixin", "crab.invite.mixin"]
    _order = "id desc"
    _rec_name = "invite_code"
    _invite_parameter = "dealer_invite"

    dealer_id = fields.Many2one(
        "crab.dealer",
        "Invited by",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('state', '=', 'active'), ('level', '<', '3')]",
    )
    level = fields.Selection(LEVELS[1:], required=True, default="3")
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, required=True, aggregator=None)
    expires_at = fields.Datetime(
        "Valid until", required=True, default=lambda self: fields.Datetime.now() + relativedelta(days=30)
    )
    max_uses = fields.Integer("Uses allowed", required=True, default=1)
    application_ids = fields.One2many("crab.dealer.application", "invitation_id", "Applications", readonly=True)
    use_count = fields.Integer("Used", compute="_compute_use_count")
    is_revoked = fields.Boolean("Revoked", readonly=True, copy=False)
    status = fields.Selection(
        [("open", "Open"), ("used", "Used up"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_status",
        search="_search_status",
    )

    _max_uses_range = models.Constraint(
        "CHECK(max_uses BETWEEN 1 AND 1000)", "An invitation can be used 1 to 1000 times."
    )

    @api.depends("application_ids.state")
    def _compute_use_count(self):
        counts = dict(
            self.env["crab.dealer.application"]
            .sudo()  # sudo: a count, complete for everyone who sees the invitation
            ._read_group(
                [("invitation_id", "in", self.ids), ("state", "!=", "rejected")], ["invitation_id"], ["__count"]
            )
        )
        for invitation in self:
            invitation.use_count = counts.get(invitation._origin.sudo(), 0)

    @api.depends("is_revoked", "expires_at", "use_count", "max_uses", "dealer_id.state")
    def _compute_status(self):
        now = fields.Datetime.now()
        for invitation in self:
            if invitation.is_revoked or invitation.dealer_id.state == "closed":
                invitation.status = "revoked"
            elif invitation.use_count >= invitation.max_uses:
                invitation.status = "used"
            elif invitation.expires_at and invitation.expires_at <= now:
                invitation.status = "expired"
            else:
                invitation.status = "open"

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["crab.dealer.application"].flush_model(["invitation_id", "state"])
        revoked = Domain("is_revoked", "=", True) | Domain("dealer_id.state", "=", "closed")
        used = Domain(
            "id",
            "in",
            SQL(
                """(SELECT i.id FROM crab_dealer_invitation i JOIN crab_dealer_application a ON a.invitation_id = i.id
                     WHERE a.state <> 'rejected' GROUP BY i.id HAVING count(*) >= i.max_uses)"""
            ),
        )
        expired = Domain("expires_at", "<=", fields.Datetime.now())
        domains = {
            "revoked": revoked,
            "used": ~revoked & used,
            "expired": ~revoked & ~used & expired,
            "open": ~revoked & ~used & ~expired,
        }
        return Domain.OR(domains[status] for status in domains.keys() & set(value))

    @api.constrains("dealer_id", "level", "ratio")
    def _check_place(self):
        ceiling = self.env["crab.dealer"]._ratio_ceiling()
        for invitation in self:
            dealer = invitation.dealer_id
            if invitation.level <= dealer.level:
                raise ValidationError(
                    self.env._(
                        "An invitation leads to a lower level than that of %(dealer)s.", dealer=dealer.display_name
                    )
                )
            if not ratio_points(dealer.ratio) < ratio_points(invitation.ratio) < ratio_points(ceiling):
                raise ValidationError(
                    self.env._(
                        "The price ratio of the invitation must lie between that of %(dealer)s (%(ratio)s) "
                        "and that of members (%(who)s: %(ceiling)s).",
                        dealer=dealer.display_name,
                        ratio=ratio_words(self.env, dealer.ratio),
                        who=dealer._ratio_ceiling_name(),
                        ceiling=ratio_words(self.env, ceiling),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        invitations = super().create(vals_list)
        invitations.dealer_id._ensure_active()
        return invitations

    def write(self, vals):
        if vals.keys() - {"is_revoked", "expires_at", "max_uses"}:
            raise UserError(
                self.env._("An invitation that is out keeps its level and price ratio. Revoke it and make a new one.")
            )
        if "is_revoked" in vals and not vals["is_revoked"]:
            raise UserError(self.env._("A revoked invitation stays revoked. Make a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().application_ids:  # sudo: also applications that the user does not see
            raise UserError(self.env._("An invitation that was used stays. Revoke it instead."))

    def action_revoke(self):
        """The link and QR picture stop working."""
        self.write({"is_revoked": True})

    @api.model
    def _subject_domain(self, subject: Subject):
        """A dealer sees the invitations it made."""
        return Domain("dealer_id", "in", self.env["crab.dealer"]._asking(subject).ids)

    @api.model
    def _invite_for_subject(self, subject: Subject, level, ratio, **values):
        """A dealer invites (CH-09): level below its own, ratio between its own and the members'.

        :param values: ``expires_at``, ``max_uses``
        :raise AccessError: (403) for anyone but a dealer
        """
        if subject.kind != "dealer":
            raise AccessError(self.env._("Only dealers invite dealers."))
        self.env["crab.dealer"]._acting(subject, "invite_dealers")
        invitations_sudo = subject.bind(self.sudo())  # sudo: the subject has no Odoo user
        return invitations_sudo.create({"dealer_id": subject.id, "level": level, "ratio": ratio, **values})

    @api.model
    def _revoke_for_subject(self, subject: Subject, invitation_id):
        """A dealer revokes an invitation that it made; one that is revoked stays so."""
        invitation = self._get_for_subject(subject, [invitation_id])
        if not invitation.is_revoked:
            invitation.action_revoke()
        return invitation

    @api.model
    def _look(self, code):
        """The open invitation with this code, in sudo.

        :raise UserError: when there is none, saying why
        """
        invitation_sudo = self.sudo().search(
            [("invite_code", "=", (code or "").strip().upper())]
        )  # sudo: applicants have no user
        if not invitation_sudo:
            raise UserError(self.env._("This invitation does not exist."))
        if invitation_sudo.status != "open":
            label = dict(self._fields["status"]._description_selection(self.env))[invitation_sudo.status]
            raise UserError(self.env._("This invitation can no longer be used (%(status)s).", status=label))
        return invitation_sudo

    @api.model
    def _take(self, code):
        """``_look``, locked until the transaction ends."""
        invitation_sudo = self._look(code)
        lock_rows(invitation_sudo)
        # marked as changed: who saw it before this use is restarted and counts again
        self.env.cr.execute(
            SQL("UPDATE crab_dealer_invitation SET max_uses = max_uses WHERE id = ANY(%s)", invitation_sudo.ids)
        )
        return invitation_sudo
