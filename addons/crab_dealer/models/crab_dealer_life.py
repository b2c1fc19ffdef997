from odoo import api, models
from odoo.exceptions import UserError

from .crab_dealer import TYPES_OF_LEVEL, ratio_points


class CrabDealer(models.Model):
    """Moving, closing, reopening and deleting a dealer."""

    _inherit = "crab.dealer"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    # ------------------------------------------------------------------ moving

    def _relocate(self, parent, level=None, dealer_type=None, ratio=None, reason=None):
        """Change place in the network: parent, level, type and, when the order asks for it, price ratio (HQ-08).

        The subtree moves along. Documents keep the chain they were made with.

        :param parent: dealer, empty for level 1
        :param level, dealer_type, ratio: None keeps them (a type that does not fit the level follows it)
        :raise UserError: when levels, ratios or a closed parent do not allow it, naming who; nothing changed
        """
        self.ensure_one()
        self._need_reason(reason)
        self._claim_neighbours(parent)
        self._ensure_active()
        parent._ensure_active()
        if parent and parent in self.search([("id", "child_of", self.id)]):
            raise UserError(self.env._("A dealer cannot stand below itself."))
        level = level or self.level
        if (level == "1") == bool(parent):
            raise UserError(self.env._("A level 1 has no parent; levels 2 and 3 have one."))
        self._check_relocation(parent, level)
        vals = {"parent_id": parent.id, "level": level, "dealer_type": dealer_type or self.dealer_type}
        fitting = TYPES_OF_LEVEL[level]
        if vals["dealer_type"] not in fitting:
            if len(fitting) > 1:
                raise UserError(self.env._("Choose whether this level 1 is a city partner or an exclusive store."))
            vals["dealer_type"] = fitting[0]
        before = {self.id: self.ratio}
        if ratio is not None and ratio_points(ratio) != ratio_points(self.ratio):
            vals["ratio"] = ratio
        elif (self.parent_id, self.level, self.dealer_type) == (parent, level, vals["dealer_type"]):
            raise UserError(self.env._("%(dealer)s stands there already.", dealer=self.display_name))
        if level != "1" and self.user_id:
            vals["user_id"] = False
        self._write_guarded(vals)
        self.flush_recordset()
        if "ratio" in vals:
            self._log_ratios(before, reason.strip())
        self.message_post(body=self.env._("Moved in the network: %(reason)s", reason=reason))

    def _check_relocation(self, parent, level):
        """Hook: refuse a change of place that other records do not allow (wallets, running documents).

        :raise UserError: saying what to do first
        """

    # ------------------------------------------------------------------ closing

    def _close(self, reason):
        """Close active dealers: logins end, no new documents or invitations; what runs goes on.

        Lower dealers stay; earnings and requests pass over a closed dealer.

        :raise UserError: without a reason, or when one is closed already
        """
        self._need_reason(reason)
        self._claim()
        self._ensure_active()
        self._write_guarded({"state": "closed"})
        self.flush_recordset(["state"])  # the unique index of active dealers' contacts must see it
        self._end_logins()
        self._message_log_batch(dict.fromkeys(self.ids, self.env._("Closed: %(reason)s", reason=reason)))

    def _reopen(self, reason):
        """Open closed dealers again. Staff that were not archived can log in again.

        :raise UserError: when the contact has become the contact of another dealer since
        """
        self._need_reason(reason)
        self._claim()
        if self.filtered(lambda dealer: dealer.state == "active"):
            raise UserError(self.env._("This dealer is open already."))
        self._refuse_taken_contacts(self.account_id.ids)
        self._write_guarded({"state": "active"})
        self._message_log_batch(dict.fromkeys(self.ids, self.env._("Reopened: %(reason)s", reason=reason)))

    def _end_logins(self):
        """End the sessions of the contacts and all staff of these dealers."""
        dealers_sudo = self.sudo()  # sudo: tokens are nobody's field
        (dealers_sudo.account_id | dealers_sudo.staff_ids.account_id)._revoke_tokens()

    def _open_items(self):
        """Hook: what is still open for this dealer, shown when it is closed; extended by addons with documents.

        :return: ``[(label, count, action dict or None)]``, only what is there
        """
        self.ensure_one()
        items = []
        children = self.child_ids.filtered(lambda child: child.state == "active")
        if children:
            items.append((self.env._("Active dealers directly below"), len(children), children._get_records_action()))
        invitations = self.invitation_ids.filtered(lambda invitation: invitation.status == "open")
        if invitations:
            items.append((self.env._("Open invitations"), len(invitations), invitations._get_records_action()))
        applications = self.env["crab.dealer.application"].search([("parent_id", "=", self.id), ("state", "=", "new")])
        if applications:
            items.append((self.env._("Applications to decide"), len(applications), applications._get_records_action()))
        return items

    # ------------------------------------------------------------------ deleting

    def _has_history(self):
        """Hook: whether anything happened to this dealer that must be kept; extended by other addons. In sudo."""
        self.ensure_one()
        return bool(
            self.child_ids
            or self.with_context(active_test=False).staff_ids
            or self.invitation_ids.application_ids
            or self.env["crab.dealer.application"].search_count([("parent_id", "=", self.id)], limit=1)
            or self.ratio_count > 1
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        for dealer in self.sudo():  # sudo: history counts whether or not the user sees it
            if dealer._has_history():
                raise UserError(
                    self.env._(
                        "%(dealer)s has a history and is kept. Close it instead of deleting it.",
                        dealer=dealer.display_name,
                    )
                )

    def unlink(self):
        partners_sudo = self.partner_id.sudo()  # sudo: the organisation is a part of the dealer
        self._end_logins()
        result = super().unlink()
        partners_sudo.active = False
        return result

    # ------------------------------------------------------------------ actions

    def _action_wizard(self, model):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(model).name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_dealer_id": self.id},
        }

    def action_change_ratio(self):
        """Ask for the new ratio and the reason."""
        return self._action_wizard("crab.dealer.ratio.change")

    def action_move(self):
        """Ask for the new place in the network."""
        return self._action_wizard("crab.dealer.move")

    def action_close(self):
        """Ask for the reason and show what is still open."""
        self.ensure_one()
        wizard = self.env["crab.dealer.close"].create({"dealer_id": self.id})
        return {**self._action_wizard("crab.dealer.close"), "res_id": wizard.id}

    def action_network(self):
        """This dealer with all below it, as list or tree."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_dealer.crab_dealer_action_network")
        return {**action, "domain": [("id", "child_of", self.id)]}
