"""What the bench found, as a table for people and for the service's README.md."""

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from services.image_classifier.bench.load import Load
from services.image_classifier.bench.sides import Side
from stacks.marked_part import with_part

DOCUMENT = Path(__file__).parents[1] / "README.md"
CONCURRENCIES = (1, 2, 8)  # clients of the closed loops
_BEGIN, _END = "<!-- written by make bench-classifier -->", "<!-- end of what make bench-classifier writes -->"


@dataclass(frozen=True)
class Round:
    """One turn of one side.

    Attributes:
        start_seconds: until it was ready.
        peak_bytes: of all its processes, added up.
        closed: by the number of clients.
        cpu_seconds: of a request, by the number of clients.
        opened: requests at a given rate.
    """

    start_seconds: float
    peak_bytes: int
    closed: Mapping[int, Load]
    cpu_seconds: Mapping[int, float]
    opened: Load

    @property
    def failed(self) -> int:
        """Requests without an answer, or with another than 200."""
        return self.opened.failed + sum(load.failed for load in self.closed.values())


def report(sides: Sequence[Side], rounds: Mapping[str, Sequence[Round]], rate: float, picture_bytes: int) -> str:
    """The table, and how it was made; `rate` is that of the open loop, in requests a second."""
    ours, other = (rounds[side.name] for side in sides)
    head = ("", *(side.name for side in sides), "ratio", "from - to")
    lines = [head, ("---", *["---:"] * 4)]
    for name, digits, value in _measures(rate):
        first, second = [value(each) for each in ours], [value(each) for each in other]
        ratios = [a / b for a, b in zip(first, second, strict=True)]
        values = (f"{median(each):.{digits}f}" for each in (first, second))
        lines.append((name, *values, f"{median(ratios):.2f}", f"{min(ratios):.2f} - {max(ratios):.2f}"))
    sizes = [side.installed_bytes() / 1e6 for side in sides]
    lines.append(("packages and model, MB", *(f"{size:.0f}" for size in sizes), f"{sizes[0] / sizes[1]:.2f}", ""))
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    failed = [sum(each.failed for each in rounds) for rounds in (ours, other)]
    total = sum(len(load.latencies) for each in (*ours, *other) for load in (each.opened, *each.closed.values()))
    return (
        f"{table}\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, one core for the server, Python {platform.python_version()}; "
        f"medians of {len(ours)} rounds in turns, ratios of the two in the same round. "
        f"JPEGs of 800x600 pixels and {picture_bytes / 1000:.0f} KB; "
        f"{total + sum(failed)} requests, of which {failed[0]} and {failed[1]} were refused or failed. "
        f"On average {os.getloadavg()[1]:.1f} processes ran or waited in the last 5 minutes."
    )


def _measures(rate: float) -> list[tuple[str, int, Callable[[Round], float]]]:
    """Name, digits and value of each line."""
    steady = f"{rate:.0f} requests a second"
    return [
        *(line for clients in CONCURRENCIES for line in _closed_loop(clients)),
        (f"{steady}: p50, ms", 0, lambda each: each.opened.percentile(50) * 1000),
        (f"{steady}: p99, ms", 0, lambda each: each.opened.percentile(99) * 1000),
        ("peak memory, MB", 0, lambda each: each.peak_bytes / 1e6),
        ("start until ready, s", 2, lambda each: each.start_seconds),
    ]


def _closed_loop(clients: int) -> list[tuple[str, int, Callable[[Round], float]]]:
    name = f"{clients} client{'s' if clients > 1 else ''}"
    return [
        (f"{name}: requests a second", 1, lambda each: each.closed[clients].per_second),
        (f"{name}: CPU of a request, ms", 1, lambda each: each.cpu_seconds[clients] * 1000),
        (f"{name}: p50, ms", 0, lambda each: each.closed[clients].percentile(50) * 1000),
        (f"{name}: p99, ms", 0, lambda each: each.closed[clients].percentile(99) * 1000),
    ]


def _processor() -> str:
    """Its name and the number of cores."""
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{found[1] if found else platform.machine()} with {os.cpu_count()} cores"


def document(text: str, table: str) -> str:
    """README.md with what was found now."""
    return with_part(text, begin=_BEGIN, end=_END, part=table)
