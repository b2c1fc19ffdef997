"""The rows that the shop writes by SQL beside those that the ORM makes of the same values.

Used by the tests of this addon and, with all addons installed, by the end-to-end tests: a stored field, a constraint or
a step that an addon adds to these models is found here, until ``crab.shop`` has learned of it.
"""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.crab_shop.models.crab_shop import ADDRESS, QUIET

# the row's own identity, and when it was written
IDENTITY = {"id", "public_id", "name", "crab_key", "create_date", "write_date", "reference", "last_state_change"}
# seconds may pass between the two
MOMENTS = {"date_order", "crab_pay_before", "crab_paid_at"}
MODELS = ("sale.order", "sale.order.line", "payment.transaction", "crab.delivery", "crab.delivery.line")

# What the rows are not checked for one by one, because it holds of all that the shop writes: no token and a draft; a
# product of no company or ours (checked by ``_check_companies``); no payment in advance; no combos.
CONSTRAINTS = {
    ("payment.transaction", "_check_state_authorized_supported", "payment"),
    ("payment.transaction", "_check_token_is_active", "payment"),
    ("sale.order", "_check_order_line_company_id", "sale"),
    ("sale.order", "_check_prepayment_percent", "sale"),
    ("sale.order.line", "_check_combo_item_id", "sale"),
}
# What the ORM would call: numbers, chatter and followers that orders of the shop do not have, procurement likewise.
STEPS = {
    ("crab.delivery", "create", "crab_redemption"),
    ("crab.delivery", "write", "crab_redemption"),
    ("payment.transaction", "create", "payment"),
    ("sale.order", "_action_confirm", "sale"),
    ("sale.order", "_action_confirm", "sale_stock"),
    ("sale.order", "_prepare_confirmation_values", "sale"),
    *(("sale.order", "action_confirm", addon) for addon in ("sale", "crab_shop")),
    *(("sale.order", "create", addon) for addon in ("mail", "sale", "crab_shop")),
    *(("sale.order", "write", addon) for addon in ("mail", "sale", "sale_stock", "crab_base", "crab_shop")),
    *(("sale.order.line", "create", addon) for addon in ("analytic", "sale", "sale_stock", "crab_shop")),
    *(("sale.order.line", "write", addon) for addon in ("analytic", "sale", "sale_stock", "crab_shop")),
}
# Of invoices, stock moves, payments, refunds, requests, fapiao, bills and reports to WeChat: a new order has none.
FOLLOWERS = {
    ("account.move", "delivery_date"),
    ("account.move", "incoterm_location"),
    ("account.payment", "source_payment_id"),
    ("crab.aftersale", "company_id"),
    ("crab.aftersale", "member_id"),
    ("crab.aftersale.line", "company_id"),
    ("crab.aftersale.line", "product_id"),
    ("crab.fapiao", "company_id"),
    ("crab.refund", "company_id"),
    ("crab.refund", "member_id"),
    ("crab.wechat.shipping", "company_id"),
    ("payment.wechatpay.bill.line", "crab_order_kind"),
    ("stock.move", "packaging_uom_id"),
    ("stock.move", "packaging_uom_qty"),
    ("stock.picking", "sale_id"),
}


@contextmanager
def twins(env):
    """Each order placed inside gets a twin, made by ``create`` of the same values; yields ``{order: twin}``."""
    shop, found = type(env["crab.shop"]), {}
    insert = shop._insert_orders

    def insert_both(self, vals_list):
        orders = insert(self, vals_list)
        for order, vals in zip(orders, vals_list, strict=True):
            made = self.env["sale.order"].with_company(vals["company_id"]).with_context(**QUIET)
            found[order] = made.create({**vals, "name": f"{order.name}-twin", "crab_key": False})
        return orders

    with patch.object(shop, "_insert_orders", insert_both):
        yield found


def confirm(twin, transaction):
    """What the ORM makes of a payment of ``twin``."""
    twin.crab_paid_at, twin.crab_transaction_id = twin.env.cr.now(), transaction
    twin.action_confirm()
    if twin.crab_kind != "ecard":
        twin.crab_state = "to_ship"


def make_delivery(order):
    """The delivery of ``order`` as ``create`` makes it."""
    warehouse = order.env["product.product"]._crab_warehouse()
    return order.env["crab.delivery"].create(
        {
            "order_id": order.id,
            "company_id": warehouse.company_id.id,
            "warehouse_id": warehouse.id,
            "wish_date": order.crab_wish_date,
            **{name: order[f"crab_{name}"] for name in ADDRESS if not name.endswith("_id")},
            **{name: order[f"crab_{name}"].id for name in ADDRESS if name.endswith("_id")},
            "line_ids": [
                (
                    0,
                    0,
                    {
                        "package_id": line.product_id.id,
                        "product_id": product.id,
                        "quantity": quantity,
                        "order_line_id": line.id,
                        "order_quantity": line.product_uom_qty,
                    },
                )
                for line in order.order_line
                if line.crab_role == "goods"
                for product, quantity in line._crab_parts({line: line.product_uom_qty}).items()
            ],
        }
    )


def differences(ours, theirs, same=()):
    """``{(row, column): (ours, the ORM's)}`` in any stored column or link of two sets of as many records.

    :param same: pairs ``(record, record)`` that stand for each other
    """
    assert len(ours) == len(theirs), (ours, theirs)
    ours.env.flush_all()
    ours.env.invalidate_all()
    stands_for = {(a._name, a.id): b.id for a, b in (*same, *zip(ours, theirs, strict=True))}
    found = {}
    for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        for name, field in one._fields.items():
            if name in IDENTITY or not field.store:
                continue
            if field.type == "many2many":
                values = sorted(one[name].ids), sorted(other[name].ids)
                if field.comodel_name in MODELS:
                    values = len(values[0]), len(values[1])
            elif field.column_type:
                values = _column(one, name), _column(other, name)
                if field.type == "many2one":
                    values = stands_for.get((field.comodel_name, values[0]), values[0]), values[1]
                elif name in MOMENTS and None not in values:
                    values = abs((values[0] - values[1]).total_seconds()) < 60, True
                elif field.type in ("float", "monetary") and None not in values:
                    values = round(values[0], 9), round(values[1], 9)
            else:
                continue
            if values[0] != values[1]:
                found[at, name] = values
    return found


def _column(record, name):
    record.env.cr.execute(f'SELECT "{name}" FROM "{record._table}" WHERE id = %s', [record.id])
    return record.env.cr.fetchone()[0]


def constraints(env):
    """``{(model, method, addon)}`` of the constraints in Python that ``create`` would run."""
    return {
        (name, method.__name__, method.__module__.split(".")[2])
        for name in MODELS
        for method in env[name]._constraint_methods
    }


def steps(env):
    """``{(model, method, addon)}`` of what extends the steps that are written by SQL."""
    names = ("create", "write", "action_confirm", "_action_confirm", "_prepare_confirmation_values")
    return {
        (model, name, cls.__module__.split(".")[2])
        for model in MODELS
        for name in names
        for cls in type(env[model]).__mro__
        if name in vars(cls) and cls.__module__.startswith("odoo.addons.")
    }


def followers(env):
    """``{(model, field)}`` of stored fields of other models that are computed from these."""
    return {
        (follower.model_name, follower.name)
        for name in MODELS
        for field in env[name]._fields.values()
        for follower in env.registry.get_dependent_fields(field)
        if follower.store and follower.model_name not in MODELS
    }
