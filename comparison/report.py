"""What the comparison found, for people: a line for each plan, and the tables of docs/plans.md."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from comparison.changes import Change
from comparison.plans import Leaves
from stacks.marked_part import with_part
from stacks.paths import ROOT

DOCUMENT = ROOT / "docs" / "plans.md"
_BEGIN, _END = "<!-- written by make compare -->", "<!-- end of what make compare writes -->"
_DIFFER = ("differ alone", "differ forwarded")
Differences = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One plan of one stack.

    Attributes:
        stack: The stack's id.
        change: None for a stack as it is synthesised.
        deployed: Whether the stack is deployed already.
        helm_releases: How many the stack has; they are in no count.
        outcome: What the real provider does: to the changed resource, else to all.
        leaves: How many leaves the real plan has.
        alone: What the simulator alone plans otherwise: the real value and the simulator's, by place.
        forwarded: What the simulator with the real plugins behind it plans otherwise.
    """

    stack: str
    change: Change | None
    deployed: bool
    helm_releases: int
    outcome: str
    leaves: int
    alone: Differences
    forwarded: Differences

    @property
    def situation(self) -> str:
        """What is planned, in words."""
        if self.change is None:
            return "deployed already" if self.deployed else "new"
        return f"`{self.change.resource}`: `{self.change.argument} = {json.dumps(self.change.value)}`"

    def __str__(self) -> str:
        """One line."""
        counts = f"{self.leaves} leaves, {len(self.alone)} differ alone, {len(self.forwarded)} forwarded"
        return f"{self.stack}, {self.situation.replace('`', '')}: {self.outcome}; {counts}"


def count(plan: Leaves) -> str:
    """What a plan does in all: `4 create, 1 read`."""
    found = Counter(value for place, value in plan.items() if place.endswith(" is"))
    return ", ".join(f"{number} {action.replace('delete, create', 'replace')}" for action, number in found.items())


def summary(rows: Sequence[Row]) -> str:
    """All plans together, in a sentence."""
    changes = [row.change.outcome for row in rows if row.change]
    leaves, alone, forwarded = (sum(each) for each in zip(*map(_counts, rows), strict=True))
    return (
        f"{len(rows)} plans of {len({row.stack for row in rows})} stacks, {len(changes)} of them after a change "
        f"({changes.count('update')} in place, {changes.count('replace')} replacing), have {leaves} leaves. "
        f"Leaves that differ: {alone} when the simulator plans alone, {forwarded} with the real plugins behind it."
    )


def _counts(row: Row) -> tuple[int, int, int]:
    return row.leaves, len(row.alone), len(row.forwarded)


def stacks_of(text: str) -> set[str]:
    """The stacks that the text of docs/plans.md names."""
    part = text.partition(_BEGIN)[2].partition(_END)[0]
    return set(re.findall(r"^\| (\w\S*-\S+) \|", part, re.MULTILINE))


def document(text: str, rows: Sequence[Row]) -> str:
    """The text of docs/plans.md with what was found now; in the order of names, which no new service changes."""
    rows = sorted(rows, key=lambda row: row.stack)
    parts = [summary(rows), _stacks(rows), _changes(rows), _list(rows)]
    return with_part(text, begin=_BEGIN, end=_END, part="\n\n".join(parts))


def _stacks(rows: Sequence[Row]) -> str:
    """A line for each stack: planned new, and deployed already."""
    new, again = ([row for row in rows if not row.change and row.deployed is deployed] for deployed in (False, True))
    head = ("stack", "new", "leaves", "deployed already", "leaves", *_DIFFER, "Helm releases, left out")
    return _table(head, (_stack(*pair) for pair in zip(new, again, strict=True)))


def _stack(new: Row, again: Row) -> Sequence[object]:
    differing = len(new.alone) + len(again.alone), len(new.forwarded) + len(again.forwarded)
    return (new.stack, new.outcome, new.leaves, again.outcome, again.leaves, *differing, new.helm_releases or "")


def _changes(rows: Sequence[Row]) -> str:
    head = ("deployed stack", "change", "the real provider's plan", "leaves", *_DIFFER)
    return _table(head, ((row.stack, row.situation, row.outcome, *_counts(row)) for row in rows if row.change))


def _table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (head, ["---"] * len(head), *lines))


def _list(rows: Sequence[Row]) -> str:
    """What the simulator alone plans otherwise, once; of a resource that it would not replace, just that."""
    lines = sorted({line for row in rows for line in _different(row.alone)})
    return "\n".join(f"- {line}" for line in lines) or "No leaf differs in any of them."


def _different(alone: Differences) -> Iterator[str]:
    other_actions = [place.removesuffix(" is") for place in alone if place.endswith(" is")]
    for place, (real, simulated) in alone.items():
        if not place.startswith(tuple(other_actions)) or place.endswith(" is"):
            yield f"`{_without_positions(place)}`: {_shown(real)}, the simulator alone: {_shown(simulated)}"


def _without_positions(place: str) -> str:
    """A place as in the schema: `google_container_cluster.network_policy.provider`."""
    return re.sub(r"\[\d+\]", "", re.sub(r"^(\w+)\.\w+", r"\1", place))


def _shown(value: object) -> str:
    return "known after apply" if value == "unknown" else f"`{json.dumps(value)}`"
