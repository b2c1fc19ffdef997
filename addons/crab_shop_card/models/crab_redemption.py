from odoo import models
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec, spread


class CrabRedemption(models.Model):
    """What was conceded of the price of cards bought online is no revenue of their redemptions."""

    _inherit = "crab.redemption"

    def _crab_sold_lines(self):
        """``{redemption: order line by which its number was sold}``, without numbers that dealers sold."""
        self.env.cr.execute(
            SQL(
                """
                SELECT redemption.id, card.charge_id FROM crab_redemption redemption
                  JOIN crab_card card ON card.id = redemption.card_id AND card.charge_model = 'sale.order.line'
                 WHERE redemption.id = ANY(%(ids)s)
                 UNION ALL
                SELECT redemption.id, line.id FROM crab_redemption redemption
                  JOIN crab_card_order_number link ON link.card_id = redemption.card_id AND link.state = 'received'
                  JOIN crab_card_order sale ON sale.id = link.order_id AND sale.sale_order_id IS NOT NULL
                  JOIN sale_order_line line ON line.order_id = sale.sale_order_id AND line.crab_role = 'goods'
                       AND line.product_id = link.product_id
                 WHERE redemption.id = ANY(%(ids)s)
                """,
                ids=list(self.ids),
            )
        )
        line_ids = dict(self.env.cr.fetchall())
        lines = self.env["sale.order.line"].browse(line_ids.values())
        return dict(zip(self.browse(line_ids), lines, strict=True))

    def _prepare_ledger_facts(self):
        """A shipment and a refund at the same instant see each other: both write the order's row under its lock."""
        orders = self.env["sale.order"].union(*(line.order_id for line in self._crab_sold_lines().values()))
        if orders:
            orders._crab_locked()
            self.env.cr.execute("UPDATE sale_order SET write_date = write_date WHERE id = ANY(%s)", [orders.ids])
        return super()._prepare_ledger_facts()

    def _amounts_owed(self):
        owed = super()._amounts_owed()
        for redemption, line in self._crab_sold_lines().items():
            owed[redemption] -= line._crab_conceded().get(redemption.card_id.id, dec(0))
        return owed

    def _crab_follow_concession(self, refund):
        """What these shipped redemptions earned too much, now that ``refund`` is made, is owed again; with its VAT."""
        facts, net_of = [], self.env["crab.shop"]._net_of
        for redemption, still_owed in self._amounts_owed().items():
            domain = [
                ("document_model", "=", self._name),
                ("document_id", "=", redemption.id),
                ("kind", "=", "redemption_shipped"),
                ("company_id", "=", redemption.company_id.id),
            ]
            booked = self.env["crab.ledger.fact"]._read_group(domain, ["tax_id"], ["amount_net:sum", "amount_tax:sum"])
            owed = spread(still_owed, [dec(net) + dec(vat) or 1 for _tax, net, vat in booked])
            for (tax, net, vat), amount in zip(booked, owed, strict=True):
                net, vat = net_of(amount, tax) - dec(net), amount - net_of(amount, tax) - dec(vat)
                fact = redemption._prepare_fact(redemption.company_id, tax.id or None, net, vat, 0)
                if net or vat:
                    facts.append({**fact, "key": f"{fact['key']}-{refund.name}"})
        self.env["crab.ledger.fact"]._record(facts)
