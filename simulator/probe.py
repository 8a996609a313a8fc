"""Finds a resource type's traits by asking the real provider for plans of made-up resources."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from simulator.real_provider import Plan, RealProvider, RealProviderError
from simulator.schema import Block, Type
from simulator.values import UNKNOWN, Value

# Arguments without which the provider refuses to plan, or for which it looks around.
_NEEDED: Final[dict[str, dict[str, Value]]] = {
    # Other tiers refuse most arguments.
    "azurerm_container_registry": {"sku": "Premium"},
    # What replaces a container depends on the kind of its id.
    "azurerm_storage_container": {"id": "/subscriptions/", "storage_account_name": None},
    "google_compute_firewall": {"source_ranges": ["10.0.0.0/8"]},
    "helm_release": {
        "chart": str(Path(__file__).parent / "recorded" / "empty_chart"),
        "version": "0.1.0",
        "repository": None,
        "values": None,
        "verify": None,
    },
}
# What a provider's configuration may set for all resources. The provider to probe has each set to its own name.
PROVIDER_DEFAULTS: Final = ("project", "region", "zone")
# The protocol of providers made with Terraform's newer framework.
_FRAMEWORK: Final = 6
_NUMBERS: Final = {"a": 1, "b": 2}

# Says whether the block at a schema path is present in an example.
Present = Callable[[str], bool]


class Probe:
    """Asks about one resource type."""

    def __init__(self, provider: RealProvider, type_name: str, block: Block) -> None:
        self._provider = provider
        self._type_name = type_name
        self._block = block
        self._paths = list(_nested_paths(block))
        self._defaults: dict[str, Value] = {}
        self._configured: dict[str, str] = {}
        self._computed_blocks: set[str] = set()
        self._replace: set[str] = set()
        # How many plans the provider refused even for one block or one argument.
        self.refused = 0

    def traits(self) -> dict[str, Any]:
        """Gives the traits in the form of the traits file."""
        for depth in range(2 + max((path.count(".") for path in self._paths), default=-1)):
            if not self._learn_omissions(_down_to(depth)):
                for target in [path for path in self._paths if path.count(".") == depth - 1]:
                    self.refused += not self._learn_omissions(_chain(target))
        if not self._learn_replacements(_everywhere):
            for path in _leaf_paths(self._block):
                self.refused += not self._learn_replacements(_chain(path.rpartition(".")[0]), path)
        if not self._learn_additions(_everywhere):
            for path in self._paths:
                self.refused += not self._learn_additions(_chain(path))
        return {
            "defaults": dict(sorted(self._defaults.items())),
            "configured": dict(sorted(self._configured.items())),
            "computed_blocks": sorted(self._computed_blocks),
            "replace": sorted(self._replace - {"id"}),
        }

    def _example(self, text: str, present: Present, *, only_required: bool = False, twice: bool = False) -> Value:
        example = _example(self._block, text, present, only_required=only_required, twice=twice)
        return example | _NEEDED.get(self._type_name, {})

    def _plan(self, prior: Value, config: Value) -> Plan | None:
        proposed = config if prior is None else _with_computed(self._block, config, prior)
        try:
            return self._provider.plan(self._type_name, prior=prior, config=config, proposed=proposed)
        except RealProviderError:
            return None

    def _learn_omissions(self, present: Present) -> bool:
        """Plans a new resource with the required arguments only, to see what becomes of the others."""
        config = self._example("a", present, only_required=True)
        plan = self._plan(None, config)
        if plan:
            self._compare(self._block, plan.planned, config, "")
        return plan is not None

    def _compare(self, block: Block, planned: Value, config: Value, path: str) -> None:
        for name, attribute in block.attributes.items():
            if config[name] is not None or planned[name] in (None, UNKNOWN) or not attribute.optional:
                continue
            if not attribute.computed or self._provider.protocol_version == _FRAMEWORK:
                self._defaults[path + name] = planned[name]
            elif planned[name] in PROVIDER_DEFAULTS:
                self._configured[path + name] = planned[name]
        for name in block.nested:
            if not config[name] and planned[name] is UNKNOWN:
                self._computed_blocks.add(path + name)
            inner, given = _first(planned[name]), _first(config[name])
            if isinstance(inner, dict) and given:
                self._compare(block.nested[name].block, inner, given, f"{path}{name}.")

    def _learn_replacements(self, present: Present, only: str | None = None) -> bool:
        """Plans a change of every argument, or of one, and back: what replaces one way only hangs on other values."""
        found = []
        for before_text, after_text in ("ab", "ba"):
            before, after = self._example(before_text, present), self._example(after_text, present)
            if only:
                after = _changed_at(before, after, only.split("."))
            plan = self._plan(before, _without_computed(self._block, after))
            if plan:
                found.append(set(plan.requires_replace))
        if found:
            self._replace |= set.intersection(*found)
        return bool(found)

    def _learn_additions(self, present: Present) -> bool:
        """Plans blocks that come twice instead of once."""
        after = self._example("b", present, twice=True)
        plan = self._plan(self._example("b", present), _without_computed(self._block, after))
        if plan:
            self._replace |= set(plan.requires_replace)
        return plan is not None


def _everywhere(_path: str) -> bool:
    return True


def _down_to(depth: int) -> Present:
    """Lets blocks be present above a depth only."""
    return lambda path: path.count(".") < depth


def _chain(target: str) -> Present:
    """Lets only the block at this path be present, with the blocks around it."""
    return lambda path: target == path or target.startswith(f"{path}.")


def _nested_paths(block: Block, path: str = "") -> Iterator[str]:
    for name, nested in block.nested.items():
        if name != "timeouts":
            yield path + name
            yield from _nested_paths(nested.block, f"{path}{name}.")


def _leaf_paths(block: Block, path: str = "") -> Iterator[str]:
    yield from (path + name for name, one in block.attributes.items() if one.optional or not one.computed)
    for name, nested in block.nested.items():
        if name != "timeouts":
            yield from _leaf_paths(nested.block, f"{path}{name}.")


def _example(
    block: Block, text: str, present: Present, path: str = "", *, only_required: bool = False, twice: bool = False
) -> Value:
    """Gives a resource of which every value is made of the text; `twice` makes each block come twice."""
    value: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        omitted = only_required and (attribute.optional or attribute.computed)
        value[name] = None if omitted or attribute.write_only else _plain(attribute.type, text)
    for name, nested in block.nested.items():
        here = path + name
        many = nested.nesting in ("list", "set")
        if name == "timeouts" or not present(here):
            value[name] = [] if many else {} if nested.nesting == "map" and not nested.is_attribute else None
            continue
        ones = [_example(nested.block, text, present, f"{here}.", only_required=only_required, twice=twice)]
        if twice and many:
            ones.append(_example(nested.block, "a", present, f"{here}."))
        value[name] = ones if many else {"a": ones[0]} if nested.nesting == "map" else ones[0]
    return value


def _plain(type_: Type, text: str) -> Value:
    if type_ == "number":
        return _NUMBERS[text]
    if type_ == "bool":
        return text == "a"
    if type_ == "dynamic":
        return [b'"string"', text]
    if isinstance(type_, list):
        kind, inner = type_
        if kind == "object":
            return {name: _plain(one, text) for name, one in inner.items()}
        return {text: _plain(inner, text)} if kind == "map" else [_plain(inner, text)]
    return text


def _first(value: Value) -> Value:
    """Gives the only block of a nesting."""
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _changed_at(before: Value, after: Value, path: list[str]) -> Value:
    name, *rest = path
    if not rest:
        return before | {name: after[name]}
    inner = _changed_at(_first(before[name]), _first(after[name]), rest)
    return before | {name: [inner] if isinstance(before[name], list) else inner}


def _without_computed(block: Block, value: Value) -> Value:
    """Gives the value as a configuration: results are not set."""
    config = dict(value)
    for name, attribute in block.attributes.items():
        if attribute.computed and not attribute.optional:
            config[name] = None
    return _map_nested(block, config, config, lambda inner, one, _: _without_computed(inner, one))


def _with_computed(block: Block, config: Value, prior: Value) -> Value:
    """Gives the configuration with the results of the prior state, as Terraform proposes it."""
    proposed = dict(config)
    for name, attribute in block.attributes.items():
        if attribute.computed and not attribute.optional:
            proposed[name] = prior[name]
    return _map_nested(block, proposed, prior, _with_computed)


def _map_nested(block: Block, value: Value, other: Value, change: Callable[[Block, Value, Value], Value]) -> Value:
    for name, nested in block.nested.items():
        beside = _first(other[name])
        if isinstance(value[name], list):
            value[name] = [change(nested.block, one, beside) for one in value[name]]
        elif nested.nesting == "map" and value[name]:
            value[name] = {key: change(nested.block, one, beside["a"]) for key, one in value[name].items()}
        elif value[name] is not None and nested.nesting != "map":
            value[name] = change(nested.block, value[name], beside)
    return value
