import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.states import ensure_state
from odoo.addons.crab_base.tools.timezone import business_date


class CrabFapiao(models.Model):
    """A fapiao for an order or a part of it: asked for, issued, reversed (docs/decisions/0023-fapiao-reclassifies.md).

    A red one takes back (a part of) another after a refund. What is issued has a customer invoice, or a credit note,
    and an entry that takes out what the daily entries booked: revenue and VAT stay what they were.
    """

    _name = "crab.fapiao"
    _description = "Fapiao"
    _inherit = ["crab.by.buttons.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _entered = frozenset({"number", "issued_date", "file", "file_name"})
    _entered_late = frozenset({"number", "file", "file_name"})  # mistyped, or the file comes after the number

    name = fields.Char("Request", required=True, readonly=True, copy=False)
    order_id = fields.Many2one("sale.order", "Order", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    partner_id = fields.Many2one(related="order_id.partner_id", string="Member")
    is_red = fields.Boolean("Red", readonly=True, help="It takes back what another one says.")
    origin_id = fields.Many2one("crab.fapiao", "Takes back", readonly=True, index="btree_not_null", ondelete="restrict")
    red_ids = fields.One2many("crab.fapiao", "origin_id", "Taken back by", readonly=True)
    kind = fields.Selection([("personal", "Personal"), ("company", "Company")], required=True, readonly=True)
    title = fields.Char("Buyer's title", required=True, readonly=True, index="trigram")
    tax_number = fields.Char("Tax number", readonly=True)
    email = fields.Char("E-mail", readonly=True)
    state = fields.Selection(
        [("asked", "Asked for"), ("issued", "Issued"), ("reversed", "Reversed"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="asked",
        index=True,
        tracking=True,
    )
    number = fields.Char("Fapiao number", copy=False, tracking=True, index="trigram")
    issued_date = fields.Date("Issued on", copy=False, tracking=True)
    file = fields.Binary("Electronic fapiao", attachment=True, copy=False)
    file_name = fields.Char(copy=False)
    line_ids = fields.One2many("crab.fapiao.line", "fapiao_id", "Lines", readonly=True)
    amount = fields.Monetary(readonly=True, aggregator=None, help="With tax.")
    amount_signed = fields.Monetary(
        "Amount, red below zero", compute="_compute_amount_signed", store=True, help="With tax; what months add up."
    )
    move_id = fields.Many2one("account.move", "Customer invoice", readonly=True, copy=False, check_company=True)
    counter_move_id = fields.Many2one("account.move", "Reclassification", readonly=True, copy=False, check_company=True)

    _number_uniq = models.UniqueIndex(
        "(company_id, number) WHERE number IS NOT NULL", "There is a fapiao with this number already."
    )
    _red_check = models.Constraint("CHECK (is_red = (origin_id IS NOT NULL))", "A red fapiao takes back another one.")

    @api.depends("amount", "is_red")
    def _compute_amount_signed(self):
        for fapiao in self:
            fapiao.amount_signed = -fapiao.amount if fapiao.is_red else fapiao.amount

    # ------------------------------------------------------------------ access

    def _check_by_hand(self, names):
        result = super()._check_by_hand(names)
        late = ("issued", "reversed") if names <= self._entered_late else ()
        if any(fapiao.state not in ("asked", *late) for fapiao in self):
            raise UserError(self.env._("This fapiao is closed."))
        return result

    def write(self, vals):
        """A mistyped number is put right in the books, too."""
        result = super().write(vals)
        if "number" in vals:
            for fapiao_sudo in self.sudo().filtered("move_id"):  # finance may correct the number, nobody the entries
                fapiao_sudo._check_number()
                (fapiao_sudo.move_id | fapiao_sudo.counter_move_id).write({"ref": fapiao_sudo.number})
                fapiao_sudo.counter_move_id.line_ids.write({"name": fapiao_sudo.number})
        return result

    def _check_number(self):
        if not (self.number or "").strip():
            raise UserError(self.env._("Enter the number of the fapiao %(name)s first.", name=self.name))

    # ------------------------------------------------------------------ asking

    @api.model
    def _ask(self, order, buyer, wishes=None):
        """Ask for a fapiao for what of ``order`` was earned (of cards: paid) and has none yet.

        :param order: one ``sale.order``; the caller checked role or subject
        :param dict buyer: ``kind`` (personal, company), ``title``, ``tax_number`` (companies), ``email``
        :param dict wishes: ``{order line: pieces}``; default everything that is left
        :raise UserError: nothing or less is left, or the buyer's data are not complete; nothing is changed then
        :return: the fapiao in sudo
        """
        order_sudo = order._crab_locked()
        buyer = self._clean_buyer(buyer)
        goods = order_sudo.order_line.filtered(lambda line: line.crab_role in ("goods", "freight"))
        if wishes is None:
            wishes = {line: line._crab_fapiao_left()[0] for line in goods}
        lines = []
        for line, quantity in wishes.items():
            line = line.with_env(order_sudo.env)
            left, amount = line._crab_fapiao_left()
            quantity = dec(quantity)
            if not quantity and not (left <= 0 < amount):
                continue
            if line not in goods or not 0 <= quantity <= max(left, 0):
                raise UserError(
                    self.env._(
                        "%(product)s: a fapiao can be asked for at most %(count)s pieces.",
                        product=line.product_id.name,
                        count=max(int(left), 0),
                    )
                )
            amount = amount if quantity == left else round_cents(amount * quantity / left)
            if amount > 0:
                lines.append((line, quantity, amount))
        if not lines:
            raise UserError(
                self.env._("Nothing of %(order)s is left for a fapiao: goods count when shipped.", order=order.name)
            )
        return self._make(order_sudo, buyer, lines)

    @api.model
    def _clean_buyer(self, buyer):
        title = (buyer.get("title") or "").strip()
        number = re.sub(r"[\s-]", "", buyer.get("tax_number") or "").upper()
        email = (buyer.get("email") or "").strip()
        if buyer.get("kind") not in ("personal", "company") or not title:
            raise UserError(self.env._("Enter the buyer's title."))
        if buyer["kind"] == "company" and not re.fullmatch(r"[0-9A-Z]{15,20}", number):
            raise UserError(self.env._("Enter the company's tax number: 15 to 20 digits and letters."))
        if email and not email_normalize(email):
            raise UserError(self.env._("“%(email)s” is no e-mail address.", email=email))
        return {
            "kind": buyer["kind"],
            "title": title,
            "tax_number": number if buyer["kind"] == "company" else False,
            "email": email or False,
        }

    @api.model
    def _make(self, order, buyer, lines, **values):
        """A fapiao, in sudo, with these ``[(order line, pieces, yuan)]``."""
        return self.sudo().create(  # made by the suite; see create
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("crab.fapiao"),
                "order_id": order.id,
                "amount": sum(amount for _line, _quantity, amount in lines),
                "line_ids": [
                    fields.Command.create(
                        {
                            "order_line_id": line.id,
                            "tax_id": line.tax_ids[:1].id,
                            "quantity": quantity,
                            "amount": amount,
                        }
                    )
                    for line, quantity, amount in lines
                ],
                **buyer,
                **values,
            }
        )

    # ------------------------------------------------------------------ refunds

    @api.model
    def _follow_refund(self, order):
        """After a refund no fapiao says more than what is left: one not issued yet is asked for anew with the rest,
        an issued one is taken back in part or whole by a red one.
        """
        open_sudo = order.sudo().crab_fapiao_ids.filtered(  # follows from the refund, whoever made it
            lambda fapiao: not fapiao.is_red and fapiao.state in ("asked", "issued")
        )
        for fapiao in open_sudo.sorted(lambda fapiao: (fapiao.state == "issued", -fapiao.id)):
            excess = fapiao._excess()
            if not excess:
                continue
            if fapiao.state == "issued":
                fapiao._make_red(excess)
            else:
                fapiao.state = "cancelled"
                wishes = {line.order_line_id: line.quantity for line in fapiao.line_ids}
                fapiao._ask_again(wishes)

    def _excess(self):
        """``[(order line, pieces, yuan)]`` of this fapiao for which there may be none any more."""
        excess = []
        for line, quantity, amount in self._rest():
            left = line._crab_fapiao_left()
            over = max(-left[0], dec(0)), max(-left[1], dec(0))
            if over[1] > 0:
                excess.append((line, min(over[0], quantity), min(over[1], amount)))
        return excess

    def _rest(self):
        """``[(order line, pieces, yuan)]`` of this fapiao that no red one takes back."""
        rest = []
        for own in self.line_ids:
            red = self.red_ids.filtered(lambda red: red.state != "cancelled").line_ids.filtered(
                lambda line, own=own: line.order_line_id == own.order_line_id
            )
            amount = dec(own.amount) - sum(dec(line.amount) for line in red)
            if amount > 0:
                rest.append((own.order_line_id, dec(own.quantity) - sum(dec(line.quantity) for line in red), amount))
        return rest

    def _ask_again(self, wishes):
        """Ask for what is left of these ``{order line: pieces}``, if anything is."""
        left = {line: min(dec(quantity), line._crab_fapiao_left()[0]) for line, quantity in wishes.items()}
        if any(line._crab_fapiao_left()[1] > 0 for line in left):
            self._ask(
                self.order_id, self._buyer(), {line: quantity for line, quantity in left.items() if quantity >= 0}
            )

    def _buyer(self):
        return {name: self[name] for name in ("kind", "title", "tax_number", "email")}

    def _make_red(self, lines):
        red = self._make(self.order_id, self._buyer(), lines, is_red=True, origin_id=self.id)
        for user in self.env["crab.ledger.check"]._finance_users():
            red.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                date_deadline=business_date(),
                summary=self.env._("Issue the red fapiao for %(number)s", number=self.number),
            )
        return red

    # ------------------------------------------------------------------ buttons

    def action_issue(self):
        """The fapiao was issued with its number: make the customer invoice, or the credit note of a red one.

        Without a date it was today.

        :raise UserError: without number
        """
        self._check_right()
        for fapiao in self._locked("issued", "asked"):
            fapiao._check_number()
            if fapiao.issued_date and fapiao.issued_date > business_date():
                raise UserError(self.env._("The date of the fapiao %(name)s lies in the future.", name=fapiao.name))
            fapiao.write({"number": fapiao.number.strip(), "issued_date": fapiao.issued_date or business_date()})
            fapiao._book()
            fapiao.state = "issued"
            if fapiao.is_red and not fapiao.origin_id._rest():
                if all(red.state == "issued" for red in fapiao.origin_id.red_ids):
                    fapiao.origin_id.state = "reversed"
            fapiao.activity_unlink(["mail.mail_activity_data_todo"])

    def action_cancel(self):
        """Nobody needs it any more; one that is issued is taken back instead."""
        self._check_right()
        fapiao_sudo = self._locked("cancelled", "asked")
        if any(fapiao.is_red and fapiao._is_due() for fapiao in fapiao_sudo):
            raise UserError(self.env._("This red fapiao follows from a refund and has to be issued."))
        fapiao_sudo.state = "cancelled"

    def action_reverse(self):
        """Take an issued fapiao back as a whole, by a red one that is to be issued."""
        self._check_right()
        for fapiao in self._locked("reversed", "issued"):
            if fapiao.is_red:
                raise UserError(self.env._("A red fapiao is not taken back: ask for a new one."))
            rest = fapiao._rest()
            if not rest:
                raise UserError(self.env._("This fapiao is being taken back already."))
            fapiao._make_red(rest)

    def _is_due(self):
        """Whether without this red one there would be fapiao for more than is left."""
        return any(
            line.order_line_id._crab_fapiao_left()[1] < dec(line.amount) for line in self.line_ids
        )  # its own amount counts as left while it stands

    def _check_right(self):
        """:raise AccessError: for others than finance"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("crab_base.group_finance"):
            raise AccessError(self.env._("Only finance issues fapiao."))

    def _locked(self, target, *allowed):
        """These in sudo, locked with their orders, without those that are in the state ``target`` already.

        :raise UserError: when one is in none of the states ``allowed``
        """
        fapiao_sudo = self.sudo()  # finance may do the step, nobody may edit
        fapiao_sudo.order_id._crab_locked()
        lock_rows(fapiao_sudo)
        todo = fapiao_sudo.filtered(lambda fapiao: fapiao.state != target)
        ensure_state(todo, *allowed)
        return todo

    # ------------------------------------------------------------------ books

    def _book(self):
        """The customer invoice or credit note, and the entry that takes out what the daily entries booked."""
        self.ensure_one()
        journal = self.env["crab.ledger"]._journal(self.company_id, "fapiao")
        Move = self.env["account.move"].with_company(self.company_id).with_context(tracking_disable=True)
        source = {"crab_document_model": self._name, "crab_document_id": self.id, "ref": self.number}
        today = business_date()
        move = Move.create(
            {
                **source,
                "move_type": "out_refund" if self.is_red else "out_invoice",
                "journal_id": journal.id,
                "partner_id": self.partner_id.id,
                "invoice_date": today,
                "invoice_date_due": today,
                "date": today,
                "reversed_entry_id": self.origin_id.move_id.id,
                "invoice_line_ids": [fields.Command.create(line._prepare_invoice_line()) for line in self.line_ids],
            }
        )
        if dec(move.amount_total) != dec(self.amount):
            raise UserError(self.env._("The invoice of %(name)s is not its amount.", name=self.name))
        counter = Move.with_context(skip_invoice_sync=True).create(
            {
                **source,
                "move_type": "entry",
                "journal_id": self.env["crab.ledger"]._journal(self.company_id, "document").id,
                "date": today,
                "line_ids": [fields.Command.create(self._prepare_counter_line(line)) for line in move.line_ids],
            }
        )
        self.write({"move_id": move.id, "counter_move_id": counter.id})
        (move | counter)._post(soft=False)
        (move | counter).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()

    def _prepare_counter_line(self, line):
        return {
            "account_id": line.account_id.id,
            "partner_id": line.partner_id.id,
            "name": self.number,
            "balance": -line.balance,
            "tax_ids": [fields.Command.set(line.tax_ids.ids)],
            "tax_repartition_line_id": line.tax_repartition_line_id.id,
            "tax_tag_ids": [fields.Command.set(line.tax_tag_ids.ids)],
            "tax_base_amount": -line.tax_base_amount,
        }
