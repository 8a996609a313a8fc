"""Kubernetes quantities: `250m` of CPU, `1Gi` of memory.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import re
from decimal import Decimal

from modelyard.errors import ConfigurationError

_SUFFIXES = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([a-zA-Z]*)")


def _parse(quantity: str) -> Decimal:
    match = _QUANTITY.fullmatch(quantity)
    if match is None or match[2] not in _SUFFIXES:
        raise ConfigurationError(
            f"{quantity!r} is not a Kubernetes quantity",
            mend="write a number and a suffix as m, M, G, Mi, Gi or none, for example 250m or 1Gi",
        )
    return Decimal(match[1]) * _SUFFIXES[match[2]]


def millicores(cpu: str) -> int:
    """CPU in thousandths of a core: `250m` is 250, `1.5` is 1500. Raises ConfigurationError."""
    return int((_parse(cpu) * 1000).to_integral_value(rounding="ROUND_CEILING"))


def mebibytes(memory: str) -> int:
    """Memory in MiB, rounded up: `1Gi` is 1024. Raises ConfigurationError."""
    return int((_parse(memory) / 2**20).to_integral_value(rounding="ROUND_CEILING"))
