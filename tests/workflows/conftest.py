"""Fixtures for the workflows' jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_github import FakeGitHub
from tests.workflows.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def fake(machine: Machine) -> Iterator[FakeGitHub]:
    with FakeGitHub().serving() as fake:
        machine.variables |= {"GITHUB_API_URL": fake.url, "GITHUB_SERVER_URL": "https://github.com"}
        yield fake
