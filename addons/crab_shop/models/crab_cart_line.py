from odoo import api, fields, models
from odoo.exceptions import UserError

from .crab_shop import MAX_LINES, MAX_QUANTITY


class CrabCartLine(models.Model):
    """What a member means to buy (MB-09). It holds no price and no stock: both are looked up whenever it is shown."""

    _name = "crab.cart.line"
    _description = "Cart"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "member_id, id"

    member_id = fields.Many2one("crab.member", required=True, readonly=True, index=True, ondelete="cascade")
    product_id = fields.Many2one("product.product", required=True, readonly=True, index=True, ondelete="cascade")
    quantity = fields.Integer(required=True, readonly=True)

    _once = models.Constraint("UNIQUE(member_id, product_id)", "A product stands in a cart once.")
    _quantity = models.Constraint(
        f"CHECK (quantity BETWEEN 1 AND {MAX_QUANTITY})", f"Between 1 and {MAX_QUANTITY} pieces of a product."
    )

    @api.model
    def _subject_domain(self, subject):
        domain = super()._subject_domain(subject)
        return domain | fields.Domain("member_id", "=", subject.id) if subject.kind == "member" else domain

    @api.model
    def _put(self, member, product, quantity):
        """Let ``quantity`` pieces of ``product`` stand in the cart of ``member``; 0 takes it out."""
        lines_sudo = self.sudo()._of(member)  # the caller checked that it is the member's own
        line = lines_sudo.filtered(lambda line: line.product_id == product)
        if quantity == 0:
            line.unlink()
            return
        self.env["crab.shop"]._check_lines(product, [(product, quantity, 0)])
        if product.crab_kind != "package":
            raise UserError(self.env._("Cards are bought at once, without the cart."))
        if line:
            line.quantity = quantity
        elif len(lines_sudo) >= MAX_LINES:
            raise UserError(self.env._("The cart is full: at most %(count)s products.", count=MAX_LINES))
        else:
            line.create({"member_id": member.id, "product_id": product.id, "quantity": quantity})

    @api.model
    def _add(self, member, product, quantity=1):
        """Put ``quantity`` more pieces of ``product`` in the cart."""
        line = self.sudo()._of(member).filtered(lambda line: line.product_id == product)  # as in _put
        self._put(member, product, line.quantity + quantity)

    @api.model
    def _of(self, member):
        """The cart of ``member``, locked: two taps at once count one after the other."""
        self.env.cr.execute("SELECT id FROM crab_member WHERE id = %s FOR NO KEY UPDATE", [member.id])
        return self.search([("member_id", "=", member.id)])

    @api.model
    def _show(self, member, address=None):
        """The cart with today's prices: ``lines`` (``line``, ``quote`` or None, ``problem`` in words or None),
        ``quote`` of all that can be bought (None: nothing) and its ``problem`` (not delivered there) or None.
        """
        shop = self.env["crab.shop"].sudo()  # as in _put; prices are the suite's
        member = member.sudo()
        lines = self.sudo().search([("member_id", "=", member.id)])
        available = shop.env["crab.stock.level"]._available_of(lines.product_id)
        shown, good = [], []
        for line in lines:
            wish, quote, problem = (line.product_id, line.quantity, 0), None, None
            try:
                shop._check_lines(line.product_id, [wish])
                [quote] = shop._quote_lines(member, line.product_id, [wish])
            except UserError as error:
                problem = str(error)
            else:
                left = available[line.product_id]
                if left < line.quantity:
                    problem = self.env._("%(count)s left", count=int(left)) if left >= 1 else self.env._("Sold out")
                else:
                    good.append(wish)
            shown.append({"line": line, "quote": quote, "problem": problem})
        quote = problem = None
        try:
            quote = shop._quote(member, good, address) if good else None
        except UserError as error:
            problem = str(error)
        return {"lines": shown, "quote": quote, "problem": problem}

    def _checkout(self, **order):
        """Order these lines of one member's cart at the prices of now; what was ordered leaves the cart.

        :param order: ``address``, ``wish_date``, ``key``, ``note`` as for ``crab.shop._place``
        :raise UserError: for what cannot be bought (any more); the cart stays as it is
        """
        lines_sudo = self.sudo()  # as in _put
        member = lines_sudo.member_id.ensure_one()
        placed = lines_sudo.env["crab.shop"]._place(
            member, [(line.product_id, line.quantity, 0) for line in lines_sudo], **order
        )
        lines_sudo.unlink()
        return placed
