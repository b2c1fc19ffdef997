from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import CardCase
from odoo.addons.crab_dealer.tests.common import DealerCase


class RedemptionCase(DealerCase, CardCase):
    """A fixed card and a choice card over storable packages in stock, active numbers of a level-1 dealer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.package, cls.other_package = cls._new_package("TESTPKG1", 40), cls._new_package("TESTPKG2", 60)
        cls.card_product.product_tmpl_id.write({"crab_rule": "fixed", "crab_choice_ids": [(6, 0, cls.package.ids)]})
        cls.env["product.product"]._crab_adjust_stock({cls.package: 100, cls.other_package: 100})
        cls.dealer = cls.a
        cls.cards = cls._new_cards(12)
        batch = cls.cards.batch_id
        cls.cards._hand_over(batch, cls.dealer, origin=cls.dealer)
        cls.cards[:10]._activate(batch, dict.fromkeys(cls.cards[:10].ids, 654))
        cls.user = Subject("user", cls.env.uid)
        cls.address = {"receiver_name": "收货人", "receiver_phone": "13800000000", "street": "示例路 1 号"}

    @classmethod
    def _new_package(cls, code, cost):
        template = cls.env["product.template"].create(
            {"name": f"Package {code}", "default_code": code, "list_price": 1000, "crab_kind": "package"}
        )
        product = template.product_variant_id
        for company in cls.group | cls.sales:
            product.with_company(company).standard_price = cost
        return product

    def _redeem(self, card=None, **values):
        return self.env["crab.redemption"]._redeem(
            values.pop("subject", self.user), card or self.cards[0], values.pop("address", self.address), **values
        )
