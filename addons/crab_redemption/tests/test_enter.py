from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import RedemptionCase


class TestEnter(RedemptionCase):
    """HQ-44: the back office enters a redemption for somebody on the telephone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls._new_user("agent-enter", "customer_service")
        cls.numbers = cls._new_cards(2, prefix="ENTER", password="secret11")
        batch = cls.numbers.batch_id
        cls.numbers._hand_over(batch, cls.dealer, origin=cls.dealer)
        cls.numbers._activate(batch, dict.fromkeys(cls.numbers.ids, 654))

    def _form(self, number, password, user=None):
        form = Form(self.env["crab.redemption.enter"].with_user(user or self.agent))
        form.number = number
        form.password = password
        return form

    @covers("HQ-44", "number and password checked", "delivery time", "person, address, phone", via="web")
    def test_number_and_password_then_goods_day_and_address(self):
        form = self._form(" enter00000001 ", "secret11")
        wizard = form.save()
        with Form(wizard) as form, self.assertRaisesRegex(AssertionError, "invisible"):
            form.receiver_name = "typed before the dialogue of the receiver has come"
        wizard = wizard.with_context(**wizard.action_check()["context"])
        self.assertEqual(wizard.card_id, self.numbers[0])
        with Form(wizard) as form:
            self.assertEqual(form.product_ids[:], self.package)
            form.receiver_name, form.receiver_phone, form.street = "收货人", "13900000000", "示例路 2 号"
            form.wish_date = "2099-10-01"
        action = wizard.action_confirm()
        redemption = self.env["crab.redemption"].browse(action["res_id"])
        self.assertEqual((redemption.card_id, redemption.source), (self.numbers[0], "back_office"))
        self.assertEqual(str(redemption.wish_date), "2099-10-01")
        self.assertEqual((redemption.actor_kind, redemption.actor_id), ("user", self.agent.id))
        self.assertEqual(wizard.action_confirm()["res_id"], redemption.id, "a second click gives the same redemption")

    def test_the_next_card_follows_to_the_same_receiver_or_another(self):
        wizard = self._form("ENTER00000001", "secret11").save()
        receiver = {"receiver_name": "收货人", "receiver_phone": "13900000000", "street": "示例路 2 号"}
        wizard.write({**receiver, "wish_date": "2099-10-01"})
        answer = wizard.action_confirm_next()["params"]
        redemption = self.env["crab.redemption"].search([("card_id", "=", self.numbers[0].id)])
        self.assertIn(redemption.name, answer["message"])
        self.assertEqual((answer["next"]["res_model"], answer["next"]["context"]), (wizard._name, {}))
        again = wizard.with_context(crab_same_receiver=True).action_confirm_next()["params"]["next"]
        self.assertEqual(redemption.search_count([("card_id", "=", self.numbers[0].id)]), 1, "a second click")
        form = Form(wizard.browse().with_context(**again["context"]))
        form.number, form.password = "ENTER00000002", "secret11"
        following = form.save()
        self.assertEqual({name: following[name] for name in receiver}, receiver)
        following.action_confirm_next()
        delivery = redemption.search([("card_id", "=", self.numbers[1].id)]).delivery_id
        self.assertEqual((delivery.receiver_phone, str(delivery.wish_date)), ("13900000000", "2099-10-01"))

    @covers("HQ-44", "wrong password refused and recorded", via="web")
    def test_wrong_password_and_unknown_number_get_the_same_answer(self):
        answers = []
        for number in ("ENTER00000001", "NOSUCH001"):
            with self.assertRaises(UserError) as refusal:
                self._form(number, "wrong999").save()
            answers.append(str(refusal.exception))
        self.assertEqual(*answers)
        self.assertEqual(self.numbers[0].state, "active")

    def test_a_client_cannot_skip_the_check_of_the_password(self):
        Enter = self.env["crab.redemption.enter"].with_user(self.agent)
        wizard = Enter.create({"card_id": self.numbers[1].id, "number": "ENTER00000002"})
        self.assertFalse(wizard.card_id)
        wizard.write({"card_id": self.numbers[1].id})
        self.assertFalse(wizard.card_id)
        with self.assertRaises(UserError):
            wizard.action_confirm()
        for default in (Enter.with_context(default_card_id=self.numbers[1].id).create({}),):
            self.assertFalse(default.card_id)
            with self.assertRaises(UserError):
                default.action_confirm()

    def test_a_choice_is_made_among_the_linked_packages(self):
        both = self.package | self.other_package
        self.card_product.product_tmpl_id.write({"crab_rule": "choice", "crab_choice_ids": [(6, 0, both.ids)]})
        wizard = self._form("ENTER00000001", "secret11").save()
        self.assertEqual((wizard.option_ids, wizard.choice_count), (both, 1))
        self.assertFalse(wizard.product_ids)
        wizard.write({"receiver_name": "收货人", "receiver_phone": "13900000000", "street": "示例路 2 号"})
        with self.assertRaisesRegex(UserError, "Choose"):
            wizard.action_confirm()
        wizard.product_ids = self.other_package
        redemption = self.env["crab.redemption"].browse(wizard.action_confirm()["res_id"])
        self.assertEqual(redemption.product_ids, self.other_package)

    def test_the_password_is_stored_nowhere(self):
        wizard = self._form("ENTER00000001", "secret11").save()
        self.assertFalse(wizard.password)
        self.cr.execute("SELECT * FROM crab_redemption_enter WHERE id = %s", [wizard.id])
        self.assertNotIn("secret11", str(self.cr.fetchone()))

    def test_roles_without_the_right_cannot_enter(self):
        for role in ("auditor", "sales_rep", "warehouse", "finance"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crab.redemption.enter"].with_user(self._new_user(f"enter-{role}", role)).create(
                    {"number": "X"}
                )
