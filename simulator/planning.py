"""Plans a change as the providers' SDK does: configuration first, then defaults, then what was there before."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from simulator.schema import Attribute, Block, Nested
from simulator.traits import Traits
from simulator.values import UNKNOWN, Value

# Where a value stands: names of arguments, positions in lists, keys of maps.
Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Planner:
    """Plans one resource; `creating` makes computed values unknown that an update would keep."""

    traits: Traits
    creating: bool

    def block(self, block: Block, config: Value, prior: Value, path: str = "") -> Value:
        """Gives the planned value of a block from its configuration and its prior value (None for none)."""
        prior = prior or {}
        planned = {
            name: self._attribute(attribute, config.get(name), prior.get(name), path + name)
            for name, attribute in block.attributes.items()
        }
        for name, nested in block.nested.items():
            given = None if nested.write_only else config.get(name)
            planned[name] = self._nested(nested, given, prior.get(name), path + name)
        return planned

    def _attribute(self, attribute: Attribute, config: Value, prior: Value, path: str) -> Value:
        if attribute.write_only:
            return None
        if config is not None:
            return config
        if path in self.traits.defaults:
            return self.traits.defaults[path]
        if attribute.computed:
            return UNKNOWN if self.creating else prior
        # The SDK does not tell an empty value from none.
        return prior if prior in ("", [], {}) else None

    def _nested(self, nested: Nested, config: Value, prior: Value, path: str) -> Value:
        if not config and (nested.computed or path in self.traits.computed_blocks):
            return UNKNOWN if self.creating else prior
        if config is UNKNOWN or config is None:
            return config
        block, inner = nested.block, f"{path}."
        if isinstance(config, list):
            priors = prior if isinstance(prior, list) else []
            if nested.nesting == "set":
                return [self._set_element(nested, one, priors, path) for one in config]
            return [self.block(block, one, before, inner) for one, before in zip_longest(config, priors[: len(config)])]
        if nested.nesting == "map":
            return {key: self.block(block, one, (prior or {}).get(key), inner) for key, one in config.items()}
        return self.block(block, config, prior, inner)

    def _set_element(self, nested: Nested, config: Value, priors: list[Value], path: str) -> Value:
        for prior in priors:
            planned = self.block(nested.block, config, prior, path + ".")
            if same(nested, [planned], [prior]):
                return planned
        return self.block(nested.block, config, None, path + ".")


_EMPTY: Final = {"string": "", "number": 0, "bool": False}


def empty_instead_of_null(block: Block, planned: Value) -> Value:
    """Gives what the SDK makes of nulls inside of the blocks of a resource that it updates."""
    return planned | {
        name: [_without_nulls(nested.block, one) for one in planned[name]]
        for name, nested in block.nested.items()
        if nested.nesting in ("list", "set") and not nested.is_attribute and isinstance(planned[name], list)
    }


def _without_nulls(block: Block, planned: Value) -> Value:
    filled = {}
    for name, attribute in block.attributes.items():
        value = planned[name]
        is_list = isinstance(attribute.type, list) and attribute.type[0] in ("list", "set")
        if value is None and not attribute.computed:
            value = [] if is_list else _EMPTY.get(str(attribute.type))
        filled[name] = value
    return empty_instead_of_null(block, planned) | filled


def same(schema: Attribute | Nested, one: Value, other: Value) -> bool:
    """Says whether two values of one attribute or nested block are equal; sets have no order."""
    return bool(_comparable(schema, one) == _comparable(schema, other))


def _comparable(schema: Attribute | Nested, value: Value) -> Value:
    if value is None or value is UNKNOWN:
        return value
    if isinstance(schema, Attribute):
        is_set = isinstance(schema.type, list) and schema.type[0] == "set"
        return sorted(value, key=repr) if is_set else value
    if isinstance(value, list):
        elements = [_comparable_block(schema.block, one) for one in value]
        return sorted(elements, key=repr) if schema.nesting == "set" else elements
    if schema.nesting == "map":
        return {key: _comparable_block(schema.block, one) for key, one in value.items()}
    return _comparable_block(schema.block, value)


def _comparable_block(block: Block, value: Value) -> Value:
    schemas: dict[str, Attribute | Nested] = {**block.attributes, **block.nested}
    return {name: _comparable(schema, (value or {}).get(name)) for name, schema in sorted(schemas.items())}


def replacing_paths(block: Block, traits: Traits, planned: Value, prior: Value) -> list[Steps]:
    """Gives where the planned change forces a new resource."""
    return [steps for steps, path in _changes(block, planned, prior, (), "") if path in traits.replace]


def _changes(block: Block, planned: Value, prior: Value, steps: Steps, path: str) -> Iterator[tuple[Steps, str]]:
    planned, prior = planned or {}, prior or {}
    for name, attribute in block.attributes.items():
        if not same(attribute, planned.get(name), prior.get(name)):
            yield (*steps, name), path + name
    for name, nested in block.nested.items():
        now, before = planned.get(name), prior.get(name)
        if same(nested, now, before):
            continue
        here = (*steps, name)
        counts = [len(value) if isinstance(value, list) else value is not None for value in (now, before)]
        if now is UNKNOWN or nested.nesting == "set" or counts[0] != counts[1]:
            yield here, path + name
        if nested.nesting == "list" and now is not UNKNOWN:
            now, before = now or [], before or []
            for i in range(max(len(now), len(before))):
                one, other = (values[i] if i < len(values) else None for values in (now, before))
                yield from _changes(nested.block, one, other, (*here, i), f"{path}{name}.")
        elif nested.nesting in ("single", "group"):
            yield from _changes(nested.block, now, before, here, f"{path}{name}.")
