from odoo.sql_db import ConnectionPool, connection_info_for

from .common import CrabCase


class TestConnectionReset(CrabCase):
    def setUp(self):
        super().setUp()
        self.pool = ConnectionPool(2)
        self.addCleanup(self.pool.close_all)
        self.info = connection_info_for(self.env.cr.dbname)[1]

    def _query(self, connection, statement):
        with connection.cursor() as cr:
            cr.execute(statement)
            return cr.fetchall() if cr.description else None

    def _used_again(self, *left):
        """The same connection after somebody has left behind what these statements make."""
        first = self.pool.borrow(self.info)
        for statement in left:
            self._query(first, statement)
        self.pool.give_back(first)
        again = self.pool.borrow(self.info)
        self.assertIs(again, first)
        return again

    def test_nothing_of_the_last_user_is_left(self):
        again = self._used_again(
            "SET work_mem = '5MB'",
            "SET search_path = pg_catalog",
            "CREATE TEMP TABLE crab_left (id int)",
            "PREPARE crab_left AS SELECT 1",
            "DECLARE crab_left CURSOR WITH HOLD FOR SELECT 1",
            "LISTEN crab_left",
            "SELECT pg_advisory_lock(42)",
            "COMMIT",
        )
        left = """
            SELECT (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name IN ('work_mem', 'search_path')),
                   to_regclass('crab_left'), (SELECT count(*) FROM pg_prepared_statements),
                   (SELECT count(*) FROM pg_cursors WHERE is_holdable), (SELECT count(*) FROM pg_listening_channels()),
                   (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"""
        self.assertEqual(self._query(again, left), [(0, None, 0, 0, 0, 0)])

    def test_an_open_transaction_and_its_isolation_end(self):
        first = self.pool.borrow(self.info)
        first.set_session(isolation_level="SERIALIZABLE", readonly=True)
        self._query(first, "SELECT txid_current()")
        self.pool.give_back(first)
        again = self.pool.borrow(self.info)
        self.assertFalse(again.autocommit)
        modes = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
        self.assertEqual(self._query(again, modes), [("read committed", "off")])

    def test_a_connection_that_was_cut_is_replaced(self):
        first = self.pool.borrow(self.info)
        [[backend]] = self._query(first, "SELECT pg_backend_pid()")
        self.pool.give_back(first)
        self.env.cr.execute("SELECT pg_terminate_backend(%s)", [backend])
        again = self.pool.borrow(self.info)
        self.assertIsNot(again, first)
        self.assertEqual(self._query(again, "SELECT 1"), [(1,)])
