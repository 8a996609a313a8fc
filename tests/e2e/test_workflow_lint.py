from pathlib import Path

from tests.test_workflows import lint


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    lint(str(actionlint))
