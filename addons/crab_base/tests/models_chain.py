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


def set_up_models(test_class):
    """Add the models for the tests of a class; their tables go with its transaction."""
    registry = test_class.registry
    test_class.addClassCleanup(registry._setup_models__, test_class.env.cr, [])
    for model in (CrabTestPot, CrabTestPotEvent):
        add_to_registry(registry, model)
        test_class.addClassCleanup(registry.__delitem__, model._name)
    names = [CrabTestPot._name, CrabTestPotEvent._name]
    registry._setup_models__(test_class.env.cr, [])
    registry.init_models(test_class.env.cr, names, {"module": "crab_base"})
