"""A kind of import that exists only for tests: addresses of partners."""

from psycopg2.extras import Json

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_to_registry

from ..tools import cells
from ..tools.spreadsheet import Column

NOT_TODAY = "not today"


class CrabImport(models.Model):
    _name = "crab.import"
    _inherit = "crab.import"
    _module = None

    kind = fields.Selection(
        selection_add=[("test", "Addresses"), ("test_stream", "Numbers"), ("test_other", "Others")],
        ondelete={"test": "cascade", "test_stream": "cascade", "test_other": "cascade"},
    )


class CrabImportTest(models.AbstractModel):
    _name = "crab.import.test"
    _inherit = "crab.import.kind"
    _module = None
    _description = "Import of addresses in tests"

    def _groups(self):
        return ["crab_base.group_card_keeper"]

    def _columns(self):
        return [
            Column("编码", "ref", cells.code(8), required=True, unique=True, example="A1"),
            Column("名称", "name", cells.text(40), required=True, example="阳澄湖", aliases=("客户名称",)),
            Column("手机号", "phone", cells.phone(), example="13629968745"),
            Column("类型", "type", cells.selection({"收货": "delivery", "开票": "invoice"}), example="收货"),
            Column("额度", "limit", cells.amount(), example="100.00"),
            Column("日期", "date", cells.date(), example="2026-09-12"),
            Column("数量", "quantity", cells.integer(1, 1000), example=3),
        ]

    def _check(self, rows):
        partners = self.env["res.partner"].sudo().search([("ref", "in", [row["ref"] for row in rows])])
        known = set(partners.mapped("ref"))
        return [(row.number, "编码", "is already in use") for row in rows if row["ref"] in known]

    def _load(self, rows):
        partners = (
            self.env["res.partner"]
            .sudo()
            .create(
                [
                    {"ref": row["ref"], "name": row["name"], "phone": row["phone"], "type": row["type"] or "contact"}
                    for row in rows
                ]
            )
        )
        if any(row["name"] == "refuse" for row in rows):
            raise UserError(NOT_TODAY)
        if any(row["name"] == "break" for row in rows):
            raise ZeroDivisionError
        if any(row["name"] == "twice" for row in rows):
            self.env.cr.execute("INSERT INTO res_country (code, name) VALUES ('CN', '{}')")
        return partners


class CrabImportTestStream(models.AbstractModel):
    """Checks and loads while it reads, as the numbers of cards do."""

    _name = "crab.import.test_stream"
    _inherit = "crab.import.kind"
    _module = None
    _description = "Import of numbers in tests"

    def _groups(self):
        return ["crab_base.group_card_keeper"]

    def _columns(self):
        return [
            Column("卡号", "number", cells.text(32), required=True),
            Column("卡密", "password", cells.text(32), required=True, secret=True),
        ]

    def _process_file(self, reader):
        count = 0
        for chunk in reader.chunks(1000):
            reader.add_errors((number, "卡密", "is missing") for number, raw in chunk if cells.is_blank(raw[1]))
            self.env["res.partner"].sudo().create(
                [{"name": cells.as_text(raw[0]), "ref": "stream"} for _number, raw in chunk[:1]]
            )
            count += len(chunk)
            reader.advance(count)
        return count


class CrabImportTestOther(models.AbstractModel):
    _name = "crab.import.test_other"
    _inherit = "crab.import.test"
    _module = None
    _description = "Import of what card keepers may not"

    def _groups(self):
        return ["crab_base.group_finance"]


def set_up_models(test_class):
    """Add the kinds for the tests of a class."""
    registry = test_class.registry
    added = (CrabImportTest, CrabImportTestStream, CrabImportTestOther)
    original = registry["crab.import"]._base_classes__

    def take_away():
        registry["crab.import"]._base_classes__ = original
        for model in reversed(added):
            for parent in model._inherit:
                registry[parent]._inherit_children.discard(model._name)
            del registry[model._name]
        registry._setup_models__(test_class.env.cr, ["crab.import"])

    test_class.addClassCleanup(take_away)
    for model in (CrabImport, *added):
        add_to_registry(registry, model)
    registry._setup_models__(test_class.env.cr, [])
    field = test_class.env["ir.model.fields"]._get("crab.import", "kind")
    test_class.env.cr.execute_values(  # as a module's installation does; their labels are read from the database
        "INSERT INTO ir_model_fields_selection (field_id, value, name, sequence) VALUES %s",
        [(field.id, value, Json({"en_US": label}), 99) for value, label in CrabImport.kind._args__["selection_add"]],
    )
