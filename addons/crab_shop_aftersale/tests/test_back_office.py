from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_card.tests.common import make_numbers

from .common import AftersaleCase


class TestBackOffice(AftersaleCase):
    """Lists, and what customer service enters on behalf of a member."""

    def _entered(self, order, user=None, numbers=None, quantity=1, **values):
        user = user or self.service
        action = order.with_user(user).action_crab_ask_aftersale()
        form = Form(self.env["crab.aftersale.ask"].with_user(user).with_context(**action["context"]))
        for name, value in {"reason": "missing", **values}.items():
            setattr(form, name, value)
        if numbers:
            form.numbers = numbers
        else:
            with form.line_ids.edit(0) as line:
                line.quantity = quantity
        wizard = form.save()
        actions = [wizard.action_confirm() for _click in range(2)]
        self.assertEqual(actions[0], actions[1])
        return self.Aftersale.browse(actions[0]["res_id"])

    @covers("HQ-46", "after-sales", via="web")
    def test_customer_service_asks_and_cancels_for_the_member(self):
        order = self._shipped((self.thousand, 2))
        request = self._entered(order, text="Called us")
        self.assertEqual((request.amount_asked, request.actor_kind), (950, "user"))
        self.assertEqual(order.crab_aftersale_ids, request)
        self.assertEqual(self.Aftersale._for_subject(self.subject).ids, request.ids)
        request.with_user(self.service).action_cancel()
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(self._entered(order, kind="return").kind, "return")
        self.assertEqual(self.Aftersale.search(order.action_crab_aftersales()["domain"]), order.crab_aftersale_ids)

    def test_numbers_are_entered_as_they_are_read_out(self):
        printed = self._new_card_product("T-PRINTED", 1000).product_tmpl_id
        printed.crab_state = "on_sale"
        cards = make_numbers(self.env, printed.product_variant_id, 2, "PRINT", company="sales")
        order = self._paid([(printed, 2)])
        sale = order.crab_card_order_ids
        sale._link_cards(cards.ids)
        sale.action_send()
        sale.action_receive()
        request = self._entered(order, numbers=f"{cards[0].number}，\n {cards[1].number} ")
        self.assertEqual((request.amount_asked, request.line_ids.quantity), (1900, 2))
        self.assertEqual(request.goods, f"{printed.name} × 2")

    def test_only_customer_service_asks_for_members(self):
        order = self._shipped()
        for role in ("finance", "auditor", "warehouse"):
            with self.subTest(role=role), self._refused("", AccessError):
                self._entered(order, user=self._role(role))

    @covers("HQ-46", "after-sales", via="web")
    def test_found_by_number_order_member_phone_and_goods(self):
        order = self._shipped((self.thousand, 2))
        request, other = self._ask(order, (1, None)), self._ask(self._shipped((self.package1, 1)), (1, None))
        requests = self.Aftersale.with_user(self.service)
        view = requests.get_view(self.env.ref("crab_shop_aftersale.crab_aftersale_view_search").id, "search")
        self.assertIn("member_id.phone", view["arch"])
        both = [("id", "in", (request | other).ids)]
        for domain in (
            [("name", "ilike", request.name)],
            [("order_id", "ilike", order.name)],
            [("line_ids.product_id", "ilike", "T-1000")],
        ):
            self.assertEqual(requests.search(both + domain).ids, request.ids, domain)
        for domain in (
            [("member_id", "ilike", "Buyer")],
            [("member_id.phone", "=like", self.member.phone[:6] + "%")],
            [("order_id.crab_receiver_phone", "=like", "138%")],
        ):
            self.assertEqual(requests.search(both + domain), (request | other).with_user(self.service), domain)
        [row] = request.with_user(self.service).read(["goods", "ordered_at", "age", "order_kind"])
        self.assertEqual((row["ordered_at"], row["age"], row["order_kind"]), (order.create_date, 0, "package"))
        self.assertIn("× 1", row["goods"])

    def test_a_request_is_shown_with_its_age(self):
        request = self._ask(self._shipped(), (1, None))
        with freeze_time(fields.Datetime.now() + timedelta(days=3, hours=1)):
            request.invalidate_recordset()
            self.assertEqual(request.age, 3)
            late = [("state", "=", "to_merchant"), ("waiting_since", "<", "-1d")]
            self.assertIn(request, self.Aftersale.search(late))
        self.assertNotIn(request, self.Aftersale.search(late))
        request._reject("No")
        self.assertEqual(request.age, 0)

    def test_the_figures_are_by_goods_and_reason(self):
        self._ask(self._shipped((self.thousand, 2)), (1, None))._approve()
        self._ask(self._shipped((self.thousand, 2)), (1, None), reason="late")
        self.env.flush_all()
        rows = (
            self.env["crab.aftersale.line"]
            .with_user(self.service)
            .formatted_read_group(
                [("product_id", "=", self.thousand.product_variant_id.id)],
                ["reason"],
                ["amount:sum", "amount_granted:sum"],
            )
        )
        figures = {row["reason"]: (row["amount:sum"], row["amount_granted:sum"]) for row in rows}
        self.assertEqual(figures, {"quality": (950, 950), "late": (950, 0)})
