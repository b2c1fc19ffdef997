from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.timezone import business_date


class CrabCardOrder(models.Model):
    """Activation: the level-1 origin pays its own price, whichever level sold the card (HQ-12)."""

    _inherit = "crab.card.order"

    activation_scope = fields.Selection(
        [
            ("platform", "Platform (member cards)"),
            ("level1", "Level 1's own"),
            ("level2", "Of level 2"),
            ("level3_below_2", "Of level 3 below level 2"),
            ("level3", "Of level 3 directly below level 1"),
        ],
        string="Activation for", compute="_compute_scopes", store=True,
    )  # fmt: skip
    return_scope = fields.Selection(
        [
            ("member", "From a member to the platform"),
            ("level1", "From level 1 to the platform"),
            ("level2_to_1", "From level 2 to level 1"),
            ("level3_to_1", "From level 3 to level 1"),
            ("level3_to_2", "From level 3 to level 2"),
        ],
        string="Return", compute="_compute_scopes", store=True,
    )  # fmt: skip
    source_order_id = fields.Many2one(
        "crab.card.order", string="Direct sale", index="btree_not_null", ondelete="restrict", copy=False,
        help="The sale whose numbers are activated after their receipt.",
    )  # fmt: skip
    staff_id = fields.Many2one(
        "crab.dealer.staff", string="Sold by", ondelete="restrict", domain="[('dealer_id', '=', sender_dealer_id)]",
        help="The dealer's staff member who sold these cards; its share is a matter between dealer and staff.",
    )  # fmt: skip
    is_free = fields.Boolean(
        "Nobody is charged", copy=False, help="Head office bears it; needs the approval of finance."
    )
    needs_approval = fields.Boolean(compute="_compute_needs_approval")
    approved_by_id = fields.Many2one("res.users", string="Approved by", readonly=True, copy=False)
    approved_at = fields.Datetime("Approved on", readonly=True, copy=False)
    price_ids = fields.One2many("crab.card.order.price", "order_id", string="Price of each level", readonly=True)

    @api.depends("kind", "sender_dealer_id")
    def _compute_scopes(self):
        for order in self:
            sender = order.sender_dealer_id
            below_2 = sender.level == "3" and sender.parent_id.level == "2"
            order.activation_scope = order.return_scope = False
            if order.kind == "activation":
                order.activation_scope = (
                    {"1": "level1", "2": "level2", "3": "level3_below_2" if below_2 else "level3"}[sender.level]
                    if sender
                    else "platform"
                )
            elif order.kind == "return":
                order.return_scope = (
                    {"1": "level1", "2": "level2_to_1", "3": "level3_to_2" if below_2 else "level3_to_1"}[sender.level]
                    if sender
                    else "member"
                )

    @api.depends(
        "state", "is_free", "executor_dealer_id", "source_order_id", "approved_by_id", "charge_decision",
        "new_valid_until",
    )  # fmt: skip
    def _compute_needs_approval(self):
        for order in self:
            order.needs_approval = order.state in ("submitted", "passed_on") and order._lacks_approval()

    def _lacks_approval(self):
        """Whether finance must agree first: nobody is charged, a cancellation leaves a charge to decide on, or an
        extension takes time away."""
        self.ensure_one()
        if self.kind == "activation":
            # numbers of a direct sale were paid by the member
            unpaid = self.is_free or not self.executor_dealer_id and not self.source_order_id
            return unpaid and not self.approved_by_id
        if self.kind == "extension":
            return not self.approved_by_id and self._shortens()
        return self.kind == "cancel" and not self.charge_decision and bool(self.amount_at_stake)

    def action_approve(self):
        """Finance agrees that nobody is charged for this activation, or that numbers are valid for a shorter time."""
        return self._run_step("approve")

    def _do_approve(self):
        if self.approved_by_id:
            return
        if self.kind == "cancel" or not self._lacks_approval():
            raise UserError(self.env._("%(document)s needs no approval.", document=self.name))
        self._ensure_state("submitted", "passed_on")
        self.write({"approved_by_id": self.env.uid, "approved_at": fields.Datetime.now()})
        self._log_step(
            self.env._("Finance approved that nobody is charged")
            if self.kind == "activation"
            else self.env._("Finance approved the shorter validity")
        )

    # === The request === #

    def _set_executor(self, card_ids):
        """Whom an activation charges: the one level-1 origin of its numbers, nobody for the platform's own."""
        if self.kind != "activation":
            return
        self.env.cr.execute(
            SQL("SELECT DISTINCT origin_dealer_id FROM crab_card WHERE id = ANY(%s) LIMIT 2", list(card_ids))
        )
        origins = [row[0] for row in self.env.cr.fetchall()]
        if len(origins) > 1:
            raise UserError(
                self.env._(
                    "These numbers were issued to different level-1 dealers. Make one document for each of them."
                )
            )
        self.executor_dealer_id = origins[0]
        if self.sender_member_id and not self.source_order_id:
            self.source_order_id = self._sale_of(card_ids)
        self._keep_viewers()

    def _do_pass_on(self):
        if self.state in ("passed_on", "done"):
            return
        self._ensure_state("submitted")
        if self.kind != "activation" or not self.waiting_dealer_id or self.waiting_dealer_id == self.executor_dealer_id:
            raise UserError(self.env._("%(document)s is not a request that a level 2 passes on.", document=self.name))
        self._set_state(
            "passed_on",
            self.env._("Passed on to %(dealer)s", dealer=self.executor_dealer_id.display_name),
            waiting_dealer_id=self.executor_dealer_id.id,
        )
        self._warn_executor()

    # === Execution === #

    def _do_execute(self):
        if self.state == "done":
            return
        if self.kind not in ("activation", "cancel", "extension"):
            raise UserError(self.env._("%(document)s is not executed but received.", document=self.name))
        self._ensure_state("submitted", "passed_on")
        if self._lacks_approval():
            raise UserError(self.env._("%(document)s waits for the approval of finance.", document=self.name))
        getattr(self, f"_execute_{self.kind}")()

    def _execute_activation(self):
        """Freeze the prices, charge, activate, and keep what each level of the chain pays and earns; all or nothing."""
        self._quote()
        card_ids = self._card_ids("reserved")
        split = {"stored": dec(0), "credit": dec(0)}
        is_charged = self.executor_dealer_id and not self.is_free
        amount = (
            sum((round_cents(line.unit_price) * line.quantity for line in self.line_ids), dec(0))
            if is_charged
            else dec(0)
        )
        if amount:
            # the wallet first: who is short is refused before the work, who lost the race for it repeats little
            split = self.env["crab.wallet"]._charge(
                self.executor_dealer_id, amount, self, "activation", f"{self._name}:{self.id}"
            )
        amounts = self._charge_numbers()
        expect = {**self._number_rule(), "not_expired": business_date()}
        self.env["crab.card"].browse(card_ids)._activate(self, amounts, expect=expect)
        self._sync_lines()
        self._record_prices()
        self._set_state(
            "done",
            self.env._("Activated %(count)s numbers", count=len(card_ids)),
            executed_at=fields.Datetime.now(),
            waiting_dealer_id=False,
            amount_charged=amount,
            amount_stored=split["stored"],
            amount_credit=split["credit"],
        )

    def _charge_numbers(self):
        """Write on each number's link row that it is done, and its price: the level 1's, or what the member paid in
        the direct sale.

        :return: card id → Decimal
        """
        self.env.flush_all()
        # the rows are new, the planner takes them for one: they are joined to no other rows of their own document
        own = SQL(
            "crab_card_order_line price WHERE price.order_id = %s AND price.product_id = link.product_id", self.id
        )
        sold = SQL(
            "crab_card_order_number price"
            " WHERE price.order_id = %s AND price.state = 'received' AND price.card_id = link.card_id",
            self.source_order_id.id or None,
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crab_card_order_number link
                   SET unit_price = price.unit_price, charged_amount = price.unit_price, state = 'received'
                  FROM %s AND link.order_id = %s AND link.state = 'reserved'
                RETURNING link.card_id, link.unit_price
                """,
                sold if self.source_order_id else own,
                self.id,
            )
        )
        self.env["crab.card.order.number"].invalidate_model()
        return {card_id: dec(price) for card_id, price in self.env.cr.fetchall()}

    def _record_prices(self):
        """Keep each level's price for the settlement offline (HQ-12), and what each earned (domain.md §5).

        On top of the chain stands who is charged: the numbers' origin, also when the seller was moved since.
        """
        seller = self.sender_dealer_id
        if not seller:
            return
        chain = seller._ancestors().filtered(lambda dealer: dealer.level != "1") | self.executor_dealer_id
        products = self.line_ids.product_id
        prices = self.env["crab.price"]._dealer_prices(products, chain)
        customer = self._customer_prices(products)
        rows = []
        for line in self.line_ids:
            product = line.product_id
            got = round_cents(line.sale_price) if line.sale_price else customer[product.id]
            for dealer in chain:
                own = prices[product.id, dealer.id]
                earned = got - own
                staff = self.staff_id if dealer == seller else self.staff_id.browse()
                rows.append(
                    {
                        "order_id": self.id,
                        "product_id": product.id,
                        "dealer_id": dealer.id,
                        "level": dealer.level,
                        "quantity": line.quantity,
                        "retail_price": line.retail_price,
                        "ratio": dealer.ratio,
                        "unit_price": own,
                        "sale_price": got,
                        "is_own": dealer == seller,
                        "staff_id": staff.id,
                        "staff_ratio": staff.commission_ratio if staff else 0,
                        "amount_retail": round_cents(line.retail_price) * line.quantity,
                        "amount_earned": earned * line.quantity,
                        "amount_staff": round_cents(max(earned, dec(0)) * dec(staff.commission_ratio)) * line.quantity
                        if staff
                        else 0,
                    }
                )
                got = own
        self.env["crab.card.order.price"].create(rows)

    def _customer_prices(self, products):
        """The default price that customers pay: that of the base member level. Product id → Decimal."""
        level = self.env["crab.member.level"]._default()
        prices = self.env["crab.price"]._member_prices(products, level)
        return {product.id: prices[product.id, level.id] for product in products}
