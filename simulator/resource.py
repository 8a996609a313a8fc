"""What any resource type does in the simulated world; the providers' own types extend it."""

import hashlib
import uuid
from typing import Any

from simulator.planning import Steps
from simulator.schema import Attribute, Block, Type
from simulator.values import UNKNOWN, Value
from simulator.world import Scope, Values, World


class CloudError(Exception):
    """The cloud refuses; `summary` and `detail` are what Terraform shows."""

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail


class Resource:
    """A resource type that is kept as it was applied."""

    def __init__(self, type_name: str, block: Block) -> None:
        self.type_name = type_name
        self.block = block

    @property
    def stored_as(self) -> str:
        """Names the folder of the world that holds these resources."""
        return self.type_name

    def customize(self, planned: Values, prior: Values | None) -> None:
        """Changes the plan as the provider's own code does, beyond schema and traits; no `prior` is a new resource."""

    def replaced_for(self, planned: Values, prior: Values) -> list[Steps]:
        """Gives where this change forces a new resource only because of its values, which no recording shows."""
        return []

    def id(self, values: Values) -> str:
        """Gives the id of the resource with these values."""
        raise NotImplementedError

    def key(self, values: Values) -> str:
        """Gives the key in the world, for an id that does not tell one resource from all others."""
        return str(values["id"])

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the values that the cloud chooses, by schema path; they fill what is unknown in the plan."""
        return {}

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Raises CloudError if the resource can't be created or updated to these values."""

    def already_exists(self, values: Values) -> CloudError | None:
        """Gives the error for a resource that exists already, None where creating it again is no error."""
        raise NotImplementedError

    def settle(self, values: Values, scope: Scope, world: World) -> list[str]:
        """Waits for what was created or updated; gives warnings, raises CloudError if it never gets ready."""
        return []

    def touch(self, values: Values, scope: Scope, world: World) -> None:
        """Changes what the cloud changes with each update."""

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Raises CloudError if the resource can't be deleted."""

    def delete(self, values: Values, scope: Scope, world: World) -> None:
        """Removes the resource and what goes with it."""
        scope.delete(self.stored_as, self.key(values))

    def find(self, import_id: str, scope: Scope) -> Values | None:
        """Gives the resource that an import names."""
        return scope.get(self.stored_as, import_id)


def fill(block: Block, values: Value, computed: Values, seed: str, path: str = "") -> Value:
    """Replaces what is unknown: with `computed` (by schema path), else with a plain value of the right type."""
    filled = {}
    for name, attribute in block.attributes.items():
        value = values.get(name)
        here = path + name
        filled[name] = computed.get(here, _plain(name, attribute, seed)) if value is UNKNOWN else value
    for name, nested in block.nested.items():
        here = path + name
        value = values.get(name)
        if value is UNKNOWN:
            value = computed.get(here)
        if nested.is_attribute and value is None:
            filled[name] = None
        elif nested.nesting in ("list", "set"):
            ones = enumerate(value or [])
            filled[name] = [fill(nested.block, one, computed, f"{seed}/{here}/{i}", f"{here}.") for i, one in ones]
        elif nested.nesting == "map" and value is not None:
            filled[name] = {key: fill(nested.block, one, computed, seed, f"{here}.") for key, one in value.items()}
        else:
            filled[name] = None if value is None else fill(nested.block, value, computed, seed, f"{here}.")
    return filled


def conformed(block: Block, values: Values) -> Values:
    """Gives the values with just the attributes of another schema, as a data source has them."""
    plain = {name: _conformed(attribute.type, values.get(name)) for name, attribute in block.attributes.items()}
    blocks = {name: nested.block for name, nested in block.nested.items() if nested.nesting in ("list", "set")}
    # What is left is the block `timeouts`, which no data source here keeps.
    single = dict.fromkeys(block.nested.keys() - blocks.keys())
    return plain | single | {name: [conformed(one, v) for v in values.get(name) or []] for name, one in blocks.items()}


def _conformed(type_: Type, value: Value) -> Value:
    if value is None or isinstance(type_, str):
        return value
    kind, inner = type_
    if kind == "object":
        return {name: _conformed(one, value.get(name)) for name, one in inner.items()}
    if kind == "map":
        return {key: _conformed(inner, one) for key, one in value.items()}
    return [_conformed(inner, one) for one in value]


_EMPTY: dict[str, Any] = {"string": "", "number": 0, "bool": False, "list": [], "set": [], "map": {}}


def _plain(name: str, attribute: Attribute, seed: str) -> Value:
    kind = attribute.type if isinstance(attribute.type, str) else attribute.type[0]
    if kind != "string" or attribute.optional:
        return _EMPTY.get(kind)
    if "time" in name:
        return "2026-01-01T00:00:00Z"
    if name.startswith("uid") or name.endswith("_uid"):
        return stable_uuid(seed, name)
    return digest(seed, name)[:12]


def digest(*parts: str) -> str:
    """Gives hexadecimal digits that are always the same for the same parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stable_uuid(*parts: str) -> str:
    """Gives a UUID that is always the same for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(parts)))


def stable_number(*parts: str, digits: int = 12) -> int:
    """Gives a number of so many digits that is always the same for the same parts."""
    lowest = int(10 ** (digits - 1))
    return lowest + int(digest(*parts), 16) % (9 * lowest)
