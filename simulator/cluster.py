"""What the simulated Kubernetes needs to know of a cluster; each cloud has a class of its own for its clusters."""

import base64
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from modelyard.errors import ConfigurationError
from modelyard.node_capacity import NodeCapacity

from simulator.resource import digest
from simulator.world import Scope, Values


@dataclass(frozen=True)
class Capacity:
    """CPU in thousandths of a core and memory in MiB."""

    millicores: int
    memory_mib: int


@dataclass(frozen=True)
class Taint:
    """Keeps pods without toleration away; the effect is NoSchedule, NoExecute or PreferNoSchedule."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class Pool:
    """A node pool at its largest size; `capacity` is what one node offers to pods, None if that is not known."""

    machine_type: str
    capacity: Capacity | None
    nodes: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]


class Cluster(ABC):
    """A cluster of a cloud, from the values of its resource and all that its cloud holds."""

    # Where addresses of Services come from: those in the cluster, and those of load balancers inside the network.
    service_range: ClassVar[str]
    internal_range: ClassVar[str]
    # The storage class of claims that name none.
    storage_class: ClassVar[str]
    # Annotations that keep a load balancer inside the network; one of them is enough.
    internal_annotations: ClassVar[Mapping[str, str]]

    def __init__(self, values: Values, cloud: Scope) -> None:
        self.values = values
        self.cloud = cloud

    @property
    @abstractmethod
    def host(self) -> str:
        """Gives the host name or address of its API server."""

    @property
    def has_room_for_all(self) -> bool:
        """Says whether the cloud adds a fitting node for whatever pod there is."""
        return False

    @abstractmethod
    def pools(self) -> list[Pool]:
        """Gives its node pools."""

    @abstractmethod
    def knows_registry(self, image: str) -> bool:
        """Says whether the world knows what is in the image's registry."""

    @abstractmethod
    def pull_refusal(self, image: str) -> str | None:
        """Gives why nodes may not pull from this known registry, None if they may."""


def certificate(id_: str) -> str:
    """Gives text in the form of a cluster's certificate, base64 twice as clouds give it; it certifies nothing."""
    body = base64.b64encode(bytes.fromhex(digest(id_, "certificate")) * 24).decode()
    lines = "\n".join(textwrap.wrap(body, 64))
    return base64.b64encode(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n".encode()).decode()


def capacity_of(machine_type: str, table: Callable[[str], NodeCapacity]) -> Capacity | None:
    """Gives what a node of this type offers to pods by a cloud's table, None for a type that is not in it."""
    try:
        node = table(machine_type)
    except ConfigurationError:
        return None
    return Capacity(node.cpu_millicores, node.memory_mebibytes)
