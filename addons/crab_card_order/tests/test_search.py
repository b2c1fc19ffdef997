from datetime import datetime

from lxml import etree

from odoo.service.model import call_kw
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tests.common import covers

from .common import FORM, OrderCase


class TestSearch(OrderCase):
    """The list of card documents as head office searches it, its columns and states."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(20)
        cls.member = cls._new_member()
        cls.issue = cls._issue(cls.cards[:10], cls.a)
        cls.transfer = cls._transfer(cls.cards[:5], cls.a, cls.b)
        cls.part = cls._document("issue", cls.cards[10:14], receiver_dealer_id=cls.z.id)
        cls.part._step_for_subject(cls._subject(cls.z), "receive", numbers=cls.cards[10:11].mapped("number"))
        cls.sent = cls._document("issue", cls.cards[14:16], receiver_dealer_id=cls.z.id)
        cls.closed = cls._document("issue", cls.cards[16:17], ("submit", "cancel"), receiver_dealer_id=cls.z.id)
        cls.unpaid = cls.Order.create(
            {"kind": "direct", "company_id": cls.group.id, "receiver_member_id": cls.member.id}
        )
        cls.env["crab.card.order.line"].create(
            {"order_id": cls.unpaid.id, "product_id": cls.card_product.id, "quantity": 2}
        )
        cls.unpaid.action_submit()
        cls.all = cls.issue | cls.transfer | cls.part | cls.sent | cls.closed | cls.unpaid

    def _search(self, *domain):
        """Numbers of documents that the list shows to the card keeper, columns as in its view."""
        rows = call_kw(
            self.Order.with_user(self.keeper),
            "web_search_read",
            [[("id", "in", self.all.ids), *domain], {name: {} for name in self._columns()}],
            {},
        )["records"]
        self.rows = {row["name"]: row for row in rows}
        return self.all.filtered(lambda order: order.name in self.rows)

    def _columns(self):
        """Columns that the list of all documents shows without being asked for, in order."""
        fields = self._arch("list").xpath("field[not(@column_invisible) or contains(@column_invisible, 'context')]")
        return [node.get("name") for node in fields if node.get("optional") != "hide"]

    def _arch(self, kind):
        views = call_kw(self.Order.with_user(self.keeper), "get_views", [[(False, kind)]], {})
        return etree.fromstring(views["views"][kind]["arch"])

    def _typed(self, name, text):
        """What is found when ``text`` is typed into the search box for the field of this name."""
        node = self._arch("search").xpath(f"field[@name='{name}']")[0]
        if node.get("filter_domain"):
            return self._search(*safe_eval(node.get("filter_domain"), {"self": text}))
        return self._search((name, node.get("operator", "ilike"), text))

    def _filter(self, name):
        """What the filter of the search view with this name finds."""
        return self._search(*safe_eval(self._arch("search").xpath(f"filter[@name='{name}']")[0].get("domain")))

    @covers("HQ-36", "search by number", "search by sender", "search by receiver", "search by time", via="web")
    @covers("HQ-35", "searchable", via="web")
    def test_by_number_sender_receiver_and_time(self):
        number = self.cards[2].number
        self.assertEqual(self._typed("number_search", f" {number.lower()}"), self.transfer | self.issue)
        self.assertEqual(self._typed("number_search", self.cards[12].number), self.part)
        self.assertFalse(self._typed("number_search", "NOSUCH"))
        self.assertFalse(self._typed("number_search", "%"))
        self.assertEqual(self._typed("number_search", number[:6]), self.all - self.unpaid)
        self.assertEqual(self._typed("sender_name", "TA"), self.transfer)
        self.assertEqual(self._typed("sender_name", "platform"), self.all - self.transfer)
        self.assertEqual(self._typed("receiver_name", "Dealer TB"), self.transfer)
        self.assertEqual(self._typed("receiver_name", self.member.number), self.unpaid)
        self.assertEqual(self._typed("name", self.sent.name), self.sent)
        self.assertEqual(self._typed("line_ids", "TESTCARD"), self.all)
        self.assertTrue(self._arch("search").xpath("filter[@date='create_date']"))
        self.env.cr.execute(
            "UPDATE crab_card_order SET create_date = %s WHERE id = %s", [datetime(2020, 5, 1), self.sent.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self._search(("create_date", "<", "2021-01-01")), self.sent)

    @covers("HQ-36", "states", via="web")
    def test_states(self):
        """An order is 部分发卡号 as soon as its user received a part, whatever is sent after."""
        self.assertEqual(self._filter("to_pay"), self.unpaid)
        self.assertEqual(self._filter("to_send"), self.sent)
        self.assertEqual(self._filter("partly"), self.part)
        self.assertEqual(self._filter("done"), self.issue | self.transfer)
        self.assertEqual(self._filter("closed"), self.closed)
        self.unpaid.with_user(self.finance).action_confirm_payment("BANK")
        self.assertEqual(self._filter("to_send"), self.sent | self.unpaid)
        for card in self.cards[17:19]:
            self._pick(self.unpaid, method="entered", text=card.number)
            self._press(self.unpaid, "action_send")
            self.assertEqual(self.unpaid.state, "in_transit")
            if card == self.cards[17]:
                self.assertEqual(self._filter("to_send"), self.sent | self.unpaid)
                self._press(self.unpaid, "action_receive")
            self.assertEqual(self._filter("partly"), self.part | self.unpaid)
        self._press(self.unpaid, "action_receive")
        self.assertEqual(self._filter("done"), self.issue | self.transfer | self.unpaid)

    @covers("HQ-36", "columns", "detail", via="web")
    def test_columns_and_detail(self):
        wanted = ["name", "product_names", "amount_total", "sender_name", "receiver_name", "orderer_name", "state"]
        self.assertEqual([name for name in self._columns() if name in wanted], wanted)
        self._search()
        shown = self.rows[self.part.name]
        self.assertIn("TESTCARD", shown["product_names"])
        self.assertEqual(
            (shown["amount_total"], shown["sender_name"], shown["receiver_name"], shown["state"]),
            (2200, "Platform", self.z.display_name, "partly_received"),
        )
        with Form(self.part.with_user(self.keeper), view=FORM) as form:
            self.assertEqual((form.number_count, form.received_count, form.transit_count), (4, 1, 3))
        action = self._press(self.part, "action_numbers")
        links = self.env[action["res_model"]].with_user(self.keeper).search(action["domain"])
        self.assertEqual(links.card_id, self.cards[10:14])
        self.assertEqual(self.a.with_user(self.keeper).card_order_count, 2)
        self.assertEqual(
            self.Order.search(self.a.action_card_orders()["domain"]) & self.all, self.issue | self.transfer
        )

    def test_every_menu_opens(self):
        for kind in ("", "_issue", "_direct", "_transfer", "_activation", "_return", "_cancel", "_extension"):
            action = self.env["ir.actions.act_window"]._for_xml_id(f"crab_card_order.crab_card_order_action{kind}")
            self.Order.with_user(self.keeper).get_views(
                [(view_id, mode) for view_id, mode in action["views"]] + [(False, "search")]
            )

    def test_a_closing_dealer_shows_what_is_open(self):
        labels = [label for label, _count, _action in self.z._open_items()]
        self.assertIn("Card documents in work", labels)
        self.assertTrue(self.b._has_history())
