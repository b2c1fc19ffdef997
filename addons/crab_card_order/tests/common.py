from decimal import Decimal

from lxml import etree

from odoo.service.model import call_kw
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_card.tests.common import CardCase
from odoo.addons.crab_dealer.tests.common import DealerCase

SYSTEM = Subject("system", 1)
FORM = "crab_card_order.crab_card_order_view_form"


class OrderCase(DealerCase, CardCase):
    """The network of ``DealerCase`` with a card of 1000 yuan, numbers, filled wallets, and users with roles."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Order = cls.env["crab.card.order"]
        cls.Card = cls.env["crab.card"]
        cls.group.crab_wallet_approval_amount = 10**8  # the second person is tested with the wallets
        cls.keeper = cls._new_user("order-keeper", "card_keeper")
        cls.finance = cls._new_user("order-finance", "finance")

    @classmethod
    def _new_member(cls):
        return cls.env["crab.member"].create({"name": "Member", "phone": cls._phone()})

    def _member_subject(self, member=None):
        member = member or self.member
        return Subject("member", member.id, member.account_id.id)

    # === Wallets === #

    @classmethod
    def _fund(cls, dealer, stored=0, credit_limit=0):
        """Give a level 1 stored value and a credit limit."""
        documents = cls.env["crab.wallet.document"]
        for kind, amount in (("topup", stored), ("credit_grant", credit_limit)):
            if amount:
                documents._open(dealer, kind, dec(amount), f"test-{kind}-{dealer.id}-{amount}")

    def _wallet(self, dealer, kind):
        return self.env["crab.wallet"].search([("dealer_id", "=", dealer.id), ("kind", "=", kind)])

    def _money(self, dealer):
        """(stored value, credit used) as decimals."""
        return dec(self._wallet(dealer, "stored").balance), dec(self._wallet(dealer, "credit").credit_used)

    def assertMoney(self, dealer, stored, credit_used):
        self.env.invalidate_all()
        self.assertEqual(self._money(dealer), (Decimal(stored), Decimal(credit_used)))

    def assertBalanced(self):
        """What cards brought in by documents equals the ledger, for every account."""
        wrong = [row for row in self.env["crab.ledger.check"]._compare() if row["difference"]]
        self.assertFalse(wrong, wrong)

    # === Documents === #

    @classmethod
    def _document(cls, kind, cards, steps=("submit",), subject=SYSTEM, **values):
        """A document made and taken through ``steps`` on behalf of ``subject``."""
        order = cls.Order._create_for_subject(subject, kind, cards, **values)
        for step in steps:
            order._step_for_subject(subject, step)
        return order.with_env(cls.env)

    @classmethod
    def _issue(cls, cards, dealer):
        return cls._document("issue", cards, ("submit", "receive"), receiver_dealer_id=dealer.id)

    @classmethod
    def _transfer(cls, cards, sender, receiver):
        return cls._document(
            "transfer", cards, ("submit", "receive"), sender_dealer_id=sender.id, receiver_dealer_id=receiver.id
        )

    @classmethod
    def _activate(cls, cards, dealer):
        return cls._document("activation", cards, ("submit", "execute"), sender_dealer_id=dealer.id)

    # === The screen === #

    def _draft(self, kind, user=None, **values):
        """A draft made with the form of its menu, as the card keeper."""
        orders = self.Order.with_user(user or self.keeper).with_context(default_kind=kind)
        with Form(orders, view=FORM) as form:
            for name, value in values.items():
                form[name] = value
        return form.record

    def _pick(self, order, **values):
        """Choose numbers in the dialog of "Choose numbers"; returns what the dialog answers."""
        return self._dialog(order, "action_pick", "action_add", **values)

    def _dialog(self, order, button, confirm, user=None, **values):
        """Press ``button``, fill in the dialog that it opens, and press ``confirm`` there."""
        action = self._press(order, button, user)
        self.assertEqual(action["target"], "new")
        model = self.env[action["res_model"]].with_user(user or self.keeper).with_context(**action["context"])
        form = Form(model)
        for name, value in values.items():
            form[name] = value
        return call_kw(model.browse(), confirm, [form.save().ids], {})

    def _press(self, order, button, user=None):
        """Press a button of the form as ``user`` (the card keeper), who must see it there; returns its action."""
        order = order.with_user(user or self.keeper)
        self.assertTrue(self._sees(order, button), f"{button} is not offered to {order.env.user.name}")
        return call_kw(order.browse(), button, [order.ids], {})

    def _sees(self, order, button, user=None):
        """Whether the form shows ``button`` to ``user``."""
        order = order.with_user(user) if user else order
        self.env.flush_all()
        order.invalidate_recordset()
        view = order.get_views([(self.env.ref(FORM).id, "form")])
        names = [name for name in view["models"][order._name]["fields"] if name in order._fields]
        values = order.read(names, load=None)[0]
        buttons = etree.fromstring(view["views"]["form"]["arch"]).xpath(f"//button[@name='{button}']")
        return any(not safe_eval(node.get("invisible") or "False", values) for node in buttons)

    def assertCards(self, cards, **expected):
        """Every one of ``cards`` has these values (records by record, the rest as they are)."""
        self.env.invalidate_all()
        for name, value in expected.items():
            self.assertEqual({card[name] for card in cards}, {value}, name)

    def _intact(self):
        """The history of every number verifies."""
        self.env.flush_all()
        self.assertFalse(self.env["crab.card.event"]._verify_chain())
