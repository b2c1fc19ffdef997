from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crab_shop import SETTINGS

LONGEST = {"pay_minutes": 1440, "warning_stock": 10**6}  # the others are days
DAYS = 365


def _setting(kind, name, *args, **values):
    return kind(*args, config_parameter=f"crab_shop.{name}", default=SETTINGS[name], **values)


class ResConfigSettings(models.TransientModel):
    """Goods, stock and orders of the shop (HQ-60, HQ-61)."""

    _inherit = "res.config.settings"

    crab_shelf_state = _setting(
        fields.Selection, "shelf_state", [("off_sale", "Off sale"), ("on_sale", "On sale")], "New products are"
    )
    crab_show_sales = _setting(fields.Boolean, "show_sales", "Show how many were sold")
    crab_show_stock = _setting(fields.Boolean, "show_stock", "Show how many are left")
    crab_warning_stock = _setting(fields.Integer, "warning_stock", "Warning stock")
    crab_stock_taken_at = _setting(
        fields.Selection, "stock_taken_at", [("order", "When ordered"), ("payment", "When paid")], "Stock is taken"
    )
    crab_pay_minutes = _setting(fields.Integer, "pay_minutes", "Minutes to pay")
    crab_receive_days = _setting(fields.Integer, "receive_days", "Days until received")
    crab_extend_days = _setting(fields.Integer, "extend_days", "Days of an extension")
    crab_after_sales_days_package = _setting(fields.Integer, "after_sales_days_package", "After-sales days of packages")
    crab_after_sales_days_physical_card = _setting(
        fields.Integer, "after_sales_days_physical_card", "After-sales days of physical cards"
    )
    crab_after_sales_days_ecard = _setting(fields.Integer, "after_sales_days_ecard", "After-sales days of e-cards")
    crab_ecard_audit = _setting(fields.Boolean, "ecard_audit", "Audit of e-card orders")
    crab_split_shipping = _setting(fields.Boolean, "split_shipping", "Split shipping")

    @api.constrains(*(f"crab_{name}" for name, default in SETTINGS.items() if type(default) is int))
    def _check_crab_shop(self):
        for name, default in SETTINGS.items():
            if type(default) is not int:
                continue
            longest = LONGEST.get(name, DAYS)
            field = self._fields[f"crab_{name}"]
            if any(not 1 <= settings[field.name] <= longest for settings in self):
                raise ValidationError(
                    self.env._(
                        "%(field)s: enter a number from 1 to %(longest)s.",
                        field=field._description_string(self.env),
                        longest=longest,
                    )
                )
