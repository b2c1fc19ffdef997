"""How Odoo restarts a transaction that lost a race.

Odoo tries five times and waits up to 2, 4, 8 … seconds in between. A wallet or a card in demand makes people wait
seconds for a conflict that is over after milliseconds, and refuses some of them without need. The transaction is
restarted at once instead, more often (decisions.md, "Concurrency").
"""

import random
from types import SimpleNamespace

from odoo.service import model as service_model

MAX_TRIES = 25
WAIT_SECONDS = (0.001, 0.03)


def install():
    """Apply the policy to every entry point of the process: web client, API, jobs' and our own transactions."""
    service_model.MAX_TRIES_ON_CONCURRENCY_FAILURE = MAX_TRIES
    service_model.random = SimpleNamespace(uniform=lambda _low, _high: random.uniform(*WAIT_SECONDS))
