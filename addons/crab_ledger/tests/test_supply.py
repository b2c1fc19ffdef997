from datetime import date
from decimal import Decimal

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import LedgerCase

DAY, NEXT = date(2026, 10, 1), date(2026, 10, 2)
ACCOUNTS = (
    ("group", "intercompany"), ("group", "revenue"), ("group", "vat_output"),
    ("sales", "intercompany"), ("sales", "cost"), ("sales", "vat_output"),
)  # fmt: skip


class TestSupply(LedgerCase):
    """The invoice of a business day from the Group to the Sales company, and the bill that matches it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        taxes = cls.env["account.tax"].search(
            [("type_tax_use", "=", "sale"), ("company_id", "in", (cls.group | cls.sales).ids)]
        )
        cls.crab, cls.tool = (
            cls.env["product.product"].create(
                {"name": name, "taxes_id": [(6, 0, [tax.id for tax in taxes if tax.amount == rate])]}
            )
            for name, rate in (("大闸蟹", 9), ("蟹八件", 13))
        )
        cls.count = 0

    @classmethod
    def _supply(cls, *goods, day=DAY):
        """``goods``: ``(product, quantity, price)``, each of a parcel of its own."""
        cls.count += 1
        rows = [
            (product, quantity, Decimal(str(price)), f"{cls.count}-{number}")
            for number, (product, quantity, price) in enumerate(goods)
        ]
        facts = cls.Fact._supply_facts(
            cls.group, cls.sales, rows, document_model="res.partner", document_id=cls.partner.id, reference="DD0001"
        )
        return cls.Fact.browse(cls.Fact._record([{**fact, "business_date": day} for fact in facts]))

    def _balances(self):
        return {key: self._balance(key[1], getattr(self, key[0])) for key in ACCOUNTS}

    def _run_job(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["crab.ledger.batch"]._cron_post_days()
        self.env.invalidate_all()

    def _pair(self, day=DAY):
        domain = [("kind", "in", ("supplied", "received")), ("business_date", "=", day), ("state", "=", "posted")]
        return self.Batch.search(domain, order="id")

    @covers("ERP-76", "counter-documents and entries")
    def test_a_day_is_one_invoice_and_the_same_bill(self):
        before = self._balances()
        facts = self._supply((self.crab, 2, 109), (self.crab, 3, 109), (self.crab, 1, 218), (self.tool, 1, 113))
        invoice, bill = self.Batch._post_supply(DAY).move_id
        self.assertEqual((invoice.company_id, invoice.move_type, invoice.state), (self.group, "out_invoice", "posted"))
        self.assertEqual((bill.company_id, bill.move_type, bill.state), (self.sales, "in_invoice", "posted"))
        self.assertEqual((invoice.partner_id, bill.partner_id), (self.sales.partner_id, self.group.partner_id))
        self.assertEqual((invoice.date, bill.date, bill.ref), (DAY, DAY, invoice.name))
        for move in (invoice, bill):
            self.assertEqual((move.amount_untaxed, move.amount_tax, move.amount_total), (800, 76, 876))
            self.assertEqual(
                [
                    (line.product_id, line.quantity, line.price_unit, line.tax_ids.amount)
                    for line in move.invoice_line_ids
                ],
                [(self.crab, 5, 109, 9), (self.crab, 1, 218, 9), (self.tool, 1, 113, 13)],
            )
        expected = ("876", "-800", "-76", "-876", "800", "76")
        changes = {key: self._balances()[key] - amount for key, amount in before.items()}
        self.assertEqual(changes, dict(zip(ACCOUNTS, map(Decimal, expected), strict=True)))
        self.assertEqual(facts.batch_id.move_id, invoice | bill)
        self.assertFalse(self._differences())
        self.assertFalse(self.Check._between_companies())

    def test_nothing_is_invoiced_twice_and_late_goods_go_to_the_next_day(self):
        self._supply((self.crab, 1, 109))
        self.assertEqual(len(self.Batch._post_supply(DAY)), 2)
        self.assertFalse(self.Batch._post_supply(DAY), "a second run")
        late = self._supply((self.crab, 1, 218))
        self.assertFalse(self.Batch._post_supply(DAY), "the day has its invoice")
        self.assertEqual(self.Batch._supply_days(NEXT), [NEXT])
        self._supply((self.tool, 1, 113), day=NEXT)
        self.assertEqual(self.Batch._supply_days(NEXT), [NEXT])
        batches = self.Batch._post_supply(NEXT)
        self.assertEqual(batches.move_id.mapped("amount_total"), [331, 331])
        self.assertEqual(late.batch_id, batches)
        self.assertFalse(self._differences())

    def test_an_empty_day_makes_nothing(self):
        self.assertFalse(self.Batch._supply_days(DAY))
        self.assertFalse(self.Batch._post_supply(DAY))

    def test_days_are_apart_and_goods_of_a_day_that_failed_wait_for_it(self):
        self._supply((self.crab, 1, 109))
        self._supply((self.crab, 1, 218), day=NEXT)
        self.assertEqual(self.Batch._supply_days(NEXT), [DAY, NEXT])
        self.assertEqual(self.Batch._post_supply(NEXT).move_id.mapped("amount_total"), [218, 218])
        self.assertEqual(self.Batch._supply_days(NEXT), [DAY])
        self.assertEqual(self.Batch._post_supply(DAY).move_id.mapped("amount_total"), [109, 109])

    def test_a_killed_run_leaves_nothing_and_the_next_one_continues(self):
        facts = self._supply((self.crab, 1, 109))
        self.sales.crab_cost_account_id = False
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.Batch._post_supply(DAY)  # dies between invoice and bill
        self.assertFalse(facts.batch_id)
        self.assertFalse(self.env["account.move"].search([("crab_document_model", "=", "crab.ledger.batch")]))
        self.sales._crab_set_up_ledger()
        self.assertEqual(len(self.Batch._post_supply(DAY)), 2)

    @freeze_time("2026-10-02 16:30:00")
    def test_the_nightly_job_invoices_the_days_that_have_ended_in_shanghai(self):
        self._supply((self.crab, 1, 109))
        self._supply((self.crab, 1, 218), day=NEXT)
        self._supply((self.crab, 1, 327), day=date(2026, 10, 3))
        self._run_job()
        self._run_job()
        self.assertEqual(self._pair().move_id.mapped("amount_total"), [109, 109])
        self.assertEqual(self._pair(NEXT).move_id.mapped("amount_total"), [218, 218])
        self.assertFalse(self._pair(date(2026, 10, 3)))

    def test_parts_of_a_unit_come_to_what_the_parcels_came_to(self):
        self._supply(*[(self.crab, 0.33, 10.01)] * 3)  # 3 × 3.30, the whole would be 9.91
        self.assertEqual(self.Batch._post_supply(DAY).move_id.mapped("amount_total"), [9.9, 9.9])
        self.assertFalse(self._differences())

    def test_cost_of_goods_is_not_booked_by_the_invoice(self):
        """Where Odoo values stock perpetually it would book the cost with the invoice: the shipment's fact has it."""
        if "property_valuation" in self.env["product.category"]._fields:
            self.crab.write({"is_storable": True, "standard_price": 40})
            self.crab.categ_id.with_company(self.group).property_valuation = "real_time"
        self._supply((self.crab, 1, 109))
        invoice = self.Batch._post_supply(DAY).move_id[0]
        self.assertFalse(invoice.line_ids.filtered(lambda line: line.display_type == "cogs"))

    def test_reversed_both_are_undone_and_made_anew(self):
        before = self._balances()
        facts = self._supply((self.crab, 1, 109))
        batches = self.Batch._post_supply(DAY)
        batches[0].action_reverse()
        self.assertEqual(batches.mapped("state"), ["reversed", "reversed"])
        self.assertEqual(batches.reversal_move_id.mapped("state"), ["posted", "posted"])
        self.assertEqual(self._balances(), before)
        self.assertFalse(facts.batch_id)
        self.assertEqual(len(self.Batch._post_supply(DAY)), 2)
        self.assertFalse(self._differences())

    def test_check_names_what_only_one_company_has(self):
        self._supply((self.crab, 1, 109))
        bill = self.Batch._post_supply(DAY)[1].move_id
        self.env.cr.execute("UPDATE account_move_line SET balance = 0 WHERE move_id = %s", [bill.id])
        [finding] = self.Check._between_companies()
        self.assertIn("109.00", finding)
        self.assertEqual({role for role, _code in self._differences()}, {"sales"})

    @covers("ERP-76", "counter-documents and entries", via="web")
    def test_finance_posts_by_hand_and_goes_from_invoice_to_facts_and_back(self):
        finance = self._new_user("supply_finance", "finance")
        facts = self._supply((self.crab, 1, 109)).with_user(finance)
        wizard = Form(self.env["crab.ledger.batch.post"].with_user(finance))
        wizard.until_date = DAY
        action = wizard.save().action_post()
        batches = self.Batch.with_user(finance).search(action["domain"], order="id")
        self.assertEqual(batches.mapped("kind"), ["supplied", "received"])
        self.assertEqual(facts.move_id, batches.move_id)
        for fact, move in zip(facts, batches.move_id, strict=True):
            self.assertEqual(self.Fact.search(move.action_crab_facts()["domain"]), fact)
            self.assertEqual(move.action_crab_document()["res_id"], fact.batch_id.id)
        with self.assertRaisesRegex(UserError, "Nothing is waiting"):
            wizard.save().action_post()
        for attack in (lambda: batches.move_id[0].button_draft(), lambda: batches.move_id[0].unlink()):
            with self.assertRaisesRegex(UserError, "stay posted"):
                attack()

    def test_who_works_for_one_company_does_not_undo_the_other(self):
        seller = self._new_user("supply_seller", "finance", companies=self.sales)
        self._supply((self.crab, 1, 109))
        batches = self.Batch._post_supply(DAY)
        with self.assertRaises(AccessError):
            batches[1].with_user(seller).action_reverse()
        self.assertEqual(batches.mapped("state"), ["posted", "posted"])

    @freeze_time("2026-10-04 02:00:00")
    def test_waiting_facts_are_listed_with_their_age(self):
        finance = self._new_user("supply_waiting", "finance")
        self._supply((self.crab, 1, 109), (self.crab, 1, 109))
        self._supply((self.crab, 1, 218), day=NEXT)
        rows = self.env["crab.ledger.waiting"].with_user(finance).search([("kind", "=", "supplied")])
        self.assertEqual((rows.company_id, rows.fact_count, rows.since_date, rows.days), (self.group, 3, DAY, 3))
        self.assertEqual(rows.amount_net, 400)
        self.assertEqual(self.Fact.search_count(rows.action_facts()["domain"]), 3)
        with self.assertRaises(AccessError):
            rows.with_user(self._new_user("supply_nobody", "warehouse")).read(["fact_count"])

    def test_what_the_night_did_not_post_brings_finance_an_activity(self):
        finance = self._new_user("supply_close", "finance")
        with freeze_time("2026-10-01 10:00:00"):
            self._supply((self.crab, 1, 109))
        with freeze_time("2026-10-02 17:20:00"):
            self.Check._cron_check()
        check = self.Check.search([], limit=1)
        self.assertEqual(check.state, "different")
        [activity] = check.activity_ids.filtered(lambda activity: activity.user_id == finance)
        self.assertIn("2026-10-01", activity.note)
        self.assertFalse(check.line_ids.filtered("difference"), "it waits, nothing is lost")
        self.assertTrue(check.line_ids.filtered(lambda line: line.waiting == 109 and line.waiting_days == 2))
