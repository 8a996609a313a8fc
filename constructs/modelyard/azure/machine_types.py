"""What Azure's VM sizes offer to pods once AKS has taken its share.

Source: https://learn.microsoft.com/azure/aks/node-resource-reservations (reservation rules) and
https://learn.microsoft.com/azure/virtual-machines/sizes/overview (memory for each vCPU).
"""

import re

from modelyard.errors import ConfigurationError
from modelyard.node_capacity import NodeCapacity, reserved

# Memory in GiB for each vCPU of a family.
_GIBIBYTES_PER_VCPU = {"D": 4, "E": 8, "F": 2}
# Sizes whose names tell less: vCPUs and GiB.
_OTHERS = {
    "Standard_B2s": (2, 4),
    "Standard_B2ms": (2, 8),
    "Standard_B4ms": (4, 16),
    "Standard_B8ms": (8, 32),
    "Standard_D2_v2": (2, 7),
    "Standard_D3_v2": (4, 14),
    "Standard_D4_v2": (8, 28),
    "Standard_DS2_v2": (2, 7),
    "Standard_DS3_v2": (4, 14),
    "Standard_DS4_v2": (8, 28),
}
# The letters after the number: a is AMD, d a local disk, s premium storage; p, Arm, is not among them,
# since images are built for amd64.
_SIZE = re.compile(r"Standard_([DEF])(\d+)(a?d?s?)_v([2-6])")
_VCPUS = (2, 4, 8, 16, 32, 48, 64, 96)
_MEBIBYTES_PER_GIBIBYTE = 1024
_EVICTION_MEBIBYTES = 100
#: Pods on one node at most; below 50, checkov's CKV_AZURE_168 has a finding. AKS keeps memory for each.
MAX_PODS = 110


def node_capacity(machine_type: str) -> NodeCapacity:
    """Allocatable CPU and memory of a node, before the pods that AKS itself runs on it.

    Raises:
        ConfigurationError: A VM size that is not known here.
    """
    vcpus, gibibytes = _OTHERS.get(machine_type) or _by_name(machine_type)
    memory = gibibytes * _MEBIBYTES_PER_GIBIBYTE
    cpu = vcpus * 1000 - reserved(vcpus, [(1, 60), (1, 40), (2, 20), (float("inf"), 10)])
    kept = min(20 * MAX_PODS + 50, memory * 0.25)
    mebibytes = int(memory - kept - _EVICTION_MEBIBYTES)
    return NodeCapacity(
        machine_type=machine_type,
        cpu_millicores=int(cpu),
        memory_mebibytes=mebibytes,
        arithmetic=f"{vcpus * 1000}m less {vcpus * 1000 - cpu:.0f}m, {memory}Mi less {memory - mebibytes}Mi, "
        "which AKS reserves",
    )


def _by_name(machine_type: str) -> tuple[int, int]:
    """VCPUs and GiB."""
    match = _SIZE.fullmatch(machine_type)
    # Before version 3, D and E had other sizes, and F is in general use with version 2 only.
    if match is None or int(match[2]) not in _VCPUS or (match[1] == "F") != (match[4] == "2"):
        raise ConfigurationError(
            f"VM size {machine_type!r} is not known here",
            mend=f"write Standard_D2s_v5 or the like, with {', '.join(map(str, _VCPUS))} vCPUs of the families "
            f"{', '.join(_GIBIBYTES_PER_VCPU)}, or one of {', '.join(_OTHERS)}; "
            "others can be added to constructs/modelyard/azure/machine_types.py",
        )
    vcpus = int(match[2])
    return vcpus, vcpus * _GIBIBYTES_PER_VCPU[match[1]]
