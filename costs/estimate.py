"""The estimate of an environment: what each resource is charged for, at the prices of the book."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costs import azure, google, kubernetes
from costs.charges import NOTHING, ByUse, Charge, Estate, Finding, NoPrice, NotLookedInto, Place, Range, Shared
from costs.prices import Price, PriceBook, load
from costs.releases import manifest, release
from costs.resources import NotKnownError, Resource

#: In the place of a stack's id, for what all stacks of an environment pay together.
SHARED = "shared"
# The first rules have one price together, however few they are: the items of that and of each further one.
_FIRST_RULES = 5
_CENT = Decimal("0.01")
POOLS = {
    kubernetes.FORWARDING: ("forwarding-rules/first-5", "forwarding-rules/further"),
    azure.PUBLIC: ("load-balancer/first-5-rules", "load-balancer/further-rule"),
    kubernetes.INTERNAL: ("load-balancer/first-5-rules", "load-balancer/further-rule"),
}
_FREE = google.FREE | azure.FREE
_ADAPTERS: dict[str, Callable[[Resource, Estate], Iterator[Finding]]] = {
    **google.ADAPTERS,
    **azure.ADAPTERS,
    **kubernetes.ADAPTERS,
    "helm_release": release,
    "kubernetes_manifest": manifest,
}


@dataclass(frozen=True)
class Line:
    """What one resource costs for one item.

    Attributes:
        stack: The stack's id, or `SHARED`.
        address: The resource's in the stack; empty for what is shared.
        what: It, in words.
        quantity: Units of the price.
        price: The row of the book.
        low_price: The one for the low end, where that has a discount.
        monthly: USD.
    """

    stack: str
    address: str
    what: str
    quantity: Range
    price: Price
    low_price: Price
    monthly: Range


@dataclass(frozen=True, order=True)
class Unpriced:
    """What is billed and not in the sum.

    Attributes:
        stack: The stack's id, or `SHARED`.
        address: The resource's in the stack; empty for what is shared.
        what: It, in words.
        why: Why there is no price.
    """

    stack: str
    address: str
    what: str
    why: str


@dataclass(frozen=True)
class Rate:
    """What is billed by use, and in no sum.

    Attributes:
        what: It, in words.
        price: Of one unit.
    """

    what: str
    price: Price


@dataclass(frozen=True)
class Estimate:
    """What an environment costs a month of 730 hours, in USD at list prices.

    Attributes:
        place: Where it is.
        lines: What is in the sum.
        unpriced: What is not, though it costs something.
        by_use: What is billed by use.
        charts: Helm charts of others, in which nobody looked.
    """

    place: Place
    lines: tuple[Line, ...]
    unpriced: tuple[Unpriced, ...]
    by_use: tuple[Rate, ...]
    charts: tuple[str, ...]

    @property
    def monthly(self) -> Range:
        """The sum: from the fewest nodes and the least use to the most."""
        return sum((line.monthly for line in self.lines), NOTHING)

    @property
    def oldest(self) -> Price | None:
        """The price that was read longest ago, of those in the sum."""
        return min(self._prices, key=lambda price: (price.date, price.item), default=None)

    def old(self, today: datetime.date) -> list[Price]:
        """The prices in the sum that were read more than a year ago, each once."""
        return sorted((price for price in self._prices if price.is_old(today)), key=lambda price: price.item)

    @property
    def _prices(self) -> set[Price]:
        return {price for line in self.lines for price in (line.price, line.low_price)}

    def by_stack(self) -> dict[str, Range]:
        """The sum of each stack that has a line."""
        sums: dict[str, Range] = {}
        for line in self.lines:
            sums[line.stack] = sums.get(line.stack, NOTHING) + line.monthly
        return sums


def estimate(resources: Sequence[Resource], place: Place, book: PriceBook | None = None) -> Estimate:
    """What an environment costs a month.

    Args:
        resources: Of all its stacks: of some things, the first ones have one price together.
        place: Where it is; a resource that says itself where it is, counts there.
        book: The prices, by default those of this repo.
    """
    reckoning = _Reckoning(place, book or load())
    estate = Estate(place, resources)
    for resource in resources:
        reckoning.add(resource, _findings(resource, estate))
    reckoning.add_shared()
    return reckoning.estimate()


def charges(resources: Sequence[Resource], place: Place) -> Iterator[Finding]:
    """What the resources of an environment are charged for, whatever the price: how many of what there may be."""
    estate = Estate(place, resources)
    for resource in resources:
        yield from _findings(resource, estate)


def _findings(resource: Resource, estate: Estate) -> Iterator[Finding]:
    if not resource.is_counted:
        yield NoPrice(what=resource.type, why="how many there are is not known")
        return
    adapter = _ADAPTERS.get(resource.type)
    if adapter is None:
        if resource.type not in _FREE and not resource.type.startswith("kubernetes_"):
            yield NoPrice(what=resource.type, why="this type is not known here")
        return
    try:
        yield from adapter(resource, estate)
    except NotKnownError as error:
        yield NoPrice(what=f"{resource.type} {resource.name}", why=f"{error} is not known before the apply")


class _Reckoning:
    """Collects lines, and what has none."""

    def __init__(self, place: Place, book: PriceBook) -> None:
        self._place, self._book = place, book
        self._lines: list[Line] = []
        self._unpriced: list[Unpriced] = []
        self._rates: dict[Rate, None] = {}
        self._charts: set[str] = set()
        self._rules: dict[str, list[Shared]] = {}

    def add(self, resource: Resource, findings: Iterable[Finding]) -> None:
        """What was found of a resource."""
        for finding in findings:
            match finding:
                case Charge():
                    self._add_charge(resource.stack, resource.address, finding)
                case Shared():
                    self._rules.setdefault(finding.pool, []).append(finding)
                case ByUse():
                    self._add_rate(resource, finding)
                case NoPrice():
                    self._unpriced.append(Unpriced(resource.stack, resource.address, finding.what, finding.why))
                case NotLookedInto():
                    self._charts.add(finding.chart)

    def add_shared(self) -> None:
        """The rules of load balancers, once all are known."""
        for pool, members in sorted(self._rules.items()):
            first, further = POOLS[pool]
            count = sum(member.rules for member in members)
            names = ", ".join(sorted(member.what for member in members))
            together = Charge(
                what=f"{pool}, the first {_FIRST_RULES} together ({count} in all: {names})",
                item=first,
                quantity=Range.exactly(1),
            )
            self._add_charge(SHARED, "", together)
            if count > _FIRST_RULES:
                more = Range.exactly(count - _FIRST_RULES)
                self._add_charge(SHARED, "", Charge(what=f"{pool}, further rules", item=further, quantity=more))

    def estimate(self) -> Estimate:
        """All of it, in an order that does not depend on the resources'."""
        lines = sorted(self._lines, key=lambda line: (line.stack == SHARED, line.stack, line.address, line.what))
        rates = sorted(self._rates, key=lambda rate: (rate.what, rate.price.region))
        return Estimate(
            self._place, tuple(lines), tuple(sorted(self._unpriced)), tuple(rates), tuple(sorted(self._charts))
        )

    def _add_charge(self, stack: str, address: str, charge: Charge) -> None:
        price = self._find(charge.item, charge.region)
        if price is None:
            why = f"no price of {charge.item} in {charge.region or self._place.region}"
            self._unpriced.append(Unpriced(stack, address, charge.what, why))
            return
        low_price = (charge.discounted and self._find(charge.discounted, charge.region)) or price
        low, high = charge.quantity.low * low_price.monthly, charge.quantity.high * price.monthly
        monthly = Range(low.quantize(_CENT), high.quantize(_CENT))
        self._lines.append(Line(stack, address, charge.what, charge.quantity, price, low_price, monthly))

    def _add_rate(self, resource: Resource, use: ByUse) -> None:
        price = self._find(use.item, use.region)
        if price is None:
            why = f"no price of {use.item} in {use.region or self._place.region}"
            self._unpriced.append(Unpriced(resource.stack, resource.address, use.what, why))
        else:
            self._rates[Rate(use.what, price)] = None

    def _find(self, item: str, region: str | None) -> Price | None:
        return self._book.find(self._place.provider, region or self._place.region, item)
