"""Resources of a stack, as its synthesised configuration declares them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# What makes any number of one block.
_COUNTS = ("count", "for_each")


class NotKnownError(Exception):
    """A value that a price depends on is an expression of Terraform's; the message is its key."""


@dataclass(frozen=True)
class Resource:
    """A resource that a configuration declares.

    Attributes:
        address: Within the stack, for example `google_container_node_pool.pool`.
        type: For example `google_container_node_pool`.
        values: Its arguments; blocks are mappings or lists of them; expressions are texts with `${`. Of those that
            nobody can count, only what says how many there are.
        stack: The stack's id.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    stack: str

    @property
    def name(self) -> str:
        """What people call it: its name in Kubernetes or in the cloud, else Terraform's."""
        for values in (self.values.get("metadata"), self.values):
            name = values.get("name") if isinstance(values, Mapping) else None
            if isinstance(name, str) and "${" not in name:
                return name
        return self.address.partition(".")[2]

    @property
    def is_counted(self) -> bool:
        """Whether it is one: no `for_each`, and no `count` that is an expression."""
        return self.values.get("for_each") is None and isinstance(self.values.get("count"), int | None)


def declared(stack: str, cdk_tf_json: Mapping[str, Any]) -> list[Resource]:
    """Those of a synthesised configuration, `cdk.tf.json`; one with a number as `count` so many times."""
    return [
        Resource(f"{type_}.{name}{instance}", type_, values, stack)
        for type_, resources in cdk_tf_json.get("resource", {}).items()
        for name, block in resources.items()
        for instance, values in _instances(block)
    ]


def blocks(values: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Blocks that may be there more than once. Raises NotKnownError."""
    found = known(values, name)
    listed = found if isinstance(found, list) else [found]
    if not all(each is None or isinstance(each, Mapping) for each in listed):
        raise NotKnownError(name)
    return [each for each in listed if each is not None]


def block(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A block that there is once at most; empty if it is not given. Raises NotKnownError."""
    return next(iter(blocks(values, name)), {})


def known(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the argument is
    """An argument, None if it is not given.

    Raises:
        NotKnownError: It is an expression of Terraform's.
    """
    found = values.get(name)
    if isinstance(found, str) and "${" in found:
        raise NotKnownError(name)
    return found


def if_known(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the argument is
    """An argument, None if it is not given or an expression of Terraform's."""
    try:
        return known(values, name)
    except NotKnownError:
        return None


def _instances(values: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    count = values.get("count")
    if isinstance(count, int):
        yield from ((f"[{index}]", values) for index in range(count))
    else:
        # The arguments of those that nobody can count are left out, lest they be taken for one.
        counts = {name: values[name] for name in _COUNTS if values.get(name) is not None}
        yield "", counts or values
