import base64

from odoo import api, models
from odoo.exceptions import MissingError, UserError
from odoo.fields import Domain

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools import cells, pictures
from odoo.addons.crab_dealer.models.crab_invite_mixin import qr_png

from ..schemas import member as schemas
from ..schemas.site import AgreementItem
from ..tools import links

TABS = {  # tabs of the list of orders
    "to_pay": ("to_pay",),
    "to_ship": ("to_audit", "to_ship", "partly_shipped"),
    "to_receive": ("to_receive",),
    "to_review": ("to_review",),
    "done": ("done",),
    "closed": ("closed",),
}


class CrabApiMemberService(models.AbstractModel):
    """The member itself: its page, invitation, favourites, addresses, points, cart, and leaving (MB-20 … MB-31)."""

    _name = "crab.api.member.service"
    _description = "API: member"

    @api.model
    def _member(self, subject):
        """The member that asks, in sudo.

        :raise MissingError: (404) for who is no active member
        """
        member_sudo = self.env["crab.member"]._asking(subject)
        if not member_sudo:
            raise MissingError(self.env._("This record does not exist."))
        return member_sudo

    # ------------------------------------------------------------------ the member

    @api.model
    def _me(self, subject):
        member = self._member(subject)
        orders = self.env["sale.order"]
        counts = {state: 0 for states in TABS.values() for state in states}
        own = orders._subject_domain(subject) & Domain("crab_kind", "!=", False)
        open_states = [state for tab in ("to_pay", "to_ship", "to_receive", "to_review") for state in TABS[tab]]
        counts.update(
            orders.sudo()._read_group(  # own: the domain is the subject's
                own & Domain("crab_state", "in", open_states), ["crab_state"], ["__count"]
            )
        )
        tabs = {
            tab: sum(counts[state] for state in TABS[tab]) for tab in ("to_pay", "to_ship", "to_receive", "to_review")
        }
        aftersale = orders.sudo().search_count(own & Domain("crab_aftersale", "!=", False))  # as above
        cards = self.env["crab.card"]
        usable = cards._subject_domain(subject) & self.env["crab.api.card.service"]._shown_domain("active")
        shown = {
            "avatar": self._avatar(member),
            "points": member._crab_point_balances().get(member.id, 0),
            "cards": cards.sudo().search_count(usable),  # as above
            "cart": len(self.env["crab.cart.line"]._for_subject(subject)),
            "unread": self.env["crab.notice"]._unread_count_for_subject(subject),
            "orders": schemas.OrderCounts(aftersale=aftersale, **tabs),
            "has_agreements_to_accept": bool(self.env["crab.agreement"]._missing(subject)),
        }
        return schemas.Me.from_member(member, shown)

    @api.model
    def _avatar(self, member):
        partner = member.partner_id
        if not partner.with_context(bin_size=True).image_256:
            return None
        return links.signed(self.env, "avatar", member.public_id, version=int(partner.write_date.timestamp()))

    @api.model
    def _update(self, subject, given):
        """Name and picture of the member.

        :raise UserError: for a name that cannot be read, or what is no picture; nothing is changed then
        """
        member = self._member(subject)
        values = given.model_dump(exclude_unset=True)
        if values.get("name"):
            try:
                name = cells.text(64)(values["name"])
            except cells.CellError as error:
                raise UserError(self.env._("The name %(reason)s.", reason=self.env._(error.reason))) from error
            if not name:
                raise UserError(self.env._("Enter your name."))
            member.write({"name": name})
        if values.get("avatar"):
            [content] = self.env["crab.upload"]._contents(subject, [values["avatar"]])
            raw, _mimetype = pictures.clean(self.env, content)
            member.partner_id.image_1920 = base64.b64encode(raw)
        return self._me(subject)

    @api.model
    def _closing(self, subject):
        return schemas.Closing.from_items(self._member(subject)._open_items())

    @api.model
    def _close(self, subject, is_confirmed):
        self.env["crab.member"]._close_for_subject(subject, is_confirmed)

    # ------------------------------------------------------------------ inviting

    @api.model
    def _invitation(self, subject):
        self._member(subject)
        invitation = self.env["crab.member.level"]._invitation_for_subject(subject)
        return schemas.Invitation(
            code=invitation["token"],
            link=invitation["link"],
            level=invitation["level"],
            qr=f"data:image/png;base64,{qr_png(invitation['link']).decode()}",
        )

    @api.model
    def _invited(self, subject, paging):
        member = self._member(subject)
        invited, cursor = member._page([("inviter_id", "=", member.id)], paging.cursor, paging.limit)
        return Page[schemas.Invited](items=[schemas.Invited.from_member(one) for one in invited], next_cursor=cursor)

    # ------------------------------------------------------------------ favourites, addresses, points, agreements

    @api.model
    def _favourites(self, subject, paging):
        self._member(subject)
        favourites, cursor = self.env["crab.favourite"]._of_subject(subject, paging.cursor, paging.limit)
        items = self.env["crab.api.catalog.service"]._items(favourites.product_tmpl_id)
        return Page[schemas.Favourite](
            items=[
                schemas.Favourite.from_favourite(favourite, items[favourite.product_tmpl_id])
                for favourite in favourites
            ],
            next_cursor=cursor,
        )

    @api.model
    def _add_favourite(self, subject, product_id):
        product = self.env["crab.api.catalog.service"]._product(product_id)
        self.env["crab.favourite"]._add(subject, product)

    @api.model
    def _remove_favourite(self, subject, product_id):
        self._member(subject)
        [product] = self.env["crab.api.catalog.service"]._products_of_ids([product_id], active_only=False).values()
        self.env["crab.favourite"]._remove(subject, product)

    @api.model
    def _addresses(self, subject):
        self._member(subject)
        return [schemas.Address.from_address(one) for one in self.env["crab.member.address"]._for_subject(subject)]

    @api.model
    def _add_address(self, subject, given):
        values = self.env["crab.api.site.service"]._receiver(given)
        return schemas.Address.from_address(self.env["crab.member.address"]._add(subject, values))

    @api.model
    def _change_address(self, subject, public_id, given):
        values = self.env["crab.api.site.service"]._receiver(given)
        return schemas.Address.from_address(self.env["crab.member.address"]._change(subject, public_id, values))

    @api.model
    def _remove_address(self, subject, public_id):
        self.env["crab.member.address"]._remove(subject, public_id)

    @api.model
    def _receiver(self, subject, given):
        """Where goods go: ``address_id`` of the book or ``receiver``, as the services of the suite take it; or None.

        :raise MissingError: (404) for other people's addresses
        :raise UserError: when both are given
        """
        if given.address_id and given.receiver:
            raise UserError(self.env._("Give an address of the address book or a receiver, not both."))
        if given.address_id:
            return self.env["crab.member.address"]._found(subject, given.address_id)._receiver()
        return self.env["crab.api.site.service"]._receiver(given.receiver) if given.receiver else None

    @api.model
    def _points(self, subject, paging):
        self._member(subject)
        statement = self.env["crab.point.entry"]._statement(subject, paging.cursor, paging.limit)
        return schemas.Points(
            balance=statement["balance"],
            items=[schemas.PointEntry.from_entry(entry) for entry in statement["entries"]],
            next_cursor=statement["next"],
        )

    @api.model
    def _levels_above(self, subject):
        return [schemas.LevelAbove.from_level(*above) for above in self._member(subject)._levels_above()]

    @api.model
    def _missing_agreements(self, subject):
        return [AgreementItem.from_agreement(one) for one in self.env["crab.agreement"]._missing(subject)]

    @api.model
    def _accept_agreements(self, subject, public_ids, address):
        agreements_sudo = self.env["crab.agreement"].sudo()._from_public_ids(public_ids)  # what is published is public
        if len(agreements_sudo) != len(set(public_ids)):
            raise MissingError(self.env._("This agreement does not exist."))
        agreements_sudo._accept(subject, address)

    # ------------------------------------------------------------------ cart

    @api.model
    def _cart(self, subject, address_id=None):
        member = self._member(subject)
        address = None
        if address_id:
            address = self.env["crab.member.address"]._found(subject, address_id)._receiver()
        cart = self.env["crab.cart.line"]._show(member, address)
        templates = (
            self.env["product.template"]
            .sudo()
            .union(  # of the member's own cart
                *(row["line"].product_id.product_tmpl_id for row in cart["lines"])
            )
        )
        items = self.env["crab.api.catalog.service"]._items(templates)
        quote = cart["quote"] or {}
        return schemas.Cart(
            lines=[
                schemas.CartLine(
                    product=items[row["line"].product_id.product_tmpl_id],
                    quantity=row["line"].quantity,
                    price=row["quote"] and row["quote"]["price"],
                    amount=row["quote"] and row["quote"]["paid"],
                    problem=row["problem"],
                )
                for row in cart["lines"]
            ],
            goods=quote.get("goods"),
            freight=quote.get("freight"),
            total=quote.get("total"),
            problem=cart["problem"],
        )

    @api.model
    def _put_in_cart(self, subject, product_id, quantity):
        member = self._member(subject)
        product = self.env["crab.api.catalog.service"]._product(product_id)
        self.env["crab.cart.line"]._put(member, product.product_variant_id, quantity)
        return self._cart(subject)

    @api.model
    def _add_to_cart(self, subject, product_id, quantity):
        member = self._member(subject)
        product = self.env["crab.api.catalog.service"]._product(product_id)
        self.env["crab.cart.line"]._add(member, product.product_variant_id, quantity)
        return self._cart(subject)

    @api.model
    def _take_out_of_cart(self, subject, product_id):
        member = self._member(subject)
        [product] = self.env["crab.api.catalog.service"]._products_of_ids([product_id], active_only=False).values()
        variant = product.with_context(active_test=False).product_variant_id
        self.env["crab.cart.line"]._put(member, variant, 0)
