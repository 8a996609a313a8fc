"""Fixtures for all tests: settings, and stacks synthesised for real."""

import functools
import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import modelyard  # noqa: F401 - prepares the fast start before any test imports cdktf
from modelyard.names import kubernetes_name

import hypothesis
import pytest
import tomlkit
from pydantic import TypeAdapter

from estate.repo_copy import copy_of_the_repo as copy_of_the_repo  # noqa: PLC0414 - for tests, too
from stacks.app import build_app
from stacks.environments import environment_names, load_settings
from stacks.gke.settings import GkeSettings
from stacks.paths import SERVICES
from stacks.service_settings import services_table
from stacks.settings import CloudSettings, Settings

CLOUD_ENVIRONMENTS = [name for name in environment_names() if isinstance(load_settings(name), CloudSettings)]
Stacks = dict[str, dict[str, Any]]
Synthesise = Callable[..., Stacks]


# By default an example that takes 200 ms fails its test: a busy machine would.
hypothesis.settings.register_profile("modelyard", deadline=None)
hypothesis.settings.load_profile("modelyard")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Garbage collection rests while modules are imported, and passes over them afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def settings() -> GkeSettings:
    loaded = load_settings("gke-dev")
    assert isinstance(loaded, GkeSettings)
    return loaded


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Synthesises an environment and gives each stack's Terraform configuration by the stack's id.

    By default with the committed services; `only` names the folders of those that a test looks at, perhaps none. It is
    done once for the same settings, and every caller gets a copy of its own.
    """
    done: dict[object, dict[str, str]] = {}

    def texts(settings: Settings, services: Path) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("cdktf.out")
        build_app(settings, services=services, outdir=str(folder)).synth()
        return {file.parent.name: file.read_text() for file in folder.glob("stacks/*/cdk.tf.json")}

    def texts_of(settings: Settings, only: tuple[str, ...]) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("only") / "services"
        folder.mkdir()
        for name in only:
            (folder / name).symlink_to(SERVICES / name)
        names = {kubernetes_name(name) for name in only}
        tables = {name: table for name, table in settings.services.items() if name in names}
        return texts(settings.model_copy(update={"services": tables}), folder)

    def run(settings: Settings, services: Path | None = None, *, only: tuple[str, ...] | None = None) -> Stacks:
        # Besides settings and services, which tests may write anew, an app reads this variable.
        key = repr(settings), only, os.environ.get("KUBECONFIG")
        found = texts(settings, services) if services else done.get(key)
        if found is None:
            found = done[key] = texts(settings, SERVICES) if only is None else texts_of(settings, only)
        return {id_: json.loads(text) for id_, text in found.items()}

    return run


@pytest.fixture(scope="session")
def stacks(settings: Settings, synthesise: Synthesise) -> Stacks:
    """The environment gke-dev as it is committed."""
    return synthesise(settings)


def with_services(settings: Settings, tables: dict[str, Any], services: Path = SERVICES) -> Settings:
    """The environment with these tables of services, and no others."""
    checked = TypeAdapter(services_table(services)).validate_python(tables)
    return settings.model_copy(update={"services": checked})


def resource(stack: dict[str, Any], type_name: str) -> dict[str, Any]:
    """The only resource of a type in a stack."""
    (found,) = stack["resource"][type_name].values()
    return dict(found)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the repo's own files, for commands that write to them."""
    return copy_of_the_repo(tmp_path / "checkout")


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def modelyard_command(checkout: Path) -> Command:
    """Runs `modelyard` in the copied repo."""

    return functools.partial(run_modelyard, checkout)


def run_modelyard(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`modelyard ARGUMENTS` in a copied repo, within a quarter of an hour: it may build images beside other builds."""
    return subprocess.run(
        [sys.executable, "-m", "commands", *arguments],
        cwd=checkout,
        env=command_environment(checkout) | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def command_environment(checkout: Path) -> dict[str, str]:
    """Variables under which the copied repo's modules are found before the installed ones."""
    return {**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'constructs'}", "COLUMNS": "200"}


def replace_in(file: Path, old: str, new: str) -> None:
    """Changes a file of a copy of the repo in one place, which must be there."""
    content = file.read_text()
    assert old in content
    file.write_text(content.replace(old, new, 1))


def keep_only(checkout: Path, service: str) -> None:
    """Removes the other services from a copy of the repo, with their settings: their images take long to build."""
    others = [file.parent for file in checkout.glob("services/*/service.py") if file.parent.name != service]
    for folder in others:
        shutil.rmtree(folder)
    gone = {kubernetes_name(folder.name) for folder in others}
    for file in checkout.glob("environments/*.toml"):
        document = tomlkit.parse(file.read_text())
        document["services"] = {name: table for name, table in document.get("services", {}).items() if name not in gone}
        file.write_text(tomlkit.dumps(document))
