from contextlib import contextmanager

from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import CrabCase


class CatalogCase(CrabCase):
    """Two packages and builders for the rest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Template = cls.env["product.template"]
        cls.package1 = cls._new_product("T-PKG1", "package", 298.0)
        cls.package2 = cls._new_product("T-PKG2", "package", 728.5)

    @classmethod
    def _new_product(cls, code, kind, price, **values):
        return cls.env["product.template"].create(
            {"default_code": code, "name": f"Product {code}", "crab_kind": kind, "list_price": price, **values}
        )

    @classmethod
    def _new_card(cls, code, price, packages, kind="physical_card", rule="fixed", **values):
        choices = [(6, 0, packages.product_variant_ids.ids)]
        return cls._new_product(code, kind, price, crab_rule=rule, crab_choice_ids=choices, **values)

    @contextmanager
    def _refused(self, message, error=Exception):
        """The block fails with ``message`` and leaves nothing behind."""
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(error, message), self.env.cr.savepoint():
            yield
        self.env.invalidate_all()
