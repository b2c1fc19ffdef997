from odoo import api, fields, models

from odoo.addons.crab_base.tools.money import dec, round_cents


class CrabLedgerFact(models.Model):
    """Goods of one company that were shipped for the other: a row in each, invoiced per day by ``_post_supply``."""

    _inherit = "crab.ledger.fact"

    kind = fields.Selection(
        selection_add=[
            ("supplied", "Supplied to the other company"),
            ("received", "Received from the other company"),
        ],
        ondelete={"supplied": "cascade", "received": "cascade"},
    )

    @api.model
    def _kind_lines(self):
        return {
            **super()._kind_lines(),
            "supplied": [("intercompany", "net", 1), ("intercompany", "tax", 1)],
            "received": [("intercompany", "net", -1), ("intercompany", "tax", -1)],
        }

    @api.model
    def _supply_facts(self, owner, buyer, goods, **values):
        """The facts of both companies about goods of ``owner`` that left its stock for ``buyer``.

        :param owner, buyer: ``res.company``
        :param goods: ``[(product, quantity, settlement price of a unit with tax, key)]``
        :param values: ``document_model``, ``document_id``, ``reference`` of all
        :return: list of dicts for ``_record``
        """
        facts = []
        for product, quantity, price, key in goods:
            tax = product.taxes_id.filtered(lambda tax: tax.company_id == owner)[:1]
            gross = round_cents(dec(price) * dec(quantity))
            net = round_cents(gross / (1 + dec(tax.amount) / 100))
            common = {
                **values,
                "product_id": product.id,
                "quantity": quantity,
                "price_unit": price,
                "amount_net": net,
                "amount_tax": gross - net,
                "key": key,
            }
            facts += [
                {
                    **common,
                    "kind": "supplied",
                    "company_id": owner.id,
                    "partner_id": buyer.sudo().partner_id.id,  # who the companies are is no secret
                    "tax_id": tax.id,
                },
                {
                    **common,
                    "kind": "received",
                    "company_id": buyer.id,
                    "partner_id": owner.sudo().partner_id.id,
                    "tax_id": self._input_tax(buyer, tax).id,
                },
            ]
        return facts

    @api.model
    def _input_tax(self, company, tax):
        """The tax on purchases of ``company`` for what the other company sells with ``tax``; none where there is no
        VAT.
        """
        Tax = self.env["account.tax"].sudo()  # which taxes there are is no secret
        if not tax.amount:
            return Tax
        found = self.env.cr.cache.setdefault("crab.ledger.input_tax", {})  # parcels by the hundred ask for a few taxes
        key = company.id, tax.amount
        if key not in found:
            found[key] = Tax.search(
                [
                    ("company_id", "=", company.id),
                    ("type_tax_use", "=", "purchase"),
                    ("amount_type", "=", "percent"),
                    ("amount", "=", tax.amount),
                ],
                limit=1,
            ).id
        return Tax.browse(found[key])
