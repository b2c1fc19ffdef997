from odoo.exceptions import AccessError, MissingError

from odoo.addons.crab_base.tools.subject import Subject

from .common import RedemptionCase


class TestRights(RedemptionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.redemption = cls.env["crab.redemption"]._redeem(cls.user, cls.cards[0], cls.address)
        cls.delivery = cls.redemption.delivery_id

    def test_roles_read_and_only_some_change(self):
        for role in ("finance", "card_keeper", "warehouse", "customer_service", "auditor", "admin"):
            user = self._new_user(f"right-{role}", role)
            self.assertTrue(self.redemption.with_user(user).name)
            self.assertTrue(self.delivery.with_user(user).goods)
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crab.redemption"].with_user(user).create({"name": "X"})
            with self.subTest(role), self.assertRaises(AccessError):
                self.redemption.with_user(user).unlink()
        for role in ("finance", "card_keeper", "auditor"):
            user = self.env["res.users"].search([("login", "=", f"right-{role}")])
            with self.subTest(role), self.assertRaises(AccessError):
                self.delivery.with_user(user).write({"street": "stolen"})
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crab.delivery.ship"].with_user(user).create({"carrier_name": "X"})

    def test_state_and_amounts_are_not_for_clients_to_write(self):
        agent, keeper = self._new_user("right-agent", "customer_service"), self._new_user("right-wh", "warehouse")
        for user, record, values in (
            (agent, self.redemption, {"state": "shipped"}),
            (agent, self.redemption, {"amount_charged": 1}),
            (agent, self.redemption, {"card_id": self.cards[1].id}),
            (keeper, self.delivery, {"state": "shipped"}),
            (keeper, self.delivery, {"picking_id": False}),
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                record.with_user(user).write(values)

    def test_a_user_without_a_role_sees_nothing(self):
        user = self.env["res.users"].create(
            {"name": "none", "login": "right-none", "group_ids": [(6, 0, self.env.ref("base.group_user").ids)]}
        )
        for record in (self.redemption, self.delivery, self.delivery.line_ids):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(user).read(["id"])

    def test_a_sales_rep_sees_redemptions_of_own_dealers_only(self):
        mine, other = self._new_user("right-rep1", "sales_rep"), self._new_user("right-rep2", "sales_rep")
        self.dealer.user_id = mine
        self.assertEqual(self.env["crab.redemption"].with_user(mine).search([]), self.redemption)
        self.assertFalse(self.env["crab.redemption"].with_user(other).search([]))
        self.assertFalse(self.env["crab.delivery"].with_user(other).search([("id", "=", self.delivery.id)]))
        with self.assertRaises(AccessError):
            self.redemption.with_user(other).read(["receiver_phone"])

    def test_a_user_of_the_other_company_sees_nothing(self):
        user = self._new_user("right-sales", "customer_service", companies=self.sales)
        self.assertFalse(self.env["crab.redemption"].with_user(user).search([]))
        self.assertFalse(self.env["crab.delivery"].with_user(user).search([("id", "=", self.delivery.id)]))

    def test_customer_service_does_not_do_the_warehouses_work(self):
        agent = self._new_user("right-cs", "customer_service")
        for call in (
            lambda: self.delivery.with_user(agent).action_prepare(),
            lambda: self.delivery.with_user(agent).action_export_for_carrier(),
            lambda: self.env["crab.import"].with_user(agent)._run_file("shipment", "x.csv", "配送单号".encode()),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertEqual(self.delivery.state, "waiting")

    def test_a_department_manager_sees_those_of_the_department(self):
        rep, manager, other = (
            self._new_user("right-rep3", "sales_rep"),
            self._new_user("right-dm", "department_manager"),
            self._new_user("right-dm2", "department_manager"),
        )
        self.dealer.user_id = rep
        rep.crab_manager_id = manager
        for model in ("crab.redemption", "crab.delivery", "crab.delivery.line"):
            self.assertTrue(self.env[model].with_user(manager).search([]))
            self.assertFalse(self.env[model].with_user(other).search([]))

    def test_strangers_do_not_find_a_dealers_redemption(self):
        Redemption, Delivery = self.env["crab.redemption"], self.env["crab.delivery"]
        owner = Subject("dealer", self.dealer.id)
        own = Redemption._redeem(owner, self.cards[1], self.address)
        self.assertEqual(Redemption._get_for_subject(owner, own.ids), own)
        self.assertEqual(Delivery._get_for_subject(owner, own.delivery_id.ids), own.delivery_id)
        for subject in (
            owner,  # holds the number, but somebody else entered where it goes
            Subject("dealer", self.z.id),
            Subject("member", self.dealer.id),
            Subject("staff", self.dealer.id),
            Subject("system", 1),
        ):
            for model, record in ((Redemption, self.redemption), (Delivery, self.delivery)):
                with self.subTest(subject), self.assertRaises(MissingError):
                    model._get_for_subject(subject, record.ids)
