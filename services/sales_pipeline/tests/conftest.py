"""Fixtures for the tests of the pipeline."""

from collections.abc import Callable

import pytest

from services.sales_pipeline.runtime.sales_pipeline.__main__ import main

Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `python -m sales_pipeline ARGUMENTS` in this process; gives its code."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr("sys.argv", ["sales_pipeline", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return run
