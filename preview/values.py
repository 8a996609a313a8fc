"""Two values of a plan side by side: where they differ, and what may be shown of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from preview.redaction import is_secret_argument, is_secret_place, without_secrets


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


@dataclass(frozen=True)
class Side:
    """A value with what the plan says of it.

    Attributes:
        value: Of any shape; None for none.
        unknown: True if it is known after apply only, or the same of its members, in its shape.
        sensitive: Whether it is marked as sensitive, in the same way.
    """

    value: Any
    unknown: Any = False
    sensitive: Any = False

    def shown(self, type_name: str, path: str, *, secret: bool) -> Value:
        """The value, or what stands for it; one that holds others, without those that are secret."""
        if self.unknown is True:
            return Mark.UNKNOWN
        if self.is_nothing:
            return ABSENT
        return Mark.HIDDEN if secret else without_secrets(type_name, path, self.value)

    @property
    def is_nothing(self) -> bool:
        """Whether there is none."""
        return self.value is None or self.value in ("", [], {})

    def members(self) -> "dict[str, Side]":
        """The values in it, by the step that leads to them."""
        if isinstance(self.value, dict):
            names = self.value.keys() | (self.unknown.keys() if isinstance(self.unknown, dict) else set())
            return {
                f".{name}": Side(self.value.get(name), _at(self.unknown, name), _at(self.sensitive, name))
                for name in sorted(names)
            }
        # A list that is unknown as a whole has no elements here; one of which only some are is as long as its marks.
        length = max(len(self.value or []), len(self.unknown) if isinstance(self.unknown, list) else 0)
        elements = [
            Side(_at(self.value, i), _at(self.unknown, i), _at(self.sensitive, i) or is_secret_argument(self.value, i))
            for i in range(length)
        ]
        return {f"[{key}]": element for key, element in zip(_keys(self.value or []), elements, strict=False)} | {
            f"[{i}]": elements[i] for i in range(len(self.value or []), length)
        }

    def parsed(self) -> "Side | None":
        """The object or list in a JSON text, None if it is no such text."""
        if isinstance(self.value, str) and self.value[:1] in ("{", "["):
            try:
                return Side(json.loads(self.value))
            except ValueError:
                return None
        return None


def _at(marks: Any, step: str | int) -> Any:  # noqa: ANN401 - marks of any shape
    if isinstance(marks, dict):
        return marks.get(step)
    if isinstance(marks, list) and isinstance(step, int):
        return marks[step] if step < len(marks) else None
    return marks is True


def _keys(elements: list[Any]) -> list[str]:
    """Names of a list's elements: by them two lists are compared where one is put in between, else by position."""
    names = [each.get("name") if isinstance(each, dict) else None for each in elements]
    if len(elements) > 1 and all(isinstance(name, str) and name for name in names) and len({*names}) == len(names):
        return [str(name) for name in names]
    return [str(i) for i in range(len(elements))]


def differences(before: Side, after: Side, type_name: str, path: str = "") -> Iterator[tuple[str, Value, Value]]:
    """Where two values differ.

    Args:
        before: What is there now.
        after: What is planned.
        type_name: Of the resource.
        path: Where in the resource they stand.

    Yields:
        The path, and what may be shown of both: values, marks, ABSENT.
    """
    if before.is_nothing and after.is_nothing and not _has_unknown(after):
        return
    # What is secret before is secret afterwards, whatever it is then.
    secret = is_secret_place(type_name, path) or before.sensitive is True or after.sensitive is True
    if not (secret or after.unknown is True):
        texts = before.parsed(), after.parsed()
        if (texts[0] and (texts[1] or after.is_nothing)) or (texts[1] and before.is_nothing):
            nothing = Side(None)
            yield from differences(texts[0] or nothing, texts[1] or nothing, type_name, f"{path}→")
            return
        if _has_members(before) or _has_members(after):
            yield from _differing_members(before, after, type_name, path)
            return
    old, new = (side.shown(type_name, path, secret=secret) for side in (before, after))
    if new is Mark.UNKNOWN or before.value != after.value:
        yield path, old, new


def _differing_members(before: Side, after: Side, type_name: str, path: str) -> Iterator[tuple[str, Value, Value]]:
    old, new = (side.members() if _has_members(side) else {} for side in (before, after))
    nothing = Side(None)
    for step in [*old, *(step for step in new if step not in old)]:
        yield from differences(old.get(step, nothing), new.get(step, nothing), type_name, _joined(path, step))


def _joined(path: str, step: str) -> str:
    return path + (step if path and not path.endswith("→") else step.removeprefix("."))


def _has_members(side: Side) -> bool:
    return (isinstance(side.value, dict | list) and bool(side.value)) or _has_unknown(side)


def _has_unknown(side: Side) -> bool:
    return side.unknown is True or (isinstance(side.unknown, dict | list) and "true" in json.dumps(side.unknown))


def first_block(blocks: Value) -> dict[str, Any]:
    """The block of an argument that has one; empty where it is left out, or not known yet."""
    return blocks[0] if isinstance(blocks, list) and blocks and isinstance(blocks[0], dict) else {}
