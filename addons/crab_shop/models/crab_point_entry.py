from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class CrabPointEntry(models.Model):
    """Points that a member got and gave back (domain.md §3), as rows that are only added; nothing is paid with them.

    The rows of an order add up to the full yuan that were paid for it and not refunded, from its receipt on. What
    merged members have stays theirs and counts for whom they became.
    """

    _name = "crab.point.entry"
    _description = "Points"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _log_access = False
    _order = "id desc"
    _rec_name = "order_id"

    member_id = fields.Many2one("crab.member", "Member", required=True, readonly=True, ondelete="restrict")
    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, ondelete="restrict")
    refund_id = fields.Many2one("crab.refund", "Refund", readonly=True, ondelete="restrict", index="btree_not_null")
    kind = fields.Selection([("received", "Order received"), ("refund", "Refund")], required=True, readonly=True)
    points = fields.Integer(required=True, readonly=True)
    happened_at = fields.Datetime("When", required=True, readonly=True)

    _received_once = models.UniqueIndex("(order_id) WHERE kind = 'received'", "An order gives its points once.")
    _refund_once = models.UniqueIndex("(refund_id) WHERE kind = 'refund'", "A refund takes points back once.")
    _complete = models.Constraint(
        "CHECK (points <> 0 AND (kind = 'refund') = (refund_id IS NOT NULL))", "Points come by receipt or refund."
    )
    _order_idx = models.Index("(order_id)")
    _member_idx = models.Index("(member_id, id)")

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION crab_point_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'crab_point_entry is append-only: what is taken back is a row of its own'
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE OR REPLACE TRIGGER crab_point_entry_append_only BEFORE UPDATE OR DELETE ON crab_point_entry
                FOR EACH ROW EXECUTE FUNCTION crab_point_entry_append_only();
            """
        )
        return result

    # ------------------------------------------------------------------ who may do what

    @api.model
    def _subject_domain(self, subject):
        """A member sees its own points, and those it got before accounts were merged."""
        asking_sudo = self.env["crab.member"]._asking(subject)
        return super()._subject_domain(subject) | Domain("member_id", "in", asking_sudo._with_merged().ids)

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        self.check_access("create")
        raise UserError(self.env._("Points come from received orders, never by hand."))

    def write(self, vals):  # pylint: disable=method-required-super
        self.check_access("write")
        raise UserError(self.env._("Points are never changed; what is taken back is a row of its own."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Points are never changed; what is taken back is a row of its own."))

    # ------------------------------------------------------------------ coming and going

    @api.model
    def _follow(self, orders, refund=None):
        """Let the points of received ``orders`` be what is due for them, in one statement; repeating it adds nothing.

        :param orders: locked by the caller; those that are not received have no points
        :param refund: the ``crab.refund`` after which this is called, None after the receipt
        """
        if not orders:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_point_entry (member_id, order_id, refund_id, kind, points, happened_at)
                SELECT sale.crab_member_id, sale.id, %(refund)s, %(kind)s, due.points, %(now)s
                  FROM sale_order sale
                 CROSS JOIN LATERAL (
                       SELECT FLOOR(sale.amount_total - sale.crab_amount_refunded)
                              - COALESCE(SUM(entry.points), 0) AS points
                         FROM crab_point_entry entry WHERE entry.order_id = sale.id
                       ) AS due
                 WHERE sale.id = ANY(%(orders)s) AND sale.crab_received_at IS NOT NULL AND due.points <> 0
                """,
                refund=refund and refund.id,
                kind="refund" if refund else "received",
                now=fields.Datetime.now(),
                orders=list(orders.ids),
            )
        )
        self.invalidate_model(flush=False)
        self.env["crab.member"].invalidate_model(["crab_points"], flush=False)

    @api.model
    def _statement(self, subject, cursor=None, limit=20):
        """The points of a member and how it came to them: ``{"balance": points, "entries": records in sudo, "next":
        cursor or None}``; for everybody else there are none.
        """
        members_sudo = self.env["crab.member"]._asking(subject)
        entries_sudo = subject.bind(self.sudo())  # what is the subject's own follows from the domain
        entries, following = entries_sudo._page(self._subject_domain(subject), cursor, limit)
        balance = members_sudo._crab_point_balances().get(members_sudo.id, 0)
        return {"balance": balance, "entries": entries, "next": following}
