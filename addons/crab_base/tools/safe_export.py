"""Excel files that this process writes never hold a formula made of somebody's text.

A person may call himself ``=HYPERLINK(…)``. The library writes such a text as a formula unless it is told not to, and
Odoo's export of lists and pivots does not tell it.
"""

import xlsxwriter

SAFE = {"strings_to_formulas": False, "strings_to_urls": False}


def install():
    """Make texts stay texts in every workbook; safe to call again."""
    workbook = xlsxwriter.Workbook
    if getattr(workbook, "crab_safe", False):
        return

    class SafeWorkbook(workbook):
        crab_safe = True

        def __init__(self, filename=None, options=None):
            super().__init__(filename, {**SAFE, **(options or {})})

    xlsxwriter.Workbook = SafeWorkbook
