from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.subject import Subject


class CrabStaffEarning(models.Model):
    """What dealer staff sold, and what they get of their dealer's earning (domain.md §5, CS-05, CS-06, HQ-16).

    Online: orders of members they invited. Offline: activations that name them. A matter between dealer and staff:
    computed and shown here, paid offline, marked by the dealer (``crab.staff.settlement``). Rows are only added.
    """

    _name = "crab.staff.earning"
    _description = "Earning of dealer staff"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _log_access = False
    _order = "id desc"

    kind = fields.Selection(
        [
            ("package", "In-stock package"),
            ("ecard", "E-card"),
            ("physical_card", "Physical card bought online"),
            ("offline", "Physical card sold offline"),
        ],
        required=True,
        readonly=True,
    )
    order_id = fields.Many2one(
        "sale.order", "Order", readonly=True, ondelete="restrict", index="btree_not_null", help="Online distribution."
    )
    card_price_id = fields.Many2one("crab.card.order.price", "Card price", readonly=True, ondelete="restrict")
    card_order_id = fields.Many2one(
        related="card_price_id.order_id",
        string="Card document",
        help="Offline dealing: the activation, or what took it back.",
    )
    staff_id = fields.Many2one(
        "crab.dealer.staff", "Staff", required=True, readonly=True, ondelete="restrict", index=True
    )
    dealer_id = fields.Many2one("crab.dealer", "Dealer", required=True, readonly=True, ondelete="restrict", index=True)
    ratio = fields.Float("Commission ratio", digits=(5, 4), required=True, readonly=True, aggregator=None)
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sold = fields.Monetary(required=True, readonly=True, help="What customers paid for the goods, less refunds.")
    amount = fields.Monetary("Share", required=True, readonly=True)
    state = fields.Selection(
        [("pending", "Not yet credited"), ("credited", "Credited")], compute="_compute_state", search="_search_state"
    )
    earned_at = fields.Datetime("Earned on", required=True, readonly=True)

    _origin_check = models.Constraint(
        "CHECK ((order_id IS NULL) <> (card_price_id IS NULL))", "A share comes from an order or a card document."
    )
    _card_price_uniq = models.UniqueIndex("(card_price_id) WHERE card_price_id IS NOT NULL")

    @api.depends("order_id.crab_credited_at")
    def _compute_state(self):
        for earning in self:
            order_sudo = earning.order_id.sudo()  # who sees the share may know whether its order is credited
            earning.state = "pending" if order_sudo and not order_sudo.crab_credited_at else "credited"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        online, credited = (
            fields.Domain("order_id", "!=", False),
            fields.Domain("order_id.crab_credited_at", "!=", False),
        )
        wanted = {
            "pending": online & fields.Domain("order_id.crab_credited_at", "=", False),
            "credited": ~online | credited,
        }
        return fields.Domain.OR(wanted[state] for state in value if state in wanted)

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        self.check_access("create")
        raise UserError(self.env._("Earnings come from paid orders, never by hand."))

    def write(self, vals):  # pylint: disable=method-required-super
        self.check_access("write")
        raise UserError(self.env._("Earnings are never changed; what is given back is a row of its own."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Earnings are never changed; what is given back is a row of its own."))

    @api.model
    def _subject_domain(self, subject: Subject):
        """Staff see their own; the dealer those of its staff."""
        staff_sudo, dealer_sudo = (self.env[name]._asking(subject) for name in ("crab.dealer.staff", "crab.dealer"))
        own = fields.Domain("staff_id", "in", staff_sudo.ids) | fields.Domain("dealer_id", "in", dealer_sudo.ids)
        return super()._subject_domain(subject) | own

    # ------------------------------------------------------------------ online

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
                INSERT INTO crab_staff_earning
                       (kind, order_id, staff_id, dealer_id, ratio, company_id, sold, amount, earned_at)
                SELECT o.crab_kind, o.id, o.crab_staff_id, o.crab_dealer_id, COALESCE(o.crab_staff_ratio, 0),
                       o.company_id, due.sold, due.amount, %(now)s
                  FROM sale_order o
                 CROSS JOIN LATERAL (
                       SELECT COALESCE(SUM(amount), 0) AS amount, COALESCE(SUM(sold), 0) AS sold
                         FROM crab_staff_earning WHERE order_id = o.id
                 ) known
                 CROSS JOIN LATERAL (
                       SELECT ROUND(COALESCE(o.crab_staff_ratio, 0)::numeric * COALESCE((
                                  SELECT SUM(amount) FROM crab_earning e
                                   WHERE e.order_id = o.id AND e.dealer_id = o.crab_dealer_id), 0), 2)
                              - known.amount AS amount,
                              (SELECT SUM(crab_paid - crab_refunded) FROM sale_order_line
                                WHERE order_id = o.id AND crab_role = 'goods') - known.sold AS sold
                 ) due
                 WHERE o.id = ANY(%(orders)s) AND o.crab_staff_id IS NOT NULL AND (due.amount <> 0 OR due.sold <> 0)
                """,
                now=fields.Datetime.now(),
                orders=list(orders.ids),
            )
        )
        self.invalidate_model(flush=False)

    # ------------------------------------------------------------------ offline

    @api.model
    def _follow_cards(self, card_orders):
        """Take over what activations that name a staff member gave it, and what returns took back (domain.md §5)."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_staff_earning
                       (kind, card_price_id, staff_id, dealer_id, ratio, company_id, sold, amount, earned_at)
                SELECT 'offline', price.id, price.staff_id, price.dealer_id, COALESCE(price.staff_ratio, 0),
                       price.company_id, price.sale_price * price.quantity, COALESCE(price.amount_staff, 0), %(now)s
                  FROM crab_card_order_price price
                 WHERE price.order_id = ANY(%(orders)s) AND price.staff_id IS NOT NULL
                    ON CONFLICT (card_price_id) WHERE card_price_id IS NOT NULL DO NOTHING
                """,
                now=fields.Datetime.now(),
                orders=list(card_orders.ids),
            )
        )
        self.invalidate_model(flush=False)
