"""The business day is the day in Shanghai, whoever asks from wherever."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime, time
from zoneinfo import ZoneInfo

from odoo import fields

SHANGHAI = ZoneInfo("Asia/Shanghai")


def business_date(moment=None):
    """The date in Shanghai of ``moment`` (naive UTC as stored; default now)."""
    moment = moment or fields.Datetime.now()
    return moment.replace(tzinfo=UTC).astimezone(SHANGHAI).date()


def day_bounds(day):
    """First moment of the business day and of the next one, as naive UTC for domains: ``start <= x < end``."""
    if day.year in (MINYEAR, MAXYEAR):  # a day that somebody typed; its bounds may lie beyond the calendar
        return (datetime.min,) * 2 if day.year == MINYEAR else (datetime.max,) * 2
    start = datetime.combine(day, time(), SHANGHAI)
    end = datetime.combine(fields.Date.add(day, days=1), time(), SHANGHAI)
    return tuple(moment.astimezone(UTC).replace(tzinfo=None) for moment in (start, end))
