from datetime import datetime

from lxml import etree

from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tests.common import covers

from .common import OrderCase


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
        cls.part._step_for_subject(cls._as(cls.z), "receive", numbers=cls.cards[10:11].mapped("number"))
        cls.sent = cls._document("issue", cls.cards[14:16], receiver_dealer_id=cls.z.id)
        cls.closed = cls._document("issue", cls.cards[16:17], ("submit", "cancel"), receiver_dealer_id=cls.z.id)
        cls.unpaid = cls.Order.create(
            {"kind": "direct", "company_id": cls.group.id, "receiver_member_id": cls.member.id}
        )
        cls.env["crab.card.order.line"].create(
            {"order_id": cls.unpaid.id, "product_id": cls.card_product.id, "quantity": 2, "unit_price": 950}
        )
        cls.unpaid.action_submit()
        cls.all = cls.issue | cls.transfer | cls.part | cls.sent | cls.closed | cls.unpaid

    def _search(self, *domain):
        return self.Order.with_user(self.keeper).search([("id", "in", self.all.ids), *domain])

    def _filter(self, name):
        """What the filter of the search view with this name finds."""
        view = self.Order.with_user(self.keeper).get_views([(False, "search")])["views"]["search"]["arch"]
        node = etree.fromstring(view).xpath(f"//filter[@name='{name}']")[0]
        return self._search(*safe_eval(node.get("domain")))

    @covers("HQ-36", "search by number", "search by sender", "search by receiver", "search by time", via="web")
    @covers("HQ-35", "searchable", via="web")
    def test_by_number_sender_receiver_and_time(self):
        number = self.cards[2].number
        self.assertEqual(self._search(("number_search", "ilike", f" {number.lower()}")), self.transfer | self.issue)
        self.assertEqual(self._search(("number_search", "ilike", self.cards[12].number)), self.part)
        self.assertFalse(self._search(("number_search", "ilike", "NOSUCH")))
        self.assertFalse(self._search(("number_search", "ilike", "%")))
        self.assertEqual(self._search(("number_search", "ilike", number[:6])), self.all - self.unpaid)
        self.assertEqual(self._search(("sender_name", "ilike", "TA")), self.transfer)
        self.assertEqual(self._search(("sender_name", "ilike", "platform")), self.all - self.transfer)
        self.assertEqual(self._search(("receiver_name", "ilike", "Dealer TB")), self.transfer)
        self.assertEqual(self._search(("receiver_name", "ilike", self.member.number)), self.unpaid)
        self.assertEqual(self._search(("name", "ilike", self.sent.name)), self.sent)
        self.env.cr.execute(
            "UPDATE crab_card_order SET create_date = %s WHERE id = %s", [datetime(2020, 5, 1), self.sent.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self._search(("create_date", "<", "2021-01-01")), self.sent)

    @covers("HQ-36", "states", via="web")
    def test_states(self):
        self.assertEqual(self._filter("to_pay"), self.unpaid)
        self.assertEqual(self._filter("to_send"), self.sent)
        self.assertEqual(self._filter("partly"), self.part)
        self.assertEqual(self._filter("done"), self.issue | self.transfer)
        self.assertEqual(self._filter("closed"), self.closed)

    @covers("HQ-36", "columns", "detail", via="web")
    def test_columns_and_detail(self):
        order = self.part.with_user(self.keeper)
        shown = order.web_read(
            {
                name: {}
                for name in (
                    "name",
                    "product_names",
                    "amount_total",
                    "sender_name",
                    "receiver_name",
                    "orderer_name",
                    "state",
                )
            }
        )[0]
        self.assertIn("TESTCARD", shown["product_names"])
        self.assertEqual(
            (shown["amount_total"], shown["sender_name"], shown["receiver_name"], shown["state"]),
            (2200, "Platform", self.z.display_name, "partly_received"),
        )
        with Form(order, view="crab_card_order.crab_card_order_view_form") as form:
            self.assertEqual((form.number_count, form.received_count), (4, 1))
        self.assertEqual(order.action_numbers()["domain"], [("order_id", "=", order.id)])
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
