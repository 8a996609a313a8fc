"""Figures of repetitions: their median, and how far they spread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True)
class Samples:
    """The same thing, measured again and again.

    Attributes:
        values: In the order in which they were measured; at least one.
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of all values."""
        return median(self.values)

    def shown(self, digits: int = 1) -> str:
        """The median, and in brackets the least and the greatest value."""
        least, greatest = min(self.values), max(self.values)
        spread = f" ({least:,.{digits}f} to {greatest:,.{digits}f})" if len(self.values) > 1 else " (once)"
        return f"{self.median:,.{digits}f}{spread}"


def ratios(baseline: Samples, ours: Samples) -> Samples:
    """How many times less is ours, repetition by repetition: what disturbs one turn disturbs both of its sides."""
    return Samples(tuple(one / other for one, other in zip(baseline.values, ours.values, strict=True)))


def take_turns(ways: Mapping[str, Callable[[], _T]], repetitions: int) -> dict[str, list[_T]]:
    """Runs all ways in each repetition, and begins with another one each time; what they give, by way."""
    names, found = list(ways), {name: list[_T]() for name in ways}
    for repetition in range(repetitions):
        first = repetition % len(names)
        for name in [*names[first:], *names[:first]]:
            found[name].append(ways[name]())
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown; the first column is text, the others are numbers."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, marks, *rows))
