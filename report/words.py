"""Figures and moments as the page writes them."""

import datetime

from costs.charges import Range
from costs.report import money


def month(amount: Range | None) -> str:
    """`$110-193`; a bill of cents is no bill of nothing."""
    if amount is None:
        return "not billed"
    if amount.high < 1:
        return "under $1" if amount.high else "$0"
    return money(amount)


def count(number: int, what: str) -> str:
    """`1 stack`, `2,000 stacks`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def age(then: datetime.datetime, now: datetime.datetime) -> str:
    """In days of the calendar, in UTC."""
    days = (now.date() - then.date()).days
    return count(days, "day") if days > 0 else "today"


def list_of(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
