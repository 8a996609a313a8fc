"""How much of what a cloud rations an environment needs at most, and whether there is so much left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from costs.charges import Charge, Shared
from costs.charges import Finding as Charged
from doctor.check import Finding, fail, ok


@dataclass
class Needs:
    """What is deployed at most, from what the bill counts.

    Attributes:
        machines: Nodes, by the machine's type and whether they are preemptible.
        disks: Units of each kind of disk: GB on Google Cloud, disks on Azure.
        addresses: Public addresses that are billed by themselves.
        rules: Rules of load balancers.
    """

    machines: dict[tuple[str, bool], int] = field(default_factory=dict)
    disks: dict[str, int] = field(default_factory=dict)
    addresses: int = 0
    rules: int = 0

    @classmethod
    def of(cls, charged: Iterable[Charged]) -> "Needs":
        """Those of an environment."""
        needs = cls()
        for each in charged:
            if isinstance(each, Shared):
                needs.rules += each.rules
            elif isinstance(each, Charge):
                needs._add(each.item.split("/"), each.quantity.high)
        return needs

    def _add(self, item: Sequence[str], most: Decimal) -> None:
        units = -int(-most // 1)
        if item[0] == "machine":
            key = (item[1], item[-1] == "spot")
            self.machines[key] = self.machines.get(key, 0) + units
        elif item[0] == "disk":
            self.disks[item[1]] = self.disks.get(item[1], 0) + units
        elif item[0] == "address":
            self.addresses += units


@dataclass(frozen=True)
class Quota:
    """One thing that is rationed.

    Attributes:
        name: The cloud's name for it, with the place.
        needed: By the environment, at most.
        limit: What there may be in all.
        used: What there is.
        own: What of this is the environment's already.
    """

    name: str
    needed: int
    limit: int
    used: int
    own: int = 0

    @property
    def short(self) -> int:
        """How much is missing; 0 or less when it is enough."""
        return self.needed - (self.limit - self.used) - min(self.own, self.needed)

    def __str__(self) -> str:
        own = f", {self.own} by this environment" if self.own else ""
        missing = f": {self.short} short" if self.short > 0 else ""
        return f"{self.name}: {self.needed} needed, limit {self.limit}, {self.used} in use{own}{missing}"


def verdict(quotas: Sequence[Quota], mend: str) -> Finding:
    """All quotas, a line each; those that are too small first, or alone."""
    short = [quota for quota in quotas if quota.short > 0]
    return fail("\n".join(map(str, short)), mend) if short else ok("\n".join(map(str, quotas)))
