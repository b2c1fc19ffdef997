import json
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date, day_bounds

from .sale_order import KINDS

READERS = "crab_base.group_customer_service,crab_base.group_finance,crab_base.group_auditor"
MONTHS = 12  # of the charts


class CrabMember(models.Model):
    """What a member bought: for its page (HQ-23) and for its level (HQ-21)."""

    _inherit = "crab.member"

    crab_currency_id = fields.Many2one(related="level_id.currency_id")
    crab_order_count = fields.Integer("Orders", compute="_compute_crab_orders", groups=READERS)
    crab_package_count = fields.Integer("Orders of packages", compute="_compute_crab_orders", groups=READERS)
    crab_physical_card_count = fields.Integer(
        "Orders of physical cards", compute="_compute_crab_orders", groups=READERS
    )
    crab_ecard_count = fields.Integer("Orders of e-cards", compute="_compute_crab_orders", groups=READERS)
    crab_spent = fields.Monetary(
        "Spent", compute="_compute_crab_orders", currency_field="crab_currency_id", groups=READERS,
        help="What was paid online, less what was refunded.",
    )  # fmt: skip
    crab_last_order_at = fields.Datetime("Last order", compute="_compute_crab_orders", groups=READERS)
    crab_points = fields.Integer(
        "Points", compute="_compute_crab_points", groups=READERS,
        help="One for each full yuan of received orders; refunds take them back.",
    )  # fmt: skip
    crab_order_chart = fields.Text("Orders per month", compute="_compute_crab_charts", groups=READERS)
    crab_invited_chart = fields.Text("Invitations per month", compute="_compute_crab_charts", groups=READERS)

    # ------------------------------------------------------------------ merged members

    def _crab_persons(self) -> SQL:
        """Rows ``(target, id)``: each of these members with its own id and the ids of those merged into it."""
        return SQL(
            """
            (WITH RECURSIVE person AS (
                SELECT asked.id AS target, asked.id FROM unnest(%s::int[]) AS asked(id)
                 UNION ALL
                SELECT person.target, merged.id
                  FROM person JOIN crab_member merged ON merged.merged_into_id = person.id
            ) SELECT target, id FROM person)
            """,
            list(self.ids),
        )

    def _merge_into(self, target):
        """Cart, favourites and addresses go on with ``target``; what stands in both stays as it is there."""
        result = super()._merge_into(target)
        for model, product in (("crab.cart.line", "product_id"), ("crab.favourite", "product_tmpl_id")):
            lines = self.env[model].search([("member_id", "=", self.id)])
            there = self.env[model].search([("member_id", "=", target.id)])[product]
            lines.filtered(lambda line, there=there, product=product: line[product] not in there).write(
                {"member_id": target.id}
            )
        addresses = self.env["crab.member.address"].search([("member_id", "=", self.id)])
        if self.env["crab.member.address"].search_count([("member_id", "=", target.id)], limit=1):
            addresses.filtered("is_default").write({"is_default": False})
        addresses.write({"member_id": target.id})
        return result

    # ------------------------------------------------------------------ levels

    @api.model
    def _upgrade_figures(self, members, since):
        """Orders received since that day and what was paid for them, less what was refunded; also of merged members.

        An order of which all was given back does not count.
        """
        figures = super()._upgrade_figures(members, since)
        if not members:
            return figures
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT person.target, SUM(sale.amount_total - sale.crab_amount_refunded), COUNT(*)
                  FROM %(persons)s AS person JOIN sale_order sale ON sale.crab_member_id = person.id
                 WHERE sale.crab_received_at IS NOT NULL AND %(since)s
                   AND (sale.amount_total > sale.crab_amount_refunded OR sale.amount_total = 0)
                 GROUP BY person.target
                """,
                persons=members._crab_persons(),
                since=SQL("sale.crab_received_at >= %s", day_bounds(since)[0]) if since else SQL("true"),
            )
        )
        for member_id, spend, orders in self.env.cr.fetchall():
            before = figures.get(member_id, (Decimal(0), 0))
            figures[member_id] = before[0] + dec(spend), before[1] + orders
        return figures

    # ------------------------------------------------------------------ the member's page

    def _compute_crab_orders(self):
        figures = {}
        if self.ids:
            self.env.flush_all()
            self.env.cr.execute(
                SQL(
                    """
                    SELECT person.target, sale.crab_kind, COUNT(*),
                           SUM(sale.amount_total - sale.crab_amount_refunded), MAX(sale.create_date)
                      FROM %s AS person JOIN sale_order sale ON sale.crab_member_id = person.id
                     WHERE sale.crab_paid_at IS NOT NULL
                     GROUP BY 1, 2
                    """,
                    self._crab_persons(),
                )
            )
            for member_id, kind, *of_kind in self.env.cr.fetchall():
                figures.setdefault(member_id, {})[kind] = of_kind
        for member in self:
            by_kind = figures.get(member._origin.id, {})
            counts = {kind: by_kind.get(kind, (0,))[0] for kind, _label in KINDS}
            for kind, count in counts.items():
                member[f"crab_{kind}_count"] = count
            member.crab_order_count = sum(counts.values())
            member.crab_spent = sum(spent for _count, spent, _last in by_kind.values())
            member.crab_last_order_at = max((last for _count, _spent, last in by_kind.values()), default=False)

    def _compute_crab_points(self):
        balances = self._crab_point_balances()
        for member in self:
            member.crab_points = balances.get(member._origin.id, 0)

    def _crab_point_balances(self):
        """``{member id: points}`` of these members, in one query; members without points are left out."""
        if not self.ids:
            return {}
        self.env["crab.point.entry"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT person.target, SUM(entry.points) FROM %s AS person"
                " JOIN crab_point_entry entry ON entry.member_id = person.id GROUP BY 1",
                self._crab_persons(),
            )
        )
        return dict(self.env.cr.fetchall())

    def _compute_crab_charts(self):
        today = business_date()
        months = [fields.Date.subtract(today.replace(day=1), months=back) for back in range(MONTHS)][::-1]
        since = day_bounds(months[0])[0]
        ordered = self._crab_per_month(
            SQL(
                "SELECT person.target, date_trunc('month', sale.crab_paid_at AT TIME ZONE 'UTC'"
                " AT TIME ZONE 'Asia/Shanghai')::date AS month FROM %s AS person"
                " JOIN sale_order sale ON sale.crab_member_id = person.id WHERE sale.crab_paid_at >= %s",
                self._crab_persons(),
                since,
            )
        )
        invited = self._crab_per_month(
            SQL(
                "SELECT person.target, date_trunc('month', invited.registered_date)::date AS month FROM %s AS person"
                " JOIN crab_member invited ON invited.inviter_id = person.id WHERE invited.registered_date >= %s",
                self._crab_persons(),
                months[0],
            )
        )
        for member in self:
            for field, counts in (("crab_order_chart", ordered), ("crab_invited_chart", invited)):
                label = self._fields[field]._description_string(self.env)
                bars = [
                    {
                        "label": f"{month:%Y-%m}",
                        "value": counts.get((member._origin.id, month), 0),
                        "type": "future" if month == months[-1] else "past",
                    }
                    for month in months
                ]
                member[field] = json.dumps([{"key": label, "title": label, "values": bars}])

    def _crab_per_month(self, rows):
        """``{(member id, first of the month): how many}`` of ``rows``, a query that gives target and month."""
        if not self.ids:
            return {}
        self.env.flush_all()
        self.env.cr.execute(SQL("SELECT target, month, COUNT(*) FROM (%s) AS rows GROUP BY 1, 2", rows))
        return {(member_id, month): count for member_id, month, count in self.env.cr.fetchall()}

    def _open_items(self):
        members = self._with_merged()
        running = ("to_pay", "to_audit", "to_ship", "partly_shipped", "to_receive")
        orders = self.env["sale.order"].search_count(
            [("crab_member_id", "in", members.ids), ("crab_state", "in", running)]
        )
        refunds = self.env["crab.refund"].search_count(
            [("member_id", "in", members.ids), ("state", "in", ("sending", "failed"))]
        )
        points = sum(self._crab_point_balances().values())
        items = (
            (self.env._("Orders on their way"), orders, False),
            (self.env._("Refunds on their way"), refunds, False),
            (self.env._("Points"), points, True),
        )
        return super()._open_items() + [item for item in items if item[1]]

    def _has_history(self):
        return super()._has_history() or bool(
            self.env["sale.order"].search_count([("crab_member_id", "=", self.id)], limit=1)
        )

    # ------------------------------------------------------------------ buttons

    def _crab_action_of(self, xml_id, **context):
        """The action ``xml_id`` for what is of this member, or of those merged into it."""
        self.ensure_one()
        members_sudo = self.sudo()._with_merged()  # whoever sees a member sees who it was before
        field = "crab_member_id" if xml_id == "crab_shop.sale_order_action_member" else "member_id"
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        return {**action, "domain": [(field, "in", members_sudo.ids)], "context": context}

    def action_crab_orders(self):
        """The orders of this member, by kind."""
        return self._crab_action_of("crab_shop.sale_order_action_member", search_default_by_kind=1)

    def action_crab_points(self):
        """How this member came to its points."""
        return self._crab_action_of("crab_shop.crab_point_entry_action")

    def action_crab_addresses(self):
        """The address book of this member."""
        return self._crab_action_of("crab_shop.crab_member_address_action")

    def action_crab_favourites(self):
        """What this member keeps in mind."""
        return self._crab_action_of("crab_shop.crab_favourite_action")
