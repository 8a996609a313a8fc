"""Resources that go under one name and come under another, and could stay."""

from collections.abc import Iterable
from dataclasses import dataclass

from preview.changes import Action, Change, Leaf

_ALIKE = 0.8


@dataclass(frozen=True)
class Rename:
    """A deletion and a creation that look like one thing with a new name.

    Attributes:
        stack: The stack's id.
        old: The address that goes.
        new: The address that comes.
    """

    stack: str
    old: str
    new: str

    @property
    def mend(self) -> str:
        """What keeps the resource, in Python."""
        return f'moved: call `move_from_id("{self.old}")` on the resource that is now `{self.new}`'


def renames(changes: Iterable[Change]) -> list[Rename]:
    """Pairs of one stack and type whose values are nearly the same; each address is in one pair at most."""
    changes = list(changes)
    gone = [each for each in changes if each.action is Action.DELETE]
    come = [each for each in changes if each.action is Action.CREATE]
    scored = [
        (_alike(old, new), old, new) for old in gone for new in come if (old.stack, old.type) == (new.stack, new.type)
    ]
    found: list[Rename] = []
    taken: set[tuple[str, str]] = set()
    for score, old, new in sorted(scored, key=lambda each: (-each[0], each[1].address, each[2].address)):
        ends = {(old.stack, old.address), (new.stack, new.address)}
        if score >= _ALIKE and not ends & taken:
            taken |= ends
            found.append(Rename(old.stack, old.address, new.address))
    return found


def _alike(old: Change, new: Change) -> float:
    """The share of the values that are given for the new one and were the same in the old one."""
    given = {leaf.path: leaf.after for leaf in new.leaves if _is_given(leaf)}
    had = {leaf.path: leaf.before for leaf in old.leaves}
    if not given:
        return 1.0
    return sum(1 for path, value in given.items() if had.get(path) == value) / len(given)


def _is_given(leaf: Leaf) -> bool:
    return not str(leaf.after).startswith("(")
