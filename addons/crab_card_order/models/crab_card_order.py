from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import clean_context

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.states import ensure_state
from odoo.addons.crab_base.tools.subject import MODELS, Subject, names_of_subjects
from odoo.addons.crab_base.tools.timezone import SHANGHAI
from odoo.addons.crab_card.tools.normalise import number

PREFIX_LENGTH = 4
KINDS = [
    ("issue", "Issue"),
    ("transfer", "Transfer"),
    ("activation", "Activation"),
    ("return", "Return"),
    ("cancel", "Cancellation"),
    ("direct", "Direct sale"),
    ("extension", "Extension of validity"),
]
STATES = [
    ("draft", "Draft"),
    ("to_pay", "To pay"),
    ("to_send", "Numbers to send"),
    ("submitted", "Submitted"),
    ("passed_on", "Passed on"),
    ("in_transit", "In transit"),
    ("partly_received", "Partly received"),
    ("done", "Done"),
    ("rejected", "Rejected"),
    ("cancelled", "Closed"),
]
PARTIES = [("platform", "Platform"), ("dealer", "Dealer"), ("member", "Member")]
OPEN_STATES = ("to_pay", "to_send", "submitted", "passed_on", "in_transit", "partly_received")

# What a person may write by form or RPC, in a draft only; everything else is written by the steps.
_EDITABLE = {
    "sender_dealer_id", "sender_member_id", "receiver_dealer_id", "receiver_member_id", "company_id", "line_ids",
    "staff_id", "is_free", "reason", "new_valid_until",
}  # fmt: skip
_ALWAYS_EDITABLE = {"note", "carrier", "tracking_reference"}
_PRICED_BY = {"sender_dealer_id", "receiver_dealer_id", "receiver_member_id", "is_free"}


class CrabCardOrder(models.Model):
    """A document that moves or changes card numbers.

    Its numbers are link rows (``crab.card.order.number``) written in sets; what happens to a number itself happens
    through the door of ``crab.card``. Every step locks the document first: a second click finds the first one's result.
    """

    _name = "crab.card.order"
    _description = "Card document"
    _inherit = ["mail.thread", "mail.activity.mixin", "crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char("Order number", required=True, readonly=True, copy=False, default="/", index="trigram")
    kind = fields.Selection(KINDS, required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True, copy=False, default="draft", index=True)
    company_id = fields.Many2one(
        "res.company", string="Issuer", required=True, index=True, default=lambda self: self._default_company_id(),
        help="The company that owes the goods for these numbers.",
    )  # fmt: skip
    currency_id = fields.Many2one(related="company_id.currency_id")
    sender_kind = fields.Selection(PARTIES, string="Sent by", compute="_compute_parties", store=True)
    sender_dealer_id = fields.Many2one(
        "crab.dealer", string="Sending dealer", index="btree_not_null", ondelete="restrict"
    )
    sender_member_id = fields.Many2one(
        "crab.member", string="Sending member", index="btree_not_null", ondelete="restrict"
    )
    sender_name = fields.Char("Sender", compute="_compute_names", search="_search_sender_name", compute_sudo=True)
    receiver_kind = fields.Selection(PARTIES, string="Received by", compute="_compute_parties", store=True)
    receiver_dealer_id = fields.Many2one(
        "crab.dealer", string="Receiving dealer", index="btree_not_null", ondelete="restrict"
    )
    receiver_member_id = fields.Many2one(
        "crab.member", string="Receiving member", index="btree_not_null", ondelete="restrict"
    )
    receiver_name = fields.Char("Receiver", compute="_compute_names", search="_search_receiver_name", compute_sudo=True)
    executor_dealer_id = fields.Many2one(
        "crab.dealer", string="Charged level 1", readonly=True, index="btree_not_null", ondelete="restrict", copy=False,
        help="The level-1 origin of the numbers: it executes the activation and is charged; empty: nobody is.",
    )  # fmt: skip
    waiting_dealer_id = fields.Many2one(
        "crab.dealer", string="Waiting for dealer", readonly=True, copy=False, index="btree_not_null",
        ondelete="restrict", help="The dealer whose turn it is.",
    )  # fmt: skip
    viewer_dealer_ids = fields.Many2many(
        "crab.dealer", "crab_card_order_viewer_rel", "order_id", "dealer_id", string="Dealers concerned", readonly=True,
        copy=False,
        help="Sender, receiver and executor with their ancestors, as the tree was when the document was made.",
    )  # fmt: skip
    orderer_dealer_id = fields.Many2one(
        "crab.dealer", string="Ordered by dealer", readonly=True, copy=False, ondelete="restrict"
    )
    actor_kind = fields.Char("Kind of author", readonly=True, copy=False)
    actor_id = fields.Integer("Id of author", readonly=True, copy=False)
    orderer_name = fields.Char("Ordered by", compute="_compute_names", compute_sudo=True)

    line_ids = fields.One2many("crab.card.order.line", "order_id", string="Products", copy=True)
    number_search = fields.Char("Number", store=False, copy=False, search="_search_number_search")
    product_names = fields.Char("Card", compute="_compute_product_names", compute_sudo=True)
    number_count = fields.Integer("Numbers", compute="_compute_totals", store=True)
    received_count = fields.Integer("Received", compute="_compute_totals", store=True)
    released_count = fields.Integer("Given back to the sender", readonly=True, copy=False)
    transit_count = fields.Integer("In transit", compute="_compute_link_counts")
    to_send_count = fields.Integer("Chosen, not sent yet", compute="_compute_link_counts")
    amount_total = fields.Monetary("Order price", compute="_compute_totals", store=True)
    amount_charged = fields.Monetary(
        "Charged",
        readonly=True,
        copy=False,
        help="Activation: what it charged. Return and cancellation: what was given back.",
    )
    amount_stored = fields.Monetary("From stored value", readonly=True, copy=False)
    amount_credit = fields.Monetary("From credit", readonly=True, copy=False)

    submitted_at = fields.Datetime("Submitted on", readonly=True, copy=False)
    sent_at = fields.Datetime("Sent on", readonly=True, copy=False)
    executed_at = fields.Datetime("Completed on", readonly=True, copy=False, index=True)
    reason = fields.Char(help="Why this document is made.")
    refusal_reason = fields.Char("Reason of rejection or closing", readonly=True, copy=False)
    note = fields.Text()
    carrier = fields.Char(copy=False)
    tracking_reference = fields.Char("Tracking number", copy=False)

    _kind_state_idx = models.Index("(kind, state, id)")
    _create_date_idx = models.Index("(create_date)")
    _amounts_check = models.Constraint(
        "CHECK (amount_charged >= 0 AND amount_stored >= 0 AND amount_credit >= 0)",
        "Amounts of a card document are not negative.",
    )

    @api.model
    def _default_company_id(self):
        role = "sales" if self.env.context.get("default_kind") == "direct" else "group"
        return self.env["res.company"]._crab_company(role)

    # === Computes === #

    @api.depends("kind", "sender_dealer_id", "sender_member_id", "receiver_dealer_id", "receiver_member_id")
    def _compute_parties(self):
        for order in self:
            kind = order.kind
            sender = "dealer" if order.sender_dealer_id else "member" if order.sender_member_id else "platform"
            order.sender_kind = sender
            if kind in ("activation", "cancel", "extension"):
                order.receiver_kind = False
            elif order.receiver_dealer_id:
                order.receiver_kind = "dealer"
            else:
                order.receiver_kind = {"return": "platform", "direct": "member"}.get(kind, "dealer")

    @api.depends("line_ids.product_id")
    def _compute_product_names(self):
        for order in self:
            order.product_names = ", ".join(order.line_ids.product_id.mapped("display_name"))

    @api.depends("line_ids.quantity", "line_ids.received_quantity", "line_ids.amount")
    def _compute_totals(self):
        for order in self:
            order.number_count = sum(order.line_ids.mapped("quantity"))
            order.received_count = sum(order.line_ids.mapped("received_quantity"))
            order.amount_total = order.currency_id.round(sum(order.line_ids.mapped("amount")))

    @api.depends("state", "line_ids.chosen_quantity", "line_ids.received_quantity")
    def _compute_link_counts(self):
        self.env["crab.card.order.number"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT order_id, state, COUNT(*) FROM crab_card_order_number WHERE order_id = ANY(%s) GROUP BY 1, 2",
                self.ids,
            )
        )
        counts = {(order_id, state): count for order_id, state, count in self.env.cr.fetchall()}
        for order in self:
            order.transit_count = counts.get((order._origin.id, "reserved"), 0)
            order.to_send_count = counts.get((order._origin.id, "chosen"), 0)

    @api.onchange("sender_member_id")
    def _onchange_sender_member_id(self):
        """Cards that members bought from the platform are the Sales company's."""
        if self.kind in ("return", "activation"):
            self.company_id = self.env["res.company"]._crab_company("sales" if self.sender_member_id else "group")

    @api.depends(
        "sender_kind", "sender_dealer_id", "sender_member_id", "receiver_kind", "receiver_dealer_id",
        "receiver_member_id", "actor_kind", "actor_id",
    )  # fmt: skip
    def _compute_names(self):
        labels = dict(self._fields["sender_kind"]._description_selection(self.env))
        actors = names_of_subjects(self.env, ((order.actor_kind, order.actor_id) for order in self))
        for order in self:
            sender = order.sender_dealer_id or order.sender_member_id
            receiver = order.receiver_dealer_id or order.receiver_member_id
            order.sender_name = sender.display_name if sender else labels.get(order.sender_kind)
            order.receiver_name = receiver.display_name if receiver else labels.get(order.receiver_kind)
            order.orderer_name = actors.get((order.actor_kind, order.actor_id)) or labels["platform"]

    def _search_party_name(self, party, operator, value):
        if operator not in ("ilike", "=ilike", "like", "=like", "=") or not isinstance(value, str):
            return NotImplemented
        domain = Domain(f"{party}_dealer_id", operator, value) | Domain(f"{party}_member_id", operator, value)
        labels = self._fields["sender_kind"]._description_selection(self.env)
        return domain | Domain(
            f"{party}_kind", "in", [kind for kind, label in labels if value.strip("%").lower() in label.lower()]
        )

    def _search_sender_name(self, operator, value):
        return self._search_party_name("sender", operator, value)

    def _search_receiver_name(self, operator, value):
        return self._search_party_name("receiver", operator, value)

    def _search_number_search(self, operator, value):
        """Documents with a number: the whole number as scanned, or its first characters (at least four)."""
        if operator not in ("=", "in", "ilike", "like", "=ilike", "=like"):
            return NotImplemented
        texts = [value] if isinstance(value, str) else value
        values = [number(text.strip("%")) for text in texts if isinstance(text, str)]
        # escaped: a number has no wildcards, and what is typed shall not become any
        prefixes = [
            text.replace("\\", "").replace("%", "").replace("_", "") + "%"
            for text in values
            if len(text) >= PREFIX_LENGTH
        ]
        return Domain(
            "id",
            "in",
            SQL(
                "(SELECT link.order_id FROM crab_card_order_number link JOIN crab_card card ON card.id = link.card_id"
                " WHERE card.number = ANY(%s) OR card.number LIKE ANY(%s))",
                values,
                prefixes,
            ),
        )

    # === Create, write, unlink === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make drafts. State, amounts and numbers come from steps only, whatever the caller or its context says."""
        self.check_access("create")
        if not self.env.su:
            for vals in vals_list:
                self._refuse_fields(set(vals) - _EDITABLE - _ALWAYS_EDITABLE - {"kind"})
        subject = Subject.of(self.env)
        default_kind = self.env.context.get("default_kind")
        self = self.with_env(self.env(context=clean_context(self.env.context)))
        for vals in vals_list:
            kind = vals.setdefault("kind", default_kind)
            if kind not in dict(KINDS):
                raise UserError(self.env._("A card document needs a kind."))
            vals.setdefault("company_id", self.with_context(default_kind=kind)._default_company_id().id)
            sequences_sudo = self.env["ir.sequence"].sudo().with_context(tz=SHANGHAI.key)  # they need no right
            vals["name"] = sequences_sudo.next_by_code(f"crab.card.order.{kind}")
            vals.update(actor_kind=subject.kind, actor_id=subject.id)
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            chatter = {name for name in vals if name.startswith(("message_", "activity_"))}
            changed = set(vals) - _ALWAYS_EDITABLE - chatter
            self._refuse_fields(changed - _EDITABLE)
            if changed and any(order.state != "draft" for order in self):
                raise UserError(self.env._("Only drafts can be edited. Cancel the document and make a new one."))
        result = super().write(vals)
        if _PRICED_BY & vals.keys():
            for order_sudo in self.sudo().filtered(lambda order: order.state == "draft"):
                order_sudo._quote()
        return result

    @api.model
    def _refuse_fields(self, names):
        if names:
            raise AccessError(
                self.env._(
                    "These fields of a card document are written by its steps only: %(fields)s",
                    fields=", ".join(sorted(names)),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts_only(self):
        if any(order.state != "draft" for order in self):
            raise UserError(self.env._("Documents are kept. Only drafts can be deleted."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for order, vals in zip(self, vals_list, strict=True):
            if order.kind != "direct":
                vals.pop("line_ids", None)  # they follow from the numbers
        return vals_list

    def copy(self, default=None):
        """Duplicate with the numbers that are still in the sender's hands, e.g. after a rejection."""
        copies = super().copy(default)
        for order, duplicate in zip(self, copies, strict=True):
            if order.kind != "direct":
                duplicate.sudo()._link_cards(order.sudo()._card_ids("chosen", "reserved", "released"))
        return copies

    # === Helpers of the steps === #

    def _locked(self):
        """This document in sudo, locked until the end of the transaction; what was read before is dropped.

        In sudo because steps check the role or the subject themselves and then write fields that nobody may edit.
        """
        self.ensure_one()
        order_sudo = self.sudo()
        if not lock_rows(order_sudo):
            raise UserError(self.env._("This document no longer exists."))
        return order_sudo

    def _ensure_state(self, *states):
        ensure_state(self, *states)

    def _set_state(self, state, text, **values):
        """Enter ``state``, write ``values`` with it, leave a line in the history, emit ``card_order.<state>``."""
        self.write({"state": state, **values})
        self._log_step(text)
        self.env["crab.outbox"]._emit(f"card_order.{state}", self, {"kind": self.kind, "name": self.name})

    def _log_step(self, text):
        subject = Subject.of(self.env)
        if subject.kind in ("dealer", "staff", "member"):
            who = self.env[MODELS[subject.kind]].browse(subject.id)
            text = self.env._("%(step)s (by %(who)s)", step=text, who=who.display_name)
        self._message_log(body=text)
