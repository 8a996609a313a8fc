"""Which stacks of an environment go together, and in which order."""

from collections.abc import Collection
from dataclasses import dataclass

from estate.stacks import Estate, downstream
from stacks.settings import CloudSettings, Settings


@dataclass(frozen=True)
class Phases:
    """Stacks by when they go; each part holds ids, and is empty where there are none.

    Attributes:
        workloads: Services and add-ons: all that stands on the cluster.
        cluster: What costs most.
        stores: Registry, artifacts, identities.
        state: The state store, in which the states of all others are.
    """

    workloads: frozenset[str]
    cluster: frozenset[str]
    stores: frozenset[str]
    state: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every stack."""
        return self.workloads | self.cluster | self.stores | self.state


def phases(settings: Settings, estate: Estate) -> Phases:
    """Those of an environment; on a cluster that is there already, all stacks are workloads."""
    ids = frozenset(estate)
    if not isinstance(settings, CloudSettings):
        return Phases(ids, frozenset(), frozenset(), frozenset())
    cluster, state = settings.stack_id("cluster"), settings.stack_id("state")
    workloads = frozenset(downstream(estate, cluster))
    return Phases(
        workloads=workloads,
        cluster=_those({cluster}, ids),
        stores=ids - workloads - {cluster, state},
        state=_those({state}, ids),
    )


def _those(wanted: Collection[str], ids: frozenset[str]) -> frozenset[str]:
    return frozenset(wanted) & ids
