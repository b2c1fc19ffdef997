"""With all addons installed, too, the rows that the shop writes by SQL are those that the ORM would write."""

import pytest
from shop_world import ShopWorld


@pytest.fixture(scope="module")
def shop(module_registry):
    return ShopWorld(module_registry)


def test_nothing_is_left_out_with_all_addons(shop):
    def check(env):
        from odoo.addons.crab_shop.tests import same_rows

        assert same_rows.constraints(env) <= same_rows.CONSTRAINTS
        assert same_rows.steps(env) <= same_rows.STEPS
        assert same_rows.followers(env) <= same_rows.FOLLOWERS

    shop.run(check)


def test_each_column_is_as_the_orm_writes_it(shop):
    def check(env):
        from odoo.addons.crab_shop.tests import same_rows

        with same_rows.twins(env) as twins:
            order = shop.place(env, 2)
        twin = twins[order]
        pairs = ((order, twin), *zip(order.order_line, twin.order_line, strict=True))
        provider = shop.provider(env)
        method = env["payment.method"].with_context(active_test=False).search([], limit=1)
        transaction = env["payment.transaction"]._crab_start(order, provider, method)
        values = env["payment.transaction"]._crab_start_values(order, provider, method)
        made = env["payment.transaction"].create({**values, "sale_order_ids": [(6, 0, twin.ids)]})
        assert not same_rows.differences(transaction, made)
        transaction._set_done()
        transaction._post_process()
        same_rows.confirm(twin, transaction)
        assert not same_rows.differences(order, twin, pairs)
        assert not same_rows.differences(order.order_line, twin.order_line, pairs)

    with shop.registry.cursor() as cr:
        from odoo import api

        check(api.Environment(cr, 1, {}))
        cr.rollback()
