import base64
import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError
from odoo.fields import Domain
from odoo.tools import consteq, hmac

from odoo.addons.crab_api.schemas import Page
from odoo.addons.crab_base.tools.subject import Subject

from ..schemas import card as schemas
from ..schemas.member import Receiver
from ..schemas.order import Parcel
from ..tools import labels

TOKEN_SECONDS = 600
SCOPE = "crab-quick-redemption"


class QuickTokenInvalid(UserError):
    """The token of a quick redemption is over, or was never given out."""

    error_code = "token_expired"


class CrabApiRedemptionService(models.AbstractModel):
    """Redeeming own cards, and by number and password without login (MB-16)."""

    _name = "crab.api.redemption.service"
    _description = "API: redemptions"

    # ------------------------------------------------------------------ options

    @api.model
    def _options(self, card):
        """What a number can be redeemed for, in ``schemas.card.RedemptionOptions``."""
        redemptions_sudo = self.env["crab.redemption"].sudo()  # the caller checked holder or password
        ids, count = redemptions_sudo._read_options(card)
        choices = redemptions_sudo.env["product.product"].browse(ids)
        template = card.product_id.product_tmpl_id
        catalog = self.env["crab.api.catalog.service"]
        return schemas.RedemptionOptions(
            card=schemas.CardProduct.from_product(card.product_id, catalog._pictures(template).get(template.id)),
            choose=count,
            choices=catalog._choices(choices),
            delivery_dates=self.env["crab.api.order.service"]._delivery_dates(),
        )

    @api.model
    def _options_of_member(self, subject, number):
        """:raise UserError: when the number cannot be redeemed now"""
        cards = self.env["crab.api.card.service"]
        card = cards._card(subject, number)
        why = cards._why_not(card)
        if why:
            raise UserError(why)
        return self._options(card)

    @api.model
    def _chosen(self, public_ids):
        """``product.product`` of the packages that were chosen; None where nothing was.

        :raise MissingError: (404) for what does not exist
        """
        if not public_ids:
            return None
        by_id = self.env["crab.api.catalog.service"]._products_of_ids(public_ids)
        templates = [by_id[public_id] for public_id in dict.fromkeys(public_ids)]
        return self.env["product.product"].union(*(template.product_variant_id for template in templates))

    # ------------------------------------------------------------------ of the member's own cards

    @api.model
    def _redeem(self, subject, number, given, key):
        """Redeem one of the member's cards.

        :return: ``{"id": number of the redemption}``
        """
        card = self.env["crab.api.card.service"]._card(subject, number)
        address = self._address(self.env["crab.api.member.service"]._receiver(subject, given), given)
        redemption = self.env["crab.redemption"]._redeem_held(
            subject, card, address, product=self._chosen(given.choice), wish_date=given.delivery_date, key=key
        )
        return {"id": redemption.sudo().name}  # the subject's own

    @api.model
    def _address(self, address, given):
        if not address:
            raise UserError(self.env._("Where do the goods go? Choose or enter an address."))
        self.env["crab.api.order.service"]._check_date(given.delivery_date)
        return address

    @api.model
    def _redemption(self, subject, name):
        """A redemption that the member may see, in sudo.

        :raise MissingError: (404) for unknown numbers and other people's alike
        """
        found_sudo = self.env["crab.redemption"]
        if subject.kind == "member":
            found_sudo = found_sudo._for_subject(subject, [("name", "=", name)], limit=1)
        if not found_sudo:
            raise MissingError(self.env._("This redemption does not exist."))
        return found_sudo

    @api.model
    def _list(self, subject, paging, state=None):
        redemptions = self.env["crab.redemption"]
        self.env["crab.api.member.service"]._member(subject)
        domain = redemptions._subject_domain(subject)
        if state:
            domain &= Domain("state", "=", state)
        if paging.cursor:
            domain &= Domain("id", "<", self._redemption(subject, paging.cursor).id)
        redemptions_sudo = subject.bind(redemptions.sudo())  # what is the subject's own follows from the domain
        found = redemptions_sudo.search(domain, order="id desc", limit=paging.limit + 1)
        page = found[: paging.limit]
        words = labels.of(page, "state")
        items = [schemas.RedemptionItem.from_redemption(one, words[one.state]) for one in page]
        return Page[schemas.RedemptionItem](
            items=items, next_cursor=items[-1].id if len(found) > paging.limit else None
        )

    @api.model
    def _detail(self, subject, name):
        redemption = self._redemption(subject, name)
        delivery = redemption.delivery_id
        return schemas.Redemption.from_redemption(
            redemption,
            labels.of(redemption, "state")[redemption.state],
            receiver=Receiver.from_record(delivery),
            parcel=Parcel.from_delivery(delivery, labels.of(delivery, "state")[delivery.state]),
            delivery_dates=self.env["crab.api.order.service"]._delivery_dates(),
            cancelled_at=redemption.cancelled_at or None,
            cancel_reason=redemption.cancel_reason or None,
        )

    @api.model
    def _change(self, subject, name, given):
        """Another receiver or day, before shipping.

        :raise UserError: when the goods have left, it is cancelled, or the address or day is wrong
        """
        redemption = self._redemption(subject, name)
        self.env["crab.api.order.service"]._check_date(given.delivery_date)
        redemption._change(self.env["crab.api.member.service"]._receiver(subject, given), given.delivery_date)

    @api.model
    def _cancel(self, subject, name):
        """Cancel before shipping: the card is active again.

        :raise UserError: when the goods have left, or it is cancelled already
        """
        self._redemption(subject, name)._cancel(self.env._("Cancelled by the member."))

    # ------------------------------------------------------------------ by number and password, without login

    @api.model
    def _stranger(self):
        """Who redeems without login. Not the public user, whom all strangers would share a guess limit with."""
        return Subject("system", 1)

    @api.model
    def _quick_options(self, given, source):
        """What a number can be redeemed for, for who knows its password, and a token that redeems it within ten
        minutes; of a used number what became of it.

        :raise UserError: the same for unknown numbers and wrong passwords; another one after too many
        """
        card = self.env["crab.card"]._open_with_password(
            self._stranger(),
            given.number,
            given.password.get_secret_value(),
            source,
            given.phone,
            given.code,
        )
        why = self.env["crab.api.card.service"]._why_not(card)
        token, expires = (None, None) if why else self._token(card.number)
        return schemas.QuickOptions(
            number=card.number,
            state=card.state,
            token=token,
            expires_at=expires,
            options=None if why else self._options(card),
            redemption=self._quick_redemption(card),
            why_not=why,
        )

    @api.model
    def _quick_redemption(self, card):
        redemption = card.env["crab.redemption"].search(
            [("card_id", "=", card.id), ("state", "!=", "cancelled")], limit=1
        )
        if not redemption:
            return None
        return schemas.QuickRedemption(
            state=redemption.state,
            state_label=labels.of(redemption, "state")[redemption.state],
            goods=redemption.delivery_id.goods,
            redeemed_at=redemption.redeemed_at,
            delivery_date=redemption.wish_date or None,
            carrier=redemption.carrier_name or None,
            tracking_number=redemption.tracking_reference or None,
        )

    @api.model
    def _quick_redeem(self, given, key):
        """Redeem the number that the token names; sent again with the same key it gives the same redemption.

        :raise QuickTokenInvalid: (422) when the token is over or was never given out
        """
        card = self._card_of_token(given.token)
        address = self._address(self.env["crab.api.site.service"]._receiver(given.receiver), given)
        self.env["crab.redemption"]._redeem(
            self._stranger(),
            card,
            address,
            product=self._chosen(given.choice),
            wish_date=given.delivery_date,
            # strangers are one subject: the number keeps their keys apart
            key=hashlib.sha256(f"{card.number} {key}".encode()).hexdigest(),
            source="quick",
        )
        return schemas.QuickRedeemed(number=card.number, redemption=self._quick_redemption(card))

    @api.model
    def _token(self, number):
        """``(token, when it is over)``: it names the number and nothing else."""
        expires = fields.Datetime.now() + timedelta(seconds=TOKEN_SECONDS)
        content = json.dumps([number, fields.Datetime.to_string(expires)]).encode()
        body = base64.urlsafe_b64encode(content).decode().rstrip("=")
        return f"{body}.{self._sign(body)}", expires

    @api.model
    def _sign(self, body):
        return hmac(self.env(su=True), SCOPE, body)  # su: the secret is no user's to read

    @api.model
    def _card_of_token(self, token):
        body, _dot, signature = token.partition(".")
        if not consteq(self._sign(body), signature):
            raise QuickTokenInvalid(self.env._("Please enter number and password again."))
        number, expires = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if fields.Datetime.to_datetime(expires) < fields.Datetime.now():
            raise QuickTokenInvalid(self.env._("Please enter number and password again."))
        return self.env["crab.card"].sudo().search([("number", "=", number)])  # the token is the right to it
