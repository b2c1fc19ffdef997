import uuid

from psycopg2 import IntegrityError

from odoo import models
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_to_registry
from odoo.tools import mute_logger

from ..models.crab_public_id_mixin import uuid7
from .common import CrabCase


class CrabTestThing(models.Model):
    _name = "crab.test.thing"
    _inherit = ["crab.public.id.mixin"]
    _module = None
    _description = "Record known outside in tests"


class TestPublicId(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(cls.registry._setup_models__, cls.env.cr, [])
        add_to_registry(cls.registry, CrabTestThing)
        cls.addClassCleanup(cls.registry.__delitem__, CrabTestThing._name)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.init_models(cls.env.cr, [CrabTestThing._name], {"module": "crab_base"})
        cls.things = cls.env["crab.test.thing"]

    def test_rows_written_by_the_orm_and_by_sql_get_a_uuid_of_version_7(self):
        things = self.things.create([{}, {}])
        self.env.cr.execute("INSERT INTO crab_test_thing DEFAULT VALUES RETURNING id")
        things |= self.things.browse(self.env.cr.fetchone()[0])
        ids = things.mapped("public_id")
        self.assertEqual([uuid.UUID(public_id).version for public_id in ids], [7, 7, 7])
        self.assertEqual({uuid.UUID(public_id).variant for public_id in ids}, {uuid.RFC_4122})
        self.assertEqual(len(set(ids)), 3)
        self.assertEqual(ids[0][:8], ids[2][:8], "both sides count the same milliseconds")

    def test_without_the_server_s_own_function_ours_does_the_same(self):
        with self.env.cr.savepoint() as savepoint:
            self.things._set_public_id_default(native=False)
            self.env.cr.execute("SELECT crab_uuid7()::text FROM generate_series(1, 20)")
            made = [uuid.UUID(row[0]) for row in self.env.cr.fetchall()]
            savepoint.rollback()
        self.assertEqual({(one.version, one.variant) for one in made}, {(7, uuid.RFC_4122)})
        self.assertEqual(str(made[0])[:8], uuid7()[:8])
        self.assertEqual(len(set(made)), 20)

    def test_a_public_id_exists_once(self):
        first, second = self.things.create([{}, {}])
        self.env.flush_all()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE crab_test_thing SET public_id = %s WHERE id = %s", [first.public_id, second.id])

    def test_nobody_changes_it(self):
        thing = self.things.create({})
        with self.assertRaises(UserError):
            thing.write({"public_id": uuid7()})

    def test_a_copy_has_its_own(self):
        thing = self.things.create({})
        self.assertNotEqual(thing.copy().public_id, thing.public_id)

    def test_records_are_found_in_the_order_asked_for(self):
        things = self.things.create([{}, {}, {}])
        asked = [things[2].public_id, "unknown", things[0].public_id]
        self.assertEqual(self.things._from_public_ids(asked), things[2] + things[0])

    def test_rows_that_were_there_before_get_one_each(self):
        self.things.create([{}, {}, {}])
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE crab_test_thing ALTER COLUMN public_id DROP NOT NULL")
        self.env.cr.execute("UPDATE crab_test_thing SET public_id = NULL")
        self.things._init_column("public_id")
        self.env.cr.execute("SELECT count(DISTINCT public_id) FROM crab_test_thing")
        self.assertEqual(self.env.cr.fetchone()[0], 3)
