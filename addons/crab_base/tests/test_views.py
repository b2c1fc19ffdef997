from lxml import etree

from .common import CrabCase


class TestViews(CrabCase):
    def test_what_is_empty_shows_nothing_invented(self):
        """Odoo's sample rows are in Latin, with dealers, scores and days that do not exist."""
        names = self.env["ir.model.data"].sudo().search([("module", "=like", "crab%"), ("model", "=", "ir.ui.view")])
        views = self.env["ir.ui.view"].sudo().browse(names.mapped("res_id"))
        self.assertTrue(views)
        invented = [view.name for view in views if etree.fromstring(view.arch_db).xpath("//@sample")]
        self.assertFalse(invented)
