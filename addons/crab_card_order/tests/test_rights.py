from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw

from odoo.addons.crab_base.tests.common import covers

from .common import OrderCase

READERS = ("finance", "warehouse", "customer_service", "auditor")
MODELS = (
    "crab.card.order",
    "crab.card.order.line",
    "crab.card.order.number",
    "crab.card.order.price",
    "crab.card.sales.report",
)
STEPS = {
    "action_submit": [], "action_pass_on": [], "action_execute": [], "action_send": [], "action_receive": [],
    "action_reject": ["x"], "action_cancel": [], "action_close": ["x"], "action_approve": [], "action_keep_charge": [],
    "action_give_charge_back": [], "action_confirm_payment": ["x"], "action_confirm_refund": ["x"], "action_pick": [],
    "action_remove_numbers": [], "action_remove_misfits": [], "action_activate_received": [],
    "action_receive_partly": [],
}  # fmt: skip
OF_FINANCE = {"action_execute", "action_reject", "action_approve", "action_keep_charge", "action_give_charge_back",
              "action_confirm_payment", "action_confirm_refund", "action_activate_received"}  # fmt: skip


class TestRights(OrderCase):
    """Each role through the web client's RPC: what it reads, and that it cannot do what is not its."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cards = cls._new_cards(12)
        cls._fund(cls.a, stored=6000)
        cls.issue = cls._issue(cls.cards[:6], cls.a)
        cls.activation = cls._activate(cls.cards[:2], cls.a)
        cls.other = cls._issue(cls.cards[6:8], cls.z)
        cls.open = cls._document("issue", cls.cards[8:10], receiver_dealer_id=cls.a.id)

    def _call(self, user, model, method, *args, **kwargs):
        """As the web client calls it."""
        return call_kw(self.env[model].with_user(user).browse(), method, args, kwargs)

    @covers("HQ-35", "seen", via="web")
    def test_readers_read_and_change_nothing(self):
        for role in READERS:
            user = self._new_user(f"order-reader-{role}", role)
            found = self._call(user, "crab.card.order", "search", [("id", "in", (self.issue | self.other).ids)])
            self.assertEqual(len(found), 2, role)
            for model in MODELS[1:3]:
                self.assertTrue(self._call(user, model, "search", [("order_id", "=", self.issue.id)]), (role, model))
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order", "create", [{"kind": "issue", "receiver_dealer_id": self.a.id}])
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order", "write", self.open.ids, {"note": "x"})
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order", "unlink", self.open.ids)
            for method, args in STEPS.items():
                if role == "finance" and method in OF_FINANCE:
                    continue
                with self.assertRaises(AccessError, msg=f"{role} {method}"):
                    self._call(user, "crab.card.order", method, self.open.ids, *args)
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order.pick", "create", [{"order_id": self.open.id}])
        self.assertEqual(self.open.state, "in_transit")

    def test_users_without_a_role_get_nothing(self):
        user = self._new_user("order-nobody", "user")
        for model in MODELS:
            with self.assertRaises(AccessError):
                self._call(user, model, "search_read", [], ["id"])
        for method, args in STEPS.items():
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order", method, self.open.ids, *args)

    def test_the_card_keeper_cannot_do_finances_steps_or_write_what_steps_write(self):
        for method in ("action_approve", "action_keep_charge", "action_give_charge_back"):
            with self.assertRaises(AccessError):
                self._call(self.keeper, "crab.card.order", method, self.open.ids)
        draft = self._call(
            self.keeper, "crab.card.order", "create", [{"kind": "issue", "receiver_dealer_id": self.a.id}]
        )
        draft = self.Order.browse(draft)
        forbidden = {
            "state": "done", "amount_charged": 1, "executor_dealer_id": self.z.id, "approved_by_id": self.keeper.id,
            "amount_paid": 100, "source_order_id": self.issue.id, "name": "X", "orderer_dealer_id": self.a.id,
            "charge_decision": "give_back", "viewer_dealer_ids": [(4, self.z.id)], "kind": "direct",
        }  # fmt: skip
        for name, value in forbidden.items():
            with self.assertRaises(AccessError, msg=name):
                self._call(self.keeper, "crab.card.order", "write", draft.ids, {name: value})
            if name != "kind":
                with self.assertRaises(AccessError, msg=name):
                    self._call(self.keeper, "crab.card.order", "create", [{"kind": "issue", name: value}])
        made = self._call(
            self.keeper, "crab.card.order", "create", [{"kind": "issue"}],
            context={"default_state": "done", "default_amount_paid": 5, "default_approved_by_id": self.keeper.id},
        )  # fmt: skip
        made = self.Order.browse(made)
        self.assertEqual((made.state, made.amount_paid, made.approved_by_id.id), ("draft", 0, False))
        with self.assertRaises(UserError):
            self._call(self.keeper, "crab.card.order", "write", self.open.ids, {"receiver_dealer_id": self.z.id})
        with self.assertRaises(UserError):
            self._call(self.keeper, "crab.card.order", "unlink", self.open.ids)
        for model in ("crab.card.order.number", "crab.card.order.price"):
            row = self.env[model].search([], limit=1)
            with self.assertRaises(UserError):
                self._call(self.keeper, model, "write", row.ids, {"unit_price": 1})
            with self.assertRaises(UserError):
                self._call(self.keeper, model, "unlink", row.ids)
        with self.assertRaises(UserError):
            self._call(
                self.keeper,
                "crab.card.order.line",
                "create",
                [{"order_id": draft.id, "product_id": self.card_product.id}],
            )
        with self.assertRaises(UserError):
            self._call(self.keeper, "crab.card.order.line", "write", self.issue.line_ids.ids, {"unit_price": 1})
        self._call(self.keeper, "crab.card.order", "unlink", draft.ids)

    def test_services_are_not_callable_from_outside(self):
        for method in (
            "_create_for_subject",
            "_step_for_subject",
            "_link_cards",
            "_do_execute",
            "_locked",
            "_run_step",
        ):
            with self.assertRaises(AccessError):
                self._call(self.keeper, "crab.card.order", method, self.open.ids)

    def test_sales_reps_see_their_dealers_and_managers_their_reps(self):
        rep = self._new_user("order-rep", "sales_rep")
        manager = self._new_user("order-manager", "department_manager")
        rep.crab_manager_id = manager
        self.a.user_id = rep
        for user in (rep, manager):
            for model in MODELS[:4]:
                field = "id" if model == "crab.card.order" else "order_id"
                rows = (
                    self.env[model]
                    .with_user(user)
                    .search([(field, "in", (self.issue | self.other | self.activation).ids)])
                )
                orders = rows if field == "id" else rows.order_id
                self.assertIn(self.activation, orders, model)
                self.assertNotIn(self.other, orders, model)
            self.assertEqual(self.env["crab.card.sales.report"].with_user(user).search([]).dealer_id, self.a)
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order", "read", self.other.ids, ["name"])
            with self.assertRaises(AccessError):
                self._call(user, "crab.card.order", "action_receive", self.open.ids)

    def test_companies_are_kept_apart(self):
        user = self._new_user("order-sales-company", "card_keeper", companies=self.sales)
        for model in MODELS[:4]:
            self.assertFalse(
                self.env[model].with_user(user).search([]).filtered(lambda row: row.company_id == self.group)
            )
        with self.assertRaises(AccessError):
            self._call(user, "crab.card.order", "read", self.issue.ids, ["name"])
        with self.assertRaises(AccessError):
            self._call(user, "crab.card.order", "action_receive", self.open.ids)
        with self.assertRaises(AccessError):
            self._call(user, "crab.card.order", "create", [{"kind": "issue", "receiver_dealer_id": self.a.id}])
