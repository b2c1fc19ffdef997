import io
from contextlib import nullcontext
from datetime import timedelta

from freezegun import freeze_time
from PIL import Image

from odoo import fields
from odoo.tests import Form

from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_profit.tests.common import ProfitCase
from odoo.addons.crab_shop_card.tests.common import EcardCase


def picture():
    output = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(output, "PNG")
    return output.getvalue()


class AftersaleCase(EcardCase, ProfitCase):
    """Orders of the shop, and requests of their member about them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Aftersale = cls.env["crab.aftersale"]
        cls.subject = Subject("member", cls.member.id)
        cls.service = cls._new_user("t_aftersale_service", "customer_service")

    @classmethod
    def _shipped(cls, *lines):
        order = cls._paid(list(lines) or [(cls.thousand, 2)])
        cls._ship(order)
        return order

    @classmethod
    def _received(cls, *lines):
        order = cls._shipped(*lines)
        order._crab_receive()
        return order

    def _ask(self, order, *wishes, kind="refund", reason="quality", subject=None, **values):
        """``wishes``: ``(pieces, amount)`` for each goods line in order; None for a line that is left alone."""
        lines = [(line, *wish) for line, wish in zip(self._goods(order), wishes, strict=False) if wish is not None]
        subject = subject or self.subject
        return self.Aftersale._ask(subject, order.public_id, lines, kind, reason, **values).with_env(self.env)

    def _wizard(self, request, button, user=None, **values):
        """What customer service does with a button and its dialogue; it confirms twice, as an impatient user does."""
        action = getattr(request.with_user(user or self.service), button)()
        form = Form(self.env[action["res_model"]].with_user(user or self.service).with_context(**action["context"]))
        for name, value in values.items():
            setattr(form, name, value)
        wizard = form.save()
        wizard.action_confirm()
        wizard.action_confirm()
        self.env.invalidate_all()

    def _approve(self, request, quantity=None, amount=None, freight=0):
        action = request.with_user(self.service).action_approve()
        form = Form(self.env["crab.aftersale.approve"].with_user(self.service).with_context(**action["context"]))
        if quantity is not None or amount is not None:
            with form.line_ids.edit(0) as line:
                if quantity is not None:
                    line.quantity = quantity
                if amount is not None:
                    line.amount = amount
        if freight:
            form.freight = freight
        wizard = form.save()
        wizard.action_confirm()
        wizard.action_confirm()
        self.env.invalidate_all()

    def _run_job(self, model, method, after):
        """A scheduled action, ``after`` days from now."""
        self.env.flush_all()
        with (
            freeze_time(fields.Datetime.now() + timedelta(days=after)),
            nullcontext() if type(self)._registry_patched else self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
        ):
            getattr(self.env(cr=cr)[model], method)()
        self.env.invalidate_all()

    def _events(self, request):
        """What was told to the outbox about a request, oldest first."""
        self.env.flush_all()
        events = self.env["crab.outbox"].search(
            [("aggregate_model", "=", request._name), ("aggregate_id", "=", request.id)], order="id"
        )
        return [event.removeprefix("aftersale.") for event in events.mapped("event")]

    def _unchanged(self, order, refunded=0):
        self.assertEqual((order.crab_amount_refunded, len(order.crab_refund_ids)), (refunded, int(bool(refunded))))
