"""Numbers for tests, without a file."""

import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tools import SQL

from odoo.addons.crab_base.tests.common import CrabCase

from ..tools import keyring


def make_numbers(env, product, count, prefix="T", kind="physical", password=None, company="group"):
    """``count`` inactive numbers of ``product`` at the platform: ``T00000001`` …; all with ``password`` if given."""
    company = env["res.company"]._crab_company(company)
    batch = env["crab.card.batch"].create(
        {"name": prefix, "source": "import", "company_id": company.id, "count": count}
    )
    columns = {
        "number": SQL("s.number"),
        "product_id": product.id,
        "kind": kind,
        "company_id": company.id,
        "batch_id": batch.id,
    }
    numbers = [f"{prefix}{serial:08d}" for serial in range(1, count + 1)]
    hashes = [None] * count
    if password:
        ring = env["crab.card.key"]._ring()
        hashes = [ring.hash(ring.current, number, password) for number in numbers]
        columns.update(password_hash=SQL("s.password_hash"), key_id=env["crab.card.key"]._current(ring).id)
    source = SQL("unnest(%s::varchar[], %s::bytea[]) AS s(number, password_hash)", numbers, hashes)
    env["crab.card"]._insert_numbers("import", source, columns, document=batch)
    return env["crab.card"].search([("batch_id", "=", batch.id)])


class KeysCase(CrabCase):
    """A key ring of its own: an installation's file is neither needed nor touched."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.keys_file = Path(folder.name) / "keys.json"
        keyring.create(cls.keys_file)
        environment = patch.dict(os.environ, {keyring.ENVIRONMENT: str(cls.keys_file)})
        environment.start()
        cls.addClassCleanup(environment.stop)


class CardCase(KeysCase):
    """A card product with its package; ``_new_cards`` makes numbers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card_product = cls._new_card_product("TESTCARD", 1000)

    def setUp(self):
        super().setUp()
        if not type(self)._registry_patched:
            self.registry_enter_test_mode()  # transactions of their own (guesses) end with the test

    @classmethod
    def _new_card_product(cls, code, price, kind="physical_card", **values):
        package = cls.env["product.template"].create(
            {"name": f"Package {code}", "default_code": f"PKG-{code}", "list_price": price, "crab_kind": "package"}
        )
        template = cls.env["product.template"].create(
            {
                "name": f"Card {code}",
                "default_code": code,
                "list_price": price,
                "crab_kind": kind,
                "crab_rule": "fixed",
                "crab_choice_ids": [(6, 0, package.product_variant_id.ids)],
                **values,
            }
        )
        return template.product_variant_id

    @classmethod
    def _new_cards(cls, count, product=None, prefix="T", password=None):
        return make_numbers(cls.env, product or cls.card_product, count, prefix, password=password)
