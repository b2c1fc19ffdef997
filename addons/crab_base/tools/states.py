"""Steps that are possible in some states only."""

from odoo.exceptions import UserError


def ensure_state(records, *states, field="state"):
    """:raise UserError: naming the first record that is in none of these states"""
    labels = dict(records._fields[field]._description_selection(records.env))
    for record in records:
        if record[field] not in states:
            raise UserError(
                records.env._(
                    "%(name)s is “%(state)s”: this step is not possible.",
                    name=record.display_name,
                    state=labels.get(record[field]),
                )
            )
