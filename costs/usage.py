"""How much is kept in the stores: assumptions, one small table of them."""

import csv
import functools
from decimal import Decimal
from pathlib import Path

from costs.charges import Range

_TABLE = Path(__file__).with_name("usage.csv")


@functools.cache
def _table() -> dict[str, Range]:
    with _TABLE.open(encoding="utf-8", newline="") as lines:
        return {row["what"]: Range(Decimal(row["low_gb"]), Decimal(row["high_gb"])) for row in csv.DictReader(lines)}


def kept_gigabytes(what: str) -> Range:
    """GB that are kept at least and at most: of `state`, `artifacts` or `images`."""
    return _table()[what]


def in_store(stack: str) -> Range:
    """GB in the object store that a stack makes."""
    return kept_gigabytes("state" if stack.endswith("-state") else "artifacts")
