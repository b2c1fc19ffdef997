"""Transactions of our own, for what has no request or job around it."""

from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.service import model as service_model


def run(registry, func, uid=SUPERUSER_ID, context=None):
    """Call ``func(env)`` in a new transaction, restart it when it loses a race, commit, and return its result.

    ``func`` may be called several times: nothing outside the database may happen in it.

    :param registry: ``odoo.modules.registry.Registry`` of the database
    :raise: what ``func`` raises, after a rollback
    """
    with registry.cursor() as cr:
        env = api.Environment(cr, uid, context or {})
        return service_model.retrying(partial(func, env), env)
