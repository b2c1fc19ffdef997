"""What a connection to the database forgets when another transaction takes it out of Odoo's pool.

psycopg2 sends DISCARD ALL, which is a list of statements; one of them, DISCARD PLANS, makes PostgreSQL plan each check
of a foreign key and each statement of a trigger anew in every transaction: an order has some hundred of them
(docs/decisions/0093-kept-plans.md). All others are sent.
"""

from odoo.sql_db import PsycoConnection

FORGET = """
    CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;
    SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES
"""


def _reset(self):
    """As psycopg2's own: nothing of the last user is left, but what PostgreSQL has planned stays."""
    self.rollback()
    self.set_session(isolation_level="DEFAULT", readonly="DEFAULT", deferrable="DEFAULT", autocommit=False)
    self.autocommit = True  # apart from the line above, else psycopg2 sends three statements more
    with self.cursor() as cr:
        cr.execute(FORGET)
    self.autocommit = False


def install():
    """For all connections of this process; safe to call again."""
    PsycoConnection.reset = _reset
