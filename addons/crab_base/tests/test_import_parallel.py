"""Imports in transactions of their own, as two users and a job have them."""

import base64

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import api
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .test_import import HEADERS, ImportCase, excel


class TestImportParallel(ImportCase):
    def setUp(self):
        super().setUp()
        self.content = excel(HEADERS, ["P1", "parallel"])
        self.addCleanup(self._clean_up)
        self.one, self.two = (self._open() for _user in range(2))

    def _open(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, self.env.ref("base.user_admin").id, {"tracking_disable": True, "lang": "en_US"})[
            "crab.import"
        ]

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, 1, {})
            env["res.partner"].search([("name", "=", "parallel")]).unlink()
            records = env["crab.import"].search([("file_name", "=", "parallel.xlsx")])
            env["crab.import.progress"].search([("import_ref", "in", records.ids)]).unlink()
            env["ir.attachment"].search(
                [("res_model", "=", "crab.import"), ("res_id", "in", records.ids), ("res_field", "!=", False)]
            ).unlink()
            cr.execute("DELETE FROM crab_import WHERE id = ANY(%s)", [records.ids])

    def _create(self):
        record = self.one.create({"kind": "test", "file_name": "parallel.xlsx", "file": base64.b64encode(self.content)})
        self.one.env.cr.commit()
        return record

    def _seen_by_two(self, record):
        self.two.env.cr.rollback()
        self.two.env.invalidate_all()
        return self.two.browse(record.id)

    def test_second_user_waits_while_the_first_imports_the_same_file(self):
        mine, theirs = self._create(), self._seen_by_two(self._create())
        self.assertEqual(theirs.state, "draft")
        mine.action_import()
        self.assertEqual(mine.state, "done")
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(UserError, "at this moment"):
            theirs.action_import()
        self.two.env.cr.rollback()
        theirs = self._seen_by_two(mine)
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(UserError, "at this moment"):
            theirs.action_import()

    def test_second_user_who_began_before_the_first_ended_is_restarted_and_refused(self):
        mine, theirs = self._create(), self._seen_by_two(self._create())
        self.assertEqual(theirs.state, "draft")
        mine.action_import()
        self.one.env.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
            theirs.action_import()
        theirs = self._seen_by_two(theirs)
        theirs.action_import()
        self.assertEqual(theirs.state, "refused")
        self.assertIn(f"number {mine.id}", theirs.message)
        self.assertEqual(self.two.env["res.partner"].search_count([("name", "=", "parallel")]), 1)

    def test_content_is_done_once_whatever_the_code_does(self):
        first, second = self._create(), self._create()
        self.one.env.cr.execute("UPDATE crab_import SET state = 'done' WHERE id = %s", [first.id])
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.one.env.cr.execute("UPDATE crab_import SET state = 'done' WHERE id = %s", [second.id])

    def test_progress_is_seen_while_the_import_runs(self):
        record = self._create()
        record.sudo().state = "queued"
        self.one.env.cr.commit()
        record._lock_content()
        advance = record._make_progress()
        advance(1, 4)
        self.assertEqual(self._seen_by_two(record).progress, 25)
        record.with_context(crab_import_job=True)._run(self.content)
        self.one.env.cr.commit()
        self.assertEqual(self._seen_by_two(record).state, "done")

    def test_transaction_that_dies_leaves_the_import_to_be_run_again(self):
        record = self._create()
        record.sudo().state = "queued"
        self.one.env.cr.commit()
        record._lock_content()
        record._make_progress()(1, 4)
        record.with_context(crab_import_job=True)._run(self.content)
        self.one.env.cr.rollback()  # what the database does when the server process is killed
        again = self._seen_by_two(record)
        self.assertEqual((again.state, again.count_loaded), ("queued", 0))
        self.assertFalse(self.two.env["res.partner"].search_count([("name", "=", "parallel")]))
        again._run_as_job()
        self.assertEqual((again.state, again.count_loaded), ("done", 1))
        self.two.env.cr.rollback()
