from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from ..models.crab_outbox import CrabOutbox
from .common import CrabCase

QUIET = "odoo.addons.crab_base.models.crab_outbox_delivery"


class TestOutbox(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outbox = cls.env["crab.outbox"]
        cls.partners = cls.env["res.partner"].create([{"name": name} for name in "ABC"])
        cls.delivery = cls.env["crab.outbox.delivery"]

    def setUp(self):
        super().setUp()
        self.got, self.refuse = [], set()
        case, refusal = self, "not %(no)s"

        def handlers(records):
            return {"thing.done": ["_take"], "thing.both": ["_take", "_other"]}

        def take(events):
            for event in events:
                event.env["res.partner"].browse(event.aggregate_id).comment = "taken"
                if event.payload.get("no") in case.refuse:
                    raise UserError(refusal % event.payload)
            case.got.append(events.ids)

        for name, method in (("_handlers", handlers), ("_take", take), ("_other", lambda events: None)):
            patcher = patch.object(CrabOutbox, name, method, create=True)
            patcher.start()
            self.addCleanup(patcher.stop)

    def _emit(self, record, number, event="thing.done"):
        return self.outbox._emit(event, record, {"no": number})

    def _lines(self, events):
        return self.delivery.search([("event_id", "in", events.ids)], order="id")

    def test_a_set_of_records_gives_one_event_each_in_one_statement(self):
        with patch.object(CrabOutbox, "_wake"), self.assertQueryCount(1):
            events = self.outbox._emit("thing.done", self.partners, payloads={self.partners[1].id: {"no": 5}})
        self.assertEqual(events.sorted("id").mapped("aggregate_id"), self.partners.ids)
        self.assertEqual([event.payload for event in events.sorted("id")], [{}, {"no": 5}, {}])
        self.assertEqual(self._lines(events).mapped("state"), ["pending"] * 3)
        self.assertEqual(self.outbox._emit("thing.done", ("res.partner", [])), self.outbox)

    def test_an_event_nobody_wants_is_kept_without_delivery(self):
        self.assertFalse(self._emit(self.partners, 1, "thing.ignored").delivery_ids)

    def test_an_event_is_emitted_only_if_its_transaction_commits(self):
        with self.env.cr.savepoint() as savepoint:
            events = self._emit(self.partners, 1)
            savepoint.rollback()
        self.assertFalse(events.exists())
        self.assertFalse(self._lines(events))

    def test_a_set_is_handed_over_at_once_and_only_once(self):
        events = self._emit(self.partners, 1)
        self.assertEqual(self.outbox._dispatch("_take"), 3)
        self.assertEqual(self.outbox._dispatch("_take"), 0)
        self.assertEqual(self.got, [events.ids])
        self.assertEqual(set(self._lines(events).mapped("state")), {"done"})

    def test_each_consumer_has_its_own_delivery(self):
        events = self._emit(self.partners[0], 1, "thing.both")
        self.refuse = {1}
        with mute_logger(QUIET):
            self.outbox._dispatch("_take")
        self.outbox._dispatch("_other")
        states = {line.consumer: line.state for line in self._lines(events)}
        self.assertEqual(states, {"_take": "failed", "_other": "done"})

    def test_a_failed_event_is_not_overtaken_by_later_ones_of_its_record(self):
        a, b, _c = self.partners
        events = self._emit(a, 1) + self._emit(a, 2) + self._emit(b, 3) + self._emit(a, 4)
        self.refuse = {2}
        with mute_logger(QUIET):
            self.outbox._dispatch("_take")
            self.assertEqual(self.outbox._dispatch("_take"), 0)
        lines = self._lines(events)
        self.assertEqual(lines.mapped("state"), ["done", "failed", "done", "pending"])
        self.assertEqual(lines[1].error, "UserError: not 2")
        self.assertEqual(lines[1].tries, 1)
        later = self._emit(b, 5)
        self.assertEqual(self.outbox._dispatch("_take"), 1)
        self.refuse = set()
        lines[1].next_try_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.outbox._dispatch("_take"), 2)
        self.assertEqual(self.got, [[events[0].id], [events[2].id], later.ids, [events[1].id, events[3].id]])

    def test_what_a_failing_consumer_did_is_undone(self):
        self.refuse = {1}
        self._emit(self.partners[0], 1)
        with mute_logger(QUIET):
            self.outbox._dispatch("_take")
        self.assertFalse(self.partners[0].comment)

    def test_waits_grow_up_to_an_hour(self):
        self.refuse = {1}
        line = self._lines(self._emit(self.partners[0], 1))
        waits = []
        for _try in range(9):
            line.next_try_at = fields.Datetime.now() - timedelta(days=1)
            before = fields.Datetime.now()
            with mute_logger(QUIET):
                self.outbox._dispatch("_take")
            waits.append(round((line.next_try_at - before).total_seconds() / 60))
        self.assertEqual(waits, [1, 2, 4, 8, 15, 30, 60, 60, 60])

    def test_an_administrator_retries_and_gives_up(self):
        admin = self._new_user("outbox-admin", "admin")
        events = self._emit(self.partners[0], 1) + self._emit(self.partners[0], 2)
        self.refuse = {1}
        with mute_logger(QUIET):
            self.outbox._dispatch("_take")
        failed, waiting = self._lines(events).with_user(admin)
        with self.assertRaises(UserError):
            waiting.action_skip()
        failed.action_retry()
        with mute_logger(QUIET):
            self.assertEqual(self.outbox._dispatch("_take"), 2)
        failed.action_skip()
        self.assertEqual(self.outbox._dispatch("_take"), 1)
        self.assertEqual((failed.state, waiting.state), ("skipped", "done"))
        with self.assertRaises(UserError):
            failed.action_retry()
        with self.assertRaises(AccessError):
            failed.write({"state": "done"})

    def test_auditors_read_and_others_do_not(self):
        self._emit(self.partners, 1)
        auditor = self._new_user("outbox-auditor", "auditor")
        self.assertTrue(self.outbox.with_user(auditor).search([]).mapped("delivery_ids.state"))
        with self.assertRaises(AccessError):
            self.delivery.with_user(auditor).search([], limit=1).action_retry()
        for role in ("finance", "card_keeper", "warehouse", "customer_service", "sales_rep", "department_manager"):
            with self.assertRaises(AccessError):
                self.outbox.with_user(self._new_user(f"outbox-{role}", role)).search([])

    def test_old_events_go_when_all_consumers_have_them(self):
        open_event, done_event = self._emit(self.partners[0], 1), self._emit(self.partners[1], 2)
        young = self._emit(self.partners[2], 3)
        self._lines(done_event + young)._set_done()
        (open_event + done_event).occurred_at = fields.Datetime.now() - timedelta(days=91)
        self.env.flush_all()
        self.outbox._gc_delivered()
        self.env.invalidate_all()
        self.assertEqual((open_event + done_event + young).exists(), open_event + young)

    def test_the_cron_hands_everything_over(self):
        self._emit(self.partners, 1)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crab_base.cron_outbox_dispatch").method_direct_trigger()
        self.assertEqual(len(self.got), 1)
