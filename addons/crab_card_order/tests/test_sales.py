from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import UserError
from odoo.service.model import call_kw

from odoo.addons.crab_base.tests.common import covers

from .common import OrderCase

CENT = Decimal("0.01")
FIGURES = ("card_sales_own", "card_sales_network", "card_earned")


class Books:
    """What each dealer sold and earned, reckoned from the rule of domain.md §5 alone."""

    def __init__(self, dealers):
        self.ratio = {dealer.code: Decimal(str(dealer.ratio)) for dealer in dealers}
        self.above = {dealer.code: dealer.parent_id.code for dealer in dealers}
        self.own, self.network, self.earned = ({dealer.code: Decimal(0) for dealer in dealers} for _figure in range(3))

    def sold(self, seller, count, retail, customer_pays):
        """``count`` numbers activated (negative: returned) that ``seller`` sold to its customers."""
        retail, got, dealer = Decimal(retail), Decimal(customer_pays), seller
        self.own[seller] += count * retail
        while dealer:
            pays = (retail * self.ratio[dealer]).quantize(CENT, ROUND_HALF_UP)
            self.earned[dealer] += count * (got - pays)
            if dealer != seller:
                self.network[dealer] += count * retail
            dealer, got = self.above[dealer], pays


class TestSales(OrderCase):
    """实体卡销售业绩 and 实体卡销售收益 on the dealer's form and in the report (HQ-09)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.odd = cls._new_card_product("ODD", Decimal("333.33"))
        cls.cards = cls._new_cards(40)
        cls.odds = cls._new_cards(20, cls.odd, prefix="O")
        cls._fund(cls.a, stored=100000)
        cls._issue(cls.cards | cls.odds, cls.a)
        cls._transfer(cls.cards[:20] | cls.odds[:10], cls.a, cls.b)
        cls._transfer(cls.cards[:10] | cls.odds[:5], cls.b, cls.c)
        cls._transfer(cls.cards[20:25] | cls.odds[10:15], cls.a, cls.d)

    def _sell(self, dealer, cards, **sale_prices):
        """Activated by head office with the form, where the prices that customers paid are entered."""
        order = self._draft("activation", sender_dealer_id=dealer)
        self._pick(order, method="entered", text=" ".join(cards.mapped("number")))
        for line in order.line_ids:
            price = sale_prices.get(line.product_id.default_code)
            if price is not None:
                order.write({"line_ids": [(1, line.id, {"sale_price": price})]})
        self._press(order, "action_submit")
        if order.waiting_dealer_id != order.executor_dealer_id:
            self._press(order, "action_pass_on")
        self._press(order, "action_execute")
        return order

    def _seen(self, user):
        """The figures on each dealer's form, as the web client reads them for ``user``."""
        view = call_kw(self.env["crab.dealer"].with_user(user), "get_views", [[(False, "form")]], {})
        shown = etree.fromstring(view["views"]["form"]["arch"])
        for name in FIGURES:
            self.assertTrue(shown.xpath(f"//field[@name='{name}']"), name)
        rows = call_kw(
            self.env["crab.dealer"].with_user(user), "web_read", [self.dealers.ids, {name: {} for name in FIGURES}], {}
        )
        codes = {dealer.id: dealer.code for dealer in self.dealers}
        return {codes[row["id"]]: tuple(Decimal(str(row[name])) for name in FIGURES) for row in rows}

    def assertBooks(self, books, user=None):
        self.env.invalidate_all()
        self.assertEqual(
            self._seen(user or self.finance),
            {code: (books.own[code], books.network[code], books.earned[code]) for code in books.own},
        )

    @covers("HQ-09", "sales of physical cards, e-cards, goods", "earnings from each", via="web")
    def test_the_dealers_form_shows_what_it_sold_and_earned(self):
        books = Books(self.dealers)
        self.assertBooks(books)
        self._sell(self.c, self.cards[:6] | self.odds[:3])
        books.sold("TC", 6, 1000, 1000)
        books.sold("TC", 3, "333.33", "333.33")
        self._sell(self.c, self.cards[6:8], TESTCARD=790)  # below its own price: a loss is shown as one
        books.sold("TC", 2, 1000, 790)
        self._sell(self.b, self.cards[10:15] | self.odds[5:7], TESTCARD="888.88", ODD=250)
        books.sold("TB", 5, 1000, "888.88")
        books.sold("TB", 2, "333.33", 250)
        self._sell(self.d, self.odds[10:13])
        books.sold("TD", 3, "333.33", "333.33")
        self._sell(self.a, self.cards[25:35])
        books.sold("TA", 10, 1000, 1000)
        self.assertBooks(books)
        # what comes back is taken back, at the price of its activation
        self._document("return", self.cards[4:6] | self.odds[2], ("submit", "receive"), sender_dealer_id=self.c.id)
        books.sold("TC", -2, 1000, 1000)
        books.sold("TC", -1, "333.33", "333.33")
        self._document("return", self.cards[10:12], ("submit", "receive"), sender_dealer_id=self.b.id)
        books.sold("TB", -2, 1000, "888.88")
        cancelled = self._document("cancel", self.cards[6:7] | self.cards[25:26], reason="stolen")
        self._press(cancelled, "action_give_charge_back", self.finance)
        self._press(cancelled, "action_execute", self.finance)
        books.sold("TC", -1, 1000, 790)
        books.sold("TA", -1, 1000, 1000)
        self.assertBooks(books)
        # a new price holds for what is sold from now on
        self.c._set_ratio(0.85, "test")
        self._sell(self.c, self.cards[8:10])
        books.ratio["TC"] = Decimal("0.85")
        books.sold("TC", 2, 1000, 1000)
        self.assertBooks(books)
        rep = self._new_user("sales-rep-of-a", "sales_rep")
        self.a.user_id = rep
        row = self._seen_of(rep, self.a)
        self.assertEqual(row, (books.own["TA"], books.network["TA"], books.earned["TA"]))

    def _seen_of(self, user, dealer):
        row = call_kw(dealer.with_user(user), "web_read", [dealer.ids, {name: {} for name in FIGURES}], {})[0]
        return tuple(Decimal(str(row[name])) for name in FIGURES)

    def test_the_button_opens_the_documents_behind_the_figures(self):
        self._sell(self.b, self.cards[10:13])
        self._sell(self.a, self.cards[25:26])
        action = self.a.with_user(self.finance).action_card_sales()
        report = self.env[action["res_model"]].with_user(self.finance)
        self.assertEqual(
            report._read_group(action["domain"], ["is_own"], ["quantity:sum", "amount_own:sum", "amount_network:sum"]),
            [(False, 3, 0, 3000), (True, 1, 1000, 0)],
        )
        views = call_kw(report, "get_views", [action["views"]], {})
        self.assertIn("amount_network", views["views"]["list"]["arch"])

    def test_what_comes_back_in_parts_counts_on_the_day_it_comes(self):
        with freeze_time("2026-10-01 12:00:00"):
            self._sell(self.b, self.cards[10:13])
        back = self._document("return", self.cards[10:13], sender_dealer_id=self.b.id)
        report = self.env["crab.card.sales.report"].with_user(self.finance)
        domain = [("dealer_id", "=", self.b.id)]
        with patch.object(type(self.env.cr), "now", lambda _cr: datetime(2026, 10, 31, 16, 30)):
            back.with_user(self.keeper).action_receive([self.cards[10].number])
        self.assertEqual(back.state, "partly_received")
        rows = report.search([*domain, ("quantity", "<", 0)])
        self.assertEqual((rows.quantity, rows.date), (-1, date(2026, 11, 1)), "half past midnight in Shanghai")

    def test_who_has_issued_numbers_out_stays_at_level_1(self):
        self._issue(self._new_cards(1, prefix="Z"), self.z)
        with self.assertRaisesRegex(UserError, "origin of unused numbers"):
            self.z._relocate(self.a, level="2", dealer_type="distributor", ratio=0.65, reason="test")
        fresh = self._new_dealer("TF", "1", 0.60, dealer_type="city_partner")
        running = self._document("issue", self._new_cards(1, prefix="F"), receiver_dealer_id=fresh.id)
        with self.assertRaisesRegex(UserError, "origin of unused numbers"):
            fresh._relocate(self.z, level="2", dealer_type="distributor", ratio=0.65, reason="test")
        running.with_user(self.keeper).action_reject("moved")
        fresh._relocate(self.z, level="2", dealer_type="distributor", ratio=0.65, reason="test")
        self.assertEqual(fresh.level, "2")
