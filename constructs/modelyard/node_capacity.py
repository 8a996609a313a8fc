"""What one node of the environment offers to pods, with the arithmetic to show to people."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NodeCapacity:
    """Allocatable resources of the largest node that a pod can land on.

    Attributes:
        machine_type: The cloud's word for it, for example `n1-standard-1`.
        cpu_millicores: What pods may request in all, in thousandths of a core.
        memory_mebibytes: What pods may request in all, in MiB.
        arithmetic: How these were derived, one sentence.
    """

    machine_type: str
    cpu_millicores: int
    memory_mebibytes: int
    arithmetic: str


def reserved(size: float, brackets: Sequence[tuple[float, float]]) -> float:
    """What a cloud keeps of a node for itself: the sum over brackets of (width, share kept of it)."""
    kept = 0.0
    for width, share in brackets:
        part = min(size, width)
        kept += part * share
        size -= part
    return kept
