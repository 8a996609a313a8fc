"""What resources are charged for, before anybody asks for the price."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costs.resources import Resource


@dataclass(frozen=True)
class Range:
    """From the least to the most; of a difference, how much each end moves.

    Attributes:
        low: What it is at least.
        high: What it is at most.
    """

    low: Decimal
    high: Decimal

    @classmethod
    def exactly(cls, number: Decimal | int) -> "Range":
        """Both ends the same."""
        return cls(Decimal(number), Decimal(number))

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Range") -> "Range":
        return Range(self.low - other.low, self.high - other.high)

    def __mul__(self, factor: Decimal | int) -> "Range":
        return Range(self.low * factor, self.high * factor)

    def at_most(self, limit: int) -> "Range":
        """With both ends no higher than the limit."""
        return Range(min(self.low, Decimal(limit)), min(self.high, Decimal(limit)))


NOTHING = Range.exactly(0)


@dataclass(frozen=True)
class Place:
    """Where an environment is.

    Attributes:
        provider: `google` or `azure`.
        region: Its name there.
    """

    provider: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A number of units of one item.

    Attributes:
        what: It, in words.
        item: The price's.
        quantity: Units: nodes, GB.
        region: Where, if not in the environment's region.
        discounted: The price's item at the low end, where a discount comes by itself.
    """

    what: str
    item: str
    quantity: Range
    region: str | None = None
    discounted: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Rules of a load balancer, of which the first ones of the whole environment have one price together.

    Attributes:
        pool: Whose rules they are, a key of `estimate.POOLS`.
        what: What they lead to.
        rules: How many.
    """

    pool: str
    what: str
    rules: int


@dataclass(frozen=True, kw_only=True)
class ByUse:
    """Billed by what passes or is kept, of which nothing is known beforehand: in no sum.

    Attributes:
        what: It, in words.
        item: The price's.
        region: Where, if not in the environment's region.
    """

    what: str
    item: str
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class NoPrice:
    """Billed, but nobody knows here how much.

    Attributes:
        what: It, in words.
        why: Why not.
    """

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class NotLookedInto:
    """A Helm chart of others: what it makes is not known here beyond its values.

    Attributes:
        chart: Its name.
    """

    chart: str


Finding = Charge | Shared | ByUse | NoPrice | NotLookedInto


@dataclass(frozen=True)
class Estate:
    """All resources of an environment.

    Attributes:
        place: Where it is.
        resources: Of all its stacks.
    """

    place: Place
    resources: Sequence[Resource]

    def of_type(self, *types: str, stack: str | None = None) -> list[Resource]:
        """Those of the types, in one stack or in all."""
        return [each for each in self.resources if each.type in types and stack in (None, each.stack)]
