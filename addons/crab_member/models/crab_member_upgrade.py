from datetime import timedelta
from decimal import Decimal

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.crab_base.tools import money
from odoo.addons.crab_base.tools.timezone import business_date

BATCH = 5_000


class CrabMember(models.Model):
    """Rising to a level by what a member did. Levels never fall by themselves."""

    _inherit = "crab.member"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    @api.model
    def _upgrade_figures(self, members, since):
        """Hook: spend and orders that count for levels; the shop adds them.

        :param since: first business day that counts, None for ever
        :return: ``{member id: (spend as Decimal, number of orders)}``; members that are left out have none
        """
        return {}

    @api.model
    def _upgrade_invitations(self, members, since):
        """``{member id: members invited}`` since the business day ``since`` (None: ever)."""
        domain = Domain("inviter_id", "in", members.ids)
        if since:
            domain &= Domain("registered_date", ">=", since)
        groups = self.sudo()._read_group(domain, ["inviter_id"], ["__count"])  # sudo: every invited member counts
        return {inviter.id: count for inviter, count in groups}

    def _figures_of_periods(self, levels):
        """``{period_days of these levels: (_upgrade_figures, _upgrade_invitations)}`` of these members."""
        today = business_date()
        figures = {}
        for days in set(levels.mapped("period_days")):
            since = today - timedelta(days=days) if days else None
            figures[days] = (self._upgrade_figures(self, since), self._upgrade_invitations(self, since))
        return figures

    def _upgrade_due(self):
        """Give active members the highest level whose conditions they meet, if it is above theirs (HQ-21).

        Called after confirmed receipts and every night; a second call changes nothing.

        :return: the members that rose
        """
        levels = (
            self.env["crab.member.level"].sudo().search([("is_automatic", "=", True)])
        )  # sudo: rules hold for all alike
        members = self.filtered(lambda member: member.state == "active")
        if not levels or not members:
            return members.browse()
        figures = members._figures_of_periods(levels)
        risen = members.browse()
        ladder = levels.sorted(lambda level: level._rank(), reverse=True)
        waiting = members
        for level in ladder:
            spends, invitations = figures[level.period_days]
            meeting = waiting.filtered(
                lambda member, level=level, spends=spends, invitations=invitations: level._is_met(
                    *spends.get(member.id, (Decimal(0), 0)), invitations.get(member.id, 0)
                )
            )
            rank = level._rank()
            rising = meeting.filtered(lambda member, rank=rank: member.level_id._rank() < rank)
            if rising:  # the others are not even locked
                risen |= rising._set_level(
                    level.with_env(self.env), self.env._("Conditions of the level met"), is_automatic=True
                )
            waiting -= meeting
        return risen

    def _levels_above(self):
        """The levels to which this member can still rise by what it does, the nearest first.

        :return: ``[(level in sudo, spend as Decimal, orders, invitations)]``, of each what counts for it
        """
        self.ensure_one()
        levels_sudo = (
            self.env["crab.member.level"].sudo().search([("is_automatic", "=", True)])
        )  # sudo: rules hold for all alike
        rank = self.level_id._rank()
        above = levels_sudo.filtered(lambda level: level._rank() > rank).sorted(lambda level: level._rank())
        figures = self._figures_of_periods(above)
        reached = []
        for level in above:
            spends, invitations = figures[level.period_days]
            reached.append((level, *spends.get(self.id, (Decimal(0), 0)), invitations.get(self.id, 0)))
        return reached

    @api.model
    def _cron_upgrade(self):
        """Every night: all members, in batches that are committed one by one."""
        cron = self.env["ir.cron"]
        remaining = self.search_count([("state", "=", "active")])
        last_id = 0
        cron._commit_progress(remaining=remaining)
        while batch := self.search([("state", "=", "active"), ("id", ">", last_id)], order="id", limit=BATCH):
            last_id = batch[-1].id
            batch._upgrade_due()
            remaining = max(0, remaining - len(batch))
            if not cron._commit_progress(len(batch), remaining=remaining):
                break
            self.env.invalidate_all()


class CrabMemberLevel(models.Model):
    _inherit = "crab.member.level"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    def _is_met(self, spend, orders, invitations):
        """Whether these figures of a member reach the level."""
        self.ensure_one()
        results = [
            reached >= asked
            for reached, asked in (
                (spend, money.dec(self.min_spend)),
                (orders, self.min_orders),
                (invitations, self.min_invitations),
            )
            if asked
        ]
        return bool(results) and (any(results) if self.condition_mode == "any" else all(results))
