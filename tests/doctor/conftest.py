"""A project of Google Cloud, served once for all tests here, and emptied for each."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.declared import Declared
from leftovers.google_client import client
from tests.doctor.google_world import GoogleProject, project
from tests.doctor.kube import put_login_program
from tests.doctor.looking import synthesised

Served = tuple[GoogleProject, dict[str, str]]
_CLIENTS: dict[tuple[str, ...], Any] = {}


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    world = GoogleProject()
    with project(world, tmp_path_factory.mktemp("google")) as variables:
        yield world, variables


@pytest.fixture
def google(google_server: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> GoogleProject:
    """A project in which all is well; a login program that knows a token."""
    world, variables = google_server
    world.empty()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("doctor.google_api.client", _client)
    put_login_program(tmp_path / "programs", "gke-gcloud-auth-plugin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    return world


def _client(api: str, version: str, credentials: Any, *, seconds: float) -> Any:  # noqa: ANN401 - built at run time
    """Built once: the library takes half a second to make methods of a discovery document."""
    where = os.environ.get(f"GOOGLE_{api.upper()}_CUSTOM_ENDPOINT", "")
    who = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    # A check's thread has its name; no two of them run at once.
    key = (api, version, where, who, threading.current_thread().name)
    if key not in _CLIENTS:
        _CLIENTS[key] = client(api, version, credentials, seconds=seconds)
    return _CLIENTS[key]


@pytest.fixture(scope="session")
def gke() -> Declared:
    """What gke-dev declares, synthesised once."""
    return synthesised("gke-dev")
