"""What all schemas share: strict input, amounts as strings, times with their offset."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

CENT = Decimal("0.01")
CHINA = ZoneInfo("Asia/Shanghai")
T = TypeVar("T")


class In(BaseModel):
    """What clients send: nothing else than what is named."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=10_000)


class Out(BaseModel):
    """What clients get."""

    model_config = ConfigDict(from_attributes=False)


class ErrorOut(Out):
    """A refusal: ``code`` is stable, ``detail`` is for people, ``fields`` says which field is wrong and why."""

    code: str
    detail: str
    fields: dict[str, str]


class Page(Out, Generic[T]):
    """One page of a list; ``next_cursor`` is for the query of the next one, null on the last."""

    items: list[T]
    next_cursor: str | None = None


def _two_digits(value):
    return f"{Decimal(str(value)).quantize(CENT, ROUND_HALF_UP):f}"


def _with_offset(value):
    return value.replace(tzinfo=value.tzinfo or UTC).astimezone(CHINA).isoformat(timespec="seconds")


Amount = Annotated[
    Decimal,
    BeforeValidator(lambda value: Decimal(str(value)) if isinstance(value, float) else value),
    PlainSerializer(_two_digits, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d{1,2})?$", "examples": ["128.00"]}),
]
When = Annotated[
    datetime,
    PlainSerializer(_with_offset, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = date
