from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.subject import Subject


class CrabStaffEarning(models.Model):
    """What dealer staff get of their dealer's earning on members they brought (domain.md §5, CS-05, CS-06).

    A matter between dealer and staff: computed and shown here, paid offline, marked by the dealer. Rows are only added.
    """

    _name = "crab.staff.earning"
    _description = "Earning of dealer staff"
    _inherit = ["crab.subject.mixin"]
    _log_access = False
    _order = "id desc"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="restrict", index=True)
    staff_id = fields.Many2one(
        "crab.dealer.staff", "Staff", required=True, readonly=True, ondelete="restrict", index=True
    )
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict", index=True)
    ratio = fields.Float(digits=(5, 4), required=True, readonly=True, aggregator=None)
    currency_id = fields.Many2one(related="order_id.currency_id")
    amount = fields.Monetary(required=True, readonly=True)
    earned_at = fields.Datetime("Earned on", required=True, readonly=True)

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Earnings come from paid orders, never by hand."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Earnings are never changed; what is given back is a row of its own."))

    @api.model
    def _subject_domain(self, subject: Subject):
        """Staff see their own; the dealer those of its staff."""
        domain = super()._subject_domain(subject)
        if subject.kind == "staff":
            return domain | fields.Domain("staff_id", "in", self.env["crab.dealer.staff"]._for_subject(subject).ids)
        if subject.kind == "dealer":
            dealers_sudo = self.env["crab.dealer"]._for_subject(subject, [("id", "=", subject.id)], limit=1)
            return domain | fields.Domain("dealer_id", "in", dealers_sudo.ids)
        return domain

    @api.model
    def _share(self, orders):
        self._follow(orders.filtered(lambda order: order.crab_staff_id and order.crab_staff_ratio))

    @api.model
    def _follow(self, orders):
        """Bring the staff's part in line with what their dealer earns on each order now: the difference is a new
        row.
        """
        if not orders:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_staff_earning (order_id, staff_id, dealer_id, ratio, amount, earned_at)
                SELECT o.id, o.crab_staff_id, o.crab_dealer_id, o.crab_staff_ratio, due.amount, %(now)s
                  FROM sale_order o
                 CROSS JOIN LATERAL (
                       SELECT ROUND(o.crab_staff_ratio::numeric * COALESCE((
                                  SELECT SUM(amount) FROM crab_earning e
                                   WHERE e.order_id = o.id AND e.dealer_id = o.crab_dealer_id), 0), 2)
                              - COALESCE((SELECT SUM(amount) FROM crab_staff_earning s WHERE s.order_id = o.id), 0) AS
                              amount
                 ) due
                 WHERE o.id = ANY(%(orders)s) AND o.crab_staff_id IS NOT NULL AND o.crab_staff_ratio > 0
                   AND due.amount <> 0
                """,
                now=fields.Datetime.now(),
                orders=list(orders.ids),
            )
        )
        self.invalidate_model(flush=False)
