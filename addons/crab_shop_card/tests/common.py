from odoo.addons.crab_card.tests.common import CardCase
from odoo.addons.crab_shop.tests.common import ShopCase


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

    def _role(self, role):
        return self._new_user(f"t_{role}_{self._testMethodName}"[:60], role)

    def _run_cron(self, model, method):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            getattr(self.env(cr=cr)[model], method)()
        self.env.invalidate_all()
