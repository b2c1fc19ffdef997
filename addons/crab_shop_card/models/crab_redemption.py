from odoo import models

from odoo.addons.crab_base.tools.money import dec, spread


class CrabRedemption(models.Model):
    """What was conceded of the price of e-cards is no revenue of their redemptions."""

    _inherit = "crab.redemption"

    def _crab_ecard_line(self):
        """The order line by which the redeemed number was sold, if it is an e-card of the shop."""
        card, lines = self.card_id, self.env["sale.order.line"]
        return lines.browse(card.charge_id) if card.charge_model == lines._name else lines

    def _prepare_ledger_facts(self):
        """A shipment and a refund at the same instant see each other: both write the order's row under its lock."""
        lines = self.env["sale.order.line"].union(*(redemption._crab_ecard_line() for redemption in self))
        orders = lines.order_id._crab_locked()
        self.env.cr.execute("UPDATE sale_order SET write_date = write_date WHERE id = ANY(%s)", [orders.ids])
        return super()._prepare_ledger_facts()

    def _amount_owed(self):
        return super()._amount_owed() - self._crab_ecard_line()._crab_conceded().get(self.card_id.id, dec(0))

    def _crab_follow_concession(self, refund):
        """What these shipped redemptions earned too much, now that ``refund`` is made, is owed again; with its VAT."""
        facts, net_of = [], self.env["crab.shop"]._net_of
        for redemption in self:
            domain = [
                ("document_model", "=", self._name),
                ("document_id", "=", redemption.id),
                ("kind", "=", "redemption_shipped"),
                ("company_id", "=", redemption.company_id.id),
            ]
            booked = self.env["crab.ledger.fact"]._read_group(domain, ["tax_id"], ["amount_net:sum", "amount_tax:sum"])
            owed = spread(redemption._amount_owed(), [dec(net) + dec(vat) or 1 for _tax, net, vat in booked])
            for (tax, net, vat), amount in zip(booked, owed, strict=True):
                net, vat = net_of(amount, tax) - dec(net), amount - net_of(amount, tax) - dec(vat)
                fact = redemption._prepare_fact(redemption.company_id, tax.id or None, net, vat, 0)
                if net or vat:
                    facts.append({**fact, "key": f"{fact['key']}-{refund.name}"})
        self.env["crab.ledger.fact"]._record(facts)
