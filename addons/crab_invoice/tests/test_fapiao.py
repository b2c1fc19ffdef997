from decimal import Decimal

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_shop.tests.common import ShopCase

PURPOSES = ("revenue", "vat_output", "order_advance", "contract_liability", "payment_clearing")
COMPANY = {"kind": "company", "title": "示例有限公司", "tax_number": "91310000ma1k000000", "email": "a@example.com"}


class TestFapiao(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._new_user("fapiao_finance", "finance")
        cls.auditor = cls._new_user("fapiao_auditor", "auditor")
        cls.Fapiao = cls.env["crab.fapiao"]

    def _shipped(self, *lines):
        order = self._paid(list(lines) or [(self.thousand, 2), (self.package1, 1)])
        self._ship(order)
        return order

    def _form(self, order, **values):
        order = order.with_user(self.finance)
        form = Form(
            self.env["crab.fapiao.ask"]
            .with_user(self.finance)
            .with_context(**order.action_crab_ask_fapiao()["context"])
        )
        for name, value in {**COMPANY, **values}.items():
            if name != "tax_number" or form.kind == "company":
                setattr(form, name, value)
        return form

    def _ask(self, order, **values):
        action = self._form(order, **values).save().action_confirm()
        return self.Fapiao.with_user(self.finance).browse(action["res_id"])

    def _issue(self, fapiao, number):
        with Form(fapiao.with_user(self.finance)) as form:
            form.number, form.issued_date = number, business_date()
        fapiao.with_user(self.finance).action_issue()

    def _balances(self):
        """After everything that waits is posted."""
        for day in set(self.env["crab.ledger.fact"].search([("batch_id", "=", False)]).mapped("business_date")):
            self.env["crab.ledger.batch"]._post_day(self.sales, day)
        self.env.flush_all()
        ledger, check = self.env["crab.ledger"], self.env["crab.ledger.check"]
        return {p: check._ledger_balance(self.sales, ledger._account(self.sales, p), None) for p in PURPOSES}

    @covers("ERP-83", "issue and query", via="web")
    def test_issued_fapiao_changes_no_total(self):
        order = self._shipped()
        before = self._balances()
        fapiao = self._ask(order)
        self.assertEqual((fapiao.state, fapiao.amount, fapiao.tax_number), ("asked", 2183.1, "91310000MA1K000000"))
        self.assertFalse(fapiao.move_id, "asked for is not issued")
        with self.assertRaisesRegex(UserError, "Enter the number"):
            fapiao.action_issue()
        fapiao.write({"number": "F-1", "issued_date": "2999-11-20"})
        with self.assertRaisesRegex(UserError, "future"):
            fapiao.action_issue()
        self._issue(fapiao, "F-1")
        fapiao.action_issue()
        invoice, counter = fapiao.move_id, fapiao.counter_move_id
        self.assertEqual((invoice.move_type, invoice.state, counter.state), ("out_invoice", "posted", "posted"))
        self.assertEqual((invoice.amount_untaxed, invoice.amount_tax, invoice.amount_total), (2002.84, 180.26, 2183.1))
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.env["account.move"].search_count([("crab_document_model", "=", "crab.fapiao")]), 2)
        self.assertEqual(self._balances(), before)
        self.assertEqual(sum(counter.line_ids.filtered("tax_ids").mapped("balance")), 2002.84)
        self.assertBooksEqual()
        self.assertEqual(self.Fapiao.search(order.action_crab_fapiao()["domain"]), fapiao)
        with self.assertRaisesRegex(UserError, "stay posted"):
            invoice.button_draft()

    def test_no_piece_has_two_fapiao(self):
        order = self._shipped((self.thousand, 3))
        form = self._form(order)
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.quantity_left, line.amount_left), (3, 2850))
            line.quantity = 2
        wizard = form.save()
        wizard.action_confirm()
        with self.assertRaisesRegex(UserError, "at most 1 pieces"):
            wizard.action_confirm()
        rest = self._ask(order)
        self.assertEqual((rest.line_ids.quantity, rest.amount), (1, 950))
        with self.assertRaisesRegex(UserError, "Nothing"):
            self._form(order).save().action_confirm()
        self.assertEqual(len(order.crab_fapiao_ids), 2)
        rest.action_cancel()
        rest.action_cancel()
        self.assertEqual(self._ask(order).amount, 950, "what is cancelled can be asked for again")

    def test_goods_count_when_shipped(self):
        order = self._paid([(self.thousand, 2)])
        with self.assertRaisesRegex(UserError, "goods count when shipped"):
            self._form(order).save().action_confirm()
        self._setting("split_shipping", True)
        [line] = self._goods(order)
        self._delivery(order)._split_order({line: 1})._ship("SF")
        self.assertEqual(self._ask(order).amount, 950)

    def test_buyer(self):
        order = self._shipped((self.thousand, 1))
        for values, message in (
            ({"tax_number": "123"}, "tax number"),
            ({"title": " "}, "title"),
            ({"email": "nobody"}, "no e-mail"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, message):
                self._form(order, **values).save().action_confirm()
        fapiao = self._ask(order, kind="personal", title="张三", tax_number=False)
        self.assertEqual((fapiao.kind, fapiao.tax_number), ("personal", False))

    def test_refund_after_the_fapiao_makes_a_red_one(self):
        order = self._shipped((self.thousand, 2))
        fapiao = self._ask(order)
        self._issue(fapiao, "F-1")
        self._refund(order, (1, None))
        red = fapiao.red_ids
        self.assertEqual((red.state, red.amount, red.line_ids.quantity), ("asked", 950, 1))
        self.assertIn(self.finance, red.activity_ids.user_id)
        with self.assertRaisesRegex(UserError, "has to be issued"):
            red.with_user(self.finance).action_cancel()
        before = self._balances()
        self._issue(red, "R-1")
        self.assertEqual((red.move_id.move_type, red.move_id.amount_total), ("out_refund", 950))
        self.assertEqual(red.move_id.reversed_entry_id, fapiao.move_id)
        self.assertEqual(self._balances(), before)
        self.assertFalse(red.activity_ids)
        self.assertEqual(fapiao.state, "issued", "half of it still holds")
        self._refund(order, (1, None))
        second = fapiao.red_ids - red
        self._issue(second, "R-2")
        self.assertEqual((fapiao.state, second.amount), ("reversed", 950))
        # what finance declares of the month: both of the red ones taken off
        arch = self.Fapiao.with_user(self.finance).get_views([[False, "search"]])["views"]["search"]["arch"]
        issued = safe_eval(etree.fromstring(arch).xpath("//filter[@name='issued']")[0].get("domain"))
        [month] = self.Fapiao.with_user(self.finance).formatted_read_group(
            [*issued, ("order_id", "=", order.id)], ["issued_date:month"], ["amount_signed:sum"]
        )
        self.assertEqual(month["amount_signed:sum"], 0)
        self.assertBooksEqual()
        with self.assertRaisesRegex(UserError, "Nothing"):
            self._form(order).save().action_confirm()

    def test_price_concession_takes_back_an_amount(self):
        order = self._shipped((self.thousand, 2))
        fapiao = self._ask(order)
        self._issue(fapiao, "F-1")
        self._refund(order, (0, Decimal("100.01")))
        self.assertEqual((fapiao.red_ids.amount, fapiao.red_ids.line_ids.quantity), (100.01, 0))
        self._issue(fapiao.red_ids, "R-1")
        self.assertBooksEqual()

    def test_refund_before_issuing_asks_anew_for_the_rest(self):
        order = self._shipped((self.thousand, 2))
        fapiao = self._ask(order)
        self._refund(order, (1, None))
        again = order.crab_fapiao_ids - fapiao
        self.assertEqual(
            (fapiao.state, again.state, again.amount, again.title), ("cancelled", "asked", 950, COMPANY["title"])
        )
        self._refund(order, (1, None))
        self.assertEqual(order.crab_fapiao_ids.mapped("state"), ["cancelled", "cancelled"])

    def test_taken_back_by_hand_and_asked_for_with_another_title(self):
        order = self._shipped((self.thousand, 1))
        fapiao = self._ask(order)
        self._issue(fapiao, "F-1")
        fapiao.action_reverse()
        with self.assertRaisesRegex(UserError, "taken back already"):
            fapiao.action_reverse()
        self._issue(fapiao.red_ids, "R-1")
        self.assertEqual(fapiao.state, "reversed")
        self.assertEqual(self._ask(order, title="另一家公司").amount, 950)

    def test_cards_stay_prepaid(self):
        card = self._new_card("T-CARD9", 500.0, self.package1, crab_state="on_sale")
        self._stock_cards(card)
        order = self._paid([(card, 2)])
        before = self._balances()
        fapiao = self._ask(order)
        self._issue(fapiao, "F-1")
        self.assertEqual(fapiao.move_id.amount_total, order.amount_total)
        self.assertEqual(self._balances(), before)
        self.assertBooksEqual()

    def test_killed_while_issuing_leaves_nothing(self):
        order = self._shipped((self.thousand, 1))
        fapiao = self._ask(order)
        fapiao.write({"number": "F-1", "issued_date": business_date()})
        journal, self.sales.crab_document_journal_id = self.sales.crab_document_journal_id, False
        with self.assertRaises(UserError), self.env.cr.savepoint():
            fapiao.action_issue()
        self.env.invalidate_all()
        self.assertEqual((fapiao.state, fapiao.move_id.id), ("asked", False))
        self.assertFalse(self.env["account.move"].search([("crab_document_model", "=", "crab.fapiao")]))
        self.sales.crab_document_journal_id = journal
        fapiao.action_issue()
        self.assertEqual(fapiao.state, "issued")

    def test_number_is_used_once(self):
        order = self._shipped()
        first, second = self._goods(order)
        one = self.Fapiao._ask(order, COMPANY, {first: 2})
        two = self.Fapiao._ask(order, COMPANY, {second: 1})
        self._issue(one, "F-1")
        with self._refused("crab_fapiao_number_uniq"):
            two.number = "F-1"
            self.env.flush_all()

    def test_a_mistyped_number_is_corrected_and_the_file_comes_later(self):
        order = self._shipped((self.thousand, 1))
        fapiao = self._ask(order)
        self._issue(fapiao, "F-1")
        with Form(fapiao.with_user(self.finance)) as form:
            form.number = "F-2"
            form.file = b"JVBERi0="
        self.assertEqual((fapiao.move_id | fapiao.counter_move_id).mapped("ref"), ["F-2", "F-2"])
        self.assertEqual(set(fapiao.counter_move_id.line_ids.mapped("name")), {"F-2"})
        self.assertEqual(fapiao.move_id.state, "posted")
        for values in ({"number": " "}, {"issued_date": "2026-11-21"}):
            with self.subTest(values=values), self.assertRaises(UserError):
                fapiao.with_user(self.finance).write(values)
        for user in (self.auditor, self._new_user("fapiao_clerk", "customer_service")):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                fapiao.with_user(user).write({"number": "F-3"})

    def test_rights(self):
        order = self._shipped((self.thousand, 1))
        fapiao = self._ask(order)
        self._issue(fapiao, "F-1")
        line = fapiao.line_ids
        for user in (self.finance, self.auditor, self._new_user("fapiao_admin", "admin")):
            self.assertEqual(fapiao.with_user(user).title, COMPANY["title"])
            for attack in (
                lambda user=user: fapiao.with_user(user).write({"state": "asked"}),
                lambda user=user: fapiao.with_user(user).write({"amount": 1}),
                lambda user=user: line.with_user(user).write({"amount": 1}),
                lambda user=user: line.with_user(user).unlink(),
                lambda user=user: self.Fapiao.with_user(user).create(
                    {"order_id": order.id, "title": "x", "kind": "personal", "name": "x"}
                ),
            ):
                with self.assertRaises(AccessError):
                    attack()
            with self.assertRaises(UserError):  # AccessError is one
                fapiao.with_user(user).write({"issued_date": "2026-11-01"})
        for method in ("action_issue", "action_cancel", "action_reverse"):
            with self.assertRaises(AccessError):
                getattr(fapiao.with_user(self.auditor), method)()
        service = self._new_user("fapiao_service", "customer_service")
        for attack in (
            lambda: fapiao.with_user(service).read(["title"]),
            lambda: (
                self.env["crab.fapiao.ask"]
                .with_user(service)
                .with_context(default_order_id=order.id)
                .create({"title": "x"})
            ),
        ):
            with self.assertRaises(AccessError):
                attack()
        stranger = self._new_user("fapiao_stranger", "finance", companies=self.group)
        self.assertFalse(self.Fapiao.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self.env["crab.fapiao.ask"].with_user(stranger).with_context(default_order_id=order.id).create(
                {"title": "x"}
            )
        refunded = order.with_user(service)
        refunded.env["crab.refund"]._refund(refunded, [(self._goods(order), 1, None)], "Refund")
        self.assertTrue(fapiao.red_ids, "who refunds need not see fapiao")

    def test_of_an_erased_person_only_issued_documents_name_the_buyer(self):
        issued, cancelled = (self._ask(self._shipped((self.thousand, 1)), title="Zhang San") for _n in range(2))
        for order in (issued | cancelled).sudo().order_id:
            order._crab_receive()
        account = self.member.account_id
        with self.assertRaisesRegex(UserError, "Fapiao"):
            account._erase_person("asked")
        self.assertEqual((issued.title, issued.email), ("Zhang San", "a@example.com"))
        self._issue(issued, "F-ERASE")
        cancelled.action_cancel()
        account._erase_person("asked")
        self.assertEqual((issued.title, issued.tax_number, issued.email), ("Zhang San", "91310000MA1K000000", False))
        self.assertEqual((cancelled.title, cancelled.tax_number, cancelled.email), ("*", False, False))
        self.assertNotIn("Zhang San", self.member.name)
