from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools.subject import Subject

# Set by the check of number and password only, never by what a client sends.
CHECKED_FIELDS = ("card_id",)


class CrabRedemptionEnter(models.TransientModel):
    """Enter a redemption in the back office (HQ-44): number and password first, then what, where and when."""

    _name = "crab.redemption.enter"
    _description = "Enter a redemption"
    _inherit = "crab.region.mixin"

    number = fields.Char()
    password = fields.Char(
        compute="_compute_password",
        inverse="_inverse_password",
        help="Checked when you press “Check”; it is stored nowhere.",
    )
    card_id = fields.Many2one("crab.card", "Checked number", readonly=True)
    card_product_id = fields.Many2one(related="card_id.product_id", string="Card")
    is_vip = fields.Boolean(related="card_id.is_vip")
    option_ids = fields.Many2many("product.product", compute="_compute_option_ids")
    option_count = fields.Integer(compute="_compute_option_ids")
    choice_count = fields.Integer("Packages to choose", related="card_product_id.crab_choice_count")
    product_ids = fields.Many2many(
        "product.product", "crab_redemption_enter_product", string="Goods", domain="[('id', 'in', option_ids)]"
    )
    wish_date = fields.Date("Wished date")
    receiver_name = fields.Char("Receiver")
    receiver_phone = fields.Char("Phone")
    street = fields.Char("Address")

    @api.depends_context("uid")
    def _compute_password(self):
        self.password = False

    def _inverse_password(self):
        for wizard in self.filtered("password"):
            subject = Subject.of(self.env)
            card = self.env["crab.card"]._open_with_password(subject, wizard.number, wizard.password)
            options = self.env["crab.redemption"]._options(card)
            has_choice = len(options) != card.product_id.crab_choice_count
            wizard._set_checked(
                {"card_id": card.id, "product_ids": [fields.Command.set([] if has_choice else options.ids)]}
            )

    @api.depends("card_id")
    def _compute_option_ids(self):
        for wizard in self:
            wizard.option_ids = self.env["crab.redemption"]._options(wizard.card_id)
            wizard.option_count = len(wizard.option_ids)

    @api.model_create_multi
    def create(self, vals_list):
        unchecked = dict.fromkeys(CHECKED_FIELDS, False)  # named, so that no default of the context fills them
        return super().create([{**vals, **unchecked} for vals in vals_list])

    def write(self, vals):
        return super().write({field: value for field, value in vals.items() if field not in CHECKED_FIELDS})

    def _set_checked(self, vals):
        return super().write(vals)

    def action_check(self):
        """Check number and password; the check itself happened when the form was saved."""
        self.ensure_one()
        if not self.card_id:
            raise UserError(self.env._("Enter the number and its password."))
        return self._reopen()

    def action_confirm(self):
        """Redeem the checked number and open the redemption."""
        redemption = self._redeem_checked()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crab.redemption",
            "res_id": redemption.id,
            "view_mode": "form",
            "target": "current",
        }

    def action_confirm_next(self):
        """Redeem the checked number and ask for the next; ``crab_same_receiver`` in the context keeps the receiver."""
        redemption = self._redeem_checked()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_redemption.crab_redemption_enter_action")
        kept = {**self._address(), "wish_date": self.wish_date} if self.env.context.get("crab_same_receiver") else {}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(number)s: redemption %(name)s to %(receiver)s is entered.",
                    number=self.card_id.number,
                    name=redemption.name,
                    receiver=self.receiver_name,
                ),
                "next": {**action, "context": {f"default_{name}": value for name, value in kept.items() if value}},
            },
        }

    def _redeem_checked(self):
        self.ensure_one()
        if not self.card_id:
            raise UserError(self.env._("Enter the number and its password first."))
        return self.env["crab.redemption"]._redeem(
            Subject.of(self.env),
            self.card_id,
            self._address(),
            product=self.product_ids,
            wish_date=self.wish_date,
            key=f"enter-{self.id}",
            source="back_office",
        )

    def _address(self):
        return {
            name: value.id if isinstance(value := self[name], models.BaseModel) else value
            for name in self.env["crab.redemption"]._address_fields()
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Enter a redemption"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"crab_checked": True},
        }
