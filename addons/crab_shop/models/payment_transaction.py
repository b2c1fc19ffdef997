from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.mail import email_normalize_all

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.payment import utils as payment_utils

from ..tools import rows
from .sale_order import ORDER_FIELDS

PARTNER_FIELDS = (
    "name", "parent_id", "lang", "email", "street", "street2", "zip", "city", "state_id", "country_id", "phone",
)  # fmt: skip


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    crab_order_id = fields.Many2one(
        "sale.order", "Order of the shop", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    crab_refund_id = fields.Many2one(
        "crab.refund", "Refund of the shop", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    @api.model
    def _crab_start(self, order, provider, method=None):
        """A new payment for an unpaid order; whatever was begun before is closed (MB-11).

        :param order: ``sale.order``, checked by the caller to be the member's
        :param provider: ``payment.provider``
        :raise UserError: when the order cannot be paid (any more)
        :return: the draft transaction in sudo
        """
        order_sudo = order._crab_locked()
        order_sudo.fetch(ORDER_FIELDS)
        order_sudo._crab_ensure_state("to_pay")
        transactions_sudo = self.sudo()  # members have no Odoo user; the order was checked
        order_sudo.transaction_ids._crab_close_later()
        provider.sudo().fetch(["code", "state", "company_id"])
        method = method or provider.sudo().payment_method_ids[:1]
        return transactions_sudo._crab_insert(self._crab_start_values(order_sudo, provider, method), order_sudo)

    @api.model
    def _crab_start_values(self, order, provider, method):
        """What a payment of ``order`` begins with; extended by providers."""
        return {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "reference": self.sudo()._compute_reference(provider.code, prefix=order.name),  # as in _crab_start
            "amount": order.amount_total,
            "currency_id": order.currency_id.id,
            "partner_id": order.partner_id.id,
            "operation": "online_direct",
            "crab_order_id": order.id,
        }

    @api.model
    def _crab_insert(self, values, order):
        """Write the transaction that ``create`` would make of ``values`` for ``order``, in one statement."""
        provider = self.env["payment.provider"].browse(values["provider_id"])
        partner = self.env["res.partner"].browse(values["partner_id"])
        partner.fetch(PARTNER_FIELDS)
        emails = email_normalize_all(partner.email)
        columns = {
            "state": "draft",
            "last_state_change": fields.Datetime.now(),
            "company_id": provider.company_id.id,
            **values,
            "amount": dec(values["amount"]),
            "is_live": provider.state == "enabled",
            "partner_name": partner.name or partner.parent_id.name,
            "partner_lang": partner.lang,
            "partner_email": emails[0] if emails else None,
            "partner_address": payment_utils.format_partner_address(partner.street, partner.street2),
            "partner_zip": partner.zip,
            "partner_city": partner.city,
            "partner_state_id": partner.state_id.id,
            "partner_country_id": partner.country_id.id,
            "partner_phone": partner.phone,
            **rows.author(self.env),
        }
        columns.update(self._get_specific_create_values(provider.code, columns))
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH made AS (%s RETURNING id),
                     link AS (INSERT INTO sale_order_transaction_rel (transaction_id, sale_order_id)
                              SELECT id, %s FROM made)
                SELECT id FROM made
                """,
                rows.insert(self, [columns]),
                order.id,
            )
        )
        transaction = self.browse(self.env.cr.fetchone())
        rows.forget_inverses(self)
        self.env["sale.order"].invalidate_model(["transaction_ids"], flush=False)
        return transaction

    def _crab_close_later(self):
        """Have the provider close these payments, outside this transaction: a job each."""
        for transaction in self.filtered(lambda tx: tx.state in ("draft", "pending", "error")):
            transaction.with_delay(identity_key=f"crab-close-payment-{transaction.id}")._crab_close_at_provider()

    def _crab_close_at_provider(self):
        """Job: the provider takes no more money for this payment. Providers that know closing extend this."""
        self._set_canceled(extra_allowed_states=("error",))

    def _update_state(self, allowed_states, target_state, state_message):
        """Read no more of a transaction than its steps look at."""
        self.fetch(self._crab_step_fields())
        return super()._update_state(allowed_states, target_state, state_message)

    @api.model
    def _crab_step_fields(self):
        """Names of what the steps of a payment of the shop read; extended by those who read more."""
        return ["amount", "crab_order_id", "crab_refund_id", "operation", "reference", "source_transaction_id", "state"]

    def _crab_is_ours(self):
        return self.crab_order_id or self.crab_refund_id or self.source_transaction_id.crab_order_id

    def _post_process(self):
        """Payments of the shop are subledger facts, not accounting payments one by one (decisions.md, Accounting)."""
        ours = self.filtered(lambda tx: tx._crab_is_ours())
        ours.is_post_processed = True  # first: written together with the state
        for transaction in ours:
            if transaction.crab_refund_id:
                transaction.crab_refund_id._take_result(transaction)
            elif transaction.crab_order_id and transaction.state == "done":
                transaction.crab_order_id._crab_receive_payment(transaction)
        return super(PaymentTransaction, self - ours)._post_process()

    def _create_payment(self, **extra_create_values):
        if self._crab_is_ours():
            return self.env["account.payment"]
        return super()._create_payment(**extra_create_values)

    def _log_received_message(self):
        """See below; the message is not even made."""
        return super(PaymentTransaction, self.filtered(lambda tx: not tx._crab_is_ours()))._log_received_message()

    def _log_message_on_linked_documents(self, message):
        """Orders of the shop have their own history; nothing is written to their chatter for each payment step."""
        if self._crab_is_ours():
            return None
        return super()._log_message_on_linked_documents(message)
