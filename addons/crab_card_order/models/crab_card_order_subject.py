from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.subject import Subject

# What people outside the back office may send when they make a document.
_SUBJECT_VALUES = {"receiver_dealer_id", "reason", "note", "staff_id", "sale_prices"}


class CrabCardOrder(models.Model):
    """On behalf of dealers, their staff and members (CH-13, CH-14, CH-15, MB-33): what each may make, see and do."""

    _inherit = "crab.card.order"

    @api.model
    def _subject_domain(self, subject: Subject):
        """A dealer (and its staff) sees documents of its own and of its subtree as it was then; a member its own;
        drafts only who made them."""
        domain = super()._subject_domain(subject)
        if subject.kind in ("dealer", "staff"):
            dealer = self.env["crab.dealer"]._behind(subject)
            if not dealer:
                return domain
            made = Domain("state", "!=", "draft") | Domain("orderer_dealer_id", "=", dealer.id)
            return domain | Domain("viewer_dealer_ids", "in", dealer.ids) & made
        if subject.kind == "member":
            members_sudo = self.env["crab.member"]._asking(subject)._with_merged()
            mine = Domain("sender_member_id", "in", members_sudo.ids)
            mine |= Domain("receiver_member_id", "in", members_sudo.ids)
            made = Domain("state", "!=", "draft") | Domain("actor_kind", "=", "member")
            return domain | mine & made & Domain("kind", "in", ("direct", "return"))
        return domain

    @api.model
    def _create_for_subject(self, subject, kind, cards, key=None, **values):
        """Make a draft document with these numbers on behalf of ``subject``; the step ``submit`` makes it effective.

        Dealers make transfers to a direct child (``receiver_dealer_id``), activation requests and returns of numbers in
        their hands; members return their own numbers; card keepers (and the system) make every kind.

        :param subject: who asks
        :param str kind: kind of document
        :param cards: ``crab.card`` recordset; other people's numbers are refused without saying anything about them
        :param str key: idempotency key; a repetition gets the first document
        :param values: ``receiver_dealer_id``, ``reason``, ``note``, ``staff_id``, ``sale_prices`` {product id: price};
            from the back office every field of a draft
        :raise AccessError: (403) the subject may not make this kind
        :raise UserError: (422) a number or party does not fit; nothing is made then
        :return: the document, in sudo for subjects outside the back office
        """
        if key:
            body = {
                "kind": kind,
                "cards": sorted(cards.ids),
                "values": {name: str(value) for name, value in values.items()},
            }
            order_id = self.env["crab.idempotency"]._run(
                subject,
                "crab.card.order",
                key,
                body,
                lambda: self._create_for_subject(subject, kind, cards, **values).id,
            )
            return subject.bind(self.sudo()).browse(order_id)  # the key is the subject's own, so is the document
        sale_prices = values.pop("sale_prices", None) or {}
        orders = self._orders_of(subject, kind, values)
        if cards and subject.kind not in ("dealer", "staff"):
            values.setdefault("company_id", cards[:1].company_id.id)
        order = orders.create({"kind": kind, **values})
        order_sudo = order.sudo()  # numbers and lines are written by the suite, never by the caller
        if subject.kind in ("dealer", "staff", "member"):
            order_sudo._complete_parties()
            order_sudo._check_parties()
        order_sudo._refuse_misfits(cards.ids)
        order_sudo._link_cards(cards.ids)
        for line in order_sudo.line_ids if kind == "activation" else ():
            if line.product_id.id in sale_prices:
                line.sale_price = sale_prices[line.product_id.id]
        return order

    @api.model
    def _orders_of(self, subject, kind, values):
        """This model in the environment that may make the document; completes ``values`` with the subject's side."""
        if subject.kind == "system":
            return subject.bind(self.sudo())
        if subject.kind == "user":
            orders = subject.bind(self.with_user(subject.id))
            orders._ensure_role("submit")
            return orders
        dealer = self.env["crab.dealer"]._behind(subject)
        allowed = {"dealer": ("transfer", "activation", "return"), "staff": ("transfer", "activation", "return"),
                   "member": ("return",)}.get(subject.kind, ())  # fmt: skip
        if kind not in allowed or subject.kind != "member" and not dealer:
            raise AccessError(self.env._("You cannot make this document."))
        if set(values) - _SUBJECT_VALUES or kind != "transfer" and "receiver_dealer_id" in values:
            raise UserError(self.env._("A document of this kind cannot be made with these values."))
        if subject.kind == "member":
            values["sender_member_id"] = subject.id
        else:
            values.update(sender_dealer_id=dealer.id, orderer_dealer_id=dealer.id)
        return subject.bind(self.sudo())  # the subject has no Odoo user

    def _step_for_subject(self, subject, step, **values):
        """Take a step on behalf of ``subject``: ``submit``, ``pass_on``, ``execute``, ``receive`` (``numbers``,
        ``ranges``), ``reject`` (``reason``), ``cancel``, ``close`` (``reason``).

        :raise MissingError: (404) the subject may not see this document
        :raise AccessError: (403) the step is not the subject's
        :raise UserError: (422) the rules refuse; nothing is changed then
        :return: self
        """
        self.ensure_one()
        if subject.kind in ("user", "system"):
            order = subject.bind(self.with_user(subject.id) if subject.kind == "user" else self.sudo())
            order._run_step(step, **values)
            return self
        order_sudo = self._get_for_subject(subject, self.ids)._locked()
        if not order_sudo._is_step_of(subject, step):
            raise AccessError(self.env._("This step of %(document)s is not yours.", document=order_sudo.name))
        getattr(order_sudo, f"_do_{step}")(**values)
        return self

    def _is_step_of(self, subject, step):
        """Whether ``step`` is for ``subject`` to take. One that was taken is still its taker's: it changes nothing."""
        self.ensure_one()
        if subject.kind == "member":
            is_sender, is_receiver = (
                member._now().id == subject.id for member in (self.sender_member_id, self.receiver_member_id)
            )
            if self.kind == "return":
                return is_sender and step in ("submit", "cancel")
            return self.kind == "direct" and is_receiver and step == "receive"
        return self._is_step_of_dealer(self.env["crab.dealer"]._behind(subject), step)

    def _is_step_of_dealer(self, dealer, step):
        """Whether ``step`` is for ``dealer`` (an active one, or none) to take."""
        self.ensure_one()
        if not dealer:
            return False
        if step in ("submit", "cancel", "close"):
            return self.sender_dealer_id == dealer
        if step == "receive":
            return self.receiver_dealer_id == dealer
        if self.kind != "activation":
            return step == "reject" and self.receiver_dealer_id == dealer
        # a level 2 that was closed meanwhile is passed over
        in_turn = self.executor_dealer_id if self.waiting_dealer_id.state == "closed" else self.waiting_dealer_id
        if step == "execute":
            return self.executor_dealer_id == dealer and in_turn in (dealer, dealer.browse())
        if step == "pass_on":
            taken = self.state != "submitted" and self.sender_dealer_id.parent_id == dealer
            return dealer != self.executor_dealer_id and (taken or in_turn == dealer)
        return step == "reject" and in_turn == dealer
