from pathlib import Path

from tests.workflows.test_files import lint


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    lint(str(actionlint))
