"""The page's tables, row by row."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costs.charges import Range
from costs.estimate import SHARED
from leases.times import shown
from policies.exceptions import PolicyException
from policies.findings import Finding
from report.model import Door, Image, Kind, Origin, Reach, Report, StackFacts
from report.words import age, count, month

_KINDS = (Kind.SERVICE, Kind.ADD_ON, Kind.FOUNDATION)


@dataclass(frozen=True)
class WayIn:
    """A way in, and whose it is."""

    stack: StackFacts
    door: Door


def ways_in(report: Report) -> list[WayIn]:
    """The widest first, services before what they stand on."""
    found = [WayIn(stack, door) for stack in report.stacks for door in stack.doors]
    reaches = list(Reach)
    return sorted(
        found,
        key=lambda way: (reaches.index(way.door.reach), _KINDS.index(way.stack.kind), way.stack.id, way.door.what),
    )


def second_line(stack: StackFacts) -> str:
    """What a node of the graph says below its name: who may reach it, of what is no service what it costs."""
    if stack.reach is Reach.WORLD:
        return "open to the world"
    if stack.kind is not Kind.SERVICE:
        return f"{month(stack.monthly)} a month" if stack.monthly else stack.kind
    if stack.reach is Reach.NETWORKS:
        networks = {network for door in stack.doors if door.reach is Reach.NETWORKS for network in door.ranges}
        return networks.pop() if len(networks) == 1 else count(len(networks), "network")
    return stack.reach or "inside only"


def inside_only(report: Report) -> list[StackFacts]:
    """Stacks that run something which nobody outside of the cluster can ask."""
    return [stack for stack in report.stacks if not stack.doors and (stack.runs or stack.charts)]


@dataclass(frozen=True)
class CostRow:
    """The month of a stack.

    Attributes:
        stack: Its id; None for what all share.
        monthly: USD.
        low: The low end in per cent of the highest of all rows.
        high: The same of the high end.
    """

    stack: str | None
    monthly: Range
    low: Decimal
    high: Decimal


def cost_rows(report: Report) -> list[CostRow]:
    """What costs most first; what all share is last."""
    if report.estimate is None:
        return []
    sums = report.estimate.by_stack()
    most = max((each.high for each in sums.values()), default=Decimal(0)) or Decimal(1)
    rows = [
        CostRow(None if stack == SHARED else stack, each, _percent(each.low, most), _percent(each.high, most))
        for stack, each in sums.items()
    ]
    return sorted(rows, key=lambda row: (row.stack is None, -row.monthly.high, row.stack))


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (100 * part / whole).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class ImageRow:
    """An image, the stacks whose pods run it, and what is known of its age."""

    image: Image
    stacks: tuple[StackFacts, ...]
    made_from: str
    age: str
    of: str
    bill: str


def image_rows(report: Report) -> list[ImageRow]:
    """Those of this repo first, by name."""
    users: dict[str, dict[str, StackFacts]] = defaultdict(dict)
    images: dict[str, Image] = {}
    for stack in report.stacks:
        for image in stack.images:
            images[image.reference] = image
            users[image.reference][stack.id] = stack
    ordered = sorted(images.values(), key=lambda image: (not image.is_own, image.name, image.tag))
    return [_image_row(image, tuple(users[image.reference].values()), report.made_at) for image in ordered]


def _image_row(image: Image, stacks: tuple[StackFacts, ...], now: datetime.datetime) -> ImageRow:
    origin = image.origin
    if not image.is_own:
        return ImageRow(image, stacks, made_from="others' release", age="not known", of="", bill="none")
    known = _age(origin, now)
    of = f"of {origin.committed_at:%Y-%m-%d}" if origin.committed_at and not origin.is_changed else ""
    bill = f"{origin.billed_at:%Y-%m-%d}, {count(origin.packages, 'package')}" if origin.billed_at else "none here"
    return ImageRow(image, stacks, made_from=origin.folder or "this repo", age=known, of=of, bill=bill)


def _age(origin: Origin, now: datetime.datetime) -> str:
    if origin.is_changed:
        return "not committed yet"
    return age(origin.committed_at, now) if origin.committed_at else "not known"


@dataclass(frozen=True)
class Date:
    """Something that ends, or has begun, on a day.

    Attributes:
        day: In UTC.
        what: In few words.
        note: The rest.
        is_past: Whether it is over.
    """

    day: datetime.date
    what: str
    note: str
    is_past: bool


def dates(report: Report) -> list[Date]:
    """What is dated, the earliest first."""
    today = report.made_at.date()
    found: list[tuple[datetime.date, str, str]] = []
    if record := report.suspended:
        found.append((record.on, "asleep since", f"by {record.by}; modelyard resume {report.name} wakes it"))
    if lifted := report.lifted:
        found.append((lifted.on, "protection lifted", f"by {lifted.by}: {lifted.reason}"))
    if lease := report.lease:
        note = "protected: it stays" if lease.is_protected else "then it is torn down; volumes are kept as snapshots"
        found.append((lease.expires_at.date(), f"lease ends at {shown(lease.expires_at)}", note))
    by_day: dict[datetime.date, list[PolicyException]] = defaultdict(list)
    for exception in report.policies.exceptions:
        by_day[exception.expires].append(exception)
    for day, exceptions in by_day.items():
        note = "past that day, what they accept fails again"
        found.append((day, f"{count(len(exceptions), 'exception')} from policies end", note))
    return [Date(day, what, note, day < today) for day, what, note in sorted(found)]


@dataclass(frozen=True)
class Accepted:
    """An exception, and what it accepts; nothing if nobody has looked."""

    exception: PolicyException
    findings: tuple[Finding, ...]


def accepted(report: Report) -> list[Accepted]:
    """Those of the environment by the day on which they end; of a verdict, those that accept something."""
    kept = report.policies.kept
    if kept is None:
        found = [Accepted(each, ()) for each in report.policies.exceptions]
    else:
        groups: dict[PolicyException, list[Finding]] = defaultdict(list)
        for finding, exception in kept.verdict.accepted:
            groups[exception].append(finding)
        found = [Accepted(exception, tuple(findings)) for exception, findings in groups.items()]
    return sorted(found, key=lambda each: (each.exception.expires, each.exception.check, each.exception.resource))


def denied(report: Report) -> list[tuple[str, Finding]]:
    """Findings that somebody has to look at, each with what the policies say of it."""
    if (kept := report.policies.kept) is None:
        return []
    verdict = kept.verdict
    failed: Sequence[tuple[str, Finding]] = [("denied", each) for each in verdict.failed]
    expired = [(f"excepted until {exception.expires}", each) for each, exception in verdict.expired]
    return [*failed, *expired, *(("warned of", each) for each in verdict.warned)]
