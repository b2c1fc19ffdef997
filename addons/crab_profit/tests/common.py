from contextlib import nullcontext
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields

from odoo.addons.crab_shop.tests.common import ShopCase


class ProfitCase(ShopCase):
    def _credit_due(self, after):
        """The hourly job that credits earnings, ``after`` days from now."""
        self.env.flush_all()
        with (
            freeze_time(fields.Datetime.now() + timedelta(days=after)),
            nullcontext() if type(self)._registry_patched else self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
        ):
            self.env(cr=cr)["crab.earning"]._cron_credit()
        self.env.invalidate_all()
