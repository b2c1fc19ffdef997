from datetime import UTC

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import SHANGHAI, business_date


class CrabNotice(models.Model):
    """What a member or a dealer was told (MB-30): the list in the app, and where other channels start from.

    Made by the outbox only, after the commit of what it tells of; one event is told once.
    """

    _name = "crab.notice"
    _description = "Notice"
    _inherit = ["crab.by.buttons.mixin", "crab.public.id.mixin", "crab.subject.mixin"]
    _log_access = False
    _order = "id desc"
    _rec_name = "title"

    event_id = fields.Integer("Event", required=True, readonly=True, help="Number of the domain event it tells of.")
    event = fields.Selection(
        lambda self: self.env["crab.notice.template"]._fields["event"]._description_selection(self.env),
        "Occasion",
        required=True,
        readonly=True,
    )
    member_id = fields.Many2one("crab.member", "Member", readonly=True, ondelete="cascade")
    dealer_id = fields.Many2one("crab.dealer", "Dealer", readonly=True, ondelete="cascade")
    document_model = fields.Char("Model", required=True, readonly=True)
    document_id = fields.Many2oneReference("Document", model_field="document_model", required=True, readonly=True)
    title = fields.Char(required=True, readonly=True)
    body = fields.Text(required=True, readonly=True)
    told_at = fields.Datetime("Told on", required=True, readonly=True)
    read_at = fields.Datetime("Read on", readonly=True)
    sms_id = fields.Many2one("sms.sms", "SMS", readonly=True, index="btree_not_null", ondelete="set null")
    sms_state = fields.Selection(related="sms_id.state", string="State of the SMS")

    _event_uniq = models.UniqueIndex("(event_id)", "An event is told once.")
    _one_reader = models.Constraint(
        "CHECK ((member_id IS NULL) <> (dealer_id IS NULL))", "A notice is for a member or for a dealer."
    )
    _member_idx = models.Index("(member_id, id) WHERE member_id IS NOT NULL")
    _dealer_idx = models.Index("(dealer_id, id) WHERE dealer_id IS NOT NULL")
    _member_unread_idx = models.Index("(member_id) WHERE read_at IS NULL AND member_id IS NOT NULL")
    _dealer_unread_idx = models.Index("(dealer_id) WHERE read_at IS NULL AND dealer_id IS NOT NULL")

    # ------------------------------------------------------------------ who may do what

    @api.model
    def _subject_domain(self, subject):
        """Members and dealers see what they were told; a member also what was told before accounts were merged."""
        domain = super()._subject_domain(subject)
        if subject.kind == "member":
            members_sudo = self.env["crab.member"]._asking(subject)
            return domain | Domain("member_id", "in", members_sudo._with_merged().ids)
        if subject.kind == "dealer":
            return domain | Domain("dealer_id", "=", subject.id)
        return domain

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """They go with the person that is erased; by hand they do not."""
        self._refuse_by_hand()

    @api.model
    def _of_subject(self, subject, cursor=None, limit=20):
        """``(what a subject was told, in sudo, cursor of the next page or None)``, the newest first."""
        notices_sudo = subject.bind(self.sudo())  # what is the subject's own follows from the domain
        return notices_sudo._page(self._subject_domain(subject), cursor, limit)

    @api.model
    def _mark_read_for_subject(self, subject, ids=None):
        """Mark notices of ``subject`` as read; all of them without ``ids``. Read ones keep their time.

        :return: how many were marked
        :raise MissingError: for other people's ids; nothing is marked then
        """
        if ids is not None:
            self._get_for_subject(subject, ids)
        narrowed = Domain("read_at", "=", False) & (Domain.TRUE if ids is None else Domain("id", "in", list(ids)))
        notices_sudo = self._for_subject(subject, narrowed)
        notices_sudo.write({"read_at": fields.Datetime.now()})
        return len(notices_sudo)

    @api.model
    def _unread_count_for_subject(self, subject, limit=100):
        """How many notices ``subject`` has not read; counted up to ``limit``."""
        return len(self._for_subject(subject, [("read_at", "=", False)], limit=limit))

    # ------------------------------------------------------------------ making

    @api.model
    def _make(self, events):
        """Tell of ``events`` (``crab.outbox``, all of one kind of handler) whom they concern, in sets.

        :return: the new notices; events that were told before, or have no active template or reader, make none
        """
        templates, sources = self.env["crab.notice.template"].search([]).grouped("event"), self._sources()
        rows, named = [], {}
        told = events.filtered(lambda event: event.event in templates)
        for model, of_model in told.grouped("aggregate_model").items():
            for event, (reader, values) in getattr(self, sources[model])(of_model).items():
                if not reader:
                    continue
                is_member = reader._name == "crab.member"
                reader = reader._now() if is_member else reader
                lang = reader.partner_id.lang or self.env.lang or "zh_CN"
                title, body = templates[event.event]._render(values, lang)
                named[event.id] = values
                rows.append(
                    (
                        event.id,
                        event.event,
                        reader.id if is_member else None,
                        None if is_member else reader.id,
                        model,
                        event.aggregate_id,
                        title,
                        body,
                        fields.Datetime.now(),
                    )
                )
        if not rows:
            return self.browse()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_notice
                       (event_id, event, member_id, dealer_id, document_model, document_id, title, body, told_at)
                VALUES %s ON CONFLICT (event_id) DO NOTHING RETURNING id
                """,
                SQL(", ").join(SQL("%s", row) for row in rows),
            )
        )
        notices = self.browse(row[0] for row in self.env.cr.fetchall())
        notices._deliver(named)
        return notices

    def _deliver(self, named):
        """Called once for each set of new notices, in the transaction that makes them; extended by channels, which
        send by a job of their own. SMS are queued here, for the events whose words say so.

        :param named: ``{event id: {what its words can name: text}}``
        """
        words = self.env["crab.notice.template"].search([("is_sms", "=", True)]).grouped("event")
        for event, notices in self.grouped("event").items():
            if event not in words:
                continue
            rows = [
                ((notice.member_id or notice.dealer_id).phone, words[event]._all_names(named[notice.event_id]))
                for notice in notices
            ]
            queued = self.env["sms.sms"]._crab_queue(words[event].sms_template_id, rows)
            for notice, sms in zip(notices, queued, strict=True):
                notice.sms_id = sms

    # ------------------------------------------------------------------ whom events concern, and what they can name

    @api.model
    def _sources(self):
        """``{model: method}``: who says for events of a model whom they concern and what they can name; extended."""
        return {
            "sale.order": "_tell_orders",
            "crab.refund": "_tell_refunds",
            "crab.card.gift": "_tell_gifts",
            "crab.member": "_tell_members",
            "crab.redemption": "_tell_redemptions",
            "crab.feedback": "_tell_feedback",
            "crab.card.order": "_tell_card_orders",
            "crab.wallet": "_tell_wallets",
            "crab.withdrawal": "_tell_withdrawals",
        }

    @api.model
    def _documents(self, events):
        """``{event: its document}`` for events of one model; those whose document is gone are left out."""
        documents = self.env[events[0].aggregate_model].browse(set(events.mapped("aggregate_id"))).exists()
        by_id = {document.id: document for document in documents}
        return {event: by_id[event.aggregate_id] for event in events if event.aggregate_id in by_id}

    @api.model
    def _tell_orders(self, events):
        documents = self._documents(events)
        deliveries = self.env["crab.delivery"].search(
            [("order_id", "in", [order.id for order in documents.values()]), ("state", "=", "shipped")],
            order="shipped_at, id",
        )
        last = {delivery.order_id: delivery for delivery in deliveries}
        return {
            event: (
                order.crab_member_id,
                {
                    "order": order.name,
                    "goods": order.crab_product_names,
                    "amount": self._yuan(order.amount_total),
                    "reason": order.crab_close_reason,
                    "until": self._moment(order.crab_pay_before),
                    **self._parcel(last.get(order) or order.crab_card_order_ids[-1:]),
                },
            )
            for event, order in documents.items()
        }

    @api.model
    def _tell_refunds(self, events):
        return {
            event: (
                refund.member_id,
                {"order": refund.order_id.name, "amount": self._yuan(refund.amount), "reason": refund.reason},
            )
            for event, refund in self._documents(events).items()
        }

    @api.model
    def _tell_gifts(self, events):
        return {
            event: (
                gift.member_id,
                {
                    "goods": gift.product_id.name,
                    "friend": gift.receiver_member_id.name,
                    "until": self._moment(gift.expires_at),
                },
            )
            for event, gift in self._documents(events).items()
        }

    @api.model
    def _tell_members(self, events):
        return {event: (member, dict(event.payload)) for event, member in self._documents(events).items()}

    @api.model
    def _tell_redemptions(self, events):
        return {
            event: (
                redemption.holder_member_id or redemption.holder_dealer_id,
                {
                    "number": redemption.card_id.number,
                    "goods": redemption.delivery_id.goods,
                    **self._parcel(redemption.delivery_id),
                },
            )
            for event, redemption in self._documents(events).items()
        }

    @api.model
    def _tell_feedback(self, events):
        """What a dealer's staff writes is not told to the dealer."""
        return {
            event: (
                feedback.member_id or feedback.role == "dealer" and feedback.dealer_id,
                {"date": business_date(feedback.received_at).isoformat(), "answer": feedback.answer},
            )
            for event, feedback in self._documents(events).items()
        }

    @api.model
    def _tell_card_orders(self, events):
        """Numbers for an order of the shop are told with the order."""
        return {
            event: (
                order.receiver_member_id or order.receiver_dealer_id,
                {"document": order.name, "count": str(order.number_count)},
            )
            for event, order in self._documents(events).items()
            if not order.sale_order_id
        }

    @api.model
    def _tell_wallets(self, events):
        return {
            event: (
                wallet.dealer_id,
                {"missing": event.payload.get("missing"), "document": event.payload.get("reference")},
            )
            for event, wallet in self._documents(events).items()
        }

    @api.model
    def _tell_withdrawals(self, events):
        return {
            event: (
                withdrawal.dealer_id,
                {
                    "document": withdrawal.name,
                    "amount": self._yuan(withdrawal.amount),
                    "reason": withdrawal.reject_reason,
                },
            )
            for event, withdrawal in self._documents(events).items()
        }

    @api.model
    def _yuan(self, amount):
        return f"{dec(amount):.2f}"

    @api.model
    def _moment(self, moment):
        """A moment as people in Shanghai read it."""
        return moment and f"{moment.replace(tzinfo=UTC).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"

    @api.model
    def _parcel(self, document):
        """By whom a delivery, or a direct sale of numbers, was sent."""
        carrier = "carrier_name" if document and document._name == "crab.delivery" else "carrier"
        return {
            "carrier": document[carrier] if document else "",
            "tracking": document.tracking_reference if document else "",
        }

    # ------------------------------------------------------------------ back office

    def action_open_document(self):
        """Open what the notice tells of, with the user's own rights."""
        self.ensure_one()
        action = self.env[self.document_model].browse(self.document_id).get_formview_action()
        if self.document_model == "sale.order":
            action["views"] = [(self.env.ref("crab_shop.sale_order_view_form").id, "form")]
        return action
