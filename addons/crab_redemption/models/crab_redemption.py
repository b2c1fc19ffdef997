from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import round_cents
from odoo.addons.crab_base.tools.timezone import business_date


class CrabRedemption(models.Model):
    """One number redeemed for goods. The number is used by it, and active again if it is cancelled before shipping."""

    _name = "crab.redemption"
    _description = "Redemption"
    _inherit = ["crab.subject.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char("Redemption number", required=True, readonly=True, copy=False, index=True, default="/")
    state = fields.Selection(
        [("confirmed", "To ship"), ("shipped", "Shipped"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="confirmed",
        index=True,
    )
    source = fields.Selection(
        [("back_office", "Back office"), ("subject", "Holder"), ("quick", "Number and password")],
        required=True,
        readonly=True,
        help="Who entered it: the back office, the holder, or somebody who knew number and password.",
    )
    card_id = fields.Many2one("crab.card", "Number", required=True, readonly=True, index=True, ondelete="restrict")
    card_product_id = fields.Many2one(
        "product.product", "Card", required=True, readonly=True, index=True, help="The pickup card as a product."
    )
    product_id = fields.Many2one("product.product", "Goods", required=True, readonly=True, index=True)
    company_id = fields.Many2one(
        "res.company",
        "Issuer",
        required=True,
        readonly=True,
        index=True,
        help="The company that carries the card's liability.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_charged = fields.Monetary(
        "Charged",
        readonly=True,
        help="What the activation of the number was charged: the revenue of this redemption, with tax.",
    )
    origin_dealer_id = fields.Many2one("crab.dealer", "Level-1 origin", readonly=True, index="btree_not_null")
    holder_dealer_id = fields.Many2one("crab.dealer", "Holding dealer", readonly=True, index="btree_not_null")
    holder_member_id = fields.Many2one("crab.member", "Holding member", readonly=True, index="btree_not_null")
    delivery_id = fields.Many2one("crab.delivery", required=True, readonly=True, index=True, check_company=False)
    delivery_state = fields.Selection(related="delivery_id.state", string="Delivery state")
    receiver_name = fields.Char(related="delivery_id.receiver_name")
    receiver_phone = fields.Char(related="delivery_id.receiver_phone")
    receiver_address = fields.Char(related="delivery_id.receiver_address")
    wish_date = fields.Date(related="delivery_id.wish_date")
    carrier_name = fields.Char(related="delivery_id.carrier_name")
    tracking_reference = fields.Char(related="delivery_id.tracking_reference")
    is_vip = fields.Boolean("VIP", readonly=True)
    redeemed_at = fields.Datetime("Redeemed on", required=True, readonly=True, default=fields.Datetime.now, index=True)
    shipped_at = fields.Datetime(related="delivery_id.shipped_at")
    cancelled_at = fields.Datetime("Cancelled on", readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False)
    actor_kind = fields.Char(readonly=True)
    actor_id = fields.Integer(readonly=True)
    idempotency_key = fields.Char(readonly=True, copy=False)

    _card_once = models.UniqueIndex("(card_id) WHERE state <> 'cancelled'", "This number is redeemed already.")
    _key_once = models.UniqueIndex(
        "(actor_kind, actor_id, idempotency_key) WHERE idempotency_key IS NOT NULL",
        "This request was executed already.",
    )

    @api.model
    def _subject_domain(self, subject):
        if subject.kind == "member":
            return Domain("holder_member_id", "=", subject.id)
        if subject.kind == "dealer":
            return Domain("holder_dealer_id", "child_of", subject.id) | (
                Domain("actor_kind", "=", "dealer") & Domain("actor_id", "=", subject.id)
            )
        return super()._subject_domain(subject)

    # ------------------------------------------------------------------------------------------ actions

    def action_cancel(self):
        """Open the dialogue that asks for the reason of cancelling before shipping."""
        self.ensure_one()
        self._ensure_can_cancel()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel redemption"),
            "res_model": "crab.redemption.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_redemption_id": self.id},
        }

    def action_open_delivery(self):
        """Open the delivery of this redemption."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crab.delivery",
            "res_id": self.delivery_id.id,
            "view_mode": "form",
        }

    # ------------------------------------------------------------------------------------------ business

    @api.model
    def _options(self, card):
        """The products a number can be redeemed for, by code: one for a fixed package, the linked ones for a choice."""
        return card.product_id.crab_choice_ids.sorted(lambda product: product.default_code or "")

    @api.model
    def _redeem(self, subject, card, address, product=None, wish_date=None, key=None, source="subject"):
        """Redeem a number whose holder or password has been checked by the caller, and order its delivery.

        Refused, with nothing changed, unless the number is active, in nobody's transit and not expired (HQ-44, MB-16).

        :param Subject subject: who redeems
        :param card: one ``crab.card``
        :param dict address: ``receiver_name``, ``receiver_phone``, ``street``, and the region ids ``province_id``,
            ``city_id``, ``district_id``
        :param product: one of ``_options(card)``; may be left out where there is just one
        :param date wish_date: today in Shanghai or later
        :param str key: idempotency key of the request, per subject, for ever
        :raise UserError: with the reason of a refusal
        :return: the redemption; for a repeated key the one made first
        """
        redemptions_sudo = subject.bind(self.sudo())  # holders have no Odoo user; the card's door and the callers check
        product = product or self._single_option(card)
        repeated = redemptions_sudo._find_by_key(subject, key, card, product)
        if repeated:
            return repeated
        self._check_request(card, product, address, wish_date)
        card_sudo = card.with_env(redemptions_sudo.env)
        card_sudo._ensure_usable()
        warehouse = redemptions_sudo.env["stock.warehouse"].search(
            [("company_id", "=", self.env["res.company"]._crab_company("group").id)], limit=1
        )
        delivery = redemptions_sudo.env["crab.delivery"].create(
            {
                "company_id": warehouse.company_id.id,
                "warehouse_id": warehouse.id,
                "is_vip": card.is_vip,
                "wish_date": wish_date,
                "line_ids": [fields.Command.create({"product_id": product.id, "quantity": 1})],
                **{field: address.get(field) for field in self._address_fields()},
            }
        )
        redemption = redemptions_sudo.create(
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("crab.redemption"),
                "source": source,
                "card_id": card.id,
                "card_product_id": card_sudo.product_id.id,
                "product_id": product.id,
                "company_id": card_sudo.company_id.id,
                "amount_charged": card_sudo.charged_amount,
                "origin_dealer_id": card_sudo.origin_dealer_id.id,
                "holder_dealer_id": card_sudo.dealer_id.id,
                "holder_member_id": card_sudo.member_id.id,
                "delivery_id": delivery.id,
                "is_vip": card_sudo.is_vip,
                "actor_kind": subject.kind,
                "actor_id": subject.id,
                "idempotency_key": key,
            }
        )
        card_sudo._use(redemption)
        redemptions_sudo.env["crab.outbox"]._emit("redemption.confirmed", redemption, {})
        return redemption.with_env(self.env)

    @api.model
    def _redeem_with_password(self, subject, number, password, address, source_address=None, **values):
        """Redeem by number and password, with the guess limits; see ``_redeem``.

        :param str source_address: network address of the request, where there is one
        """
        card = self.env["crab.card"]._open_with_password(subject, number, password, source=source_address)
        return self._redeem(subject, card, address, **values)

    @api.model
    def _address_fields(self):
        return ("receiver_name", "receiver_phone", "province_id", "city_id", "district_id", "street")

    @api.model
    def _single_option(self, card):
        options = self._options(card.sudo())
        if len(options) != 1:
            raise UserError(self.env._("Choose which goods this card is to be redeemed for."))
        return options

    def _find_by_key(self, subject, key, card, product):
        if not key:
            return self.browse()
        found = self.search(
            [("actor_kind", "=", subject.kind), ("actor_id", "=", subject.id), ("idempotency_key", "=", key)], limit=1
        )
        if found and (found.card_id != card or found.product_id != product):
            raise LockError(self.env._("This request was sent before with other content."))
        return found

    @api.model
    def _check_request(self, card, product, address, wish_date):
        if product not in self._options(card.sudo()):
            raise UserError(
                self.env._("This card cannot be redeemed for %(product)s.", product=product.sudo().display_name)
            )
        for field in ("receiver_name", "receiver_phone", "street"):
            if not (address.get(field) or "").strip():
                label = self.env["crab.delivery"]._fields[field]._description_string(self.env)
                raise UserError(self.env._("Please fill in: %(field)s.", field=label))
        if wish_date and wish_date < business_date():
            raise UserError(self.env._("The wished date is in the past."))

    def _ensure_can_cancel(self):
        for redemption in self:
            if redemption.state == "shipped" or redemption.delivery_id.state == "shipped":
                raise UserError(self.env._("The goods have been shipped already; this can no longer be cancelled."))
            if redemption.state == "cancelled":
                raise UserError(self.env._("This redemption is cancelled already."))

    def _cancel(self, reason):
        """Cancel before shipping: the delivery is taken back and the number is active again (domain.md §7)."""
        redemptions_sudo = self.sudo()  # see _redeem
        lock_rows(redemptions_sudo.delivery_id)
        lock_rows(redemptions_sudo)
        redemptions_sudo._ensure_can_cancel()
        redemptions_sudo.delivery_id._cancel_unshipped()
        for redemption in redemptions_sudo:
            redemption.card_id._unuse(redemption)
        redemptions_sudo.write(
            {
                "state": "cancelled",
                "cancelled_at": fields.Datetime.now(),
                "cancel_reason": reason,
                "idempotency_key": False,
            }
        )
        redemptions_sudo.env["crab.outbox"]._emit("redemption.cancelled", redemptions_sudo, {})

    def _set_shipped(self):
        """Called by the delivery: nothing about the number changes any more; liability becomes revenue."""
        shipped = self.filtered(lambda redemption: redemption.state == "confirmed")
        shipped.write({"state": "shipped"})
        self.env["crab.ledger.fact"]._record(shipped._prepare_ledger_facts())
        self.env["crab.outbox"]._emit("redemption.shipped", shipped, {})

    def _prepare_ledger_facts(self):
        """Facts of the shipment: each number's liability becomes revenue and VAT, its goods become cost."""
        split = {
            (product, company, amount): product.taxes_id.filtered(
                lambda tax, company=company: tax.company_id == company
            )
            .with_company(company)
            .compute_all(amount, currency=company.currency_id, product=product)
            for product, company, amount in {(r.product_id, r.company_id, r.amount_charged) for r in self}
        }
        facts = []
        for redemption in self:
            company, product = redemption.company_id, redemption.product_id
            amounts = split[product, company, redemption.amount_charged]
            facts.append(
                {
                    "kind": "redemption_shipped",
                    "company_id": company.id,
                    "tax_id": amounts["taxes"][0]["id"] if amounts["taxes"] else None,
                    "amount_net": round_cents(amounts["total_excluded"]),
                    "amount_tax": round_cents(amounts["total_included"]) - round_cents(amounts["total_excluded"]),
                    "amount_cost": round_cents(product.with_company(company).standard_price),
                    "document_model": self._name,
                    "document_id": redemption.id,
                    "reference": redemption.name,
                    "key": f"redemption-{redemption.id}",
                }
            )
        return facts
