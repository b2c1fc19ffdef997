from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents, spread
from odoo.addons.crab_base.tools.subject import MODELS, ROLES
from odoo.addons.crab_base.tools.timezone import SHANGHAI

from .crab_delivery import PERSONAL

SEQUENCES = ("crab_redemption.sequence_redemption", "crab_redemption.sequence_delivery")


class CrabRedemption(models.Model):
    """One number redeemed for goods. The number is used by it, and active again if it is cancelled before shipping."""

    _name = "crab.redemption"
    _description = "Redemption"
    _inherit = ["crab.subject.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char("Redemption number", required=True, readonly=True, copy=False)
    state = fields.Selection(
        [("confirmed", "To ship"), ("shipped", "Shipped"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="confirmed",
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
    product_ids = fields.Many2many(
        "product.product", "crab_redemption_product", "redemption_id", "product_id", "Goods", readonly=True
    )
    company_id = fields.Many2one(
        "res.company",
        "Issuer",
        required=True,
        readonly=True,
        help="The company that carries the card's liability.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_charged = fields.Monetary(
        "Charged",
        readonly=True,
        help="What the activation of the number was charged: the revenue of this redemption, with tax.",
    )
    amount_subsidy = fields.Monetary(
        "Service Subsidy",
        readonly=True,
        groups="crab_base.group_finance,crab_base.group_auditor",
        help="Of the card, as it was on the day of shipping: what a store that ships gets for it.",
    )
    origin_dealer_id = fields.Many2one("crab.dealer", "Level-1 origin", readonly=True, index="btree_not_null")
    holder_dealer_id = fields.Many2one("crab.dealer", "Holding dealer", readonly=True, index="btree_not_null")
    holder_member_id = fields.Many2one("crab.member", "Holding member", readonly=True, index="btree_not_null")
    delivery_id = fields.Many2one("crab.delivery", required=True, readonly=True)
    delivery_state = fields.Selection(related="delivery_id.state", string="Delivery state")
    receiver_name = fields.Char(related="delivery_id.receiver_name", groups=PERSONAL)
    receiver_phone = fields.Char(related="delivery_id.receiver_phone", groups=PERSONAL)
    receiver_address = fields.Char(related="delivery_id.receiver_address", groups=PERSONAL)
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
    _open_idx = models.Index("(id) WHERE state = 'confirmed'")
    _name_uniq = models.UniqueIndex("(name)", "Each redemption has a number of its own.")
    _delivery_uniq = models.UniqueIndex("(delivery_id)", "Each redemption has a delivery of its own.")
    _key_once = models.UniqueIndex(
        "(actor_kind, actor_id, idempotency_key) WHERE idempotency_key IS NOT NULL",
        "This request was executed already.",
    )

    # ------------------------------------------------------------------------------------------ subjects

    @api.model
    def _subject_domain(self, subject):
        """A member sees what its cards were redeemed for; everybody what he entered himself.

        Not the dealer who sold a card: name, phone and address are those of a customer of somebody's.
        """
        domain = super()._subject_domain(subject)
        asking_sudo = subject.kind in ROLES and self.env[MODELS[subject.kind]]._asking(subject)
        if not asking_sudo:
            return domain
        domain |= Domain("actor_kind", "=", subject.kind) & Domain("actor_id", "=", subject.id)
        if subject.kind == "member":
            domain |= Domain("holder_member_id", "in", asking_sudo._with_merged().ids)
        return domain

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
        return self.delivery_id.get_formview_action()

    # ------------------------------------------------------------------------------------------ redeeming

    @api.model
    def _options(self, card):
        """The products a number can be redeemed for, by code: one for a fixed package, the linked ones for a choice."""
        ids, _count = self._read_options(card)
        return self.env["product.product"].browse(ids)

    @api.model
    def _read_options(self, card):
        """``(ids of products, how many of them a number gives)``, by one narrow query."""
        self.env.cr.execute(
            SQL(
                """
                SELECT ARRAY(SELECT choice.product_id
                               FROM crab_card_choice choice JOIN product_product option ON option.id = choice.product_id
                              WHERE choice.card_tmpl_id = template.id AND option.active
                              ORDER BY option.default_code, option.id),
                       GREATEST(template.crab_choice_count, 1)
                  FROM crab_card card
                  JOIN product_product product ON product.id = card.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE card.id = %s
                """,
                card.id or None,
            )
        )
        return self.env.cr.fetchone() or ([], 1)

    @api.model
    def _redeem(self, subject, card, address, product=None, wish_date=None, key=None, source="subject"):
        """Redeem a number whose holder or password has been checked by the caller, and order its delivery.

        Refused, with nothing changed, unless the number is active, in nobody's transit and not expired (HQ-44, MB-16).

        :param Subject subject: who redeems
        :param card: one ``crab.card``
        :param dict address: ``receiver_name``, ``receiver_phone``, ``street``, and the region ids ``province_id``,
            ``city_id``, ``district_id``
        :param product: of ``_options(card)``, as many as the card gives; may be left out where there is no choice
        :param date wish_date: today in Shanghai or later
        :param str key: idempotency key of the request, per subject, for ever
        :raise UserError: with the reason of a refusal
        :raise LockError: when the key was used for another request
        :return: the redemption; for a repeated key the one made first, whatever became of it
        """
        redemptions_sudo = subject.bind(self.sudo())  # holders have no Odoo user; the card's door and the callers check
        redemption = redemptions_sudo._find_by_key(subject, key, card, product)
        if not redemption:
            product_ids = redemptions_sudo._choose(card, product)
            receiver = redemptions_sudo.env["crab.delivery"]._clean_receiver(
                {**{name: address.get(name) for name in self._address_fields()}, "wish_date": wish_date}
            )
            redemption = redemptions_sudo._insert(
                card.with_env(redemptions_sudo.env),
                product_ids,
                {**receiver, "wish_date": wish_date},
                {"source": source, "actor_kind": subject.kind, "actor_id": subject.id, "idempotency_key": key},
            )
            redemption.env["crab.outbox"]._emit("redemption.confirmed", redemption, {})
        return redemption.with_env(self.env)

    @api.model
    def _redeem_held(self, subject, card, address, **values):
        """Redeem a number from a member's own list, without its password (MB-16); see ``_redeem``.

        :raise MissingError: (404) for a number that is not the member's
        """
        held = self.env["crab.card"]._get_for_subject(subject, card.ids)
        if subject.kind != "member" or held.member_id.id != subject.id:
            raise UserError(self.env._("Only its member redeems a number without its password."))
        return self._redeem(subject, held, address, **values)

    @api.model
    def _address_fields(self):
        return ("receiver_name", "receiver_phone", "province_id", "city_id", "district_id", "street")

    def _find_by_key(self, subject, key, card, product):
        if not key:
            return self.browse()
        found = self.search(
            [("actor_kind", "=", subject.kind), ("actor_id", "=", subject.id), ("idempotency_key", "=", key)], limit=1
        )
        if found and (found.card_id != card or product and found.product_ids != product):
            raise LockError(self.env._("This request was sent before with other content."))
        return found

    @api.model
    def _choose(self, card, product):
        options, count = self._read_options(card)
        if not product and len(options) != count:
            raise UserError(self.env._("Choose which goods this card is to be redeemed for."))
        chosen = product.ids if product else options
        strange = product and product.filtered(lambda one: one.id not in options)
        if strange:
            raise UserError(
                self.env._("This card cannot be redeemed for %(product)s.", product=strange.sudo()[0].display_name)
            )
        if len(chosen) != count:
            raise UserError(self.env._("Choose %(count)s different packages.", count=count))
        return chosen

    @api.model
    def _insert(self, card, product_ids, receiver, values):
        """Use the number and write redemption, delivery and its lines, in one statement each.

        The ORM would read a dozen wide records to check what holds by construction: docs/decisions/0051-redeeming.md.

        :return: the new redemption
        """
        delivery_name, name, redemption_id = self._next_names()
        redemption = self.browse(redemption_id)
        card._use(redemption)
        now = fields.Datetime.now()
        author = {"create_uid": self.env.uid, "create_date": now, "write_uid": self.env.uid, "write_date": now}
        warehouse = self.env["product.product"]._crab_warehouse()
        delivery = {
            "name": delivery_name,
            "state": "waiting",
            "warehouse_id": warehouse.id,
            "company_id": SQL("(SELECT company_id FROM stock_warehouse WHERE id = %s)", warehouse.id),
            "is_vip": SQL("card.is_vip"),
            **receiver,
            **author,
        }
        columns = {
            "id": redemption_id,
            "name": name,
            "state": "confirmed",
            "card_id": SQL("card.id"),
            "card_product_id": SQL("card.product_id"),
            "company_id": SQL("card.company_id"),
            "amount_charged": SQL("card.charged_amount"),
            "origin_dealer_id": SQL("card.origin_dealer_id"),
            "holder_dealer_id": SQL("card.dealer_id"),
            "holder_member_id": SQL("card.member_id"),
            "is_vip": SQL("card.is_vip"),
            "delivery_id": SQL("delivery.id"),
            "redeemed_at": now,
            **values,
            **author,
        }
        self.env.cr.execute(
            SQL(
                """
                WITH delivery AS (
                    INSERT INTO crab_delivery (%(delivery_columns)s)
                    SELECT %(delivery_values)s FROM crab_card card WHERE card.id = %(card)s
                    RETURNING id
                ),
                chosen AS (
                    SELECT product.id, product.product_tmpl_id FROM product_product product
                     WHERE product.id = ANY(%(products)s)
                ),
                line AS (
                    INSERT INTO crab_delivery_line (delivery_id, package_id, product_id, quantity, %(author_columns)s)
                    SELECT delivery.id, chosen.id, COALESCE(part.product_id, chosen.id), COALESCE(part.quantity, 1),
                           %(author_values)s
                      FROM delivery CROSS JOIN chosen
                      LEFT JOIN crab_package_part part ON part.package_tmpl_id = chosen.product_tmpl_id
                     ORDER BY chosen.id, part.sequence, part.id
                ),
                redemption AS (
                    INSERT INTO crab_redemption (%(columns)s)
                    SELECT %(values)s FROM delivery, crab_card card WHERE card.id = %(card)s
                    ON CONFLICT (actor_kind, actor_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
                    RETURNING id
                )
                INSERT INTO crab_redemption_product (redemption_id, product_id)
                SELECT redemption.id, chosen.id FROM redemption CROSS JOIN chosen
                """,
                delivery_columns=_names(delivery),
                delivery_values=_values(delivery),
                columns=_names(columns),
                values=_values(columns),
                author_columns=_names(author),
                author_values=_values(author),
                card=card.id,
                products=product_ids,
            )
        )
        if not self.env.cr.rowcount:
            raise ConcurrencyError(self.env._("This request is being executed already."))
        card.invalidate_recordset(["redemption_ids"])
        return redemption

    @api.model
    def _next_names(self):
        """Numbers for a delivery and a redemption, and the redemption's id."""
        find = self.env["ir.model.data"]._xmlid_to_res_id
        sequences_sudo = self.env["ir.sequence"].sudo().browse(find(xmlid) for xmlid in SEQUENCES)
        redemption, delivery = sequences_sudo.with_context(tz=SHANGHAI.key)
        self.env.cr.execute("SELECT nextval('crab_redemption_id_seq')")
        [redemption_id] = self.env.cr.fetchone()
        return delivery.next_by_id(), redemption.next_by_id(), redemption_id

    # ------------------------------------------------------------------------------------------ before shipping

    def _change(self, address=None, wish_date=None):
        """Change receiver or wished day before shipping, for a caller who looked at the right to this redemption.

        :param address: as for ``_redeem``
        :raise UserError: when it is shipped or cancelled, or with what is wrong in the address
        """
        delivery_sudo = self.sudo().delivery_id  # see _redeem
        lock_rows(delivery_sudo)
        values = {name: address.get(name, False) for name in self._address_fields()} if address else {}
        delivery_sudo.write({**values, **({"wish_date": wish_date} if wish_date else {})})

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
        redemptions_sudo.write({"state": "cancelled", "cancelled_at": fields.Datetime.now(), "cancel_reason": reason})
        redemptions_sudo.env["crab.outbox"]._emit("redemption.cancelled", redemptions_sudo, {})

    # ------------------------------------------------------------------------------------------ shipped

    def _set_shipped(self):
        """Called by the delivery: nothing about the number changes any more; liability becomes revenue."""
        shipped = self.filtered(lambda redemption: redemption.state == "confirmed")
        shipped.write({"state": "shipped"})
        for subsidy, same in shipped.grouped(lambda r: r.card_product_id.crab_subsidy).items():
            same.write({"amount_subsidy": subsidy})
        self.env["crab.ledger.fact"]._record(shipped._prepare_ledger_facts())
        self.env["crab.outbox"]._emit("redemption.shipped", shipped, {})

    def _prepare_ledger_facts(self):
        """Facts of the shipment: each number's liability becomes revenue and VAT, its goods become cost.

        Revenue belongs to the issuer, the cost to the company whose stock the goods left: where they differ, a fact of
        each, and what the owner supplied is invoiced per business day. A card that gave several packages is divided
        over them by their retail prices, each with its own tax.
        """
        taxed, facts, owed = {}, [], self._amounts_owed()
        for redemption in self:
            owner = redemption.delivery_id.company_id
            cost = redemption._cost()
            by_tax = redemption._revenue_by_tax(taxed, owed[redemption])
            if owner != redemption.company_id:
                facts.append(redemption._prepare_fact(owner, None, 0, 0, cost))
                facts += redemption.delivery_id.line_ids._supply_facts(redemption.company_id, redemption.name)
                cost = 0
            for tax_id, (net, tax) in by_tax.items():
                facts.append(redemption._prepare_fact(redemption.company_id, tax_id, net, tax, cost))
                cost = 0
        return facts

    def _cost(self):
        """What the goods are worth in the stock they leave, at this moment."""
        owner = self.delivery_id.company_id
        return round_cents(
            sum(
                dec(line.quantity) * dec(line.product_id.with_company(owner).standard_price)
                for line in self.delivery_id.line_ids
            )
        )

    def _amounts_owed(self):
        """``{redemption: Decimal}``: what the company owes for the number, with tax: what was charged; extended."""
        return {redemption: round_cents(redemption.amount_charged) for redemption in self}

    def _revenue_by_tax(self, taxed, owed):
        """``{tax id or None: [net, tax]}`` of ``owed``; ``taxed`` remembers what one product and amount come to."""
        company, products = self.company_id, self.product_ids
        amounts = spread(owed, [dec(product.list_price) for product in products])
        result = {}
        for product, amount in zip(products, amounts, strict=True):
            key = product, company, amount
            if key not in taxed:
                taxed[key] = self._tax(*key)
            tax_id, net, tax = taxed[key]
            sums = result.setdefault(tax_id, [0, 0])
            sums[0] += net
            sums[1] += tax
        return result

    @api.model
    def _tax(self, product, company, amount):
        taxes = product.taxes_id.filtered(lambda tax: tax.company_id == company)
        taxes = taxes.with_company(company).with_context(force_price_include=True)  # what was charged holds the tax
        amounts = taxes.compute_all(float(amount), currency=company.currency_id, product=product)
        net = round_cents(amounts["total_excluded"])
        return taxes[:1].id or None, net, round_cents(amounts["total_included"]) - net

    def _prepare_fact(self, company, tax_id, net, tax, cost):
        return {
            "kind": "redemption_shipped",
            "company_id": company.id,
            "tax_id": tax_id,
            "amount_net": net,
            "amount_tax": tax,
            "amount_cost": cost,
            "document_model": self._name,
            "document_id": self.id,
            "reference": self.name,
            "key": f"redemption-{self.id}-{tax_id or 0}",
        }


def _names(columns):
    return SQL(", ").join(SQL.identifier(name) for name in columns)


def _values(columns):
    return SQL(", ").join(
        value if isinstance(value, SQL) else SQL("%s", None if value is False else value) for value in columns.values()
    )
