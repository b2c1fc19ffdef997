from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec

from .crab_card_order import OPEN_STATES

# Which roles may take a step in the back office; the roles of an administrator include all of these.
_STEP_ROLES = {
    "submit": ("card_keeper",),
    "pass_on": ("card_keeper",),
    "execute": ("card_keeper", "finance"),
    "send": ("card_keeper",),
    "receive": ("card_keeper",),
    "reject": ("card_keeper", "finance"),
    "cancel": ("card_keeper",),
    "close": ("card_keeper",),
    "approve": ("finance",),
    "decide": ("finance",),
    "confirm_payment": ("finance",),
    "confirm_refund": ("finance",),
}


class CrabCardOrder(models.Model):
    """The steps: what people press. Each locks the document, checks the state, and does its work in ``_do_<step>``.

    A step that was taken already does nothing the second time.
    """

    _inherit = "crab.card.order"

    # === Public steps === #

    def action_submit(self):
        """Reserve the numbers and hand the document to whoever is next (a direct sale: wait for the payment).

        :raise UserError: names what is missing or which numbers do not fit; nothing is changed then
        """
        return self._run_step("submit")

    def action_pass_on(self):
        """Pass the request of a level 3 on from its level 2 to the level 1 (domain.md §7)."""
        return self._run_step("pass_on")

    def action_execute(self):
        """Execute an activation (charging the level-1 origin), a cancellation or an extension.

        :raise UserError: not enough stored value and credit: says how much is missing; nothing is changed then
        """
        return self._run_step("execute")

    def action_send(self):
        """Send the chosen numbers of a direct sale: they are in transit until the member confirms."""
        return self._run_step("send")

    def action_receive(self, numbers=None):
        """Confirm the receipt of all numbers in transit, or of the given ones; the rest stays open.

        :param numbers: list of texts as scanned or typed
        """
        return self._run_step("receive", numbers=numbers)

    def action_reject(self, reason=None):
        """Refuse what is still open: its numbers go back to the sender. Without reason: asks for it."""
        if not reason:
            return self._ask_reason("reject")
        return self._run_step("reject", reason=reason)

    def action_cancel(self):
        """Take the document back before its receiver did anything: its numbers are free again."""
        return self._run_step("cancel")

    def action_close(self, reason=None):
        """Accept the difference of a partial receipt: the rest goes back to the sender. Without reason: asks for it."""
        if not reason:
            return self._ask_reason("close")
        return self._run_step("close", reason=reason)

    # === Dispatch === #

    def _run_step(self, step, **values):
        self._ensure_role(step)
        self.check_access("read")
        for order in self:
            getattr(order._locked(), f"_do_{step}")(**values)
        return True

    @api.model
    def _ensure_role(self, step):
        if not self.env.su and not any(
            self.env.user.has_group(f"crab_base.group_{role}") for role in _STEP_ROLES[step]
        ):
            raise AccessError(self.env._("Your role does not allow this step of a card document."))

    def _ask_reason(self, step):
        self._ensure_role(step)
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reason"),
            "res_model": "crab.card.order.reason",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id, "default_step": step},
        }

    # === Submitting === #

    def _do_submit(self):
        if self.state in OPEN_STATES or self.state == "done":
            return
        self._ensure_state("draft")
        lock_rows(self.sender_dealer_id | self.receiver_dealer_id, share=True)  # they stay where they are until commit
        self._complete_parties()
        self._check_parties()
        if self.kind == "direct":
            self._submit_direct()
            return
        card_ids = self._card_ids("chosen")
        if not card_ids:
            raise UserError(self.env._("%(document)s has no numbers yet. Choose some first.", document=self.name))
        self._refuse_misfits(card_ids)
        self._set_executor(card_ids)
        self._check_kind(card_ids)
        self.env["crab.card"].browse(card_ids)._reserve(self, expect=self._number_rule())
        self._mark_links("reserved", "chosen")
        self._quote()
        to_receive = self.kind in ("issue", "transfer", "return")
        now = fields.Datetime.now()
        self._set_state(
            "in_transit" if to_receive else "submitted",
            self.env._("Sent: %(count)s numbers in transit", count=len(card_ids))
            if to_receive
            else self.env._("Submitted"),
            submitted_at=now,
            sent_at=now if to_receive else False,
            waiting_dealer_id=self._first_waiting_dealer().id,
        )
        self._warn_executor()

    def _complete_parties(self):
        """Fill in who follows from the sender, and keep the chains as the tree is now."""
        if self.kind == "return":
            self.receiver_dealer_id = self.sender_dealer_id.parent_id
        self._keep_viewers()

    def _keep_viewers(self):
        parties = self.sender_dealer_id | self.receiver_dealer_id | self.executor_dealer_id
        viewers = self.env["crab.dealer"].browse(
            {ancestor.id for dealer in parties for ancestor in dealer._ancestors()}
        )
        self.viewer_dealer_ids = viewers

    def _check_parties(self):
        """:raise UserError: when a party is missing, closed, or not where the kind of document needs it in the tree"""
        kind, sender, receiver = self.kind, self.sender_dealer_id, self.receiver_dealer_id
        group = self.env["res.company"]._crab_company("group")
        if (sender or kind in ("issue", "transfer")) and self.company_id != group:
            raise UserError(self.env._("Dealers deal in numbers of %(company)s only.", company=group.name))
        if kind in ("issue", "transfer") and not receiver:
            raise UserError(self.env._("Choose the dealer who receives the numbers."))
        if kind == "issue" and receiver.level != "1":
            raise UserError(
                self.env._(
                    "Numbers are issued to level-1 dealers only; %(dealer)s is below one.", dealer=receiver.display_name
                )
            )
        if kind == "transfer" and not sender:
            raise UserError(self.env._("Choose the dealer who sends the numbers."))
        if kind == "transfer" and receiver.parent_id != sender:
            raise UserError(
                self.env._(
                    "The receiver is not directly below %(sender)s: numbers are passed one step down at a time.",
                    sender=sender.display_name,
                )
            )
        if kind == "return" and bool(sender) == bool(self.sender_member_id):
            raise UserError(self.env._("Choose either the dealer or the member who returns the numbers."))
        if kind == "direct" and not self.receiver_member_id:
            raise UserError(self.env._("Choose the member who buys."))
        if kind == "cancel" or self.is_free:
            self._need_reason(self.reason)
        if kind == "extension":
            self._check_new_valid_until()
        if kind in ("issue", "transfer", "activation"):  # what runs already, and giving cards back, stays possible
            (sender | receiver)._ensure_active()
        if kind in ("issue", "transfer") and not receiver.is_offline:
            raise UserError(
                self.env._(
                    "%(dealer)s does not deal offline, so it gets no physical cards.", dealer=receiver.display_name
                )
            )
        if self.staff_id and self.staff_id.dealer_id != sender:
            raise UserError(self.env._("The staff member who sold works for another dealer."))

    def _check_kind(self, card_ids):
        """Hook: what a kind checks of its numbers as a whole before they are reserved."""
        if self.kind == "return" and self.sender_member_id:
            self._sold_links(card_ids)

    def _first_waiting_dealer(self):
        """Whose turn it is after submitting; empty: head office's. A level 2 that is closed is passed over."""
        if self.kind != "activation":
            return self.receiver_dealer_id
        parent = self.sender_dealer_id.parent_id
        if self.sender_dealer_id.level == "3" and parent.level == "2" and parent.state == "active":
            return parent
        return self.executor_dealer_id

    # === Undoing before it took effect === #

    def _release_open_numbers(self):
        card_ids = self._card_ids("reserved")
        self.env["crab.card"].browse(card_ids)._release(self)
        self._mark_links("released", "reserved")
        self.released_count += len(card_ids)
        return len(card_ids)

    def _do_cancel(self):
        if self.state == "cancelled":
            return
        if self.kind == "direct":
            self._ensure_state("draft", "to_pay")
        else:
            self._ensure_state("draft", "submitted", "passed_on", "in_transit")
        self._release_open_numbers()
        self._set_state("cancelled", self.env._("Cancelled by its sender"), waiting_dealer_id=False)

    def _warn_executor(self):
        """Tell the level 1 to top up when it could not pay what a lower dealer asks for now (HQ-11)."""
        dealer = self.executor_dealer_id
        if self.kind == "activation" and dealer and self.waiting_dealer_id == dealer != self.sender_dealer_id:
            self.env["crab.wallet"]._warn_short(dealer, dec(self.amount_total), self, "activation")

    def _do_reject(self, reason):
        if self.state == "rejected":
            return
        self._need_reason(reason)
        if self.kind == "direct":
            self._reject_direct(reason)
            return
        if self.state == "partly_received":
            self._do_close(reason)
            return
        self._ensure_state("submitted", "passed_on", "in_transit")
        self._release_open_numbers()
        self._set_state(
            "rejected",
            self.env._("Rejected: %(reason)s", reason=reason),
            refusal_reason=reason,
            waiting_dealer_id=False,
        )

    def _do_close(self, reason):
        if self.kind == "direct":
            self._close_direct(reason)
            return
        if self.state == "done":
            return
        self._need_reason(reason)
        self._ensure_state("partly_received")
        count = self._release_open_numbers()
        self._set_state(
            "done",
            self.env._("Closed with a difference of %(count)s numbers: %(reason)s", count=count, reason=reason),
            refusal_reason=reason,
            executed_at=fields.Datetime.now(),
            waiting_dealer_id=False,
        )

    def _need_reason(self, reason):
        if not (isinstance(reason, str) and reason.strip()):
            raise UserError(self.env._("Enter a reason."))
