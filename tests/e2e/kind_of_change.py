"""A kind of change that pull requests bring: edits of the repo's files, and what a preview has to say of them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from preview.changes import Action
from preview.verdicts import Danger

Edit = Callable[[Path], None]
Actions = dict[Action, int]


@dataclass(frozen=True)
class Kind:
    """One kind of change.

    Attributes:
        name: For people.
        edits: Of the files.
        environment: Which one is looked at.
        actions: By stack, without the environment's name: how many resources each action is done to.
        dangers: Kinds of findings, by stack.
        waiting: Stacks that are not plannable yet.
        left: Stacks that are left behind.
        renames: How many renames are suggested.
        moved: How many resources are moved.
        imported: How many are imported.
    """

    name: str
    edits: tuple[Edit, ...]
    environment: str = "gke-dev"
    actions: dict[str, Actions] = field(default_factory=dict)
    dangers: dict[str, set[Danger]] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    renames: int = 0
    moved: int = 0
    imported: int = 0


def text(file: str, old: str, new: str) -> Edit:
    """Other words in a file; they must be there."""

    def edit(root: Path) -> None:
        content = (root / file).read_text()
        assert old in content, f"{file} has no {old!r}"
        (root / file).write_text(content.replace(old, new, 1))

    return edit


def added(file: str, content: str) -> Edit:
    """More lines at a file's end; a file that is not there is made."""

    def edit(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        with (root / file).open("a") as opened:
            opened.write(content)

    return edit


def removed(folder: str) -> Edit:
    """A folder goes."""
    return lambda root: shutil.rmtree(root / folder)


def copied(source: str, target: str) -> Edit:
    """A file or folder once more, under another name."""

    def edit(root: Path) -> None:
        if (root / source).is_dir():
            shutil.copytree(root / source, root / target)
        else:
            shutil.copy(root / source, root / target)

    return edit
