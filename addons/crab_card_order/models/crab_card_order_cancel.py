from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.timezone import business_date


class CrabCardOrder(models.Model):
    """Head office's acts on numbers wherever they are: cancelling for ever, and extending the validity."""

    _inherit = "crab.card.order"

    new_valid_until = fields.Date("New last day", help="Last day of redemption of these numbers.")
    charge_decision = fields.Selection(
        [("keep", "Keep the charge"), ("give_back", "Give the charge back")],
        string="Decision of finance", readonly=True, copy=False,
        help="Kept: the money stays with the company, and what it owes for these numbers stays in the accounts until"
        " finance releases it. Given back: unrepaid credit first, the rest to stored value; the entry is reversed.",
    )  # fmt: skip
    amount_at_stake = fields.Monetary(
        "Charged to dealers",
        compute="_compute_amount_at_stake",
        help="What the numbers to be cancelled had charged level-1 dealers.",
    )

    def _check_new_valid_until(self):
        if not self.new_valid_until or self.new_valid_until < business_date():
            raise UserError(self.env._("Enter the new last day of validity, today or later."))

    def _shortens(self):
        """Whether numbers of this extension would be valid for a shorter time than they are now."""
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM crab_card_order_number link JOIN crab_card card ON card.id = link.card_id"
                " WHERE link.order_id = %s AND link.state = 'reserved'"
                " AND (card.valid_until <= %s) IS NOT TRUE LIMIT 1",
                self.id,
                self.new_valid_until or None,
            )
        )
        return bool(self.env.cr.rowcount)

    @api.depends("state", "number_count")
    def _compute_amount_at_stake(self):
        cancellations = self.filtered(lambda order: order.kind == "cancel")
        amounts = {}
        if cancellations.ids:
            self.env["crab.card.order.number"].flush_model()
            self.env.cr.execute(
                SQL(
                    """
                    SELECT link.order_id, SUM(card.charged_amount)
                      FROM crab_card_order_number link
                      JOIN crab_card card ON card.id = link.card_id AND card.charge_model = %s
                      JOIN crab_card_order origin
                        ON origin.id = card.charge_id AND origin.executor_dealer_id IS NOT NULL
                     WHERE link.order_id = ANY(%s) AND link.state <> 'released' GROUP BY 1
                    """,
                    self._name,
                    cancellations.ids,
                )
            )
            amounts = dict(self.env.cr.fetchall())
        for order in self:
            order.amount_at_stake = amounts.get(order.id, 0)

    def action_keep_charge(self):
        """Finance decides that the numbers are cancelled and the money is kept."""
        return self._run_step("decide", decision="keep")

    def action_give_charge_back(self):
        """Finance decides that the level-1 dealers get back what they were charged."""
        return self._run_step("decide", decision="give_back")

    def _do_decide(self, decision):
        self._ensure_state("submitted")
        if self.kind != "cancel" or not self.amount_at_stake:
            raise UserError(self.env._("%(document)s has no charge to decide on.", document=self.name))
        self.write({"charge_decision": decision, "approved_by_id": self.env.uid, "approved_at": fields.Datetime.now()})
        labels = dict(self._fields["charge_decision"]._description_selection(self.env))
        self._log_step(self.env._("Finance decided: %(decision)s", decision=labels[decision]))

    def _execute_cancel(self):
        cards = self._cards("reserved")
        if self.charge_decision == "give_back":
            self._give_back_charges(cards)
        cards._cancel(self, expect=self._number_rule())
        self._finish_numbers(self.env._("Cancelled %(count)s numbers", count=len(cards)))

    def _execute_extension(self):
        self._check_new_valid_until()
        cards = self._cards("reserved")
        cards._set_valid_until(self.new_valid_until, self, expect=self._number_rule())
        cards._release(self)
        self._finish_numbers(
            self.env._("Extended %(count)s numbers until %(date)s", count=len(cards), date=self.new_valid_until)
        )

    def _finish_numbers(self, text):
        self._mark_links("received", "reserved")
        self._sync_lines()
        self._set_state("done", text, executed_at=fields.Datetime.now(), waiting_dealer_id=False)
