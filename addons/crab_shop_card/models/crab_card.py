from odoo import api, models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec, spread
from odoo.addons.crab_card.tools import numbers

PASSWORD_LENGTH = 16
LINE_FIELDS = ("crab_role", "crab_paid", "crab_refunded", "crab_refunded_quantity", "product_id", "product_uom_qty")


class CrabCard(models.Model):
    _inherit = "crab.card"

    @api.model
    def _make_ecards(self, orders):
        """Make the numbers of paid e-card orders: active, bound to the buyer, charged with what was paid for each.

        Who was merged since the order was placed gets them as who it is now. Numbers are random. Their passwords are
        random too and known to nobody: an e-card is redeemed from its holder's list.
        What was paid for a line is spread over its numbers in fen, so that it adds up.
        """
        keys = self.env["crab.card.key"].sudo()  # numbers are made by the suite
        ring = keys._ring()
        orders.order_line.fetch(LINE_FIELDS)
        for order in orders:
            member = order.crab_member_id._now()
            self._claim_member(member)
            rows = []
            lines = order.order_line.filtered(lambda line: line.crab_role == "goods")
            for line in lines:
                count = 0 if line._crab_is_refunded() else int(line.product_uom_qty - line.crab_refunded_quantity)
                for amount in spread(dec(line.crab_paid) - dec(line.crab_refunded), [1] * count) if count else ():
                    number = numbers.random_number("E")
                    password = numbers.random_password(PASSWORD_LENGTH)
                    rows.append(
                        (number, ring.hash(ring.current, number, password), line.product_id.id, amount, line.id)
                    )
            batch = (
                self.env["crab.card.batch"]
                .sudo()  # as above
                .create(
                    {
                        "name": order.name,
                        "source": "sale",
                        "company_id": order.company_id.id,
                        "product_ids": lines.product_id.ids,
                        "count": len(rows),
                    }
                )
            )
            self._insert_numbers(
                "sell",
                SQL(
                    "unnest(%s::varchar[], %s::bytea[], %s::int[], %s::numeric[], %s::int[])"
                    " AS s(number, password_hash, product_id, amount, line_id)",
                    *(list(column) for column in zip(*rows, strict=True)),
                ),
                {
                    "number": SQL("s.number"),
                    "product_id": SQL("s.product_id"),
                    "kind": "ecard",
                    "company_id": order.company_id.id,
                    "batch_id": batch.id,
                    "state": "active",
                    "holder_kind": "member",
                    "member_id": member.id,
                    "password_hash": SQL("s.password_hash"),
                    "key_id": keys._current(ring).id,
                    "charged_amount": SQL("s.amount"),
                    "charge_model": "sale.order.line",
                    "charge_id": SQL("s.line_id"),
                },
                document=order,
            )

    def action_open_gifts(self):
        """The gifts this number was in."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_shop_card.crab_card_gift_action")
        return {**action, "domain": [("card_id", "=", self.id)], "context": {}}
