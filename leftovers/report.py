"""What is left, as people read it."""

from collections.abc import Sequence

from rich.table import Table

from costs.charges import NOTHING, Range
from leftovers.leftover import Leftover


def table(leftovers: Sequence[Leftover], title: str) -> Table:
    """A line for each, with what it costs a month."""
    drawn = Table("what", "name", "where", "USD a month", "why it is ours", title=title, title_justify="left")
    drawn.columns[3].justify = "right"
    for each in leftovers:
        kind = f"{each.kind}, of {each.claim}" if each.claim else each.kind
        drawn.add_row(kind, each.name, each.location, monthly(each.monthly), each.why_ours)
    return drawn


def total(leftovers: Sequence[Leftover]) -> str:
    """`12 left, $31.40 a month; 2 of them unpriced`."""
    known = sum((each.monthly for each in leftovers if each.monthly), NOTHING)
    unpriced = sum(each.monthly is None for each in leftovers)
    rest = f"; {unpriced} of them unpriced" if unpriced else ""
    return f"{len(leftovers)} left, ${monthly(known)} a month{rest}"


def monthly(amount: Range | None) -> str:
    """`1.00`, or `0.00-0.50`; `unpriced`."""
    if amount is None:
        return "unpriced"
    low, high = f"{amount.low:,.2f}", f"{amount.high:,.2f}"
    return low if low == high else f"{low}-{high}"
