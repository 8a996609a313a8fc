"""What checks see of a stack: the resources that its plan leaves there, and what they are declared with."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Stands for what is known after apply only.
UNKNOWN = "(known after apply)"


@dataclass(frozen=True)
class StackPlan:
    """A planned stack.

    Attributes:
        plan: What `terraform show -json PLANFILE` prints.
        configuration: The synthesised `cdk.tf.json`, for what plans do not carry, such as `lifecycle`. Without it,
            what it is needed for is not judged.
    """

    plan: Mapping[str, Any]
    configuration: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Resource:
    """A resource as the plan leaves it.

    Attributes:
        type: For example `google_storage_bucket`.
        address: In the stack.
        values: As the provider plans them; `UNKNOWN` stands for what is known after apply only.
        expressions: What the configuration gives, as the plan repeats it: under `constant_value`, or with references.
        lifecycle: The block of the configuration; None without a configuration.
        part: Empty: it is a resource as a whole.
    """

    type: str
    address: str
    values: Mapping[str, Any]
    expressions: Mapping[str, Any] = field(default_factory=dict)
    lifecycle: Mapping[str, Any] | None = None
    part: str = ""


def resources_of(planned: StackPlan) -> list[Resource]:
    """What is there after an apply; not data sources, and nothing that is destroyed or forgotten."""
    # Terraform leaves them among the planned, without values: https://github.com/hashicorp/terraform/issues/38641
    changes = {
        each["address"]: each["change"]
        for each in planned.plan.get("resource_changes", [])
        # What an apply that failed has left of a replacement goes; the resource itself has an entry of its own.
        if "deposed" not in each
    }
    expressions = {
        each["address"]: each.get("expressions", {})
        for each in planned.plan.get("configuration", {}).get("root_module", {}).get("resources", [])
    }
    declared = (planned.configuration or {}).get("resource", {})
    found = []
    for each in _managed(planned.plan.get("planned_values", {}).get("root_module", {})):
        change = changes.get(each["address"], {})
        if change.get("actions") == ["forget"]:
            continue
        block = declared.get(each["type"], {}).get(each["name"], {})
        found.append(
            Resource(
                type=each["type"],
                address=each["address"],
                values=_filled(each.get("values", {}), change.get("after_unknown")),
                expressions=expressions.get(each["address"], {}),
                lifecycle=None if planned.configuration is None else block.get("lifecycle", {}),
            )
        )
    return found


def _managed(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (each for each in module.get("resources", []) if each["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from _managed(child)


def _filled(value: Any, unknown: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """The value with what its plan leaves out: `unknown` has its form, and true wherever the apply will tell."""
    if not unknown:
        return value
    if isinstance(unknown, Mapping):
        known = value if isinstance(value, Mapping) else {}
        return {**known, **{key: _filled(known.get(key), inner) for key, inner in unknown.items() if inner}}
    if isinstance(unknown, list):
        pairs = itertools.zip_longest(value if isinstance(value, list) else [], unknown)
        return [_filled(each, inner) for each, inner in pairs]
    return UNKNOWN if value is None else value
