"""What a preview says of each kind of change, with the plans of the real providers."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from estate.stacks import Estate, read
from preview import run
from preview.outcome import EnvironmentPreview, Status
from preview.redaction import Redactor
from preview.revisions import Revision, synthesise
from preview.sides import Sides
from stacks.environments import load_settings
from tests.conftest import copy_of_the_repo
from tests.e2e.conftest import Proof
from tests.e2e.kind_of_change import Kind
from tests.e2e.preview_kinds import KINDS


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repo's files; each kind edits them and leaves them as they were."""
    return copy_of_the_repo(tmp_path_factory.mktemp("checkout"))


class _Bases:
    """What each environment is before any change, synthesised when it is first asked for."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self._checkout, self._folder = checkout, folder
        self._known: dict[str, Estate] = {}

    def of(self, environment: str) -> Estate:
        if not (self._checkout / "environments" / f"{environment}.toml").exists():
            return {}
        if environment not in self._known:
            self._known[environment] = _estate(self._checkout, environment, self._folder / environment)
        return self._known[environment]


@pytest.fixture(scope="module")
def bases(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> _Bases:
    return _Bases(checkout, tmp_path_factory.mktemp("bases"))


@pytest.fixture
def edited(checkout: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the files, to be edited."""
    copy = tmp_path / "edited"
    shutil.copytree(checkout, copy, symlinks=True)
    yield copy
    shutil.rmtree(copy)


def _estate(root: Path, environment: str, output: Path) -> Estate:
    synthesise(Revision("", root), environment, output)
    return read(output)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_of_change(  # noqa: PLR0917 - fixtures
    kind: Kind, bases: _Bases, edited: Path, plugins: Path, tmp_path: Path, proof: Proof
) -> None:
    base = bases.of(kind.environment)
    for edit in kind.edits:
        edit(edited)
    head = _estate(edited, kind.environment, tmp_path / "head")
    (work := tmp_path / "work").mkdir()
    settings = load_settings(kind.environment, edited / "environments")

    found = run.preview(kind.environment, Sides(base, head, edited, settings), work, [plugins], Redactor())

    assert _seen(found, kind) == kind
    proof(f"preview of {kind.name!r}: as expected")


def _seen(found: EnvironmentPreview, kind: Kind) -> Kind:
    """The kind that a preview has seen."""
    part = {stack.id: stack.id.removeprefix(f"{kind.environment}-") for stack in found.stacks}
    assert not [(stack.id, stack.says) for stack in found.stacks if stack.status is Status.FAILED]
    return Kind(
        kind.name,
        kind.edits,
        environment=found.name,
        actions={
            part[stack.id]: counts
            for stack in found.stacks
            if (counts := dict(Counter(each.action for each in stack.changes if each.action != "nothing")))
        },
        dangers={
            part[stack.id]: dangers for stack in found.stacks if (dangers := {each.danger for each in stack.findings})
        },
        waiting=tuple(sorted(part[stack.id] for stack in found.stacks if stack.status is Status.NOT_PLANNABLE)),
        left=tuple(part[stack.id] for stack in found.stacks if stack.status is Status.LEFT_BEHIND),
        renames=sum(len(stack.renames) for stack in found.stacks),
        moved=sum(bool(each.moved_from) for stack in found.stacks for each in stack.changes),
        imported=sum(bool(each.imported) for stack in found.stacks for each in stack.changes),
    )
