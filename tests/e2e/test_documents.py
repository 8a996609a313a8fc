"""The documents' commands, typed in their order in a fresh copy of the repo, and what they print."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import command_environment, copy_of_the_repo
from tests.docs.blocks import Block, blocks_of, documents
from tests.docs.session import newcomer, run, steps_of
from tests.e2e.conftest import Proof


def runnable(document: str) -> list[Block]:
    """What can be typed on any machine; the tour is a test of its own."""
    return [block for block in blocks_of(document) if block.is_commands and block.need is None]


TYPED = [name for name in documents() if name != "docs/tour.md" and runnable(name)]


def with_commands(checkout: Path) -> dict[str, str]:
    """The variables of a newcomer's shell in a copied repo whose commands are on the path."""
    variables = newcomer(command_environment(checkout))
    programs = [checkout / ".venv" / "bin", checkout / "node_modules" / ".bin", variables["PATH"]]
    # A person answers the CDKTF command line's question.
    return variables | {"PATH": os.pathsep.join(map(str, programs)), "CDKTF_AUTO_APPROVE": "true"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the repo with one commit, and with what `make setup` installs."""
    checkout = copy_of_the_repo(tmp_path / "checkout")
    for name in ("requirements.txt", "pyproject.toml", "package-lock.json"):
        # Older than what was installed from them, or make would install it again, into what is linked here.
        os.utime(checkout / name, (0, 0))
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    # Links, which .gitignore does not mean.
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all", ":!.venv", ":!**/node_modules"],
        ["commit", "--quiet", "--message", "as it is"],
    ):
        subprocess.run([*git, *arguments], cwd=checkout, check=True, timeout=60)
    (checkout / ".git" / "info" / "exclude").write_text("/.venv\nnode_modules\n")
    return checkout


@pytest.mark.parametrize("document", TYPED)
def test_a_document_typed_from_top_to_bottom(document: str, repository: Path, tmp_path: Path, proof: Proof) -> None:
    (scratch := tmp_path / "session").mkdir()
    steps = steps_of(runnable(document))

    run(steps, repository, with_commands(repository), scratch, seconds=1800)

    shown = sum(step.expected is not None for step in steps)
    proof(f"{document}: {len(steps)} commands as written, the output of {shown} as shown")
