from odoo import fields
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.fields import Domain
from odoo.tests import Form
from odoo.tools import SQL

from odoo.addons.crab_base.models.crab_public_id_mixin import uuid7
from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.rows import insert_like
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_card.tests.common import make_numbers
from odoo.addons.crab_shop_card.tests.common import EcardCase


class NoticeCase(EcardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Notice = cls.env["crab.notice"]
        cls.subject = Subject("member", cls.member.id)
        for reader in (cls.member, cls.friend, cls.dealer1):
            reader.partner_id.lang = "en_US"

    def _tell(self):
        """The dispatcher hands waiting events over, as it does after a commit."""
        while self.env["crab.outbox"]._dispatch("_notice"):
            pass

    def _told(self, subject=None):
        """``[(event, body)]`` that the subject has been told, oldest first."""
        self._tell()
        notices = self.Notice._for_subject(subject or self.subject, order="id")
        return [(notice.event, notice.body) for notice in notices]

    def _words(self, event):
        return self.env["crab.notice.template"].search([("event", "=", event)])


class TestNotice(NoticeCase):
    @covers("MB-30", "in-app list", via="service")
    def test_each_step_of_an_order_is_told_once(self):
        order = self._place([(self.thousand, 2)])
        self.assertFalse(self._told())
        self._pay(order)
        self._delivery(order)._ship("SF", {self._delivery(order).id: "SF123"})
        told = self._told()
        self.assertEqual([event for event, _body in told], ["order.to_ship", "order.to_receive"])
        self.assertIn(f"{order.name}", told[0][1])
        self.assertIn("Product T-1000 × 2", told[0][1])
        self.assertIn("1900.00", told[0][1])
        self.assertIn("SF SF123", told[1][1])
        events = self.env["crab.outbox"].search([("aggregate_id", "=", order.id), ("event", "=like", "order.%")])
        self.assertFalse(self.Notice._make(events), "told again by a dispatcher that was killed after it")
        self.assertEqual(self._told(), told)

    def test_nothing_is_told_of_what_did_not_happen(self):
        order = self._place([(self.thousand, 1)])
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self._pay(order)
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self._told())

    def test_refunds_gifts_and_closed_orders_are_told(self):
        self._place([(self.thousand, 1)])._crab_close("Not paid in time.")
        order = self._bought(1)
        self._refund(self._paid([(self.thousand, 1)]), (0, 10), reason="One crab was dead.")
        gift = self.env["crab.card.gift"]._give(self.subject, self._numbers(order).id)
        self.env["crab.card.gift"]._claim(Subject("member", self.friend.id), gift.token)
        told = dict(self._told())
        self.assertIn("Not paid in time.", told["order.closed"])
        self.assertIn("Friend", told["gift.claimed"])
        self.assertIn("order.done", told)
        if "refund.done" in told:  # as soon as the provider has confirmed it
            self.assertIn("One crab was dead.", told["refund.done"])
        self.assertFalse(self._told(Subject("member", self.friend.id)))

    def test_who_was_merged_is_told_as_who_it_is_now(self):
        order = self._place([(self.thousand, 1)])
        self.member.account_id._merge_into(self.friend.account_id)
        self._pay(order)
        self._tell()
        self.assertEqual(self.Notice.search([("document_id", "=", order.id)]).member_id, self.friend)

    @covers("HQ-11", "message to top up, also for a lower dealer's request")
    def test_a_dealer_is_told_what_is_missing(self):
        wallet = self.env["crab.wallet"].search([("dealer_id", "=", self.dealer1.id), ("kind", "=", "stored")])
        wallet = wallet or self.env["crab.wallet"].create({"dealer_id": self.dealer1.id, "kind": "stored"})
        self.env["crab.outbox"]._emit("wallet.short", wallet, {"missing": "12.00", "reference": "A/1"})
        [(event, body)] = self._told(Subject("dealer", self.dealer1.id))
        self.assertEqual(event, "wallet.short")
        self.assertIn("12.00", body)
        self.assertIn("A/1", body)
        self.assertFalse(self._told())

    @covers("MB-30", "in-app list", via="service")
    @covers("HQ-64", "feedback with handling", via="service")
    def test_who_wrote_feedback_is_told_of_each_answer(self):
        agent = self._new_user("notice-service", "customer_service")
        feedback = self.env["crab.feedback"]._send(self.subject, "One was dead").with_env(self.env)
        staff = self.env["crab.dealer.staff"].create(
            {"dealer_id": self.dealer1.id, "name": "Staff", "phone": "13700009999"}
        )
        subjects = [Subject("dealer", self.dealer1.id), Subject("staff", staff.id)]
        others = [self.env["crab.feedback"]._send(subject, "Hello").with_env(self.env) for subject in subjects]
        for one in (feedback, *others):
            one.with_user(agent).answer = "Sorry"
            one.with_user(agent).action_answer()
        self.assertEqual([event for event, _body in self._told()], ["feedback.answered"])
        self.assertIn(str(business_date()), self._told()[0][1])
        self.assertEqual(len(self._told(subjects[0])), 1, "what its staff wrote is not the dealer's")
        feedback.with_user(agent).action_reopen()
        feedback.with_user(agent).action_answer()
        self.assertEqual(len(self._told()), 2)
        notice = self.Notice.search([("document_model", "=", "crab.feedback"), ("document_id", "=", feedback.id)])[:1]
        action = notice.with_user(agent).action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("crab.feedback", feedback.id))

    def test_switched_off_words_tell_nothing_and_changed_words_are_used(self):
        self._words("order.to_ship").active = False
        words = self._words("order.to_receive")
        words.title, words.body = "Away", "{order} by {carrier}."
        order = self._paid([(self.thousand, 1)])
        self._ship(order)
        self.assertEqual(self._told(), [("order.to_receive", f"{order.name} by SF.")])
        words.body = "Changed later"
        self.assertEqual(self._told(), [("order.to_receive", f"{order.name} by SF.")])

    def test_events_of_which_none_is_told_are_done_with(self):
        self._words("order.to_ship").active = False
        self._paid([(self.thousand, 1)])
        self.assertFalse(self._told())
        self.assertFalse(
            self.env["crab.outbox.delivery"].search_count([("consumer", "=", "_notice"), ("state", "!=", "done")])
        )

    def test_numbers_of_an_order_are_told_once_with_their_parcel(self):
        printed = self._new_card_product("T-PRINTED", 1000).product_tmpl_id
        printed.crab_state = "on_sale"
        cards = make_numbers(self.env, printed.product_variant_id, 1, "PRINT", company="sales")
        sale = self._paid([(printed, 1)]).crab_card_order_ids
        sale.write({"carrier": "SF", "tracking_reference": "SF9"})
        sale._link_cards(cards.ids)
        sale.action_send()
        told = self._told()
        self.assertEqual([event for event, _body in told], ["order.to_ship", "order.to_receive"])
        self.assertIn("SF SF9", told[1][1])

    def test_the_document_opens_in_the_view_of_the_suite(self):
        order = self._paid([(self.thousand, 1)])
        self._tell()
        notice = self.Notice.search([("document_id", "=", order.id), ("document_model", "=", "sale.order")])
        action = notice.with_user(self._role("customer_service")).action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("sale.order", order.id))
        self.assertEqual(action["views"], [(self.env.ref("crab_shop.sale_order_view_form").id, "form")])

    def test_the_language_is_the_readers(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self._words("order.to_ship").with_context(lang="zh_CN").body = "订单 {order} 已付款。"
        self.member.partner_id.lang = "zh_CN"
        order = self._paid([(self.thousand, 1)])
        self.assertEqual(self._told(), [("order.to_ship", f"订单 {order.name} 已付款。")])

    @covers("IF-02", "triggers on order state")
    def test_words_are_set_in_the_back_office_and_name_only_what_there_is(self):
        admin = self._new_user("t_admin", "admin")
        words = self._words("order.to_ship").with_user(admin)
        form = Form(words)
        self.assertIn("{order}", form.placeholders)
        form.body = "Paid: {order}"
        form.save()
        self.assertEqual(words.body, "Paid: {order}")
        for body in ("{tracking} is not known yet", "{}", "{order.name}", "{__class__}"):
            if body == "{order.name}":
                words.body = body  # no placeholder: it stands as it is written
                continue
            with self._refused("cannot name", ValidationError):
                words.body = body

    def test_the_list_is_ones_own_and_is_marked_as_read(self):
        order, _other = self._paid([(self.thousand, 1)]), self._paid([(self.thousand, 1)], member=self.friend)
        self._ship(order)
        self._tell()
        mine = self.Notice._for_subject(self.subject)
        theirs = self.Notice._for_subject(Subject("member", self.friend.id))
        self.assertEqual((len(mine), len(theirs)), (2, 1))
        for stranger in (Subject("dealer", self.member.id), Subject("staff", self.member.id)):
            self.assertFalse(self.Notice._for_subject(stranger))
        with self.assertRaises(MissingError):
            self.Notice._mark_read_for_subject(self.subject, (mine[0] | theirs).ids)
        self.assertEqual(self.Notice._unread_count_for_subject(self.subject), 2)
        self.assertEqual(self.Notice._mark_read_for_subject(self.subject, mine[0].ids), 1)
        self.assertEqual(self.Notice._mark_read_for_subject(self.subject, mine[0].ids), 0)
        self.assertEqual(self.Notice._mark_read_for_subject(self.subject), 1)
        self.assertEqual(self.Notice._unread_count_for_subject(self.subject), 0)
        self.assertFalse(theirs.read_at)

    @covers("MB-30", "in-app list", via="service")
    def test_a_page_of_many_and_the_unread_ones_are_read_from_indexes(self):
        another = self._new_member("Another")
        self._paid([(self.thousand, 1)])
        self._tell()
        notice = self.Notice.search([("member_id", "=", self.member.id)], limit=1)
        count = 5000
        events, outside = range(-count, 0), [uuid7() for _row in range(count)]
        readers = [(self.member if event % 20 == 0 else another).id for event in events]
        made = insert_like(notice, {"event_id": events, "public_id": outside, "member_id": readers})
        made.write({"read_at": fields.Datetime.now()})
        more = made.filtered(lambda notice: notice.member_id == self.member)
        self.env.flush_all()
        self.cr.execute("ANALYZE crab_notice")
        first, cursor = self.Notice._of_subject(self.subject)
        second, _cursor = self.Notice._of_subject(self.subject, cursor)
        self.assertEqual((first | second).ids, sorted(more.ids, reverse=True)[:40])
        self.assertEqual(self.Notice._unread_count_for_subject(self.subject), 1)
        domain = self.Notice._subject_domain(self.subject)
        for narrowed, order, index in (
            (Domain("id", "<", second[-1].id), "id desc", "crab_notice_member_idx"),
            (Domain("read_at", "=", False), "id desc", "crab_notice_member_unread_idx"),
        ):
            query = self.Notice._search(domain & narrowed, order=order, limit=21)
            self.cr.execute(SQL("EXPLAIN %s", query.select()))
            self.assertIn(index, "\n".join(row[0] for row in self.cr.fetchall()))
        stranger = self.Notice._of_subject(Subject("member", self.friend.id))
        self.assertEqual((len(stranger[0]), stranger[1]), (0, None))
        with self.assertRaises(MissingError):
            self.Notice._of_subject(self.subject, "no cursor")

    def test_nobody_writes_notices_by_hand(self):
        self._paid([(self.thousand, 1)])
        self._tell()
        notice = self.Notice.search([], limit=1)
        for role in ("customer_service", "auditor", "admin"):
            user = self._role(role)
            for act in (
                lambda notice: notice.write({"body": "x"}),
                lambda notice: notice.unlink(),
                lambda notice: notice.create({"body": "x"}),
            ):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    act(notice.with_user(user))

    def test_many_events_are_told_in_a_few_queries(self):
        orders = [self._paid([(self.thousand, 1)]) for _ in range(6)]
        events = self.env["crab.outbox"].search(
            [("event", "=", "order.to_ship"), ("aggregate_id", "in", [order.id for order in orders])]
        )
        self.env.flush_all()
        counts = []
        for few in (events[:1], events[1:]):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.Notice._make(few)
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
