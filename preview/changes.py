"""What a plan changes, resource by resource and value by value; values that must not be shown are gone from here on.

Source of the plan's form: Terraform's documentation of its JSON output, format version 1.2.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from preview.redaction import is_secret_name, is_secret_place

_COUNTER: Final = re.compile(
    r"(^|\.)(resource_version|generation|etag|fingerprint|label_fingerprint|updated|update_time)$"
)


class Mark(StrEnum):
    """What stands instead of a value."""

    HIDDEN = "(hidden)"
    UNKNOWN = "(known after apply)"


class _Absent:
    """No value at all, which null is in a JSON text."""

    def __repr__(self) -> str:
        return "(nothing)"


ABSENT: Final = _Absent()
Value = Any  # a JSON value, a Mark, or ABSENT
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
        simulated: Names of the providers whose plans are not those of the real ones.
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


def _change(stack: str, entry: dict[str, Any], simulated: frozenset[str]) -> Change:
    change = entry["change"]
    before, after = change["before"] or {}, change["after"] or {}
    action = _action(change["actions"])
    replaced = {_path(steps) for steps in change.get("replace_paths", [])}
    walked = _leaves(
        _Side(change["before"], False, change.get("before_sensitive")),
        _Side(change["after"], change.get("after_unknown"), change.get("after_sensitive")),
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
        is_simulated=entry["provider_name"].rpartition("/")[2] in simulated,
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


@dataclass(frozen=True)
class _Side:
    """A value with what the plan says of it; marks are true for the whole value, or have its shape."""

    value: Any
    unknown: Any
    sensitive: Any

    def shown(self, *, secret: bool) -> Value:
        """The value, or what stands for it."""
        if self.unknown is True:
            return Mark.UNKNOWN
        if self.is_nothing:
            return ABSENT
        return Mark.HIDDEN if secret else self.value

    @property
    def is_nothing(self) -> bool:
        """Whether there is none."""
        return self.value is None or self.value in ("", [], {})

    def members(self) -> "dict[str, _Side]":
        """The values in it, by the step that leads to them."""
        if isinstance(self.value, dict):
            names = self.value.keys() | (self.unknown.keys() if isinstance(self.unknown, dict) else set())
            return {
                f".{name}": _Side(self.value.get(name), _at(self.unknown, name), _at(self.sensitive, name))
                for name in sorted(names)
            }
        # A list that is unknown as a whole has no elements here; one of which only some are is as long as its marks.
        length = max(len(self.value or []), len(self.unknown) if isinstance(self.unknown, list) else 0)
        elements = [
            _Side(
                _at(self.value, i), _at(self.unknown, i), _at(self.sensitive, i) or _follows_secret_flag(self.value, i)
            )
            for i in range(length)
        ]
        return {f"[{key}]": element for key, element in zip(_keys(self.value or []), elements, strict=False)} | {
            f"[{i}]": elements[i] for i in range(len(self.value or []), length)
        }

    def parsed(self) -> "_Side | None":
        """The object or list in a JSON text, None if it is no such text."""
        if isinstance(self.value, str) and self.value[:1] in ("{", "["):
            try:
                return _Side(json.loads(self.value), False, False)
            except ValueError:
                return None
        return None


def _at(marks: Any, step: str | int) -> Any:  # noqa: ANN401 - marks of any shape
    if isinstance(marks, dict):
        return marks.get(step)
    if isinstance(marks, list) and isinstance(step, int):
        return marks[step] if step < len(marks) else None
    return marks is True


def _follows_secret_flag(elements: list[Any] | None, i: int) -> bool:
    """Whether the argument of a program before this one is `--password` or the like."""
    flag = elements[i - 1] if elements and 0 < i <= len(elements) else None
    return isinstance(flag, str) and flag.startswith("-") and "=" not in flag and is_secret_name(flag)


def _keys(elements: list[Any]) -> list[str]:
    """Names of a list's elements: by them two lists are compared where one is put in between, else by position."""
    names = [each.get("name") if isinstance(each, dict) else None for each in elements]
    if len(elements) > 1 and all(isinstance(name, str) and name for name in names) and len({*names}) == len(names):
        return [str(name) for name in names]
    return [str(i) for i in range(len(elements))]


def _leaves(before: _Side, after: _Side, type_name: str, path: str = "") -> Iterator[tuple[str, Value, Value]]:
    """Where two values differ, as (path, before, after)."""
    if before.is_nothing and after.is_nothing and not _has_unknown(after):
        return
    # What is secret before is secret afterwards, whatever it is then.
    secret = is_secret_place(type_name, path) or before.sensitive is True or after.sensitive is True
    if not (secret or after.unknown is True):
        texts = before.parsed(), after.parsed()
        if (texts[0] and (texts[1] or after.is_nothing)) or (texts[1] and before.is_nothing):
            nothing = _Side(None, False, False)
            yield from _leaves(texts[0] or nothing, texts[1] or nothing, type_name, f"{path}→")
            return
        if _has_members(before) or _has_members(after):
            yield from _differing_members(before, after, type_name, path)
            return
    old, new = before.shown(secret=secret), after.shown(secret=secret)
    if new is Mark.UNKNOWN or before.value != after.value:
        yield path, old, new


def _differing_members(before: _Side, after: _Side, type_name: str, path: str) -> Iterator[tuple[str, Value, Value]]:
    old, new = (side.members() if _has_members(side) else {} for side in (before, after))
    nothing = _Side(None, False, False)
    for step in [*old, *(step for step in new if step not in old)]:
        yield from _leaves(old.get(step, nothing), new.get(step, nothing), type_name, _joined(path, step))


def _joined(path: str, step: str) -> str:
    return path + (step if path and not path.endswith("→") else step.removeprefix("."))


def _has_members(side: _Side) -> bool:
    return (isinstance(side.value, dict | list) and bool(side.value)) or _has_unknown(side)


def _has_unknown(side: _Side) -> bool:
    return side.unknown is True or (isinstance(side.unknown, dict | list) and "true" in json.dumps(side.unknown))
