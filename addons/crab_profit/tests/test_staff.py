from decimal import Decimal

from odoo.exceptions import AccessError, LockError, MissingError, UserError
from odoo.service.model import call_kw
from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import CardCase

from .common import ProfitCase


class TestStaff(ProfitCase, CardCase):
    """Shares of dealer staff: a tenth of what dealer 2 earns, 250 on a package of 1000 for a member at 950."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("staff-finance", "finance")
        cls.auditor = cls._new_user("staff-auditor", "auditor")
        cls.invited = cls._new_member(dealer_id=cls.dealer2.id, staff_id=cls.staff.id, level_id=cls.gold.id)
        cls.Settlement = cls.env["crab.staff.settlement"]

    def _seen(self, subject):
        """Whom the subject may see, ex-staff too."""
        return self.env["crab.dealer.staff"].with_context(active_test=False)._for_subject(subject)

    def _figures(self, staff=None, subject=None):
        staff = staff or self.staff
        figures = self._seen(subject or self._subject(staff))._earning_figures()[staff.id]
        return {name: figures[name] for name in ("total", "pending", "settled", "to_settle")}

    def assertFigures(self, total, pending, settled, to_settle):
        self.assertEqual(
            self._figures(), {"total": total, "pending": pending, "settled": settled, "to_settle": to_settle}
        )

    def _credited(self, order):
        self._ship(order)
        order._crab_receive()
        self._credit_due(after=8)

    def _settle(self, amount=None, dealer=None, staff=None, **values):
        return self.Settlement._settle_for_subject(
            self._subject(dealer or self.dealer2), (staff or self.staff).id, amount, **values
        )

    # ------------------------------------------------------------------ earning

    @covers("CH-04", "own ratio per staff member", "holds from then on only", via="service")
    def test_the_ratio_is_that_of_the_moment_of_ordering(self):
        other = self.env["crab.dealer.staff"].create(
            {"dealer_id": self.dealer2.id, "name": "Other", "phone": self._phone(), "commission_ratio": 0.2}
        )
        of_other = self._new_member(dealer_id=self.dealer2.id, staff_id=other.id, level_id=self.gold.id)
        before = self._place([(self.thousand, 1)], self.invited)
        self.env["crab.dealer.staff"]._set_commission_for_subject(self._subject(self.dealer2), self.staff.id, 0.5)
        self._pay(before)
        self._paid([(self.thousand, 1)], self.invited)
        self._paid([(self.thousand, 1)], of_other)
        rows = self.env["crab.staff.earning"].search([], order="id")
        self.assertEqual(
            rows.mapped(lambda row: (row.staff_id, row.ratio, row.amount)),
            [(self.staff, 0.1, 25), (self.staff, 0.5, 125), (other, 0.2, 50)],
        )

    @covers("CS-05", "total, to settle, settled", "not yet credited", via="service")
    def test_figures_follow_crediting_refunds_and_settlements(self):
        order = self._paid([(self.thousand, 1)], self.invited)
        self.assertFigures(25, 25, 0, 0)
        self._refund(order, (0, 95))
        self.assertFigures(Decimal("22.50"), Decimal("22.50"), 0, 0)
        self._credited(order)
        self.assertFigures(Decimal("22.50"), 0, 0, Decimal("22.50"))
        self._settle(20)
        self.assertFigures(Decimal("22.50"), 0, 20, Decimal("2.50"))
        self._refund(order, (1, None))
        self.assertFigures(0, 0, 20, -20)
        with self._refused("At most 0.00", UserError):
            self._settle(1)

    def test_members_whom_the_dealer_invited_give_the_staff_nothing(self):
        self._paid([(self.thousand, 1)], self._new_member(dealer_id=self.dealer2.id, level_id=self.gold.id))
        self.assertFalse(self.env["crab.staff.earning"].search([]))

    def test_staff_of_a_dealer_that_is_passed_over_sold_but_earned_nothing(self):
        self.dealer2.is_online = False
        self._paid([(self.thousand, 1)], self.invited)
        row = self.env["crab.staff.earning"].search([])
        self.assertEqual((row.sold, row.amount, row.kind), (950, 0, "package"))

    @covers("CS-06", "online distribution", "offline dealing", via="service")
    def test_activations_that_name_the_seller_and_their_return(self):
        """A level 1 sells a card of 1000 for 901; the share is a quarter of 901 − 600."""
        seller = self.env["crab.dealer.staff"].create(
            {"dealer_id": self.dealer1.id, "name": "Seller", "phone": self._phone(), "commission_ratio": 0.25}
        )
        cards = self._new_cards(3)
        self.group.crab_wallet_approval_amount = 10**8
        self.env["crab.wallet.document"]._open(self.dealer1, "topup", Decimal(5000), "staff-topup")
        documents = self.env["crab.card.order"]

        def take(subject, kind, chosen, steps, **values):
            order = documents._create_for_subject(subject, kind, chosen, **values)
            for step in steps:
                order._step_for_subject(subject, step)
            return order

        system = Subject("system", 1)
        take(system, "issue", cards, ("submit", "receive"), receiver_dealer_id=self.dealer1.id)
        sale_prices = {self.card_product.id: Decimal(901)}
        take(
            self._subject(self.dealer1),
            "activation",
            cards[:2],
            ("submit", "execute"),
            staff_id=seller.id,
            sale_prices=sale_prices,
        )
        rows = self.env["crab.staff.earning"]._for_subject(self._subject(seller))
        self.assertEqual(
            rows.mapped(lambda row: (row.kind, row.sold, row.amount, row.state)), [("offline", 1802, 150.5, "credited")]
        )
        self.assertEqual(self._figures(seller)["to_settle"], Decimal("150.50"))
        self.assertIn(rows, self.env["crab.staff.earning"].search([("state", "=", "credited")]))
        self.assertNotIn(rows, self.env["crab.staff.earning"].search([("state", "=", "pending")]))
        take(system, "return", cards[0], ("submit", "receive"), sender_dealer_id=self.dealer1.id)
        rows = self.env["crab.staff.earning"]._for_subject(self._subject(seller))
        self.assertEqual((sum(rows.mapped("sold")), sum(rows.mapped("amount"))), (901, 75.25))

    # ------------------------------------------------------------------ settling

    @covers("CH-05", "sum of earnings", "marked settled by hand", "record of each marking", via="service")
    @covers("CS-02", "count and records of settlements", via="service")
    def test_each_marking_is_a_record(self):
        self._credited(self._paid([(self.thousand, 2)], self.invited))
        first = self._settle(Decimal("20.00"), note=" cash ")
        second = self._settle()
        self.assertEqual(
            [(s.number, s.amount_before, s.amount, s.note, s.author, s.actor_kind, s.actor_id) for s in first | second],
            [
                (1, 50, 20, "cash", self.dealer2.display_name, "dealer", self.dealer2.id),
                (2, 30, 30, False, self.dealer2.display_name, "dealer", self.dealer2.id),
            ],
        )
        mine = self.Settlement._for_subject(self._subject(self.staff))
        self.assertEqual(mine, second | first)
        figures = self._seen(self._subject(self.staff))._earning_figures()[self.staff.id]
        self.assertEqual((figures["settlements"], figures["settled"], figures["to_settle"]), (2, 50, 0))

    def test_what_cannot_be_settled(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        for amount in ("25.01", "0", "-1", "0.001"):
            with self.subTest(amount=amount), self._refused("", UserError):
                self._settle(Decimal(amount))
        self.assertFalse(self.Settlement.search([]))

    def test_a_repeated_request_is_one(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        first = self._settle(10, key="k")
        self.assertEqual(self._settle(10, key="k"), first)
        self.assertEqual(self._settle(key="k"), first)
        with self._refused("other content", LockError):
            self._settle(11, key="k")

    def test_who_has_left_can_still_be_paid_and_nobody_else_marks(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        self.staff.active = False
        for stranger in (self.dealer1, self.dealer3):
            with self.subTest(stranger=stranger), self.assertRaises(MissingError):
                self._settle(1, stranger)
        for stranger in (self.staff, self.invited):
            with self.subTest(stranger=stranger), self._refused("by the dealer", AccessError):
                self._settle(1, stranger)
        self.assertEqual(self._settle().amount, 25)
        for stranger in (self.dealer1, self.dealer3, self.invited):
            with self.subTest(stranger=stranger):
                subject = self._subject(stranger)
                self.assertFalse(self.Settlement._for_subject(subject))
                self.assertFalse(self.env["crab.staff.earning"]._for_subject(subject))
                self.assertNotIn(self.staff, self._seen(subject))

    def test_colleagues_see_nothing_of_each_other(self):
        colleague = self.env["crab.dealer.staff"].create(
            {"dealer_id": self.dealer2.id, "name": "Colleague", "phone": self._phone(), "commission_ratio": 0.1}
        )
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        self._settle()
        subject = self._subject(colleague)
        self.assertFalse(self.Settlement._for_subject(subject))
        self.assertFalse(self.env["crab.staff.earning"]._for_subject(subject))
        self.assertEqual(self._seen(subject), colleague)

    def test_rows_are_only_added(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        settlement = self._settle()
        for record, values in ((settlement, {"amount": 1}), (self.env["crab.staff.earning"].search([]), {"amount": 1})):
            with self.subTest(record=record), self._refused("", UserError):
                record.write(values)
            with self.subTest(record=record), self._refused("", UserError):
                record.unlink()
        with self._refused("marked by the dealer", AccessError):
            self.Settlement.with_user(self.finance).create({"staff_id": self.staff.id, "amount": 1})

    def test_two_settlements_with_one_number_cannot_be(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        first = self._settle(1)
        with mute_logger("odoo.sql_db"), self._refused("numbered|duplicate"):
            first.copy({"number": first.number, "key": False})

    # ------------------------------------------------------------------ head office

    @covers("HQ-16", "staff with sales and earnings by kind", "settlements can be looked up", via="web")
    def test_head_office_looks_up_sales_shares_and_settlements(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        self._settle(10)
        for user in (self.finance, self.auditor):
            staff = self.env["crab.dealer.staff"].with_user(user)
            action = (
                self.env["ir.actions.act_window"].with_user(user)._for_xml_id("crab_profit.crab_staff_figures_action")
            )
            arch = staff.get_view(action["view_id"][0], "list")["arch"]
            names = ("sold", "total", "pending", "settled", "to_settle")
            for name in names:
                self.assertIn(f'name="earning_{name}"', arch)
            row = call_kw(staff, "web_read", [self.staff.ids, {f"earning_{name}": {} for name in names}], {})[0]
            self.assertEqual([row[f"earning_{name}"] for name in names], [950, 25, 0, 10, 15])
            by_kind = call_kw(
                self.env["crab.staff.earning"].with_user(user),
                "formatted_read_group",
                [[("staff_id", "=", self.staff.id)], ["kind"], ["sold:sum", "amount:sum"]],
                {},
            )
            self.assertEqual(
                [(line["kind"], line["sold:sum"], line["amount:sum"]) for line in by_kind], [("package", 950, 25)]
            )
            found = call_kw(
                self.env["crab.staff.settlement"].with_user(user),
                "search_read",
                [[("dealer_id", "child_of", self.dealer1.id)], ["amount", "author", "number"]],
                {},
            )
            self.assertEqual([(line["amount"], line["number"]) for line in found], [(10, 1)])
            button = call_kw(staff, "action_staff_settlements", [self.staff.ids], {})
            self.assertEqual(button["domain"], [("staff_id", "in", self.staff.ids)])

    def test_pending_and_credited_can_be_searched(self):
        self._credited(self._paid([(self.thousand, 1)], self.invited))
        waiting = self._paid([(self.thousand, 1)], self.invited)
        rows = self.env["crab.staff.earning"]
        self.assertEqual(rows.search([("state", "=", "pending")]).order_id, waiting)
        self.assertEqual(len(rows.search([("state", "=", "credited")])), 1)
        self.assertEqual(len(rows.search([("state", "in", ("pending", "credited"))])), 2)
        self.assertFalse(rows.search([("state", "not in", ("pending", "credited"))]))
