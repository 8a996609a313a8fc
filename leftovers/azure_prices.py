"""What leftovers on Azure cost a month, from the price book."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from costs.azure import disk_item
from costs.charges import NOTHING, Range
from costs.prices import load
from costs.resources import NotKnownError
from leftovers import azure_kinds as kinds
from leftovers.azure_kinds import Kind

Body = Mapping[str, Any]

_FIRST_RULES: Final = 5
_DISKS: Final = {"StandardSSD_LRS": "standard-ssd", "Premium_LRS": "premium-ssd"}
# Billed by what they keep or pass, or not in the book.
_UNPRICED: Final = {kinds.WORKSPACE, kinds.PRIVATE_ENDPOINT, kinds.NAT_GATEWAY}


def priced(kind: Kind, body: Body, location: str) -> Range | None:
    """USD a month; None where the book has no price.

    Args:
        kind: What it is.
        body: As Azure gives it; with its properties, for the kinds in `READ`.
        location: Where it is.
    """
    if kind in _UNPRICED:
        return None
    price = _PRICES.get(kind)
    return price(body, location) if price else NOTHING


def _disk(body: Body, location: str) -> Range | None:
    size = Decimal(str(body["properties"].get("diskSizeGB") or 0))
    known = _DISKS.get(_sku(body))
    if known is None:
        return None
    try:
        return _monthly(location, disk_item(known, size))
    except NotKnownError:
        return None


def _snapshot(body: Body, location: str) -> Range | None:
    # Billed is what it holds, which Azure does not say: at most all of the disk.
    size = Decimal(str(body["properties"].get("diskSizeGB") or 0))
    most = _monthly(location, f"snapshot/{_sku(body)}", size)
    return Range(Decimal(0), most.high) if most else None


def _address(body: Body, location: str) -> Range | None:
    return _monthly(location, "address/standard") if _sku(body) == "Standard" else None


def _load_balancer(body: Body, location: str) -> Range | None:
    if _sku(body) != "Standard":
        return None
    properties = body["properties"]
    rules = len(properties.get("loadBalancingRules") or ()) + len(properties.get("outboundRules") or ())
    if not rules:
        return NOTHING
    first = _monthly(location, "load-balancer/first-5-rules")
    further = _monthly(location, "load-balancer/further-rule", Decimal(max(rules - _FIRST_RULES, 0)))
    return first + further if first and further else None


def _scale_set(body: Body, location: str) -> Range | None:
    return _monthly(location, f"machine/{_sku(body)}", Decimal(str(body["sku"].get("capacity") or 0)))


def _machine(body: Body, location: str) -> Range | None:
    size = (body["properties"].get("hardwareProfile") or {}).get("vmSize")
    return _monthly(location, f"machine/{size}")


def _sku(body: Body) -> str:
    return str((body.get("sku") or {}).get("name") or "")


def _monthly(location: str, item: str, quantity: Decimal = Decimal(1)) -> Range | None:
    price = load().find("azure", location.lower().replace(" ", ""), item)
    return Range.exactly(price.monthly * quantity) if price else None


_PRICES: Final[Mapping[Kind, Callable[[Body, str], Range | None]]] = {
    kinds.DISK: _disk,
    kinds.SNAPSHOT: _snapshot,
    kinds.ADDRESS: _address,
    kinds.LOAD_BALANCER: _load_balancer,
    kinds.SCALE_SET: _scale_set,
    kinds.MACHINE: _machine,
}
#: Kinds whose price is in their properties, which no listing has.
READ: Final = {kinds.DISK, kinds.SNAPSHOT, kinds.LOAD_BALANCER, kinds.MACHINE}
