"""What tests of every addon of the suite start from."""

import atexit
import functools
import importlib.util
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.crab_base.hooks import post_load
from odoo.addons.crab_base.tools import transaction
from odoo.addons.crab_base.tools.subject import MODELS, Subject

COVERS_ATTRIBUTE = "crab_covers"
SANDBOXES = Path(__file__).resolve().parents[3] / "tests" / "sandboxes"


def covers(row, *clauses, via="service"):
    """Name the requirement that a test proves: ``@covers("HQ-36", "search by receiver", via="web")``; may be repeated.

    :param clauses: names from ``docs/requirements/*.yaml``; ``scripts/trace`` refuses unknown ones
    :param via: the interface the test works at: ``web`` (views by ``Form``, RPC or browser with the role's own user),
        ``api`` (HTTP as member, dealer or staff), ``import`` (an uploaded file) or ``service`` (below any interface;
        such a proof alone leaves a clause of a screen or API at *part*)
    """

    def decorate(test):
        proof = {"row": row, "clauses": list(clauses), "via": via}
        setattr(test, COVERS_ATTRIBUTE, [*getattr(test, COVERS_ATTRIBUTE, []), proof])
        return test

    return decorate


@functools.cache
def sandbox(name):
    """The sandbox ``name``, to be started as a process of its own; it keeps its keys from class to class."""
    spec = importlib.util.spec_from_file_location("sandboxes_running", SANDBOXES / "running.py")
    running = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(running)
    folder = tempfile.mkdtemp(prefix=f"{name}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return running.Running(name, folder)


@tagged("post_install", "-at_install")
class CrabCase(TransactionCase):
    """Both companies, quiet mail, no demo data."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        post_load()  # pytest imports the addon before Odoo does, which then leaves this out
        cls.env = cls.env(
            context={**cls.env.context, "tracking_disable": True, "no_reset_password": True, "lang": "en_US"}
        )
        cls.group = cls.env["res.company"]._crab_company("group")
        cls.sales = cls.env["res.company"]._crab_company("sales")

    @classmethod
    def _new_user(cls, login, *roles, companies=None):
        """A back-office user with the named roles of ``crab_base`` (e.g. "finance"), in both companies unless given."""
        companies = companies or cls.group | cls.sales
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "password": login + "-Password1",
                "company_id": companies[:1].id,
                "company_ids": [(6, 0, companies.ids)],
                "group_ids": [(6, 0, [cls.env.ref(f"crab_base.group_{role}").id for role in roles])],
            }
        )

    @staticmethod
    def _subject(record):
        """The ``Subject`` of a member, a dealer (its contact person) or a staff member."""
        kind = next(kind for kind, model in MODELS.items() if model == record._name)
        return Subject(kind, record.id, record.account_id.id)

    @contextmanager
    def _own_transactions_here(self):
        """What is committed on a connection of its own stays in the test's transaction."""
        with patch.object(transaction, "run", lambda registry, func, **options: func(self.env(**options))):
            yield
