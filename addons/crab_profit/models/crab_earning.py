from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_base.tools.timezone import SHANGHAI, business_date, day_bounds

CREDIT_ORDERS = 1000


class CrabEarning(models.Model):
    """Who gets what of an order line paid online (domain.md §5), as rows that are only added.

    The rows of a line always add up to what was paid for it less what was refunded: the dealers' shares and, without a
    dealer, the platform's part. Shares are written at payment, given back by refunds, credited when the receipt is
    confirmed
    and the after-sales days are over. This model is the one door through which earnings come and change.
    """

    _name = "crab.earning"
    _description = "Earning"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _log_access = False
    _order = "id desc"

    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="restrict")
    line_id = fields.Many2one("sale.order.line", "Order line", required=True, readonly=True, ondelete="restrict")
    product_id = fields.Many2one(related="line_id.product_id")
    company_id = fields.Many2one("res.company", "Company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    dealer_id = fields.Many2one(
        "crab.dealer", "Dealer", readonly=True, ondelete="restrict", help="Empty: the platform's part."
    )
    position = fields.Integer(readonly=True, help="Place in the price chain: 1 is the member's own dealer.")
    kind = fields.Selection([("share", "Share"), ("refund", "Given back")], required=True, readonly=True)
    refund_id = fields.Many2one("crab.refund", "Refund", readonly=True, ondelete="restrict")
    amount = fields.Monetary(required=True, readonly=True)
    state = fields.Selection([("pending", "Not yet credited"), ("credited", "Credited")], required=True, readonly=True)
    earned_at = fields.Datetime("Earned on", required=True, readonly=True)
    credited_at = fields.Datetime("Credited on", readonly=True)

    _share_once = models.UniqueIndex(
        "(line_id, COALESCE(dealer_id, 0)) WHERE kind = 'share'", "The shares of a line are written once."
    )
    _refund_once = models.UniqueIndex(
        "(line_id, COALESCE(dealer_id, 0), refund_id) WHERE kind = 'refund'", "A refund is booked once."
    )
    _order_idx = models.Index("(order_id)")
    _dealer_idx = models.Index("(dealer_id, id) WHERE dealer_id IS NOT NULL")
    _pending_idx = models.Index("(dealer_id) WHERE state = 'pending' AND dealer_id IS NOT NULL")

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION crab_earning_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD.state = 'pending' AND NEW.state = 'credited' THEN
                    OLD.state := NEW.state;
                    OLD.credited_at := NEW.credited_at;
                    IF OLD IS NOT DISTINCT FROM NEW THEN
                        RETURN NEW;
                    END IF;
                END IF;
                RAISE EXCEPTION 'crab_earning is append-only: what is given back is a row of its own'
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE OR REPLACE TRIGGER crab_earning_append_only BEFORE UPDATE OR DELETE ON crab_earning
                FOR EACH ROW EXECUTE FUNCTION crab_earning_append_only();
            """
        )
        self.env.cr.execute(  # a function, because PostgreSQL plans the rule longer than it takes to follow it
            SQL(
                """
                CREATE OR REPLACE FUNCTION crab_earning_share(wanted int[], shared_at timestamp) RETURNS void
                LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO crab_earning
                           (order_id, line_id, company_id, dealer_id, position, kind, amount, state, earned_at)
                    SELECT line.order_id, line.id, sale_order.company_id, share.dealer_id, share.position, 'share',
                           share.amount, 'pending', shared_at
                      FROM (%s) AS share
                      JOIN sale_order_line line ON line.id = share.line_id
                      JOIN sale_order ON sale_order.id = line.order_id
                     WHERE share.amount <> 0 OR share.dealer_id IS NULL;
                END $$
                """,
                self._shares_sql(self._frozen_lines_sql(SQL("sale_order.id = ANY(wanted)"))),
            )
        )
        return result

    def _init_column(self, column_name):
        """Rows that were there before a column are given it once, which the trigger would refuse."""
        self.env.cr.execute("ALTER TABLE crab_earning DISABLE TRIGGER USER")
        result = super()._init_column(column_name)
        self.env.cr.execute("ALTER TABLE crab_earning ENABLE TRIGGER USER")
        return result

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        self.check_access("create")
        raise UserError(self.env._("Earnings come from paid orders, never by hand."))

    def write(self, vals):  # pylint: disable=method-required-super
        self.check_access("write")
        raise UserError(self.env._("Earnings are never changed; what is given back is a row of its own."))

    @api.model
    def _subject_domain(self, subject: Subject):
        """A dealer sees its own earnings; nobody sees the platform's part or another dealer's (CH-19)."""
        asking_sudo = self.env["crab.dealer"]._asking(subject)
        return super()._subject_domain(subject) | fields.Domain("dealer_id", "in", asking_sudo.ids)

    @api.model
    def _pending_of_subject(self, subject: Subject):
        """What the subject earned that is not credited yet, as Decimal."""
        earnings_sudo = self.sudo()  # the domain says what is the subject's
        domain = self._subject_domain(subject) & fields.Domain("state", "=", "pending")
        [(amount,)] = earnings_sudo._read_group(domain, aggregates=["amount:sum"])
        return dec(amount)

    @api.model
    def _days_of_subject(self, subject: Subject, count):
        """What the subject earned on each of the last days (in Shanghai), as ``{day: Decimal}``, today last.

        Credited or not, less what was given back that day.
        """
        today = business_date()
        days = [fields.Date.subtract(today, days=back) for back in reversed(range(count))]
        domain = self._subject_domain(subject) & fields.Domain("earned_at", ">=", day_bounds(days[0])[0])
        domain &= fields.Domain("earned_at", "<", day_bounds(today)[1])
        earnings_sudo = self.sudo().with_context(tz=SHANGHAI.key)  # the domain says what is the subject's
        rows = earnings_sudo._read_group(domain, ["earned_at:day"], ["amount:sum"])
        earned = {moment.date(): dec(amount) for moment, amount in rows}
        return {day: earned.get(day, dec(0)) for day in days}

    # ------------------------------------------------------------------ the rule

    @api.model
    def _shares_sql(self, lines: SQL) -> SQL:
        """The sharing rule as SQL: rows ``(line_id, position, dealer_id, amount)``, the platform's with position 0.

        Walking up the chain Pi = min(ci × q, P(i−1)) with P0 = what was paid; dealer i earns P(i−1) − Pi, the
        platform keeps the last P. As Pi is a running minimum, the whole of it is two window functions.

        :param lines: a query that gives ``line_id, position, dealer_id, price, quantity, paid`` – one row per dealer
        that takes
            part, and one with position 0 per line
        """
        return SQL(
            """
            WITH walk AS (
                SELECT line_id, position, dealer_id, paid,
                       LEAST(paid, MIN(price * quantity) FILTER (WHERE position > 0) OVER upwards) AS kept
                  FROM (%s) AS given
                WINDOW upwards AS (PARTITION BY line_id ORDER BY position)
            )
            SELECT line_id, position, dealer_id,
                   LAG(kept, 1, paid) OVER (PARTITION BY line_id ORDER BY position) - kept AS amount
              FROM walk WHERE position > 0
            UNION ALL
            SELECT line_id, 0, NULL, MIN(kept) FROM walk GROUP BY line_id
            """,
            lines,
        )

    @api.model
    def _frozen_lines_sql(self, condition: SQL) -> SQL:
        """What ``_shares_sql`` needs of goods lines of orders, as it was frozen when they were placed."""
        return SQL(
            """
            SELECT line.id AS line_id, chain.position, chain.dealer_id, chain.unit_price AS price,
                   line.product_uom_qty AS quantity, line.crab_paid AS paid
              FROM sale_order_line line
              JOIN sale_order ON sale_order.id = line.order_id
              JOIN crab_price_chain chain ON chain.line_id = line.id AND chain.is_earning
             WHERE line.crab_role = 'goods' AND sale_order.crab_kind <> 'physical_card' AND %(condition)s
             UNION ALL
            SELECT line.id, 0, NULL, NULL, line.product_uom_qty, line.crab_paid
              FROM sale_order_line line
              JOIN sale_order ON sale_order.id = line.order_id
             WHERE line.crab_role = 'goods' AND %(condition)s
            """,
            condition=condition,
        )

    # ------------------------------------------------------------------ coming and going

    @api.model
    def _share(self, orders):
        """Write the shares of newly paid orders, all in one statement. Physical cards earn nothing for dealers."""
        if not orders:
            return
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT crab_earning_share(%s, %s)",
            [list(orders.ids), fields.Datetime.now()],  # see init
        )
        self._forget()

    @api.model
    def _give_back(self, refund):
        """Book what ``refund`` takes from each share: round(E × R / P) in all, less what was given back before.

        The platform's part takes the rest, so that the rows always add up. After crediting the amounts go to the
        dealers'
        accounts at once, which may become negative. The caller has locked the order.
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                WITH refunded AS (
                    SELECT line.id AS line_id, line.crab_refunded AS total, line.crab_paid AS paid, SUM(part.amount) AS
                    now
                      FROM crab_refund_line part JOIN sale_order_line line ON line.id = part.order_line_id
                     WHERE part.refund_id = %(refund)s GROUP BY 1, 2, 3
                ), share AS (
                    SELECT earning.line_id, earning.dealer_id, earning.position, refunded.now AS now,
                           ROUND(SUM(earning.amount) FILTER (WHERE earning.kind = 'share')
                                 * refunded.total / refunded.paid, 2)
                           + COALESCE(SUM(earning.amount) FILTER (WHERE earning.kind = 'refund'), 0) AS back
                      FROM crab_earning earning JOIN refunded ON refunded.line_id = earning.line_id
                     WHERE earning.dealer_id IS NOT NULL
                     GROUP BY 1, 2, 3, 4, refunded.total, refunded.paid
                ), every AS (
                    SELECT line_id, dealer_id, position, back FROM share
                     UNION ALL
                    SELECT refunded.line_id, NULL, 0, refunded.now - COALESCE(SUM(share.back), 0)
                      FROM refunded LEFT JOIN share ON share.line_id = refunded.line_id
                     GROUP BY refunded.line_id, refunded.now
                )
                INSERT INTO crab_earning
                       (order_id, line_id, company_id, dealer_id, position, kind, refund_id, amount, state, earned_at,
                       credited_at)
                SELECT sale_order.id, every.line_id, sale_order.company_id, every.dealer_id, every.position, 'refund',
                       %(refund)s, -every.back,
                       CASE WHEN sale_order.crab_credited_at IS NULL THEN 'pending' ELSE 'credited' END,
                       %(now)s, CASE WHEN sale_order.crab_credited_at IS NOT NULL THEN %(now)s END
                  FROM every
                  JOIN sale_order_line line ON line.id = every.line_id
                  JOIN sale_order ON sale_order.id = line.order_id
                 WHERE every.back <> 0
                RETURNING id, dealer_id, amount, state
                """,
                refund=refund.id,
                now=now,
            )
        )
        rows = self.env.cr.fetchall()
        self._forget()
        credited = {}
        for _id, dealer_id, amount, state in rows:
            if dealer_id and state == "credited":
                credited[dealer_id] = credited.get(dealer_id, Decimal(0)) + dec(amount)
        self.env["crab.earning.account"]._credit(credited)
        if credited:
            self._record_credit(refund.order_id, credited, f"refund-{refund.id}")

    @api.model
    def _credit_orders(self, orders):
        """Credit what the dealers earned on these orders; the caller holds their locks and knows that they are due.

        :return: ``{dealer id: Decimal}`` that was credited
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                WITH credited AS (
                    UPDATE crab_earning SET state = 'credited', credited_at = %(now)s
                     WHERE order_id = ANY(%(orders)s) AND state = 'pending'
                    RETURNING order_id, dealer_id, amount
                )
                SELECT order_id, dealer_id, SUM(amount) FROM credited WHERE dealer_id IS NOT NULL GROUP BY 1, 2
                """,
                now=now,
                orders=list(orders.ids),
            )
        )
        rows = self.env.cr.fetchall()
        self._forget()
        orders.write({"crab_credited_at": now})
        totals, by_order = {}, {}
        for order_id, dealer_id, amount in rows:
            totals[dealer_id] = totals.get(dealer_id, Decimal(0)) + dec(amount)
            by_order.setdefault(order_id, {})[dealer_id] = dec(amount)
        self.env["crab.earning.account"]._credit(totals)
        for order in orders:
            self._record_credit(order, by_order.get(order.id, {}), f"order-{order.id}")
        return totals

    @api.model
    def _record_credit(self, order, amounts, key):
        """Facts: what is credited to dealers is owed to them from now on."""
        dealers = self.env["crab.dealer"].browse(amounts)
        self.env["crab.ledger.fact"]._record(
            [
                {
                    "kind": "earning_credited",
                    "company_id": order.company_id.id,
                    "partner_id": dealer.partner_id.id,
                    "amount_net": amounts[dealer.id],
                    "document_model": "sale.order",
                    "document_id": order.id,
                    "reference": order.name,
                    "key": f"earning-{key}-{dealer.id}",
                }
                for dealer in dealers
                if amounts[dealer.id]
            ]
        )

    @api.model
    def _due_domain(self):
        """Orders whose earnings are to be credited now; narrowed by what holds them back.

        What is looked at is stored in the order's own row: it is seen again under its lock.
        """
        return fields.Domain("crab_credit_due_at", "<=", fields.Datetime.now()) & fields.Domain(
            "crab_credited_at", "=", False
        )

    @api.model
    def _cron_credit(self):
        """Credit the orders whose after-sales days are over, in sets; one that is being refunded right now waits."""
        is_due = self._due_domain()
        due = self.env["sale.order"].search(is_due, order="crab_credit_due_at, id", limit=CREDIT_ORDERS)
        free = due.try_lock_for_update()
        self._credit_orders(free.filtered_domain(is_due))
        self.env["ir.cron"]._commit_progress(len(free), remaining=int(len(due) == CREDIT_ORDERS))

    @api.model
    def _forget(self):
        self.invalidate_model(flush=False)

    # ------------------------------------------------------------------ checks

    @api.model
    def _wrong_lines(self, limit=20):
        """Lines whose rows do not add up to what was paid less what was refunded; empty when all is well.

        :return: list of ``(line id, paid less refunded, sum of the rows)``
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT line.id, line.crab_paid - line.crab_refunded, COALESCE(SUM(earning.amount), 0)
                  FROM sale_order_line line
                  JOIN sale_order ON sale_order.id = line.order_id AND sale_order.crab_transaction_id IS NOT NULL
                  LEFT JOIN crab_earning earning ON earning.line_id = line.id
                 WHERE line.crab_role = 'goods'
                 GROUP BY line.id HAVING COALESCE(SUM(earning.amount), 0) <> line.crab_paid - line.crab_refunded
                 ORDER BY line.id LIMIT %s
                """,
                limit,
            )
        )
        return self.env.cr.fetchall()

    # ------------------------------------------------------------------ buttons

    def action_explain(self):
        """Show the rule, the prices and the order this amount came from."""
        self.ensure_one()
        explain = self.env["crab.earning.explain"]._explain(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Explanation"),
            "res_model": explain._name,
            "res_id": explain.id,
            "view_mode": "form",
            "target": "new",
        }
