from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.timezone import business_date

from ..tools.phone import PhoneError, clean_phone

RECEIVER_TEXTS = {"receiver_name": 64, "receiver_phone": 32, "street": 256}
REGIONS = ("province_id", "city_id", "district_id")
# Names, phones and addresses are shown to those who deal with a parcel, and to the auditor.
PERSONAL = (
    "crab_base.group_warehouse,crab_base.group_customer_service,crab_base.group_card_keeper,crab_base.group_auditor"
)
# What a user may correct by hand before shipping; everything else changes by preparing, shipping and cancelling.
EDITABLE = {*RECEIVER_TEXTS, *REGIONS, "wish_date"}


class CrabDelivery(models.Model):
    """What is to be shipped to one receiver, for a redemption (and, with the shop, for an order).

    Goods leave the Group's stock. How they are prepared in waves and shipped: ``crab_delivery_wave.py``.
    """

    _name = "crab.delivery"
    _description = "Delivery"
    _inherit = ["crab.subject.mixin", "crab.region.mixin"]
    _order = "is_vip desc, wish_date nulls first, id"  # without a wished day: as soon as possible
    _check_company_auto = True

    name = fields.Char("Delivery number", required=True, readonly=True, copy=False, default="/")
    state = fields.Selection(
        [("waiting", "To prepare"), ("prepared", "To ship"), ("shipped", "Shipped"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="waiting",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    warehouse_id = fields.Many2one("stock.warehouse", required=True, check_company=True)
    picking_id = fields.Many2one("stock.picking", "Wave", readonly=True, index="btree_not_null", check_company=True)
    line_ids = fields.One2many("crab.delivery.line", "delivery_id", readonly=True)
    redemption_ids = fields.One2many("crab.redemption", "delivery_id", readonly=True)
    is_vip = fields.Boolean("VIP", readonly=True, help="VIP cards are prepared and shipped first.")

    receiver_name = fields.Char("Receiver", required=True, size=64, index="trigram", groups=PERSONAL)
    receiver_phone = fields.Char("Phone", required=True, size=32, groups=PERSONAL)
    street = fields.Char("Address", required=True, size=256, groups=PERSONAL)
    receiver_address = fields.Char("Full address", compute="_compute_receiver_address", groups=PERSONAL)
    wish_date = fields.Date("Wished date", help="The day on which the receiver wants the goods.")

    carrier_name = fields.Char("Carrier", readonly=True, copy=False)
    tracking_reference = fields.Char("Tracking number", readonly=True, copy=False, index="btree_not_null")
    shipped_at = fields.Datetime("Shipped on", readonly=True, copy=False)
    goods = fields.Char(compute="_compute_goods")

    _name_uniq = models.UniqueIndex("(name) WHERE name <> '/'", "Each delivery has a number of its own.")
    _phone_idx = models.Index("(receiver_phone varchar_pattern_ops)")
    _open_idx = models.Index("(state, wish_date) WHERE state IN ('waiting', 'prepared')")
    _shipped_at_idx = models.Index("(shipped_at) WHERE state = 'shipped'")
    _tracking_once = models.Constraint(
        "CHECK (state <> 'shipped' OR (shipped_at IS NOT NULL AND carrier_name IS NOT NULL))",
        "A shipped delivery has a carrier and a time.",
    )

    @api.depends("province_id", "city_id", "district_id", "street")
    def _compute_receiver_address(self):
        for delivery in self:
            parts = [delivery.province_id.name, delivery.city_id.name, delivery.district_id.name, delivery.street]
            delivery.receiver_address = "".join(part for part in dict.fromkeys(parts) if part)

    @api.depends("line_ids.package_id", "line_ids.product_id", "line_ids.quantity")
    def _compute_goods(self):
        for delivery in self:
            delivery.goods = "、".join(lines._describe() for lines in delivery.line_ids.grouped("package_id").values())

    @api.model
    def _subject_domain(self, subject):
        return Domain("redemption_ids", "any", self.env["crab.redemption"]._subject_domain(subject))

    @api.model_create_multi
    def create(self, vals_list):
        Sequence = self.env["ir.sequence"]
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = Sequence.next_by_code("crab.delivery") or "/"
        return super().create([{**vals, **self._clean_receiver(vals)} for vals in vals_list])

    def write(self, vals):
        if not self.env.su and vals.keys() - EDITABLE:
            raise AccessError(
                self.env._("Only receiver, address and wished date of a delivery can be changed by hand.")
            )
        if EDITABLE & vals.keys():
            if any(delivery.state in ("shipped", "cancelled") for delivery in self):
                raise UserError(self.env._("A delivery that is shipped or cancelled can no longer be changed."))
            vals = {**vals, **self._clean_receiver(self._with_regions(vals))}
        if "wish_date" in vals:
            wish_date = fields.Date.to_date(vals["wish_date"])
            self.filtered(lambda d: d.state == "prepared" and d.wish_date != wish_date)._leave_wave()
        return super().write(vals)

    # ------------------------------------------------------------------------------------------ receiver

    @api.model
    def _clean_receiver(self, values):
        """The fields of a receiver among ``values``, as they are stored.

        Texts are normalised, phone numbers reduced to what is dialled, the regions around the smallest one completed.

        :param dict values: any of ``EDITABLE``; others are ignored
        :raise UserError: names the field that is empty, unreadable or too long, regions that do not fit together, or a
            wished day that is over
        """
        cleaned = {}
        for name, limit in RECEIVER_TEXTS.items():
            if name not in values:
                continue
            label = self._fields[name]._description_string(self.env)
            try:
                text = cells.text(limit)(values[name] or None)
                cleaned[name] = clean_phone(text) if text and name == "receiver_phone" else text
            except (cells.CellError, PhoneError) as error:
                raise ValidationError(
                    self.env._("%(field)s: %(reason)s", field=label, reason=self.env._(error.reason))
                ) from error
            if not cleaned[name]:
                raise ValidationError(self.env._("Please fill in: %(field)s.", field=label))
        if any(name in values for name in REGIONS):
            cleaned.update(self._clean_regions(*(values.get(name) for name in REGIONS)))
        if values.get("wish_date") and fields.Date.to_date(values["wish_date"]) < business_date():
            raise ValidationError(self.env._("The wished date is in the past."))
        return cleaned

    def _with_regions(self, vals):
        """``vals`` with the regions that a change of some of them leaves as they are."""
        given = [name for name in REGIONS if name in vals]
        if not given or len(given) == len(REGIONS):
            return vals
        if len(self) > 1:
            raise UserError(self.env._("Change the region of one delivery at a time."))
        return {**{name: self[name].id for name in REGIONS}, **vals}

    @api.model
    def _clean_regions(self, province_id, city_id, district_id):
        smallest = district_id or city_id or province_id
        if not smallest:
            return dict.fromkeys(REGIONS, False)
        chain = {}
        region = self.env["crab.region"].browse(smallest).exists()
        while region:
            chain[region.level] = region.id
            region = region.parent_id
        found = {name: chain.get(name.removesuffix("_id"), False) for name in REGIONS}
        given = dict(zip(REGIONS, (province_id, city_id, district_id), strict=True))
        if not chain or any(given[name] and given[name] != found[name] for name in REGIONS):
            raise ValidationError(self.env._("Choose province, city and district that fit together."))
        return found

    # ------------------------------------------------------------------------------------------ actions

    def action_prepare(self):
        """Put the selected deliveries that wait into waves; those already prepared are left alone."""
        self._ensure_warehouse()
        self._prepare_waves()

    def action_ship(self):
        """Open the dialogue that asks for carrier and tracking number."""
        if self.filtered(lambda delivery: delivery.state in ("shipped", "cancelled")):
            raise UserError(self.env._("Some of these deliveries are shipped or cancelled already."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ship"),
            "res_model": "crab.delivery.ship",
            "view_mode": "form",
            "target": "new",
            "context": {"default_delivery_ids": self.ids},
        }

    def action_correct_parcel(self):
        """Open the same dialogue for what has left: a wrong carrier or tracking number was entered."""
        if self.filtered(lambda delivery: delivery.state != "shipped"):
            raise UserError(self.env._("Only parcels that are shipped are corrected."))
        carriers = set(self.mapped("carrier_name"))
        return {
            **self.browse().action_ship(),
            "name": self.env._("Correct the tracking number"),
            "context": {
                "default_delivery_ids": self.ids,
                "default_carrier_name": carriers.pop() if len(carriers) == 1 else False,
                "default_is_correction": True,
            },
        }

    def action_print_pick_list(self):
        """Print what is to be taken from the shelves: one list per wave of the selected deliveries."""
        self.check_access("read")
        if not self.picking_id:
            raise UserError(self.env._("Prepare the deliveries first: a wave has the list of what is to be taken."))
        return self.env.ref("crab_redemption.crab_pick_list_action").report_action(self.picking_id)

    def action_export_for_carrier(self):
        """Download the selected deliveries as Excel; with tracking numbers filled in it can be imported."""
        self._ensure_warehouse()
        return self.env["crab.delivery.export"]._make(self)._action_download()

    def _ensure_warehouse(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("crab_base.group_warehouse"):
            raise AccessError(self.env._("Only the warehouse prepares and ships deliveries."))
