from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .crab_dealer import LEVELS


class NotForThisDealer(AccessError):
    """Level or kind of dealing do not allow it (CH-06)."""

    error_code = "not_for_this_dealer"


class CrabDealer(models.Model):
    """A dealer and people outside the back office: who sees it, what it may do, whose invitation codes these are."""

    _inherit = "crab.dealer"

    # ------------------------------------------------------------------ who sees what

    @api.model
    def _subject_domain(self, subject):
        """A dealer sees itself and its subtree, staff their dealer; of closed ones nobody logs in (CH-08)."""
        if subject.kind == "dealer":
            return Domain("id", "child_of", self._asking(subject).ids)
        return Domain("id", "in", self._behind(subject).ids)

    @api.model
    def _asking(self, subject):
        """The open dealer that ``subject`` is, in sudo; empty for everybody else."""
        dealers_sudo = subject.bind(self.sudo().browse())  # the subject has no Odoo user
        if subject.kind != "dealer":
            return dealers_sudo
        return dealers_sudo.search([("id", "=", subject.id), ("state", "=", "active")])

    @api.model
    def _behind(self, subject):
        """The open dealer that ``subject`` is or works for, in sudo; empty for everybody else."""
        return self._asking(subject) or self.env["crab.dealer.staff"]._asking(subject).dealer_id

    @api.model
    def _upstream_for_subject(self, subject):
        """What a dealer or its staff sees of the dealer above: name, contact, phone (CH-07). None at level 1."""
        parent = self._behind(subject).parent_id
        return {"name": parent.name, "contact_name": parent.contact_name, "phone": parent.phone} if parent else None

    def _ancestors(self):
        """The chain from this dealer (first) up to its level 1 (last), in sudo: prices and earnings need all of it."""
        self.ensure_one()
        if self.parent_path is False:
            self.flush_recordset()
        path = [int(part) for part in (self.parent_path or f"{self.id}/").split("/") if part]
        return self.sudo().browse(reversed(path))

    def _capabilities(self):
        """What this dealer may do by level and type (CH-06), as a frozenset of

        ``sell``, ``invite_dealers`` (levels 1 and 2), ``wallet`` (stored value and credit, level 1 that deals offline),
        ``earn_online``, ``order_b2b`` and ``deliver`` (exclusive stores). Empty for a closed dealer.
        """
        self.ensure_one()
        if self.state != "active":
            return frozenset()
        able = {"sell"}
        if self.level in ("1", "2"):
            able.add("invite_dealers")
        if self.level == "1" and self.is_offline:
            able.add("wallet")
        if self.is_online:
            able.add("earn_online")
        if self.dealer_type == "exclusive_store":
            able |= {"order_b2b", "deliver"}
        return frozenset(able)

    @api.model
    def _acting(self, subject, capability=None):
        """The dealer who asks, in sudo, if it may do this (CH-06).

        :param capability: one of ``_capabilities``; None: what every open dealer may do
        :raise AccessError: (403) for everybody else, and where its level or type does not allow it
        """
        dealer = self._asking(subject)
        if not dealer:
            raise AccessError(self.env._("Only dealers can do this."))
        if capability and capability not in dealer._capabilities():
            raise NotForThisDealer(
                self.env._("The level or type of %(dealer)s does not include this.", dealer=dealer.name)
            )
        return dealer

    def _invitation_terms(self):
        """What invitations of this dealer may carry (CH-09).

        :return: ``{"levels": levels below its own, "above": ratio, "below": ratio}``, both exclusive; None for who
            invites nobody
        """
        self.ensure_one()
        if "invite_dealers" not in self._capabilities():
            return None
        levels = [level for level, _name in LEVELS if level > self.level]
        return {"levels": levels, "above": self.ratio, "below": self._ratio_ceiling()}

    def _ensure_active(self):
        """:raise UserError: when one of the dealers is closed: no new documents, orders or invitations for it"""
        closed = self.filtered(lambda dealer: dealer.state != "active")
        if closed:
            raise UserError(self.env._("%(dealer)s is closed.", dealer=closed[0].display_name))

    def _need_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))
