"""Resources of a stack in one form, whether they come from its configuration or from a plan of it."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal


class Unknown:
    """What a plan does not know before the apply."""

    def __repr__(self) -> str:
        return "unknown"

    def __deepcopy__(self, memo: object) -> "Unknown":
        return self


UNKNOWN: Final = Unknown()


class NotKnownError(Exception):
    """A value that a price depends on is known only after the apply; the message is its key."""


@dataclass(frozen=True)
class Resource:
    """A resource that Terraform manages.

    Attributes:
        address: Within the stack, for example `google_container_node_pool.pool`.
        type: For example `google_container_node_pool`.
        values: Its arguments; blocks are mappings or lists of them; `UNKNOWN` stands for what is not known yet.
        stack: The stack's id.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    stack: str

    @property
    def name(self) -> str:
        """What people call it: its name in Kubernetes or in the cloud, else Terraform's."""
        metadata = self.values.get("metadata")
        if isinstance(metadata, list):
            metadata = metadata[0] if metadata else None
        for values in (metadata, self.values):
            name = values.get("name") if isinstance(values, Mapping) else None
            if isinstance(name, str) and "${" not in name:
                return name
        return self.address.partition(".")[2]


def declared(stack: str, cdk_tf_json: Mapping[str, Any]) -> list[Resource]:
    """Those of a synthesised configuration, `cdk.tf.json`."""
    return [
        Resource(f"{type_}.{name}{instance}", type_, values, stack)
        for type_, resources in cdk_tf_json.get("resource", {}).items()
        for name, block in resources.items()
        for instance, values in _instances(block)
    ]


def planned(stack: str, plan_json: Mapping[str, Any], when: Literal["before", "after"]) -> list[Resource]:
    """Those of a plan as `terraform show -json` prints it: in the state that it starts from, or once it is applied."""
    if when == "before":
        values = plan_json.get("prior_state", {}).get("values")
        return [_of_plan(stack, each, each["values"]) for each in _managed(values)]
    unknown = {each["address"]: each["change"].get("after_unknown") for each in plan_json.get("resource_changes", [])}
    return [
        _of_plan(stack, each, _with_unknown(each["values"], unknown.get(each["address"])))
        for each in _managed(plan_json.get("planned_values"))
    ]


def blocks(values: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Blocks that may be there more than once. Raises NotKnownError."""
    found = known(values, name)
    listed = found if isinstance(found, list) else [found]
    if UNKNOWN in listed:
        raise NotKnownError(name)
    return [each for each in listed if each is not None]


def block(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A block that there is once at most; empty if it is not given. Raises NotKnownError."""
    return next(iter(blocks(values, name)), {})


def declared_block(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A block; empty also if it is not known yet: in a plan, that is what nobody declared and the cloud will say."""
    try:
        return block(values, name)
    except NotKnownError:
        return {}


def known(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the argument is
    """An argument, None if it is not given.

    Raises:
        NotKnownError: It is known only after the apply, or it is an expression of Terraform's.
    """
    found = values.get(name)
    if found is UNKNOWN or (isinstance(found, str) and "${" in found):
        raise NotKnownError(name)
    return found


def if_known(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the argument is
    """An argument, None if it is not given or not known yet."""
    try:
        return known(values, name)
    except NotKnownError:
        return None


def _instances(values: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    count = values.get("count")
    if isinstance(count, int):
        yield from ((f"[{index}]", values) for index in range(count))
    elif count is not None or "for_each" in values:
        yield "", {"count": UNKNOWN}
    else:
        yield "", values


def _managed(values: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    resources = (values or {}).get("root_module", {}).get("resources", [])
    return [each for each in resources if each["mode"] == "managed"]


def _of_plan(stack: str, resource: Mapping[str, Any], values: Mapping[str, Any]) -> Resource:
    return Resource(resource["address"], resource["type"], values, stack)


def _with_unknown(value: Any, unknown: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value with UNKNOWN wherever `unknown` has true at the same place."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, Mapping):
        known_part = value if isinstance(value, Mapping) else {}
        hidden = {key: _with_unknown(known_part.get(key), part) for key, part in unknown.items()}
        return {**copy.deepcopy(dict(known_part)), **{key: part for key, part in hidden.items() if part is not None}}
    if isinstance(unknown, list):
        parts = value if isinstance(value, list) else []
        longest = max(len(unknown), len(parts))
        return [_with_unknown(_at(parts, index), _at(unknown, index)) for index in range(longest)]
    return value


def _at(parts: list[Any], index: int) -> Any:  # noqa: ANN401 - any JSON
    return parts[index] if index < len(parts) else None
