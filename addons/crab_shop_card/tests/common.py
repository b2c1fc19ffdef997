from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import CardCase
from odoo.addons.crab_shop.tests.common import ADDRESS, ShopCase


class EcardCase(CardCase, ShopCase):
    """An e-card on sale with a stock count of 1,000, and builders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ecard = cls._new_card_product("T-ECARD", 1000, kind="ecard").product_tmpl_id
        cls.ecard.crab_state = "on_sale"
        cls.env["product.product"]._crab_adjust_stock({cls.ecard.product_variant_id: 1000})
        cls.friend = cls._new_member("Friend")

    @classmethod
    def _bought(cls, quantity=1, discount=0, member=None):
        return cls._paid([(cls.ecard, quantity, discount)], member)

    @classmethod
    def _numbers(cls, order):
        return cls.env["crab.card"].search(
            [("charge_model", "=", "sale.order.line"), ("charge_id", "in", cls._goods(order).ids)], order="number"
        )

    @classmethod
    def _audit(cls, on=True):
        cls.env["ir.config_parameter"].sudo().set_param("crab_shop.ecard_audit", str(on))

    def _redeemed(self, card):
        """The delivery of what a number of the member was redeemed for."""
        subject = Subject("member", self.member.id)
        return self.env["crab.redemption"]._redeem_held(subject, card, ADDRESS).delivery_id.sudo()

    def _owed(self, order):
        """What the books say is owed for the numbers of an order."""
        cards = self.env["crab.card"].union(*(card for line in self._goods(order) for card in line._crab_sold()))
        documents = {"sale.order": order, "crab.refund": order.crab_refund_ids, "crab.redemption": cards.redemption_ids}
        signs = {"shop_paid_card": 1, "shop_refunded_card": -1, "redemption_shipped": -1}
        facts = self.env["crab.ledger.fact"].search([("kind", "in", list(signs))])
        return sum(
            signs[fact.kind] * (dec(fact.amount_net) + dec(fact.amount_tax))
            for fact in facts
            if fact.document_id in documents[fact.document_model].ids
        )

    def _role(self, role):
        return self._new_user(f"t_{role}_{self._testMethodName}"[:60], role)

    def _run_cron(self, model, method):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            getattr(self.env(cr=cr)[model], method)()
        self.env.invalidate_all()
