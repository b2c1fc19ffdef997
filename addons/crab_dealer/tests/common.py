import io
from pathlib import Path

import xlsxwriter

from odoo.addons.crab_base.tests.common import CrabCase

SEASON = Path(__file__).parents[3] / "tests" / "data" / "season"


class DealerCase(CrabCase):
    """A small network: two level 1, a level 2 and level 3 below it and directly below level 1.

    ::

        a (0.60, exclusive store) ── b (0.70) ── c (0.80)
                                  └─ d (level 3, 0.75)
        z (0.55, city partner) ── y (0.65)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phone_number = 13700000000
        cls.a = cls._new_dealer("TA", "1", 0.60, dealer_type="exclusive_store")
        cls.b = cls._new_dealer("TB", "2", 0.70, cls.a)
        cls.c = cls._new_dealer("TC", "3", 0.80, cls.b)
        cls.d = cls._new_dealer("TD", "3", 0.75, cls.a)
        cls.z = cls._new_dealer("TZ", "1", 0.55, dealer_type="city_partner")
        cls.y = cls._new_dealer("TY", "2", 0.65, cls.z)
        cls.dealers = cls.a | cls.b | cls.c | cls.d | cls.z | cls.y

    @classmethod
    def _phone(cls):
        cls.phone_number += 1
        return str(cls.phone_number)

    @classmethod
    def _new_dealer(cls, code, level, ratio, parent=None, **values):
        return cls.env["crab.dealer"].create(
            {
                "code": code,
                "name": f"Dealer {code}",
                "contact_name": f"Contact {code}",
                "phone": cls._phone(),
                "level": level,
                "ratio": ratio,
                "parent_id": parent.id if parent else False,
                **values,
            }
        )

    @classmethod
    def _new_staff(cls, dealer, **values):
        return cls.env["crab.dealer.staff"].create(
            {"dealer_id": dealer.id, "name": f"Staff of {dealer.code}", "phone": cls._phone(), **values}
        )

    @staticmethod
    def _workbook(rows):
        """An Excel file of these rows, as bytes."""
        content = io.BytesIO()
        with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif value is not None:
                        sheet.write(number, column, value)
        return content.getvalue()
