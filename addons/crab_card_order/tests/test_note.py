import io

from python_calamine import CalamineWorkbook

from odoo.tests import HttpCase, tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestNote(OrderCase, HttpCase):
    """The printed note and the export of numbers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(12)
        cls.order = cls._document(
            "issue", cls.cards[:5] | cls.cards[6:8] | cls.cards[9:10], receiver_dealer_id=cls.a.id
        )

    def test_the_note_condenses_numbers_and_shows_prices(self):
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.keeper)
            ._render_qweb_html("crab_card_order.note", self.order.ids)
        )
        text = " ".join(html.decode().split())
        self.assertIn(f"{self.cards[0].number}–{self.cards[4].number} (5)", text)
        self.assertIn(f"{self.cards[6].number}–{self.cards[7].number} (2)", text)
        self.assertIn(self.cards[9].number, text)
        self.assertNotIn(self.cards[5].number, text)
        self.assertIn(self.order.name, text)
        self.assertIn("4,800.00", text)
        self.assertIn("data:image/png;base64", text)

    def test_numbers_are_exported_as_texts_for_who_may_read(self):
        """Numbers stay texts; the file speaks the language of its user, as every page does."""
        self.keeper.lang = "zh_CN"
        url = self.order.action_export_numbers()["url"]
        self.authenticate("order-keeper", "order-keeper-Password1")
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
        self.assertEqual(len(rows), 9)
        self.assertEqual(rows[1][:1] + rows[1][2:4], [self.cards[0].number, "未激活", "已占用"])
        self._new_user("order-nobody", "user")
        self.authenticate("order-nobody", "order-nobody-Password1")
        self.assertEqual(self.url_open(url).status_code, 404)
        self.assertEqual(self.url_open("/crab_card_order/999999999/numbers.xlsx").status_code, 404)
