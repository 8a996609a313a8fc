"""What Google's machine types offer to pods once GKE has taken its share.

Source: https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes (reservation rules) and
https://cloud.google.com/compute/docs/general-purpose-machines (GB of memory for each vCPU).
"""

import re

from modelyard.errors import ConfigurationError
from modelyard.node_capacity import NodeCapacity, reserved

# Memory in MiB for each vCPU of a family and class.
_MEBIBYTES_PER_VCPU = {
    "n1-standard": 3840,
    "n1-highmem": 6656,
    "n1-highcpu": 921.6,
    "n2-standard": 4096,
    "n2-highmem": 8192,
    "n2-highcpu": 1024,
    "n2d-standard": 4096,
    "n2d-highmem": 8192,
    "e2-standard": 4096,
    "e2-highmem": 8192,
    "e2-highcpu": 1024,
    "c3-standard": 4096,
    "n4-standard": 4096,
}
# Machines that share cores: vCPUs, MiB, and the CPU that they offer, which GKE states instead of a rule.
_SHARED_CORE = {"e2-small": (2, 2048, 940), "e2-medium": (2, 4096, 940)}
_MACHINE_TYPE = re.compile(r"([a-z][a-z0-9]+-[a-z]+)-(\d+)")
_GIBIBYTE = 1024
_EVICTION_MEBIBYTES = 100


def node_capacity(machine_type: str) -> NodeCapacity:
    """Allocatable CPU and memory of a node, before the DaemonSets that GKE itself runs on it.

    Raises:
        ConfigurationError: A machine type that is not in the table.
    """
    vcpus, memory, cpu = _SHARED_CORE.get(machine_type) or _dedicated(machine_type)
    kept = reserved(
        memory,
        [
            (4 * _GIBIBYTE, 0.25),
            (4 * _GIBIBYTE, 0.20),
            (8 * _GIBIBYTE, 0.10),
            (112 * _GIBIBYTE, 0.06),
            (float("inf"), 0.02),
        ],
    )
    mebibytes = int(memory - kept - _EVICTION_MEBIBYTES)
    return NodeCapacity(
        machine_type=machine_type,
        cpu_millicores=cpu,
        memory_mebibytes=mebibytes,
        arithmetic=f"{vcpus * 1000}m less {vcpus * 1000 - cpu}m, {memory:.0f}Mi less {memory - mebibytes:.0f}Mi, "
        "which GKE reserves",
    )


def _dedicated(machine_type: str) -> tuple[int, float, int]:
    """VCPUs, MiB, and the CPU that is left to pods."""
    match = _MACHINE_TYPE.fullmatch(machine_type)
    if match is None or match[1] not in _MEBIBYTES_PER_VCPU or int(match[2]) < 1:
        known = [*_SHARED_CORE, *(f"{family}-N" for family in sorted(_MEBIBYTES_PER_VCPU))]
        raise ConfigurationError(
            f"machine type {machine_type!r} is not known here",
            mend=f"write one of {', '.join(known)}, or add its family to constructs/modelyard/gcp/machine_types.py",
        )
    vcpus = int(match[2])
    kept = reserved(vcpus * 1000, [(1000, 0.06), (1000, 0.01), (2000, 0.005), (float("inf"), 0.0025)])
    return vcpus, vcpus * _MEBIBYTES_PER_VCPU[match[1]], int(vcpus * 1000 - kept)
