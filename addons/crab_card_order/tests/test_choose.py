import base64
import io

import xlsxwriter

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_card.tools.numbers import serial_number

from ..tools.number_text import condense, parse
from .common import OrderCase


class TestChoose(OrderCase):
    """Choosing numbers: singly, ranges, pasted, scanned, from Excel, the lowest; all or nothing with reasons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(30)
        cls._issue(cls.cards[20:22], cls.z)
        cls.order = cls.Order.with_user(cls.keeper).create({"kind": "issue", "receiver_dealer_id": cls.a.id})

    def _wizard(self, **values):
        pick = self.env["crab.card.order.pick"].with_user(self.keeper)
        form = Form(pick.with_context(**self.order.action_pick()["context"]))
        for name, value in values.items():
            form[name] = value
        return form

    def _chosen(self):
        return self.Card.browse(self.order.sudo()._card_ids("chosen"))

    @staticmethod
    def _excel(rows):
        content = io.BytesIO()
        with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        return base64.b64encode(content.getvalue())

    def test_text_of_numbers_and_ranges(self):
        text = "ａ0001, A0002\nA0003；A0010 - A0020、B01~B09 A0001\t"
        self.assertEqual(parse(text), (["A0001", "A0002", "A0003"], [("A0010", "A0020"), ("B01", "B09")]))
        self.assertEqual(parse(None), ([], []))

    def test_successive_numbers_are_condensed(self):
        numbers = ["A0001", "A0002", "A0003", "A0005", "A0006X", "B99", "B100"]
        self.assertEqual(
            condense(numbers),
            [
                ("A0001", "A0003", 3),
                ("A0005", "A0005", 1),
                ("A0006X", "A0006X", 1),
                ("B99", "B99", 1),
                ("B100", "B100", 1),
            ],
        )

    def test_check_characters_do_not_hide_a_run(self):
        numbers = [serial_number("YC26", serial, 6) for serial in (7, 8, 9, 10, 12)]
        self.assertEqual(condense(numbers), [(numbers[0], numbers[3], 4), (numbers[4], numbers[4], 1)])

    def test_lowest_numbers_that_no_other_draft_has(self):
        other = self.Order.with_user(self.keeper).create({"kind": "issue", "receiver_dealer_id": self.z.id})
        other.sudo()._link_cards(self.cards[:5].ids)
        wizard = self._wizard(method="lowest", product_id=self.card_product, quantity=10)
        self.assertEqual(wizard.available_count, 23)
        wizard.save().action_add()
        self.assertEqual(self._chosen(), self.cards[5:15])
        with self.assertRaisesRegex(UserError, "Only 13 free numbers"):
            self._wizard(method="lowest", product_id=self.card_product, quantity=14).save().action_add()

    def test_typed_numbers_and_ranges(self):
        wizard = self._wizard(
            method="entered", text=f"{self.cards[0].number.lower()}\n{self.cards[3].number}-{self.cards[6].number}"
        )
        wizard.save().action_add()
        self.assertEqual(self._chosen(), self.cards[:1] | self.cards[3:7])
        self.assertEqual((self.order.number_count, self.order.line_ids.amount), (5, 3000))
        self._wizard(method="entered", text=f"{self.cards[3].number}-{self.cards[4].number}").save().action_remove()
        self.assertEqual(self._chosen(), self.cards[:1] | self.cards[5:7])
        self.order.action_remove_numbers()
        self.assertFalse(self.order.line_ids)

    def test_mistakes_are_listed_and_nothing_is_added(self):
        wizard = self._wizard(
            method="entered", text=f"{self.cards[0].number} {self.cards[20].number} NOSUCH99 x<b>"
        ).save()
        action = wizard.action_add()
        self.assertEqual(action["res_id"], wizard.id)
        for part in (
            self.cards[20].number,
            "not in the sender",
            "NOSUCH99",
            "not in the register",
            "X&lt;B&gt;",
            "not a card number",
        ):
            self.assertIn(part, wizard.errors)
        self.assertFalse(self._chosen())
        with self.assertRaisesRegex(UserError, "no range"):
            self._wizard(method="entered", text="T00000002-U1").save().action_add()
        with self.assertRaisesRegex(UserError, "at least one"):
            self._wizard(method="entered", text=" \n").save().action_add()

    def test_each_scan_adds_one_number(self):
        wizard = self._wizard(method="entered")
        for scanned in (
            self.cards[1].number,
            self.cards[0].number.lower(),
            self.cards[1].number,
            self.cards[20].number,
            "garbage",
        ):
            wizard.scan = scanned
            self.assertFalse(wizard.scan)
        self.assertTrue(wizard.scan_failed)
        self.assertEqual(wizard.text.split(), self.cards[:2].sorted(reverse=True).mapped("number"))
        wizard.save().action_add()
        self.assertEqual(self._chosen(), self.cards[:2])

    def test_excel_is_read_with_a_reason_per_row(self):
        numbers = self.cards[:3].mapped("number")
        good = self._excel(
            [["备注", "卡号"], ["x", numbers[0]], ["", ""], ["y", numbers[1].lower()], [None, numbers[2]]]
        )
        self._wizard(method="file", file=good).save().action_add()
        self.assertEqual(self._chosen(), self.cards[:3])
        bad = self._excel(
            [["卡号"], [self.cards[4].number], [self.cards[20].number], ["=1+1"], [self.cards[4].number], [12345678]]
        )
        wizard = self._wizard(method="file", file=bad).save()
        wizard.action_add()
        for row in (3, 4, 5, 6):
            self.assertIn(f"<td>{row}</td>", wizard.errors)
        self.assertNotIn("<td>2</td>", wizard.errors)
        self.assertEqual(len(self._chosen()), 3)
        with self.assertRaisesRegex(UserError, "卡号"):
            self._wizard(method="file", file=base64.b64encode(b"no excel at all")).save().action_add()
        with self.assertRaisesRegex(UserError, "at least one"):
            self._wizard(method="file", file=self._excel([["卡号"], [None]])).save().action_add()

    def test_numbers_are_chosen_for_drafts_only(self):
        self._wizard(method="lowest", product_id=self.card_product, quantity=2).save().action_add()
        wizard = self._wizard(method="lowest", product_id=self.card_product, quantity=2).save()
        self.order.action_submit()
        with self.assertRaises(UserError):
            wizard.action_add()

    @covers("HQ-36", "activate numbers of an order", "cancel numbers of an order", via="web")
    def test_numbers_of_an_order_are_activated_or_cancelled(self):
        self._fund(self.a, stored=6000)
        issue = self._issue(self.cards[:6], self.a)
        self._transfer(self.cards[:2], self.a, self.b)
        links = (
            self.env["crab.card.order.number"].with_user(self.keeper).search([("order_id", "=", issue.id)], order="id")
        )
        action = links[:4].action_activate_numbers()
        drafts = self.Order.search(action["domain"])
        self.assertEqual(dict(zip(drafts.sender_dealer_id, [2, 2], strict=True)).keys(), {self.a, self.b})
        self.assertEqual(sorted(drafts.mapped("number_count")), [2, 2])
        for draft in drafts.with_user(self.keeper):
            draft.action_submit()
            draft.action_execute()
        self.assertCards(self.cards[:4], state="active")
        action = links[4:6].action_cancel_numbers()
        draft = self.Order.with_user(self.keeper).browse(action["res_id"])
        draft.reason = "stolen"
        draft.action_submit()
        draft.action_execute()
        self.assertCards(self.cards[4:6], state="cancelled")
