from odoo import fields, models
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_dealer.models.crab_invite_mixin import qr_png

from ..schemas import dealer as schemas
from ..tools.lookup import one, page, total

MEMBERS = Domain("state", "=", "active")  # who closed the account is nobody's business any more


class CrabApiDealerService(models.AbstractModel):
    """The dealer itself, its network, whom it invites, its members."""

    _name = "crab.api.dealer.service"
    _description = "API: dealer"

    def _me(self, subject):
        viewer = self.env["crab.dealer"]._acting(subject)
        return schemas.DealerMeOut.from_dealer(viewer, total(self.env, "crab.member", subject, MEMBERS))

    def _upstream(self, subject):
        self.env["crab.dealer"]._acting(subject)
        upstream = self.env["crab.dealer"]._upstream_for_subject(subject)
        if upstream:
            upstream = schemas.DealerContactOut(**{name: value or None for name, value in upstream.items()})
        return schemas.UpstreamOut(upstream=upstream)

    # ------------------------------------------------------------------ network

    def _network(self, subject, paging, level=None, parent=None, text=None):
        viewer = self.env["crab.dealer"]._acting(subject)
        domain = Domain("id", "!=", viewer.id)
        if level:
            domain &= Domain("level", "=", level)
        if parent:
            domain &= Domain("parent_id", "=", one(self.env, "crab.dealer", subject, parent).id)
        if text:
            domain &= Domain("display_name", "ilike", escape_psql(text))
        dealers, cursor = page(self.env, "crab.dealer", subject, domain, paging)
        items = [schemas.DealerBelowOut.from_dealer(dealer, viewer) for dealer in dealers]
        return Page[schemas.DealerBelowOut](items=items, next_cursor=cursor)

    def _below(self, subject, dealer_id):
        viewer = self.env["crab.dealer"]._acting(subject)
        dealer = one(self.env, "crab.dealer", subject, dealer_id, Domain("id", "!=", viewer.id))
        return schemas.DealerBelowDetailOut.from_dealer(dealer, viewer)

    def _set_ratio(self, subject, dealer_id, data):
        dealers = self.env["crab.dealer"]
        viewer = dealers._acting(subject)
        dealer = one(self.env, "crab.dealer", subject, dealer_id)
        dealer = dealers._set_ratio_for_subject(subject, dealer.id, float(data.ratio), data.reason)
        return schemas.DealerBelowDetailOut.from_dealer(dealer, viewer)

    # ------------------------------------------------------------------ invitations

    def _invitations(self, subject, paging, state=None):
        self.env["crab.dealer"]._acting(subject, "invite_dealers")
        domain = Domain("status", "=", state) if state else Domain.TRUE
        invitations, cursor = page(self.env, "crab.dealer.invitation", subject, domain, paging)
        items = [schemas.DealerInvitationOut.from_invitation(invitation) for invitation in invitations]
        return Page[schemas.DealerInvitationOut](items=items, next_cursor=cursor)

    def _invitation(self, subject, invitation_id):
        return schemas.DealerInvitationDetailOut.from_invitation(
            one(self.env, "crab.dealer.invitation", subject, invitation_id)
        )

    def _invite(self, subject, data):
        self.env["crab.dealer"]._acting(subject, "invite_dealers")
        invitation = self.env["crab.dealer.invitation"]._invite_for_subject(
            subject,
            data.level,
            float(data.ratio),
            max_uses=data.max_uses,
            expires_at=fields.Datetime.add(fields.Datetime.now(), days=data.valid_days),
        )
        return schemas.DealerInvitationDetailOut.from_invitation(invitation)

    def _revoke(self, subject, invitation_id):
        invitation = one(self.env, "crab.dealer.invitation", subject, invitation_id)
        invitation = self.env["crab.dealer.invitation"]._revoke_for_subject(subject, invitation.id)
        return schemas.DealerInvitationDetailOut.from_invitation(invitation)

    def _invited(self, code):
        return schemas.InvitedOut.from_invitation(self.env["crab.dealer.invitation"]._look(code))

    def _member_invitations(self, subject):
        invitations = self.env["crab.member.level"]._invitations_for_subject(subject)
        return [
            schemas.MemberLinkOut.from_invitation(invitation, qr_png(invitation["link"])) for invitation in invitations
        ]

    def _member_invitations_of_staff(self, subject, staff_id):
        """Those that one of the dealer's staff gives out."""
        staff = one(self.env, "crab.dealer.staff", subject, staff_id)
        return self._member_invitations(Subject("staff", staff.id, staff.account_id.id))

    # ------------------------------------------------------------------ members

    def _members(self, subject, paging, text=None, staff_id=None):
        """Of a dealer: its members; of a staff member: whom it invited directly."""
        domain = MEMBERS
        if staff_id:
            domain &= Domain("staff_id", "=", one(self.env, "crab.dealer.staff", subject, staff_id).id)
        if text:
            domain &= Domain("display_name", "ilike", escape_psql(text))
        members, cursor = page(self.env, "crab.member", subject, domain, paging)
        return schemas.DealerMemberPage(
            items=[schemas.DealerMemberOut.from_member(member) for member in members],
            next_cursor=cursor,
            total=total(self.env, "crab.member", subject, domain),
        )
