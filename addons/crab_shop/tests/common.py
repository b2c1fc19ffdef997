from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_card.tests.common import make_numbers
from odoo.addons.crab_catalog.tests.common import CatalogCase
from odoo.addons.crab_member.tests.common import MemberCase

ADDRESS = {"receiver_name": "Receiver", "receiver_phone": "13800000000", "street": "Example road 1"}


class ShopCase(MemberCase, CatalogCase):
    """The chain of dealers of ``MemberCase``, members of each, packages on sale with stock, and builders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Shop = cls.env["crab.shop"]
        (cls.package1 | cls.package2).crab_state = "on_sale"
        cls.thousand = cls._new_product("T-1000", "package", 1000.0, crab_state="on_sale")
        cls.products = (cls.package1 | cls.package2 | cls.thousand).product_variant_ids
        cls.env["product.product"]._crab_adjust_stock(dict.fromkeys(cls.products, 1000))
        cls.member = cls._new_member("Buyer", dealer_id=cls.dealer3.id, level_id=cls.gold.id)

    @classmethod
    def _place(cls, lines, member=None, **values):
        """Place an order; ``lines`` are ``(template, quantity)`` or ``(template, quantity, discount)``."""
        lines = [(product.product_variant_id, quantity, *(rest or [0])) for product, quantity, *rest in lines]
        values.setdefault("address", ADDRESS)
        return cls.Shop._place(member or cls.member, lines, **values)

    @classmethod
    def _stock_cards(cls, template, count=10):
        """Pieces of a physical card with their numbers at the Sales company: what is offered where cards are sold."""
        product = template.product_variant_id
        cls.env["product.product"]._crab_adjust_stock({product: count})
        make_numbers(cls.env, product, count, f"N{product.id}", company="sales")

    @classmethod
    def _start(cls, order):
        provider = cls.env["payment.provider"].search([("code", "!=", "wechatpay")], limit=1)
        method = cls.env["payment.method"].with_context(active_test=False).search([], limit=1)
        return cls.env["payment.transaction"]._crab_start(order, provider, method)

    @classmethod
    def _pay(cls, order):
        """A payment that the provider has confirmed."""
        transaction = cls._start(order)
        transaction._set_done()
        transaction._post_process()
        return transaction

    @classmethod
    def _paid(cls, lines, member=None, **values):
        order = cls._place(lines, member, **values)
        cls._pay(order)
        return order

    @staticmethod
    def _goods(order):
        return order.order_line.filtered(lambda line: line.crab_role == "goods")

    @classmethod
    def _refund(cls, order, *wishes, reason="Refund", **values):
        """``wishes``: ``(quantity, amount)`` for each goods line in order; None for a line that is left alone."""
        lines = [(line, *wish) for line, wish in zip(cls._goods(order), wishes, strict=False) if wish is not None]
        return cls.env["crab.refund"]._refund(order, lines, reason, **values)

    @classmethod
    def _delivery(cls, order):
        return cls.env["crab.delivery"].search([("order_id", "=", order.id)])

    @classmethod
    def _ship(cls, order):
        cls._delivery(order).filtered(lambda delivery: delivery.state in ("waiting", "prepared"))._ship("SF")

    @classmethod
    def _available(cls, template):
        [quantity] = cls.env["crab.stock.level"]._available(template.product_variant_id).values()
        return quantity

    @classmethod
    def _setting(cls, name, value):
        cls.env["ir.config_parameter"].set_param(f"crab_shop.{name}", str(value))

    def _run_cron(self, method):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            getattr(self.env(cr=cr)["sale.order"], method)()
        self.env.invalidate_all()

    def _facts(self, *documents):
        """``{(kind, company): (net, VAT, cost)}`` summed over the facts of these documents."""
        sums = {}
        for document in documents:
            domain = [("document_model", "=", document._name), ("document_id", "in", document.ids)]
            for fact in self.env["crab.ledger.fact"].search(domain):
                key = fact.kind, "group" if fact.company_id == self.group else "sales"
                amounts = fact.amount_net, fact.amount_tax, fact.amount_cost
                sums[key] = tuple(round(a + b, 2) for a, b in zip(sums.get(key, (0, 0, 0)), amounts, strict=True))
        return sums

    def assertBooksEqual(self):
        """Subledgers equal the ledger, after the day's batch and the invoice between the companies too."""
        for day in self.env["crab.ledger.batch"]._supply_days(business_date()):
            self.env["crab.ledger.batch"]._post_supply(day)
        for company in self.group | self.sales:
            for day in set(self.env["crab.ledger.fact"].search([("batch_id", "=", False)]).mapped("business_date")):
                self.env["crab.ledger.batch"]._post_day(company, day)
        wrong = [
            row
            for row in self.env["crab.ledger.check"]._compare()
            # what came after the day's invoice waits for the next one
            if row["difference"] or row["waiting"] and row["account"] != row["company"].crab_intercompany_account_id
        ]
        self.assertFalse(wrong)
        self.assertFalse(self.env["crab.ledger.check"]._findings())
