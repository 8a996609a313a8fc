"""Gathers what is said of an environment in many places into one report; asks no cloud, no cluster and no clock."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from costs.charges import Range
from costs.estimate import Estimate, estimate
from costs.place import as_billed, place_of
from costs.resources import declared
from estate.stacks import Estate, Stack, upstream
from leases.lease import lease_of
from report import contents
from report.doors import doors, openings_beside
from report.model import Changes, Door, Kind, Link, Origin, Policies, Report, StackFacts
from stacks.add_ons import add_on_modules
from stacks.aks.settings import AksSettings
from stacks.gke.settings import GkeSettings
from stacks.local.settings import LocalSettings
from stacks.settings import CloudSettings, Settings

#: What stands below services and add-ons; each is a stack of an environment in a cloud.
FOUNDATION = ("state", "registry", "artifacts", "identities", "cluster")


@dataclass(frozen=True)
class Note:
    """What only the program knows of a stack, and its configuration does not say.

    Attributes:
        says: What it is for, a sentence.
        links: To what its author or its cloud has of it.
    """

    says: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Known:
    """What a report is made from.

    Attributes:
        settings: Of the environment.
        estate: Its stacks.
        made_at: The present, in UTC.
        revision: What was synthesised, in words.
        policies: What they say.
        notes: By the stacks' ids.
        origins: Of images that this repo builds, by their references.
        changes: What a preview says.
    """

    settings: Settings
    estate: Estate
    made_at: datetime.datetime
    revision: str
    policies: Policies
    notes: Mapping[str, Note] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    changes: Changes | None = None


def gather(known: Known) -> Report:
    """All that the page says."""
    settings, estate = known.settings, known.estate
    found = _estimate(settings, estate)
    monthly = found.by_stack() if found else {}
    needs = {id_: direct_needs(estate, id_) for id_ in estate}
    ways_in = doors(estate)
    graph = {id_: sorted(stack.upstream & estate.keys()) for id_, stack in sorted(estate.items())}
    cloud = settings if isinstance(settings, CloudSettings) else None
    return Report(
        name=settings.name,
        place=_place(settings),
        made_at=known.made_at,
        revision=known.revision,
        stacks=tuple(
            _stack(known, estate[id_], needs, ways_in[id_], monthly) for id_ in TopologicalSorter(graph).static_order()
        ),
        estimate=found,
        cap=cloud.monthly_cap_usd if cloud else None,
        lease=lease_of(cloud) if cloud else None,
        suspended=settings.suspended,
        is_protected=cloud.is_protected if cloud else None,
        lifted=cloud.protection_lifted if cloud else None,
        policies=known.policies,
        changes=known.changes,
    )


def direct_needs(estate: Estate, id_: str) -> tuple[str, ...]:
    """What a stack stands on, without what another one that it stands on needs as well."""
    given = estate[id_].upstream & estate.keys()
    return tuple(sorted(given - upstream(estate, given)))


def kind_of(settings: Settings, id_: str) -> Kind:
    """What a stack is to people, by its name."""
    name = id_.removeprefix(settings.stack_id(""))
    if name in add_on_modules():
        return Kind.ADD_ON
    return Kind.FOUNDATION if isinstance(settings, CloudSettings) and name in FOUNDATION else Kind.SERVICE


def _stack(
    known: Known,
    stack: Stack,
    needs: Mapping[str, tuple[str, ...]],
    ways_in: tuple[Door, ...],
    monthly: Mapping[str, Range],
) -> StackFacts:
    note = known.notes.get(stack.id, Note())
    return StackFacts(
        id=stack.id,
        name=stack.id.removeprefix(known.settings.stack_id("")),
        kind=kind_of(known.settings, stack.id),
        says=note.says,
        needs=needs[stack.id],
        needed_by=tuple(id_ for id_, below in sorted(needs.items()) if stack.id in below),
        runs=tuple(contents.runs(stack)),
        resources=len(stack.resources),
        doors=ways_in,
        openings=openings_beside(stack),
        images=contents.images(stack, known.origins),
        charts=tuple(contents.charts(stack)),
        monthly=monthly.get(stack.id),
        links=(*contents.links(stack), *note.links),
        commands=tuple(contents.commands(stack)),
    )


def _estimate(settings: Settings, estate: Estate) -> Estimate | None:
    if not isinstance(settings, CloudSettings):
        return None
    resources = [each for stack in estate.values() for each in declared(stack.id, stack.configuration)]
    return estimate(as_billed(resources, settings), place_of(settings))


def _place(settings: Settings) -> tuple[str, ...]:
    match settings:
        case GkeSettings():
            return "GKE", settings.region, settings.project_id
        case AksSettings():
            return "AKS", settings.location, settings.subscription_id
        case LocalSettings():
            return "a cluster that is there already", settings.context
    return (settings.cloud,)
