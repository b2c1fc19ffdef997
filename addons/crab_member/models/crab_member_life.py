from odoo import api, models
from odoo.exceptions import MissingError, UserError

from odoo.addons.crab_base.tools.locks import lock_rows


class ClosingLoses(UserError):
    """Closing the account needs to be confirmed: something would be lost."""

    error_code = "confirmation_required"


class CrabMember(models.Model):
    """Changing owner and level, closing, merging and deleting a member."""

    _inherit = "crab.member"

    def _need_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))

    def _ensure_active(self):
        """:raise UserError: when one of the members is closed"""
        closed = self.filtered(lambda member: member.state != "active")
        if closed:
            raise UserError(self.env._("%(member)s is closed.", member=closed[0].display_name))

    # ------------------------------------------------------------------ owner

    def _set_owner(self, dealer, staff, reason):
        """Change the owner of members for future orders; what they had stays in the history. A head-office act.

        :param dealer: ``crab.dealer``, may be empty
        :param staff: ``crab.dealer.staff`` of that dealer, may be empty
        :raise UserError: without a reason, or for a closed dealer or a staff member of another one; nothing changed
        """
        self._need_reason(reason)
        dealer._ensure_active()
        if staff and (staff.dealer_id != dealer or not staff.active):
            raise UserError(self.env._("%(staff)s does not work for this dealer.", staff=staff.name))
        lock_rows(self)
        changed = self.filtered(lambda member: member.dealer_id != dealer or member.staff_id != staff)
        lines = [
            {
                "member_id": member.id,
                "from_dealer_id": member.dealer_id.id,
                "to_dealer_id": dealer.id,
                "from_staff_id": member.staff_id.id,
                "to_staff_id": staff.id,
                "reason": reason.strip(),
            }
            for member in changed
        ]
        changed._write_guarded({"dealer_id": dealer.id, "staff_id": staff.id})
        self.env["crab.member.ownership"]._log(lines)
        return changed

    # ------------------------------------------------------------------ level

    def _set_level(self, level, reason, is_automatic=False):
        """Give members a level for future orders; what they had stays in the history.

        :param is_automatic: only rises: who has this level or a higher one keeps it
        :raise UserError: without a reason, or for an archived level; nothing changed
        :return: the members that changed
        """
        self._need_reason(reason)
        if not level.active:
            raise UserError(self.env._("The level “%(level)s” is archived.", level=level.name))
        lock_rows(self)
        changed = self.filtered(
            lambda member: member.level_id != level and (not is_automatic or member.level_id._rank() < level._rank())
        )
        lines = [
            {
                "member_id": member.id,
                "from_level_id": member.level_id.id,
                "to_level_id": level.id,
                "is_automatic": is_automatic,
                "reason": reason.strip(),
            }
            for member in changed
        ]
        changed._write_guarded({"level_id": level.id})
        self.env["crab.member.level.history"]._log(lines)
        return changed

    # ------------------------------------------------------------------ closing

    def _close(self, reason):
        """Close active members: their sessions end, and the login too unless the person is a dealer's contact or staff.

        :raise UserError: without a reason, or when one is closed already
        """
        self._need_reason(reason)
        lock_rows(self)
        self._ensure_active()
        self._write_guarded({"state": "closed"})
        self.account_id.sudo()._end_as_member()  # sudo: the account is handled with the member
        self._message_log_batch(dict.fromkeys(self.ids, self.env._("Closed: %(reason)s", reason=reason)))

    def _open_items(self):
        """Hook: what these members still have, as ``[(label, count, whether it is lost by closing)]``; in sudo.

        What is not lost must end before the account is closed.
        """
        return []

    def _ensure_nothing_open(self):
        """:raise UserError: names what must end first"""
        running = [f"{label}: {count}" for label, count, is_lost in self._open_items() if not is_lost]
        if running:
            raise UserError(self.env._("This must end first: %(items)s", items="; ".join(running)))

    @api.model
    def _close_for_subject(self, subject, is_confirmed=False):
        """Close the own account (MB-31): the sessions end, and the login unless the person works for a dealer.

        What runs (orders, refunds, gifts) must end first. What would be lost (unused cards, points) is named, and the
        account closed only when the member has confirmed that; head office can reopen it.

        :raise MissingError: (404) for who is no active member
        :raise UserError: names what must end first, or what would be lost (``ClosingLoses``); nothing is changed then
        """
        members_sudo = self._asking(subject)
        if not members_sudo:
            raise MissingError(self.env._("This record does not exist."))
        lock_rows(members_sudo)
        members_sudo._ensure_nothing_open()
        lost = [f"{label}: {count}" for label, count, is_lost in members_sudo._open_items() if is_lost]
        if lost and not is_confirmed:
            raise ClosingLoses(
                self.env._(
                    "You could no longer use what you still have: %(items)s. Confirm that you close the account.",
                    items="; ".join(lost),
                )
            )
        members_sudo._close(self.env._("Closed by the member."))

    def _reopen(self, reason):
        """Open closed members again, with their login.

        :raise UserError: without a reason, for merged members, or when the phone number has a new owner by now
        """
        self._need_reason(reason)
        lock_rows(self)
        if any(member.state == "active" for member in self):
            raise UserError(self.env._("This member is active already."))
        merged = self.filtered("merged_into_id")
        if merged:
            raise UserError(
                self.env._("%(member)s was merged into another member and stays closed.", member=merged[0].display_name)
            )
        self.account_id.sudo()._set_live()  # sudo: the account is handled with the member
        self._write_guarded({"state": "active"})
        self._message_log_batch(dict.fromkeys(self.ids, self.env._("Reopened: %(reason)s", reason=reason)))

    # ------------------------------------------------------------------ merging

    def _with_merged(self):
        """These members and all that were merged into them: what they did stays under the number it was done by."""
        found = step = self
        while step := self.search([("merged_into_id", "in", step.ids)]) - found:
            found |= step
        return found

    def _merge_into(self, target):
        """The same person was a member twice: everything goes on with ``target``.

        The owner of who registered first stays (first touch wins), and the higher of both levels. Addons whose records
        a member holds (cards, orders) extend this and move what is not history. Both in sudo, accounts locked already.

        :raise UserError: when head office closed one of them: it is reopened first, or stays as it is
        """
        self.ensure_one()
        lock_rows(self | target)
        (self | target)._ensure_active()
        reason = self.env._("Merged with %(number)s", number=self.number)
        (self.invited_ids - target)._write_guarded({"inviter_id": target.id})
        if target.inviter_id == self:
            target._write_guarded({"inviter_id": False})
        if (self.registered_date, self.id) < (target.registered_date, target.id):
            if (self.dealer_id, self.staff_id) != (target.dealer_id, target.staff_id):
                self.env["crab.member.ownership"]._log(
                    [
                        {
                            "member_id": target.id,
                            "from_dealer_id": target.dealer_id.id,
                            "to_dealer_id": self.dealer_id.id,
                            "from_staff_id": target.staff_id.id,
                            "to_staff_id": self.staff_id.id,
                            "reason": reason,
                        }
                    ]
                )
            inviter = self.inviter_id if self.inviter_id != target else target.browse()
            target._write_guarded(
                {"dealer_id": self.dealer_id.id, "staff_id": self.staff_id.id, "inviter_id": inviter.id}
            )
            target.write({"registered_date": self.registered_date})
        target._set_level(self.level_id, reason, is_automatic=True)
        target.write({"tag_ids": [(4, tag.id) for tag in self.tag_ids - self.rule_tag_ids]})
        self._write_guarded({"state": "closed", "merged_into_id": target.id})
        self.message_post(body=self.env._("Merged into %(number)s.", number=target.number))

    def _now(self):
        """The members as whom these go on: those into whom they were merged, however often."""
        current = self
        while merged := current.filtered("merged_into_id"):
            current = (current - merged) | merged.merged_into_id
        return current

    # ------------------------------------------------------------------ deleting

    def _has_history(self):
        """Hook: whether this member has something that must be kept; addons with documents extend it. In sudo."""
        self.ensure_one()
        return bool(
            self.invited_ids
            or self.merged_into_id
            or self.search_count([("merged_into_id", "=", self.id)], limit=1)
            or len(self.ownership_ids) > 1
            or len(self.level_history_ids) > 1
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        for member in self.sudo():  # sudo: history counts whether or not the user sees it
            if member._has_history():
                raise UserError(
                    self.env._(
                        "%(member)s has a history and is kept. Close it instead of deleting it.",
                        member=member.display_name,
                    )
                )

    def unlink(self):
        """Delete members without history. The login is closed unless the person is a dealer's contact or staff."""
        accounts_sudo = self.account_id.sudo()  # sudo: the account is handled with the member
        result = super().unlink()
        accounts_sudo._end_as_member()
        return result

    # ------------------------------------------------------------------ actions

    def _action_wizard(self, model):
        return {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(model).name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_member_ids": self.ids},
        }

    def action_change_owner(self):
        """Ask for the new owner and the reason."""
        return self._action_wizard("crab.member.change.owner")

    def action_change_level(self):
        """Ask for the new level and the reason."""
        return self._action_wizard("crab.member.change.level")

    def action_close(self):
        """Ask for the reason, then close, or reopen what is closed."""
        return self._action_wizard("crab.member.close")
