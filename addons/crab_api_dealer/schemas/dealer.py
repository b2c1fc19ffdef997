from typing import Literal

from pydantic import Field

from odoo.tools.image import image_data_uri

from odoo.addons.crab_api.schemas import Day, In, Out, Page, When
from odoo.addons.crab_dealer.models.crab_dealer import ratio_text

from .common import Actions, NamedOut, Ratio, Text, Words, label


def data_url(png):
    """A PNG picture as a data URL; ``png`` is base64, as binary fields hold it."""
    return f"data:image/png;base64,{png.decode() if isinstance(png, bytes) else png}"


class InvitationTermsOut(Out):
    """What an invitation of this dealer may carry; both ratios exclusive."""

    levels: list[str]
    ratio_above: str
    ratio_below: str


class DealerCountsOut(Out):
    level2: int
    level3: int
    staff: int
    members: int


class DealerMeOut(Out):
    id: str
    code: str
    name: str
    contact_name: str | None
    phone: str | None
    level: str
    level_name: Words
    type: str
    type_name: Words
    ratio: str
    is_offline: bool
    is_online: bool
    may: list[str] = Field(
        description="sell, invite_dealers, wallet, earn_online, order_b2b, deliver: what level and type allow (CH-06)."
    )
    invitation_terms: InvitationTermsOut | None
    counts: DealerCountsOut

    @classmethod
    def from_dealer(cls, dealer, member_count):
        terms = dealer._invitation_terms()
        return cls(
            id=dealer.public_id,
            code=dealer.code,
            name=dealer.name,
            contact_name=dealer.contact_name or None,
            phone=dealer.phone or None,
            level=dealer.level,
            level_name=label(dealer, "level"),
            type=dealer.dealer_type,
            type_name=label(dealer, "dealer_type"),
            ratio=ratio_text(dealer.ratio),
            is_offline=dealer.is_offline,
            is_online=dealer.is_online,
            may=sorted(dealer._capabilities()),
            invitation_terms=terms
            and InvitationTermsOut(
                levels=terms["levels"], ratio_above=ratio_text(terms["above"]), ratio_below=ratio_text(terms["below"])
            ),
            counts=DealerCountsOut(
                level2=dealer.level2_count,
                level3=dealer.level3_count,
                staff=dealer.staff_count,
                members=member_count,
            ),
        )


class DealerContactOut(Out):
    """A dealer as others see it: whom to call."""

    name: str
    contact_name: str | None
    phone: str | None


class UpstreamOut(Out):
    upstream: DealerContactOut | None = Field(description="None at level 1: the platform stands above.")


class DealerBelowOut(Out):
    id: str
    code: str
    name: str
    contact_name: str | None
    phone: str | None
    level: str
    level_name: Words
    type_name: Words
    state: str
    state_name: Words
    parent: NamedOut
    is_direct: bool
    ratio: str | None = Field(description="Of direct children only: nobody sees prices further away.")
    level3_count: int
    actions: Actions

    @classmethod
    def _values(cls, dealer, viewer):
        is_direct = dealer.parent_id == viewer
        return {
            "id": dealer.public_id,
            "code": dealer.code,
            "name": dealer.name,
            "contact_name": dealer.contact_name or None,
            "phone": dealer.phone or None,
            "level": dealer.level,
            "level_name": label(dealer, "level"),
            "type_name": label(dealer, "dealer_type"),
            "state": dealer.state,
            "state_name": label(dealer, "state"),
            "parent": NamedOut.from_record(dealer.parent_id),
            "is_direct": is_direct,
            "ratio": ratio_text(dealer.ratio) if is_direct else None,
            "level3_count": dealer.level3_count,
            "actions": ["set_ratio"] if is_direct and dealer.state == "active" else [],
        }

    @classmethod
    def from_dealer(cls, dealer, viewer):
        return cls(**cls._values(dealer, viewer))


class RatioChangeOut(Out):
    valid_from: When
    ratio_before: str
    ratio: str
    reason: str
    by: str


class DealerBelowDetailOut(DealerBelowOut):
    ratio_above: str | None = Field(description="The new ratio must be above this one …")
    ratio_below: str | None = Field(description="… and below this one: its children's and the members'.")
    ratio_history: list[RatioChangeOut]

    @classmethod
    def from_dealer(cls, dealer, viewer):
        above = below = None
        history = dealer.ratio_ids.browse()
        if dealer.parent_id == viewer:
            above, below = (ratio_text(ratio) for ratio in dealer._ratio_bounds())
            history = dealer.ratio_ids
        return cls(
            **cls._values(dealer, viewer),
            ratio_above=above,
            ratio_below=below,
            ratio_history=[
                RatioChangeOut(
                    valid_from=change.valid_from,
                    ratio_before=ratio_text(change.ratio_before),
                    ratio=ratio_text(change.ratio),
                    reason=change.reason,
                    by=change.author,
                )
                for change in history
            ],
        )


class RatioIn(In):
    ratio: Ratio
    reason: Text


class DealerInvitationIn(In):
    level: Literal["2", "3"]
    ratio: Ratio
    valid_days: int = Field(30, ge=1, le=365)
    max_uses: int = Field(1, ge=1, le=1000)


class DealerInvitationOut(Out):
    """An invitation to become a dealer below the caller."""

    id: str
    code: str
    link: str
    level: str
    level_name: Words
    ratio: str
    state: str
    state_name: Words
    use_count: int
    max_uses: int
    made_at: When
    expires_at: When
    actions: Actions

    @classmethod
    def _values(cls, invitation):
        return {
            "id": invitation.public_id,
            "code": invitation.invite_code,
            "link": invitation.invite_link,
            "level": invitation.level,
            "level_name": label(invitation, "level"),
            "ratio": ratio_text(invitation.ratio),
            "state": invitation.status,
            "state_name": label(invitation, "status"),
            "use_count": invitation.use_count,
            "max_uses": invitation.max_uses,
            "made_at": invitation.create_date,
            "expires_at": invitation.expires_at,
            "actions": ["revoke"] if invitation.status == "open" else [],
        }

    @classmethod
    def from_invitation(cls, invitation):
        return cls(**cls._values(invitation))


class DealerInvitationDetailOut(DealerInvitationOut):
    qr_picture: str = Field(description="The QR picture of the link as a data URL.")

    @classmethod
    def from_invitation(cls, invitation):
        return cls(**cls._values(invitation), qr_picture=data_url(invitation.invite_qr))


class InvitedOut(Out):
    """What an invitation says to whom it invites."""

    inviter: str
    level: str
    level_name: Words
    ratio: str = Field(description="At which the invited will buy.")
    expires_at: When

    @classmethod
    def from_invitation(cls, invitation):
        return cls(
            inviter=invitation.dealer_id.name,
            level=invitation.level,
            level_name=label(invitation, "level"),
            ratio=ratio_text(invitation.ratio),
            expires_at=invitation.expires_at,
        )


class MemberLinkOut(Out):
    """A link by which members register; who follows it is the inviter's."""

    level: str = Field(description="Name of the member level.")
    token: str
    link: str
    qr_picture: str

    @classmethod
    def from_invitation(cls, invitation, png):
        return cls(**invitation, qr_picture=data_url(png))


class DealerMemberOut(Out):
    id: str
    number: str
    name: str
    avatar: str | None = Field(description="A small picture as a data URL.")
    phone: str | None
    level: NamedOut
    joined_on: Day
    invited_by: Literal["dealer", "staff", "member"]
    inviter_name: str | None = Field(description="The staff member or member who invited; None: the dealer itself.")
    invited_count: int

    @classmethod
    def from_member(cls, member):
        inviter = member.inviter_id or member.staff_id
        picture = member.partner_id.image_128
        return cls(
            id=member.public_id,
            number=member.number,
            name=member.name or "",
            avatar=image_data_uri(picture) if picture else None,
            phone=member.phone or None,
            level=NamedOut.from_record(member.level_id),
            joined_on=member.registered_date,
            invited_by="member" if member.inviter_id else "staff" if member.staff_id else "dealer",
            inviter_name=inviter.name or None,
            invited_count=member.invited_count,
        )


class DealerMemberPage(Page[DealerMemberOut]):
    total: int
