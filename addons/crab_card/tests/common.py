"""Numbers for tests, without a file."""

from odoo.tools import SQL

from odoo.addons.crab_base.tests.common import CrabCase


def make_numbers(env, product, count, prefix="T", kind="physical"):
    """``count`` inactive numbers of ``product`` at the platform: ``T00000001`` …"""
    company = env["res.company"]._crab_company("group")
    batch = env["crab.card.batch"].create({"name": prefix, "source": "import", "company_id": company.id})
    env["crab.card"]._insert_numbers(
        "import",
        SQL("generate_series(1, %s) AS s", count),
        {
            "number": SQL("%s || lpad(s::text, 8, '0')", prefix),
            "product_id": product.id,
            "kind": kind,
            "company_id": company.id,
            "batch_id": batch.id,
        },
        document=batch,
    )
    return env["crab.card"].search([("batch_id", "=", batch.id)])


class CardCase(CrabCase):
    """A card product; ``_new_cards`` makes numbers of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card_product = cls._new_card_product("TESTCARD", 1000)

    @classmethod
    def _new_card_product(cls, code, price, kind="physical_card", **values):
        template = cls.env["product.template"].create(
            {"name": f"Card {code}", "default_code": code, "list_price": price, "crab_kind": kind, **values}
        )
        return template.product_variant_id

    @classmethod
    def _new_cards(cls, count, product=None, prefix="T"):
        return make_numbers(cls.env, product or cls.card_product, count, prefix)
