"""What a person wants to know first: what runs, who gets in, what it costs, what ends, what may go wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from costs.report import is_above, signed
from leases.times import shown, shown_span
from report.model import Changes, Kind, Policies, Reach, Report
from report.words import count, list_of, month


class Mood(StrEnum):
    """How a tile is shown; its words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    ALERT = "alert"


@dataclass(frozen=True)
class Tile:
    """One answer.

    Attributes:
        question: In a word.
        answer: In few.
        note: A sentence or two.
        place: The id of the section with more of it.
        mood: Whether somebody has to look.
    """

    question: str
    answer: str
    note: str
    place: str
    mood: Mood = Mood.PLAIN


def glance(report: Report) -> list[Tile]:
    """The answers, in the order of the page."""
    found = [_runs(report), _open(report)]
    if report.estimate:
        found.append(_costs(report))
    found += [*_ends(report), *_protection(report), _policies(report.policies)]
    return [_changes(report.changes), *found] if report.changes else found


def _runs(report: Report) -> Tile:
    services = count(len(report.of_kind(Kind.SERVICE)), "service")
    others = [(Kind.ADD_ON, "add-on"), (Kind.FOUNDATION, "stack")]
    told = [count(len(report.of_kind(kind)), word) for kind, word in others if report.of_kind(kind)]
    note = f"on {list_of(told)}{' below' if report.of_kind(Kind.FOUNDATION) else ''}" if told else "and nothing else"
    if record := report.suspended:
        return Tile("Runs", "asleep", f"{services}, since {record.on} by {record.by}", "estate", Mood.ALERT)
    return Tile("Runs", services, note, "estate")


def _open(report: Report) -> Tile:
    doors = [door for stack in report.stacks for door in stack.doors]
    open_to_all = sum(door.reach is Reach.WORLD for door in doors)
    if open_to_all:
        answer = f"{open_to_all} of {count(len(doors), 'way')} in"
        return Tile("Open to the world", answer, "Anybody on the internet gets an answer.", "exposure", Mood.ALERT)
    if any(door.reach is Reach.UNKNOWN for door in doors):
        return Tile("Open to the world", "not known", "Who may reach the gateway is not said here.", "exposure")
    if not doors:
        return Tile("Open to the world", "nothing", "There is no way in from outside of the cluster.", "exposure")
    networks = sorted({network for door in doors if door.reach is Reach.NETWORKS for network in door.ranges})
    who = _networks(networks) if networks else "the private network"
    return Tile("Open to the world", "nothing", f"{count(len(doors), 'way')} in, for {who}", "exposure", Mood.GOOD)


def _networks(networks: list[str]) -> str:
    return f"{networks[0]} only" if len(networks) == 1 else f"{len(networks)} named networks"


def _costs(report: Report) -> Tile:
    assert report.estimate  # noqa: S101 - the caller has looked
    answer = month(report.estimate.monthly)
    if is_above(report.estimate, report.cap):
        return Tile("Costs a month", answer, f"Above the cap of ${report.cap:,}.", "cost", Mood.ALERT)
    cap = f"within the cap of ${report.cap:,}" if report.cap else "no cap is set"
    return Tile("Costs a month", answer, f"at list prices, {cap}", "cost")


def _ends(report: Report) -> Iterator[Tile]:
    lease = report.lease
    if report.is_protected is None:
        return
    if lease is None:
        yield Tile("Ends", "no date", "It stays until somebody tears it down.", "dates")
        return
    left = lease.expires_at - report.made_at
    stays = " It is protected, and stays." if lease.is_protected else ""
    if left.total_seconds() <= 0:
        yield Tile("Ends", "over", f"The lease ended {shown_span(-left)} ago.{stays}", "dates", Mood.ALERT)
    else:
        mood = Mood.ALERT if left.days < 1 else Mood.PLAIN
        yield Tile("Ends", f"in {shown_span(left)}", f"{shown(lease.expires_at)}.{stays}", "dates", mood)


def _protection(report: Report) -> Iterator[Tile]:
    if report.is_protected is None:
        return
    if record := report.lifted:
        yield Tile("Protection", "lifted", f"on {record.on} by {record.by}", "dates")
    else:
        yield Tile("Protection", "on", "State, artifacts and cluster refuse to be destroyed.", "dates", Mood.GOOD)


def _policies(policies: Policies) -> Tile:
    if policies.kept is None:
        return Tile("Policies", "not checked", f"in this run; {_excepted(len(policies.exceptions))}", "policies")
    verdict = policies.kept.verdict
    failed = len(verdict.failed) + len(verdict.expired) + len(verdict.unused)
    scope = "" if policies.is_whole else ", of what changes"
    note = f"{count(verdict.passed, 'check')} passed{scope}, {len(verdict.accepted)} findings accepted"
    if failed:
        return Tile("Policies", f"{failed} failed", note, "policies", Mood.ALERT)
    warned = f", {len(verdict.warned)} warned of" if verdict.warned else ""
    return Tile("Policies", "kept", note + warned, "policies", Mood.GOOD)


def _excepted(number: int) -> str:
    return f"{count(number, 'exception')} {'stands' if number == 1 else 'stand'}"


def _changes(changes: Changes) -> Tile:
    if changes.error:
        return Tile("Changes", "not known", "The preview could not be made.", "changes", Mood.ALERT)
    if not changes.stacks:
        return Tile("Changes", "nothing", "A deploy of this would do nothing.", "changes")
    bill = f", {signed(changes.monthly)} a month" if changes.monthly else ""
    dangers = f", {count(changes.dangers, 'danger')}" if changes.dangers else ", no danger found"
    note = f"in {count(len(changes.stacks), 'stack')}{bill}{dangers}"
    mood = Mood.ALERT if changes.dangers else Mood.PLAIN
    return Tile("Changes", count(changes.count, "resource"), note, "changes", mood)
