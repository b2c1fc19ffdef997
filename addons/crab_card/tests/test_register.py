from decimal import Decimal
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import call_kw
from odoo.tests import Form
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_dealer.tests.common import DealerCase

from ..models import crab_card
from .common import CardCase, make_numbers


class TestRegister(DealerCase, CardCase):
    """The register as its users see it: their views' own searches, through RPC with their rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._new_user("register-service", "customer_service")
        cls.keeper = cls._new_user("register-keeper", "card_keeper")
        cls.cards = cls._new_cards(8)
        cls.other_product = cls._new_card_product("SECONDCARD", 500)
        cls.others = cls._new_cards(3, cls.other_product, prefix="U")
        cls.document = cls.cards.batch_id
        cls.member = cls.env["crab.member"].create({"name": "Member", "phone": cls._phone(), "dealer_id": cls.c.id})
        cls.cards[0:4]._hand_over(cls.document, cls.a, origin=cls.a)
        cls.cards[2:4]._hand_over(cls.document, cls.b)
        cls.cards[0:2]._activate(cls.document, dict.fromkeys(cls.cards[0:2].ids, Decimal("600")))
        cls.cards[0]._bind(None, cls.member)
        cls.cards[7]._cancel(cls.document)

    def _rpc(self, method, *args, model="crab.card", user=None, **kwargs):
        return call_kw(self.env[model].with_user(user or self.user).with_context(lang="en_US"), method, args, kwargs)

    def _view(self, kind, model="crab.card"):
        return etree.fromstring(self._rpc("get_views", [(False, kind)], model=model)["views"][kind]["arch"])

    def _filter(self, name):
        node = self._view("search").find(f".//filter[@name='{name}']")
        return safe_eval(node.get("domain"))

    def _list(self, domain):
        """Numbers that the list shows with all its columns."""
        columns = {node.get("name"): {} for node in self._view("list").iterfind("./field")}
        result = self._rpc(
            "web_search_read",
            domain,
            {**columns, "product_id": {"fields": {"display_name": {}}}},
            limit=80,
            count_limit=10001,
        )
        self.assertEqual(result["length"], len(result["records"]))
        return [record["number"] for record in result["records"]]

    @covers("HQ-29", "by number", via="web")
    def test_search_by_number_prefix_and_range(self):
        self.assertIsNotNone(self._view("search").find(".//field[@name='search_text']"))
        for typed, expected in {
            "T00000003": ["T00000003"],
            " ｔ００000003 ": ["T00000003"],
            "u": ["U00000001", "U00000002", "U00000003"],
            "T00000002-T00000004": ["T00000002", "T00000003", "T00000004"],
            "t00000002 至 t00000003": ["T00000002", "T00000003"],
            "0000": [],
            "%": [],
            "T_0000001": [],
            "'; DROP TABLE crab_card;--": [],
        }.items():
            with self.subTest(typed):
                self.assertEqual(self._list([("search_text", "ilike", typed)]), expected)
        found = self._rpc("name_search", "u000", [], "ilike", 10)
        self.assertEqual([name for _id, name in found], ["U00000001", "U00000002", "U00000003"])

    @covers("HQ-29", "by card name", via="web")
    def test_search_by_card(self):
        self.assertEqual(self._list([("product_id", "ilike", "SECONDCARD")]), self.others.mapped("number"))
        self.assertEqual(self._list([("product_id", "=", self.other_product.id)]), self.others.mapped("number"))

    @covers("HQ-29", "by state", via="web")
    def test_search_by_state(self):
        for name, expected in {
            "inactive": 8,
            "active_cards": 2,
            "used": 0,
            "cancelled": 1,
        }.items():
            with self.subTest(name):
                self.assertEqual(len(self._list(self._filter(name))), expected)

    @covers("HQ-29", "by owner", via="web")
    def test_search_by_holder_and_origin(self):
        self.assertEqual(self._list([("dealer_id", "=", self.b.id)]), ["T00000003", "T00000004"])
        self.assertEqual(self._list([("dealer_id", "child_of", self.a.id)]), ["T00000002", "T00000003", "T00000004"])
        self.assertEqual(self._list([("member_id", "=", self.member.id)]), ["T00000001"])
        self.assertEqual(len(self._list([("origin_dealer_id", "ilike", self.a.code)])), 4)
        for name, expected in {
            "platform": 7,
            "dealer": 3,
            "member": 1,
            "in_transit": 0,
            "vip": 0,
            "expired": 0,
        }.items():
            with self.subTest(name):
                self.assertEqual(len(self._list(self._filter(name))), expected)
        self.assertEqual(len(self._list([("batch_id", "=", self.document.id)])), 8)

    @covers("HQ-29", "by state", via="web")
    def test_active_numbers_that_expire_soon(self):
        today = fields.Date.context_today(self.user)  # a client may be in another time zone
        self.cards[0:2]._set_valid_until(fields.Date.add(today, days=29))
        self.cards[3]._set_valid_until(today)  # inactive: nobody can redeem it
        self.assertEqual(self._list(self._filter("expiring")), ["T00000001", "T00000002"])
        self.cards[0]._set_valid_until(fields.Date.add(today, days=32))
        self.cards[1]._set_valid_until(today)
        self.assertEqual(self._list(self._filter("expiring")), ["T00000002"])
        self.cards[1]._set_valid_until(fields.Date.subtract(today, days=2))
        self.assertFalse(self._list(self._filter("expiring")))

    def test_groups_of_the_list(self):
        groups = self._rpc("web_read_group", [("batch_id", "=", self.document.id)], ["state"], ["__count"])
        counts = {group["state"]: group["__count"] for group in groups["groups"]}
        self.assertEqual(counts, {"inactive": 5, "active": 2, "cancelled": 1})

    def test_only_what_an_index_serves_is_sorted_and_grouped_by(self):
        described = self._rpc("fields_get", [], ["sortable", "groupable"])
        self.assertEqual([name for name, field in described.items() if field["sortable"]], ["number"])
        offered = {
            safe_eval(node.get("context"))["group_by"] for node in self._view("search").iterfind(".//group/filter")
        }
        self.assertEqual(offered, {name for name, field in described.items() if field["groupable"]})

    def test_rare_numbers_are_found_by_their_own_index(self):
        self.cr.execute("SET LOCAL enable_seqscan = off")
        for index, domain in {
            "crab_card_vip_idx": self._filter("vip"),
            "crab_card_ecard_idx": self._filter("ecard"),
            "crab_card_transit_idx": self._filter("in_transit"),
            "crab_card_valid_idx": [("valid_until", "<", "2021-01-01")],
        }.items():
            with self.subTest(index):
                query = self.env["crab.card"]._search(domain).select()
                self.cr.execute(SQL("EXPLAIN %s", query))
                self.assertIn(index, "".join(line for (line,) in self.cr.fetchall()))

    def test_a_list_is_exported_up_to_a_bound(self):
        auditor = self._new_user("register-auditor", "auditor")
        export = self.env["crab.card"].with_user(auditor).with_context(import_compat=False)
        found = export.search([("batch_id", "=", self.document.id)]).export_data(["number", "state", "holder_name"])
        self.assertEqual(found["datas"][2], ["T00000003", "Inactive", self.b.display_name])
        self.assertEqual(len(found["datas"]), 8)
        with patch.object(crab_card, "EXPORTED_AT_MOST", 5), self.assertRaisesRegex(UserError, "At most 5"):
            export.search([]).export_data(["number"])
        with self.assertRaises(UserError):
            export.with_user(self.user).search([]).export_data(["number"])

    @covers("HQ-30", "every move recorded and shown", via="web")
    def test_the_page_of_a_number_shows_its_whole_history(self):
        form = Form(self.cards[0].with_user(self.user))
        lines = [(line.event, line.state_to, line.holder_to) for line in form.record.event_ids]
        self.assertEqual(
            lines,
            [
                ("import", "inactive", "Platform"),
                ("hand_over", "inactive", self.a.display_name),
                ("activate", "active", self.a.display_name),
                ("bind", "active", self.member.display_name),
            ],
        )
        self.assertEqual(form.record.event_ids[2].amount, 600.0)
        self.assertEqual(form.record.event_ids[1].document_name, self.document.name)
        self.assertEqual(form.record.event_ids[1].action_open_document()["res_id"], self.document.id)
        self.assertEqual(form.record.holder_name, self.member.display_name)
        columns = [node.get("name") for node in self._view("form").iterfind(".//field[@name='event_ids']/list/field")]
        self.assertLessEqual(
            {
                "happened_at",
                "event",
                "state_from",
                "state_to",
                "holder_from",
                "holder_to",
                "document_name",
                "actor_name",
            },
            set(columns),
        )
        self.assertEqual(self._rpc("action_verify", self.cards[0].ids)["params"]["type"], "success")

    @covers("HQ-40", "query and state", via="web")
    def test_e_cards_have_their_own_list(self):
        ecard = self._new_card_product("ECARDX", 300, kind="ecard")
        made = make_numbers(self.env, ecard, 2, prefix="E", kind="ecard")
        domain = safe_eval(self.env.ref("crab_card.crab_card_action_ecard").domain)
        self.assertEqual(self._list(Domain(domain) & Domain("state", "=", "inactive")), made.mapped("number"))

    @covers("HQ-32", "mark numbers", via="web")
    def test_marking_vip_by_number_range_and_selection(self):
        Mark = self.env["crab.card.mark"].with_user(self.keeper)
        form = Form(Mark)
        form.numbers = "t00000001, T00000002\nＴ00000003"
        form.save().action_mark()
        form = Form(Mark)
        form.first_number, form.last_number = "T00000003", "T00000005"
        form.save().action_mark()
        form = Form(Mark.with_context(active_model="crab.card", active_ids=self.others.ids))
        self.assertEqual(form.selected_count, 3)
        form.save().action_mark()
        vip = self._list(self._filter("vip"))
        self.assertEqual(vip, self.cards[:5].mapped("number") + self.others.mapped("number"))
        self.assertEqual(self.cards[2].event_ids.mapped("event").count("vip"), 1)
        self.assertEqual(self.cards[2].event_ids[-1].actor_id, self.keeper.id)
        form = Form(Mark.with_context(active_model="crab.card", active_ids=self.others.ids))
        form.is_vip = "no"
        form.save().action_mark()
        self.assertEqual(self._list(self._filter("vip")), self.cards[:5].mapped("number"))
        self.assertFalse(self.env["crab.card.event"]._verify_chain((self.cards | self.others).ids))

    def test_marking_refuses_what_it_cannot_understand(self):
        Mark = self.env["crab.card.mark"].with_user(self.keeper)
        for values in (
            {},
            {"numbers": "T00000001 X1"},
            {"first_number": "T00000001"},
            {"first_number": "T00000005", "last_number": "T00000001"},
        ):
            form = Form(Mark)
            for name, value in values.items():
                form[name] = value
            with self.subTest(values), self.assertRaises(UserError):
                form.save().action_mark()
        self.assertFalse(self._list(self._filter("vip")))
