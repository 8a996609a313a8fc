"""What a node offers to pods, and what pods ask of it."""

from dataclasses import dataclass

from modelyard.errors import ConfigurationError
from modelyard.gcp.machine_types import node_capacity


@dataclass(frozen=True)
class Capacity:
    """CPU in thousandths of a core and memory in MiB."""

    millicores: int
    memory_mib: int


def allocatable(machine_type: str) -> Capacity | None:
    """Gives what a GKE node of this type offers to pods, None for a type that is not known."""
    try:
        node = node_capacity(machine_type)
    except ConfigurationError:
        return None
    return Capacity(node.cpu_millicores, node.memory_mebibytes)
