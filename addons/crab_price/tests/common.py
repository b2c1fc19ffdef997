from odoo.addons.crab_base.tests.common import CrabCase


class PriceCase(CrabCase):
    """The dealers, levels and product of the examples in domain.md §5."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Price = cls.env["crab.price"]
        cls.phone = 0
        cls.silver = cls.env["crab.member.level"].create({"name": "T 0.95", "ratio": 0.95})
        cls.base = cls.env["crab.member.level"]._default()
        cls.dealer1 = cls._new_dealer("T-A1", "1", 0.60)
        cls.dealer2 = cls._new_dealer("T-B1", "2", 0.70, cls.dealer1)
        cls.dealer3 = cls._new_dealer("T-C1", "3", 0.80, cls.dealer2)
        cls.dealer3_direct = cls._new_dealer("T-C2", "3", 0.80, cls.dealer1)
        cls.package = cls._new_product("T-PKG", "package", 1000.0)
        cls.odd = cls._new_product("T-ODD", "package", 728.5)

    @classmethod
    def _new_dealer(cls, code, level, ratio, parent=None):
        cls.phone += 1
        return cls.env["crab.dealer"].create(
            {
                "code": code,
                "name": f"Dealer {code}",
                "contact_name": f"Contact {code}",
                "phone": f"138{30000000 + cls.phone}",
                "level": level,
                "dealer_type": {"1": "city_partner", "2": "distributor", "3": "small_merchant"}[level],
                "parent_id": parent and parent.id,
                "ratio": ratio,
            }
        )

    @classmethod
    def _new_member(cls, **values):
        cls.phone += 1
        return cls.env["crab.member"].create({"name": "Member", "phone": f"138{30000000 + cls.phone}", **values})

    @classmethod
    def _new_product(cls, code, kind, price, **values):
        template = cls.env["product.template"].create(
            {
                "default_code": code,
                "name": code,
                "crab_kind": kind,
                "list_price": price,
                "crab_state": "on_sale",
                **values,
            }
        )
        return template.product_variant_id
