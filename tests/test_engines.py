"""One source, two engines: which one answers, and that its modules are one object under both names."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from modelyard.bindings import CDK_TERRAIN, CDKTF, ENGINE, engine
from modelyard.errors import ConfigurationError

import pytest

from commands.cdktf_cli import engine_cli
from comparison.engines import compared, leaves
from doctor.prerequisites import missing_tools
from stacks.paths import ROOT
from tests.conftest import Command
from tests.python_process import run


@pytest.fixture(autouse=True)
def _undecided() -> Iterator[None]:
    engine.cache_clear()
    yield
    engine.cache_clear()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where packages are found, and nothing in the environment."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delenv(ENGINE, raising=False)
    return tmp_path


def add_package(folder: Path, name: str, text: str = "") -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(text)


def test_cdktf_is_taken_where_it_is_installed_and_else_cdk_terrain(packages: Path) -> None:
    add_package(packages, "cdktn")
    assert engine() is CDK_TERRAIN

    engine.cache_clear()
    add_package(packages, "cdktf")
    assert engine() is CDKTF


def test_the_variable_decides_where_both_are_installed(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_package(packages, "cdktf")
    add_package(packages, "cdktn")
    monkeypatch.setenv(ENGINE, "cdktn")

    assert engine() is CDK_TERRAIN


@pytest.mark.parametrize(
    ("chosen", "what", "mend"),
    [
        ("cdktm", "there is no engine 'cdktm'", "one of cdktf, cdktn; without"),
        ("cdktn", "cdktn is not installed for ", "pip install -r requirements-cdktn.txt"),
        ("", "neither cdktf nor cdktn is installed for ", "pip install -r requirements.txt"),
    ],
)
def test_an_engine_that_is_not_there_is_refused_with_the_mend(
    packages: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, what: str, mend: str
) -> None:
    monkeypatch.setenv(ENGINE, chosen)

    with pytest.raises(ConfigurationError) as refused:
        engine()

    assert list(packages.iterdir()) == []
    assert refused.value.what.startswith(what)
    assert refused.value.mend.startswith(mend)


def test_the_program_says_so_in_a_line_and_shows_no_stack_trace() -> None:
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env=os.environ | {ENGINE: "cdktm"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[:2] == [f"error: {ENGINE}", "  there is no engine 'cdktm'"]


def test_both_names_of_a_module_give_one_object(tmp_path: Path) -> None:
    add_package(tmp_path, "cdktn")
    (tmp_path / "cdktn" / "matchers.py").touch()
    add_package(tmp_path, "cdktn_provider_odd", "from . import thing")
    add_package(tmp_path, "cdktn_provider_odd/thing", "class Thing: pass")
    program = """
import modelyard, importlib, json, sys
sys.path.insert(0, sys.argv[1])
import cdktf, cdktf.matchers, cdktn.matchers
from cdktf_cdktf_provider_odd.thing import Thing
import cdktf_cdktf_provider_odd as odd, cdktf_cdktf_provider_odd.thing as thing, cdktn_provider_odd
def failure(name):
    try:
        importlib.import_module(name)
    except ImportError as error:
        return str(error)
print(json.dumps([
    cdktf is cdktn, cdktf.matchers is cdktn.matchers, odd is cdktn_provider_odd, thing is cdktn_provider_odd.thing,
    odd.thing is thing, thing.Thing is Thing, importlib.reload(odd) is odd, Thing.__module__, odd.__spec__.name,
    failure("cdktf_cdktf_provider_none"), failure("cdktf_cdktf_provider_odd.none"),
]))
"""
    done = run(program, str(tmp_path), **{ENGINE: "cdktn"}, MODELYARD_STOCK_IMPORTS="1")

    *same, defined_in, spec, no_package, no_module = json.loads(done.stdout)
    assert same == [True] * 7
    assert (defined_in, spec) == ("cdktn_provider_odd.thing", "cdktn_provider_odd")
    assert no_package == "No module named 'cdktn_provider_none'"
    assert no_module == "No module named 'cdktn_provider_odd.none'"


def test_cdktf_before_modelyard_is_refused_where_it_is_not_the_engine(tmp_path: Path) -> None:
    for name in ("cdktf", "cdktn"):
        add_package(tmp_path, name)
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import cdktf
try:
    import modelyard
except Exception as error:
    print(error)
"""
    done = run(program, str(tmp_path), **{ENGINE: "cdktn"})

    assert "cdktf was imported before modelyard, and the engine is cdktn" in done.stdout


@pytest.mark.slow
def test_cdk_terrains_own_command_line_rehearses(modelyard_command: Command) -> None:
    if engine() is not CDK_TERRAIN or not engine_cli().exists() or missing_tools(node=CDK_TERRAIN.node):
        pytest.skip("needs CDK Terrain, its command line and Node 22.19: make test-cdktn")

    done = modelyard_command("rehearse", "gke-dev", "--only", "gke-dev-registry")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "planned again: no change in 2 stacks" in done.stdout
    assert "destroyed: 0 left" in done.stdout


STACK: Final[dict[str, Any]] = {
    "//": {"metadata": {"version": "1"}},
    "terraform": {"required_providers": {"google": {"source": "google", "version": "1.2.3"}}},
    "resource": {"google_thing": {"x": {"list": [], "name": "n"}}},
}


@pytest.mark.parametrize(
    ("place", "value", "found"),
    [
        (("//", "metadata", "version"), "2", (1, 0, 0)),
        (("terraform", "required_providers", "google", "version"), "1.2.4", (0, 1, 0)),
        (("terraform", "required_providers", "google", "source"), "hashicorp/google", (0, 1, 0)),
        (("terraform", "required_providers", "google", "source"), "acme/google", (0, 0, 1)),
        (("terraform", "required_providers", "google", "version"), None, (0, 0, 1)),
        (("resource", "google_thing", "x", "name"), "m", (0, 0, 1)),
        (("resource", "google_thing", "x", "list"), {}, (0, 0, 1)),
        (("resource", "google_thing", "x", "more"), {}, (0, 0, 1)),
        (("output", "//"), "m", (0, 0, 1)),
    ],
)
def test_the_comparison_finds_every_difference(
    tmp_path: Path, place: tuple[str, ...], value: object, found: tuple[int, ...]
) -> None:
    changed = json.loads(json.dumps(STACK))
    block = changed
    for key in place[:-1]:
        block = block.setdefault(key, {})
    block[place[-1]] = value
    for name, stack in (("one", STACK), ("other", changed)):
        (tmp_path / name / "stacks" / "s").mkdir(parents=True)
        (tmp_path / name / "stacks" / "s" / "cdk.tf.json").write_text(json.dumps(stack))

    row = compared("env", leaves(tmp_path / "one"), leaves(tmp_path / "other"))

    assert (row.stacks, row.leaves) == (1, 5)
    assert (row.notes, len(row.providers), len(row.others)) == found


def test_an_asset_of_other_content_is_a_difference(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Chart.yaml").write_text(name)

    assert list(compared("env", leaves(tmp_path / "one"), leaves(tmp_path / "other")).others) == ["Chart.yaml"]
