"""Requests and limits of a container."""

from dataclasses import dataclass

from modelyard.errors import ConfigurationError
from modelyard.node_capacity import NodeCapacity
from modelyard.quantities import mebibytes, millicores


@dataclass(frozen=True, kw_only=True)
class Resources:
    """CPU and memory of one container, as Kubernetes quantities.

    Memory's limit equals its request: a pod that outgrows it is killed, not its neighbours.

    Attributes:
        cpu: Requested CPU, for example `250m`.
        memory: Requested memory and its limit, for example `512Mi`.
        cpu_limit: Where throttling begins; by default twice the request.
    """

    cpu: str
    memory: str
    cpu_limit: str | None = None

    def __post_init__(self) -> None:
        if self.cpu_limit is not None and millicores(self.cpu_limit) < millicores(self.cpu):
            raise ConfigurationError(
                f"resources: cpu_limit {self.cpu_limit} is below the request cpu = {self.cpu}",
                mend=f"write a cpu_limit of at least {self.cpu}, or leave it out for twice the request",
            )
        mebibytes(self.memory)

    @property
    def requests(self) -> dict[str, str]:
        """As Kubernetes takes them."""
        return {"cpu": self.cpu, "memory": self.memory}

    @property
    def limits(self) -> dict[str, str]:
        """As Kubernetes takes them."""
        return {"cpu": self.cpu_limit or f"{2 * millicores(self.cpu)}m", "memory": self.memory}

    def check_fits(self, node: NodeCapacity) -> None:
        """Refuses requests that no node can hold: such a pod would stay Pending for ever.

        Raises:
            ConfigurationError: With the sum.
        """
        wanted = [
            ("cpu", self.cpu, millicores(self.cpu), node.cpu_millicores, "m"),
            ("memory", self.memory, mebibytes(self.memory), node.memory_mebibytes, "Mi"),
        ]
        for key, given, needed, offered, unit in wanted:
            if needed > offered:
                raise ConfigurationError(
                    f"resources: {key} = {given} is more than any node offers: {needed}{unit} requested, "
                    f"{offered}{unit} allocatable on {node.machine_type} ({node.arithmetic})",
                    mend=f"request at most {offered}{unit}, or choose a larger machine_type for the environment",
                )
