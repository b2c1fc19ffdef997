"""Models that exist only for tests of the history."""

from odoo import fields, models
from odoo.orm.model_classes import add_to_registry


class CrabTestPot(models.Model):
    _name = "crab.test.pot"
    _inherit = ["crab.chain.parent.mixin"]
    _module = None
    _description = "Parent of a history in tests"

    name = fields.Char()


class CrabTestPotEvent(models.Model):
    _name = "crab.test.pot.event"
    _inherit = ["crab.chain.mixin"]
    _module = None
    _log_access = False
    _description = "History in tests"
    _chain_parent = "pot_id"
    _chain_columns = ("kind", "amount", "is_undo", "day", "note")

    pot_id = fields.Many2one("crab.test.pot", required=True, ondelete="restrict")
    kind = fields.Selection([("in", "In"), ("out", "Out")])
    amount = fields.Float(digits=(16, 4))
    is_undo = fields.Boolean()
    day = fields.Date()
    note = fields.Text()
    comment = fields.Char()


def add_models(registry, cr):
    """Add the models to a registry, with their tables."""
    for model in (CrabTestPot, CrabTestPotEvent):
        add_to_registry(registry, model)
    registry._setup_models__(cr, [])
    registry.init_models(cr, [CrabTestPot._name, CrabTestPotEvent._name], {"module": "crab_base"})


def set_up_models(test_class):
    """The models for the tests of a class; their tables go with its transaction."""
    test_class.addClassCleanup(test_class.registry._setup_models__, test_class.env.cr, [])
    for model in (CrabTestPot, CrabTestPotEvent):
        test_class.addClassCleanup(test_class.registry.__delitem__, model._name)
    add_models(test_class.registry, test_class.env.cr)
