from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from odoo.addons.crab_api.schemas import Out

CURRENCY = "CNY"

Ratio = Annotated[Decimal, Field(gt=0, lt=1, decimal_places=4, description="0.65 = 6.5 折")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, Field(description="In the language of the caller.")]
Actions = Annotated[list[str], Field(description="What the caller may do with it now.")]


def label(record, name):
    """The word for the value of a selection field, in the language of the caller; None without a value."""
    return dict(record._fields[name]._description_selection(record.env)).get(record[name])


class NamedOut(Out):
    id: str
    name: str

    @classmethod
    def from_record(cls, record):
        return cls(id=record.public_id, name=record.name) if record else None


class CardProductOut(Out):
    """A product of the catalogue, known by its code."""

    code: str
    name: str

    @classmethod
    def from_product(cls, product):
        return cls(code=product.default_code or "", name=product.name)


class ChoiceOut(Out):
    """A value of a filter with its word."""

    code: str
    name: Words
