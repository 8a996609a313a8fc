"""What a plan changes, resource by resource; values that must not be shown are gone from here on.

Source of the plan's form: Terraform's documentation of its JSON output, format version 1.2.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from preview.values import ABSENT, Side, Value, differences

_COUNTER: Final = re.compile(
    r"(^|\.)(resource_version|generation|etag|fingerprint|label_fingerprint|updated|update_time)$"
)


Plan = dict[str, Any]  # what `terraform show -json` prints of a plan


class Action(StrEnum):
    """What Terraform does to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Leaf:
    """One value that changes.

    Attributes:
        path: With dots, brackets for elements: `spec[0].replicas`, `env[LOG_LEVEL].value`.
        before: ABSENT for none.
        after: ABSENT for none.
        replaces: Whether it is what forces a replacement.
    """

    path: str
    before: Value
    after: Value
    replaces: bool = False


@dataclass(frozen=True)
class Change:
    """One resource that changes.

    Attributes:
        stack: The stack's id.
        address: In that stack.
        type: Of the resource.
        action: What is done to it.
        before: All its values, as the plan has them: for decisions, never to be shown.
        after: The same afterwards; what is not known yet is missing.
        leaves: What differs, to be shown.
        moved_from: Its former address.
        imported: The id by which it is taken over.
        creates_first: Whether a replacement is there before the old one goes.
        is_simulated: Whether the plan is the simulator's own, and no real provider's.
    """

    stack: str
    address: str
    type: str
    action: Action
    before: dict[str, Any] = field(repr=False)
    after: dict[str, Any] = field(repr=False)
    leaves: tuple[Leaf, ...]
    moved_from: str = ""
    imported: str = ""
    creates_first: bool = False
    is_simulated: bool = False

    @property
    def destroys(self) -> bool:
        """Whether what exists now goes."""
        return self.action in (Action.REPLACE, Action.DELETE)


def changes(stack: str, plan: Plan, simulated: frozenset[str] = frozenset()) -> list[Change]:
    """The resources that a plan does something to, in the plan's order.

    Args:
        stack: The stack's id.
        plan: `terraform show -json` of a plan.
        simulated: Names of the providers, and of types, whose plans are not those of the real ones.
    """
    found = (_change(stack, each, simulated) for each in plan.get("resource_changes", []) if each["mode"] == "managed")
    return [each for each in found if each.action is not Action.NOTHING or each.moved_from or each.imported]


def drift(stack: str, plan: Plan) -> list[Change]:
    """What differs between the state and what was found to exist; the plan may set some of it right again.

    Without what the cloud itself counts up: that something was written tells nothing of what.
    """
    entries = [each for each in plan.get("resource_drift", []) if each["mode"] == "managed"]
    found = [_change(stack, each, frozenset()) for each in entries]
    told = [
        replace(each, leaves=tuple(leaf for leaf in each.leaves if not _COUNTER.search(leaf.path))) for each in found
    ]
    return [each for each in told if each.leaves or each.action is not Action.UPDATE]


def without_leaf(found: Iterable[Change], path: str) -> Iterator[Change]:
    """The same updates, as if that value did not differ; those of nothing else are left out."""
    for change in found:
        leaves = tuple(leaf for leaf in change.leaves if leaf.path != path)
        if leaves or change.action is not Action.UPDATE:
            yield replace(change, leaves=leaves)


def _change(stack: str, entry: dict[str, Any], simulated: frozenset[str]) -> Change:
    change = entry["change"]
    before, after = change["before"] or {}, change["after"] or {}
    action = _action(change["actions"])
    replaced = {_path(steps) for steps in change.get("replace_paths", [])}
    walked = differences(
        Side(change["before"], sensitive=change.get("before_sensitive")),
        Side(change["after"], change.get("after_unknown"), change.get("after_sensitive")),
        entry["type"],
    )
    leaves = tuple(
        Leaf(path, old, new, replaces=any(_is_within(path, each) for each in replaced))
        for path, old, new in walked
        if action is not Action.UPDATE or not (_says_nothing(old) and _says_nothing(new))
    )
    return Change(
        stack=stack,
        address=entry["address"],
        type=entry["type"],
        action=action,
        before=before,
        after=after,
        leaves=leaves,
        moved_from=entry.get("previous_address", ""),
        imported=str((change.get("importing") or {}).get("id", "")),
        creates_first=change["actions"] == ["create", "delete"],
        is_simulated=not simulated.isdisjoint({entry["provider_name"].rpartition("/")[2], entry["type"]}),
    )


def _action(actions: list[str]) -> Action:
    if len(actions) > 1:
        return Action.REPLACE
    return {"no-op": Action.NOTHING, "read": Action.NOTHING}.get(actions[0]) or Action(actions[0])


def _says_nothing(value: Value) -> bool:
    """Whether it may be no more than the lack of a value: the providers' SDK fills in zeros and false."""
    return value is ABSENT or value == 0


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _path(steps: list[str | int]) -> str:
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
