import base64
import io

from PIL import Image
from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers

from .common import DealerCase


class TestDealer(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("dealer-admin", "admin")

    @covers("HQ-08", "add", via="web")
    @covers("HQ-05", "level", "type of level 1", "business kinds, combinable", via="web")
    def test_head_office_adds_a_level_1(self):
        form = Form(self.env["crab.dealer"].with_user(self.admin))
        form.name = "Suzhou store"
        form.contact_name = "Ms Tan"
        form.phone = "136 2996 8745"
        self.assertEqual(form.level, "1")
        form.dealer_type = "exclusive_store"
        form.ratio = 0.6
        form.street = "1 Crab Road"
        form.is_online = False
        dealer = form.save()
        self.assertTrue(dealer.code, "given by the sequence")
        self.assertEqual(dealer.level1_id, dealer)
        self.assertEqual(dealer.phone, "+8613629968745")
        self.assertEqual(dealer.account_id.name, "Ms Tan")
        self.assertEqual((dealer.partner_id.name, dealer.partner_id.street), ("Suzhou store", "1 Crab Road"))
        self.assertNotEqual(dealer.partner_id, dealer.account_id.partner_id)
        self.assertEqual((dealer.is_offline, dealer.is_online), (True, False))

    @covers("HQ-05", "type of level 2 and 3", "level follows from the parent", via="web")
    def test_level_and_type_follow_from_the_parent(self):
        for parent, level, dealer_type in ((self.a, "2", "distributor"), (self.b, "3", "small_merchant")):
            form = Form(self.env["crab.dealer"].with_user(self.admin))
            form.name, form.contact_name, form.phone = "New", "Somebody", self._phone()
            form.parent_id = parent
            form.ratio = 0.85
            self.assertEqual(form.level, level)
            self.assertEqual(form.dealer_type, dealer_type)
            dealer = form.save()
            self.assertEqual((dealer.level, dealer.dealer_type, dealer.level1_id), (level, dealer_type, self.a))

    @covers("HQ-05", "level follows from the parent", via="web")
    def test_level_3_directly_below_level_1(self):
        form = Form(self.env["crab.dealer"].with_user(self.admin))
        form.name, form.contact_name, form.phone, form.ratio = "New", "Somebody", self._phone(), 0.85
        form.parent_id = self.a
        form.level = "3"
        self.assertEqual(form.save().dealer_type, "small_merchant")

    def test_the_network_holds(self):
        self.assertEqual(self.c._ancestors().mapped("code"), ["TC", "TB", "TA"])
        self.assertEqual(self.d._ancestors(), self.d | self.a)
        self.assertEqual(self.a._ancestors(), self.a)
        self.assertEqual((self.a.level2_count, self.a.level3_count, self.a.network_count), (1, 2, 3))
        self.assertEqual((self.c.level2_count, self.c.level3_count), (0, 0))
        self.assertEqual(self.dealers.level1_id, self.a | self.z)

    @mute_logger("odoo.sql_db")
    def test_what_the_database_refuses(self):
        wrong = [
            {"code": "TA"},
            {"level": "2"},
            {"level": "1", "parent_id": self.a.id},
            {"dealer_type": "distributor"},
            {"dealer_type": "small_merchant", "level": "2", "parent_id": self.a.id},
            {"ratio": 0},
            {"ratio": -0.5},
            {"ratio": 1.2},
            {"is_online": False, "is_offline": False},
            {"user_id": self.admin.id, "level": "2", "parent_id": self.a.id},
            {"account_id": self.a.account_id.id},
            {"partner_id": self.a.partner_id.id},
        ]
        for values in wrong:
            error = UserError if {"account_id", "ratio"} & values.keys() else IntegrityError
            with self.subTest(values=values), self.assertRaises(error), self.env.cr.savepoint():
                self._try(**values).flush_recordset()

    def _try(self, **values):
        return self.env["crab.dealer"].create(
            {
                "code": "NEW",
                "level": "1",
                "dealer_type": "city_partner",
                "ratio": 0.9,
                "name": "N",
                "contact_name": "C",
                "phone": self._phone(),
            }
            | values
        )

    def test_wrong_levels_are_refused(self):
        for level, parent in (("2", self.b), ("2", self.c), ("3", self.c), ("3", self.d)):
            with self.subTest(level=level, parent=parent.code), self.assertRaises(ValidationError):
                self._try(
                    level=level, dealer_type={"2": "distributor", "3": "small_merchant"}[level], parent_id=parent.id
                )

    def test_a_contact_is_needed(self):
        for values in ({"phone": False}, {"contact_name": ""}, {"phone": "12"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self._try(**values)

    @covers("HQ-08", "edit", via="web")
    def test_head_office_edits(self):
        with Form(self.b.with_user(self.admin)) as form:
            form.name = "Renamed"
            form.street = "2 Crab Road"
            form.contact_name = "Renamed contact"
            form.is_online = False
            form.note = "pays late"
        self.assertEqual(
            (self.b.partner_id.name, self.b.partner_id.street, self.b.street), ("Renamed", "2 Crab Road", "2 Crab Road")
        )
        self.assertEqual(self.b.account_id.name, "Renamed contact")
        self.assertFalse(self.b.is_online)

    @covers("HQ-08", "edit", via="web")
    def test_another_phone_makes_another_person_the_contact(self):
        old = self.b.account_id
        generation = old.token_generation
        with Form(self.b.with_user(self.admin)) as form:
            form.contact_name = "Successor"
            form.phone = "13911112222"
        self.assertNotEqual(self.b.account_id, old)
        self.assertEqual((self.b.contact_name, self.b.phone), ("Successor", "+8613911112222"))
        self.assertEqual((old.phone, old.state, old.token_generation), (old.phone, "live", generation + 1))
        with self.assertRaises(ValidationError):
            self.b.write({"phone": "12"})

    def test_guarded_fields_are_not_written_directly(self):
        for values in (
            {"ratio": 0.75},
            {"parent_id": self.z.id},
            {"level": "3"},
            {"state": "closed"},
            {"dealer_type": "small_merchant"},
            {"partner_id": self.a.partner_id.id},
            {"account_id": self._new_staff(self.b).account_id.id},
            {"invite_code": "CHOSEN"},
            {"level1_id": self.z.id},
            {"parent_path": "1/"},
        ):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, "buttons"):
                self.b.with_user(self.admin).write(values)
        forged = self._try(state="closed", level1_id=self.a.id)
        self.assertEqual((forged.state, forged.level1_id), ("active", forged))

    def test_a_dealer_is_not_duplicated(self):
        with self.assertRaises(UserError):
            self.b.copy()

    @covers(
        "HQ-07",
        "search by name",
        "search by phone",
        "search by level",
        "search by type",
        "search by business kind",
        via="web",
    )
    def test_list_searches(self):
        dealers = self.env["crab.dealer"].with_user(self.admin)
        self.b.is_online = False
        searches = {
            "name": ([("name", "ilike", "Dealer TC")], self.c),
            "phone": ([("phone", "ilike", self.d.phone[-9:])], self.d),
            "level": ([("level", "=", "1")], self.a | self.z),
            "exclusive_store": ([("dealer_type", "=", "exclusive_store")], self.a),
            "offline": ([("is_offline", "=", True), ("is_online", "=", False)], self.b),
            "network": ([("level1_id", "child_of", self.z.id)], self.z | self.y),
        }
        arch = dealers.get_view(view_type="search")["arch"]
        for name, (domain, expected) in searches.items():
            with self.subTest(search=name):
                found = dealers.search([("id", "in", self.dealers.ids), *domain])
                self.assertEqual(found, expected)
        for name in (
            "name",
            "phone",
            "level1",
            "level2",
            "level3",
            "exclusive_store",
            "city_partner",
            "offline",
            "online",
        ):
            self.assertIn(f'name="{name}"', arch)
        self.assertEqual(dealers.name_search("TC")[0][0], self.c.id)

    @covers("HQ-07", "columns", "export", via="web")
    def test_list_columns_and_export(self):
        dealers = self.dealers.with_user(self.admin)
        columns = [
            "code",
            "name",
            "level",
            "dealer_type",
            "contact_name",
            "phone",
            "parent_id",
            "ratio",
            "is_offline",
            "is_online",
            "state",
        ]
        arch = dealers.get_view(view_type="list")["arch"]
        for column in columns:
            self.assertIn(f'name="{column}"', arch)
        rows = dealers.export_data([*columns[:-1], "level1_id/code"])["datas"]
        self.assertEqual(len(rows), 6)
        self.assertEqual(rows[1][:2] + rows[1][-1:], ["TB", "Dealer TB", "TA"])

    @covers("HQ-09", "basics", "network", "staff", via="web")
    def test_detail_opens_network_staff_and_history(self):
        self._new_staff(self.a)
        dealer = self.a.with_user(self.admin)
        action = dealer.action_network()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), self.a | self.b | self.c | self.d)
        arch = dealer.get_view(view_type="form")["arch"]
        for part in ("network_count", "staff_count", "ratio_count", "invitation_count", "child_ids"):
            self.assertIn(f'name="{part}"', arch)
        data = dealer.read(["network_count", "staff_count", "ratio_count"])[0]
        self.assertEqual((data["network_count"], data["staff_count"], data["ratio_count"]), (3, 1, 1))
        tree = dealer.hierarchy_read([("id", "child_of", dealer.id)], {"name": {}}, "parent_id")
        self.assertEqual({node["name"] for node in tree}, {"Dealer TA", "Dealer TB", "Dealer TC", "Dealer TD"})

    @covers("CH-32", "dealer's own member-invitation link and QR", "each staff member's own link and QR")
    def test_member_invitation_of_dealer_and_staff(self):
        staff = self._new_staff(self.a)
        self.env["ir.config_parameter"].set_param("crab.app_url", "https://shop.example/m/")
        codes = set()
        for owner in (self.a, self.b, staff):
            picture = Image.open(io.BytesIO(base64.b64decode(owner.invite_qr)))
            self.assertEqual(picture.format, "PNG")
            self.assertGreater(picture.width, 200)
            self.assertEqual(owner.invite_link, f"https://shop.example/m/?invite={owner.invite_code}")
            codes.add(owner.invite_code)
        self.assertEqual(len(codes), 3)

    def test_a_big_network_loads_in_few_queries(self):
        vals = [
            {
                "code": f"Q{serial:03}", "name": f"Q{serial}", "contact_name": "C", "phone": f"1380000{serial:04}",
                "level": "2", "parent_id": (self.a | self.z)[serial % 2].id, "ratio": 0.7,
            }
            for serial in range(120)
        ]  # fmt: skip

        def count(part):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["crab.dealer"].with_context(tracking_disable=True).create(part)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(vals[:10])
        small, big = count(vals[10:20]), count(vals[20:])
        self.assertLess(big, small + 15, "no query per dealer")
