"""Exact money in Python: decimals, half-up away from zero, splits in fen (0.01)."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def dec(value):
    """A decimal of what a database column, a form or a file gives (floats by their shortest representation)."""
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def round_cents(value):
    """``value`` rounded half-up (away from zero) to 0.01, as a decimal."""
    return dec(value).quantize(CENT, ROUND_HALF_UP)


def spread(total, weights):
    """Split ``total`` over ``weights`` in fen by largest remainder; the parts add up to the total exactly.

    :param total: amount with two decimals, may be negative
    :param weights: non-negative numbers, not all zero unless the total is zero; ties go to the earlier part
    :return: list of decimals, one per weight
    """
    total = round_cents(total)
    weights = [dec(weight) for weight in weights]
    whole = sum(weights, Decimal(0))
    if not whole:
        if total:
            raise ValueError("an amount cannot be spread over nothing")
        return [Decimal("0.00") for _weight in weights]
    fen, sign = int(abs(total) * 100), 1 if total >= 0 else -1
    exact = [fen * weight / whole for weight in weights]
    parts = [int(share) for share in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: fen - sum(parts)]:
        parts[i] += 1
    return [CENT * part * sign for part in parts]
