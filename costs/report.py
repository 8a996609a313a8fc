"""The estimate for people and for programs."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rich.markup import escape
from rich.table import Table

from costs.charges import Range
from costs.estimate import Estimate, Line
from costs.prices import Price


def is_above(estimate: Estimate, cap: int | None) -> bool:
    """Whether a month may cost more than the cap: its high end counts."""
    return cap is not None and estimate.monthly.high > cap


def money(amount: Range) -> str:
    """`$110-195`, in whole dollars."""
    return f"${_span(amount, '{:,.0f}')}"


def signed(amount: Range) -> str:
    """A difference: `+$25`, or `+$0 to +$25` where the ends move unlike each other."""
    ends = [f"{'-' if end < 0 else '+'}${abs(end):,.2f}" for end in (amount.low, amount.high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def table(estimate: Estimate, name: str) -> Table:
    """Every line of it, stack by stack."""
    title = f"{name}, {estimate.place.region}: USD a month of 730 hours, at list prices"
    shown = Table("what", "quantity", "price", "a month", title=title, title_justify="left")
    for stack, monthly in estimate.by_stack().items():
        shown.add_section()
        shown.add_row(f"[bold]{stack}[/]", "", "", f"[bold]${_span(monthly, '{:,.2f}')}[/]")
        for line in estimate.lines:
            if line.stack == stack:
                quantity = _span(line.quantity, "{:,.4g}")
                shown.add_row(f"  {escape(line.what)}", quantity, _rates(line), f"${_span(line.monthly, '{:,.2f}')}")
    return shown


def remarks(estimate: Estimate, *, cap: int | None, today: datetime.date) -> Iterator[str]:
    """What has to be said beside the lines: the sum last."""
    for each in estimate.unpriced:
        place = f"{each.stack} {each.address}".strip()
        yield f"[yellow]unpriced[/]: {escape(f'{each.what} ({place}): {each.why}')}"
    if estimate.by_use:
        rates = "; ".join(f"{rate.what} {_rate(rate.price)}" for rate in estimate.by_use)
        yield f"by use, in no sum: {rates}"
    if estimate.charts:
        yield f"not looked into: what the charts {', '.join(estimate.charts)} make beyond their values"
    if estimate.oldest:
        yield f"the oldest price is of {estimate.oldest.date}: {estimate.oldest.item}"
    for price in estimate.old(today):
        yield f"[yellow]old[/]: {price.item} of {price.date}, more than a year ago; renew its row of costs/prices.csv"
    yield _sum(estimate, cap)


def _sum(estimate: Estimate, cap: int | None) -> str:
    said = f"{money(estimate.monthly)} a month"
    without = f", without {len(estimate.unpriced)} unpriced" if estimate.unpriced else ""
    if cap is None:
        return f"[bold]{said}[/]{without}; no cap: monthly_cap_usd is not set"
    if is_above(estimate, cap):
        return f"[bold red]above the cap[/]: {said}{without}; monthly_cap_usd is {cap:,}"
    return f"[bold green]within the cap[/]: {said}{without}; monthly_cap_usd is {cap:,}"


def as_json(estimate: Estimate, *, name: str, cap: int | None, today: datetime.date) -> dict[str, Any]:
    """The same for programs; amounts are USD a month as numbers."""
    return {
        "environment": name,
        "provider": estimate.place.provider,
        "region": estimate.place.region,
        "monthly": _ends(estimate.monthly),
        "cap": cap,
        "is_above_cap": is_above(estimate, cap),
        "stacks": {stack: _ends(monthly) for stack, monthly in estimate.by_stack().items()},
        "lines": [_line(line) for line in estimate.lines],
        "unpriced": [
            {"stack": each.stack, "address": each.address, "what": each.what, "why": each.why}
            for each in estimate.unpriced
        ],
        "by_use": [{"what": rate.what, "price": _price(rate.price)} for rate in estimate.by_use],
        "charts_not_looked_into": list(estimate.charts),
        "oldest_price": _price(estimate.oldest) if estimate.oldest else None,
        "old_prices": [_price(price) for price in estimate.old(today)],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "stack": line.stack,
        "address": line.address,
        "what": line.what,
        "quantity": _ends(line.quantity),
        "price": _price(line.price),
        "low_price": _price(line.low_price),
        "monthly": _ends(line.monthly),
    }


def _price(price: Price) -> dict[str, Any]:
    return price.model_dump(mode="json") | {"usd": float(price.usd)}


def _ends(amount: Range) -> dict[str, float]:
    return {"low": round(float(amount.low), 2), "high": round(float(amount.high), 2)}


def _span(amount: Range, form: str) -> str:
    low, high = form.format(amount.low), form.format(amount.high)
    return low if low == high else f"{low}-{high}"


def _rates(line: Line) -> str:
    least = "" if line.low_price == line.price else f", {_rate(line.low_price)} at the low end"
    return f"{_rate(line.price)}{least}"


def _rate(price: Price) -> str:
    usd = price.usd.normalize() if price.usd else Decimal(0)
    return f"${usd:f} a {price.unit}" if price.unit != "hour" else f"${usd:f} an hour"
