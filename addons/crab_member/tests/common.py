from contextlib import contextmanager

from odoo.tools import mute_logger

from odoo.addons.crab_base.tests.common import CrabCase


class MemberCase(CrabCase):
    """A chain of dealers (0.60, 0.70, 0.80) with staff, four levels, builders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Member = cls.env["crab.member"]
        cls.Level = cls.env["crab.member.level"]
        cls.base = cls.Level._default()
        cls.silver = cls.Level.create({"name": "T silver", "ratio": 0.98, "min_spend": 2000})
        cls.gold = cls.Level.create(
            {"name": "T gold", "ratio": 0.95, "min_spend": 8000, "min_orders": 3, "min_invitations": 2}
        )
        cls.dealer1 = cls._new_dealer("T-A1", "1", 0.60)
        cls.dealer2 = cls._new_dealer("T-B1", "2", 0.70, cls.dealer1)
        cls.dealer3 = cls._new_dealer("T-C1", "3", 0.80, cls.dealer2)
        cls.staff = cls.env["crab.dealer.staff"].create(
            {"dealer_id": cls.dealer2.id, "name": "Staff", "phone": "13900000099", "commission_ratio": 0.1}
        )

    phone_count = 0

    @classmethod
    def _phone(cls):
        MemberCase.phone_count += 1
        return f"139{10000000 + MemberCase.phone_count}"

    @classmethod
    def _new_dealer(cls, code, level, ratio, parent=None, **values):
        return cls.env["crab.dealer"].create(
            {
                "code": code,
                "name": f"Dealer {code}",
                "contact_name": f"Contact {code}",
                "phone": cls._phone(),
                "level": level,
                "dealer_type": {"1": "city_partner", "2": "distributor", "3": "small_merchant"}[level],
                "parent_id": parent and parent.id,
                "ratio": ratio,
                **values,
            }
        )

    @classmethod
    def _new_member(cls, name="Member", **values):
        return cls.env["crab.member"].create({"name": name, "phone": cls._phone(), **values})

    @contextmanager
    def _refused(self, message, error=Exception):
        """The block fails with ``message`` and leaves nothing behind."""
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(error, message), self.env.cr.savepoint():
            yield
        self.env.invalidate_all()
