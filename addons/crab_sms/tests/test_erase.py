from .common import SmsCase


class TestErase(SmsCase):
    def test_nothing_sent_to_an_erased_person_is_left(self):
        account = self.env["crab.account"].create({"name": "Somebody", "phone": "13611112222"})
        other = self.queue(self.shipped, "13611113333")
        gone = self.queue(self.shipped, "13611112222", order="SO-SECRET")
        waiting = self.queue(self.shipped, "13611112222")
        gone.state = "sent"
        account.with_user(self._new_user("sms-admin", "admin"))._erase_person("Asked for it.")
        self.env.invalidate_all()
        for sms in gone | waiting:
            self.assertEqual((sms.number, sms.body, sms.crab_params), (False, False, False))
        self.assertEqual((gone.state, waiting.state, other.state), ("sent", "canceled", "outgoing"))
        self.run_queue()
        self.assertEqual([message["phone"][-4:] for message in self.sent()], ["3333"])
