"""What leftovers on Google Cloud cost a month, from the price book."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from costs.charges import NOTHING, Range
from costs.prices import load
from leftovers import google_kinds as kinds
from leftovers.google_kinds import Kind, Thing

_FIRST_RULES: Final = 5


def priced(things: Sequence[Thing], region: str) -> dict[str, Range | None]:
    """USD a month of each, by its path; None where the book has no price.

    The first five forwarding rules of a project have one price together: it stands with the first, as if the project
    had no others.
    """
    prices: dict[str, Range | None] = {}
    rules = 0
    for each in things:
        if each.kind == kinds.FORWARDING_RULE:
            rules += 1
            prices[each.path] = _rule(rules, region)
        else:
            price = _PRICES.get(each.kind)
            prices[each.path] = price(each, region) if price else NOTHING
    return prices


def _rule(number: int, region: str) -> Range | None:
    if number == 1:
        return _monthly(region, "forwarding-rules/first-5")
    return NOTHING if number <= _FIRST_RULES else _monthly(region, "forwarding-rules/further")


def _disk(disk: Thing, region: str) -> Range | None:
    kind = str(disk.resource.get("type", "")).rpartition("/")[2]
    regional = "/regional" if disk.path.split("/")[2] == "regions" else ""
    return _monthly(region, f"disk/{kind}{regional}", _gigabytes(disk, "sizeGb"))


def _snapshot(snapshot: Thing, region: str) -> Range | None:
    # Billed is what it holds, which it says in bytes once it is ready.
    held = Decimal(str(snapshot.resource.get("storageBytes") or 0)) / 2**30
    return _monthly(region, "snapshot", held or _gigabytes(snapshot, "diskSizeGb"))


def _address(address: Thing, region: str) -> Range | None:
    if address.resource.get("addressType") == "INTERNAL":
        return NOTHING
    # On a forwarding rule it is in the rule's price; on a node, it is not.
    if address.resource.get("status") != "IN_USE":
        return _monthly(region, "address/unused")
    users = address.refers("users")
    return _monthly(region, "address/standard-node") if any("/instances/" in each for each in users) else NOTHING


def _instance(instance: Thing, region: str) -> Range | None:
    if instance.resource.get("status") == "TERMINATED":
        return NOTHING
    machine = str(instance.resource.get("machineType", "")).rpartition("/")[2]
    scheduling: Mapping[str, object] = instance.resource.get("scheduling") or {}
    is_spot = scheduling.get("preemptible") or scheduling.get("provisioningModel") == "SPOT"
    return _monthly(region, f"machine/{machine}/spot" if is_spot else f"machine/{machine}")


def _gigabytes(thing: Thing, key: str) -> Decimal:
    return Decimal(str(thing.resource.get(key) or 0))


def _monthly(region: str, item: str, quantity: Decimal = Decimal(1)) -> Range | None:
    price = load().find("google", region, item)
    return Range.exactly(price.monthly * quantity) if price else None


_PRICES: Final[Mapping[Kind, Callable[[Thing, str], Range | None]]] = {
    kinds.DISK: _disk,
    kinds.SNAPSHOT: _snapshot,
    kinds.ADDRESS: _address,
    kinds.INSTANCE: _instance,
}
