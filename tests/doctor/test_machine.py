"""This machine, with programs of every kind on its PATH, and this checkout in every condition."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path

from modelyard.bindings import engine

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor import checkout, machine, prerequisites
from doctor.check import Check, Finding, run
from doctor.examination import checks
from doctor.prerequisites import missing_tools
from runs.journal import Journal
from stacks.paths import ROOT
from tests.conftest import command_environment

SETUP = "make setup" if engine().name == "cdktf" else "make setup MODELYARD_ENGINE=cdktn"


def look(name: str, root: Path = ROOT) -> Finding:
    """What one of the checks finds."""
    found: dict[str, Check] = {each.name: each for each in (*machine.checks(), *checkout.checks(root))}
    (result,) = run([found[name]])
    return result.finding


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str, prints: str, code: int = 0) -> None:
    """A program that prints something and ends."""
    (folder / name).write_text(f"#!/bin/sh\nprintf '%s\\n' '{prints}'\nexit {code}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("name", "prints", "state", "found", "mend"),
    [
        ("node", "v20.0.0", "ok", "20.0.0, ", ""),
        ("node", "v18.20.4", "fail", "node is 18.20, 20.0 or newer is needed", "https://nodejs.org/en/download"),
        ("node", "v22.5.0", "fail", "node 22.5.0 does not work", "npm ends half-way under it"),
        ("node", "v22.5.1", "ok", "22.5.1, ", ""),
        ("node", "?", "fail", "node is of a version that it does not tell", "https://nodejs.org"),
        ("node", None, "fail", "node is missing", "https://nodejs.org/en/download"),
        ("npm", "8.19.4", "fail", "npm is 8.19, 9.0 or newer is needed", "it comes with Node"),
        ("terraform", "Terraform v1.7.0", "ok", "1.7.0, ", ""),
        (
            "terraform",
            "Terraform v1.5.7",
            "fail",
            "terraform is 1.5, 1.7 or newer",
            "developer.hashicorp.com/terraform",
        ),
        ("terraform", "OpenTofu v1.10.6", "warn", "1.10.6, OpenTofu under", "take Terraform"),
        ("kubectl", "Client Version: v1.33.0", "ok", "Client Version: v1.33.0", ""),
        ("kubectl", None, "warn", "missing", "https://kubernetes.io/docs/tasks/tools"),
        ("git", "git version 2.39.5", "ok", "git version 2.39.5", ""),
        ("git", None, "warn", "missing", "https://git-scm.com"),
        ("buildah", "buildah version 1.28.2", "ok", "buildah version 1.28.2", ""),
        ("docker", "Docker version 28.2.2", "ok", "Docker version 28.2.2", ""),
        ("docker", None, "warn", "nothing here can build images: found neither", "install buildah"),
    ],
)
def test_programs(programs: Path, *, name: str, prints: str | None, state: str, found: str, mend: str) -> None:
    if prints is not None:
        put(programs, name, prints)

    finding = look("image builder" if name in ("buildah", "docker") else name)

    assert finding.state == state, finding
    assert found in finding.found
    assert mend in finding.mend
    assert bool(finding.mend) == (state != "ok")


def test_a_docker_without_a_daemon_builds_nothing(programs: Path) -> None:
    put(programs, "docker", "Cannot connect", code=1)

    assert look("image builder").found == "nothing here can build images: found a docker without a daemon"


def test_a_folder_that_git_does_not_know(programs: Path) -> None:
    put(programs, "git", "fatal: not a git repository", code=128)

    finding = look("git")

    assert (finding.state, "git config safe.directory" in finding.mend) == ("warn", True)


@given(st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_versions_are_compared_as_numbers(version: tuple[int, int]) -> None:
    for name, _, least, _ in prerequisites.TOOLS:
        problem = prerequisites.tool_problem(name, f"{version[0]}.{version[1]}")
        assert bool(problem) == (version < least)
    assert bool(prerequisites.python_problem(version)) == (version < (3, 11))


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("gigabytes", "state"), [(0.4, "fail"), (3, "warn"), (30, "ok")])
def test_room(monkeypatch: pytest.MonkeyPatch, gigabytes: float, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, gigabytes * 10**9))

    finding = look("disk")

    assert (finding.state, f"{gigabytes:.0f} GB free" in finding.found) == (state, True)
    assert ("make clean" in finding.mend) == (state != "ok")


def test_terraform_settings_that_name_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = tmp_path / "terraform.rc", tmp_path / "plugins"
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(file))
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    assert look("terraform settings").state == "warn"
    assert look("terraform settings").mend == "unset TF_CLI_CONFIG_FILE, or write the file"

    file.write_text(f'plugin_cache_dir = "{cache}"\n')
    # Terraform itself warns of both.
    done = subprocess.run(["terraform", "version"], capture_output=True, text=True, check=True)
    assert "cannot be opened" in done.stdout + done.stderr
    assert look("terraform settings") == Finding("ok", str(file))
    assert look("plugin cache") == Finding("warn", f"named, and not there: {cache}", f"mkdir -p {cache}")

    cache.mkdir()
    assert look("plugin cache").state == "ok"
    assert str(cache) in look("plugin cache").found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with nothing in it but what is looked at."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("package.json", "engines/cdktn/package.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text((ROOT / name).read_text())
    (folder / engine().requirements).write_text("")
    return folder


def test_the_pinned_command_line(root: Path) -> None:
    # CDK Terrain's wants a newer Node than all else does.
    is_too_old = bool(missing_tools(node=engine().node))
    assert look("command line").state == ("warn" if is_too_old else "ok")
    name = engine().name
    folder, package, version = {
        "cdktf": ("", "cdktf-cli", "0.21.0"),
        "cdktn": ("engines/cdktn", "cdktn-cli", "0.24.0"),
    }[name]
    assert look("command line", root) == Finding("fail", f"missing, {package} {version} is pinned", SETUP)
    installed = root / folder / "node_modules" / package
    installed.mkdir(parents=True)
    (installed / "package.json").write_text(json.dumps({"version": "0.20.9"}))
    assert look("command line", root) == Finding(
        "fail", f"{package} 0.20.9, {version} is pinned", f"npm ci --prefix ./{folder}"
    )


def test_packages_in_other_versions(root: Path) -> None:
    assert look("python packages").state == "ok"
    (root / engine().requirements).write_text(
        "# by uv\n"
        "pydantic==1.0.0\n    # via modelyard\n"
        "not-installed-anywhere==2.0\n"
        "not-for-here==1.0 ; sys_platform == 'win32'\n"
    )

    finding = look("python packages", root)

    assert finding.state == "fail"
    assert "pydantic 2" in finding.found
    assert "(pinned ==1.0.0), not-installed-anywhere missing (pinned ==2.0)" in finding.found
    assert "not-for-here" not in finding.found
    assert finding.mend == f"touch {engine().requirements} && {SETUP}"


def test_folders_that_are_files(root: Path) -> None:
    assert look("folders", root).state == "ok"
    (root / "cdktf.out").write_text("")
    assert look("folders", root).found == f"{root}/cdktf.out: Not a directory"
    assert list(root.glob(".modelyard")) == []


def cut_off(root: Path, environment: str, pid: int) -> Path:
    """A run that noted a call of Terraform, and no end of it."""
    folder = root / ".modelyard" / environment / "runs"
    (folder / "1").mkdir(parents=True)
    lines: list[Mapping[str, object]] = [
        {"event": "begun", "id": "1", "verb": "apply", "who": "ada@home", "began": "2026-11-20T10:00:00+00:00"},
        {"event": "call", "stack": f"{environment}-cluster", "pid": pid, "started": 1.0, "log": ""},
    ]
    (folder / "1" / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_runs_that_were_cut_off(root: Path) -> None:
    assert look("interrupted runs", root) == Finding("ok", "none")
    folder = cut_off(root, "gke-dev", os.getpid())

    finding = look("interrupted runs", root)

    assert (finding.state, finding.found) == ("warn", "gke-dev: apply of 2026-11-20 10:00 UTC, gke-dev-cluster")
    assert finding.mend.startswith("modelyard up gke-dev: it says what it found, takes away stale locks")
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert look("interrupted runs", root) == Finding("ok", "none; one goes on in gke-dev")
    (run_,) = Journal(folder).runs()
    Journal(folder).take_note_of(run_)
    assert look("interrupted runs", root) == Finding("ok", "none")


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "commands", "doctor", *arguments],
        cwd=ROOT,
        env=command_environment(ROOT) | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_machine_with_nothing_on_its_path(tmp_path: Path) -> None:
    done = doctor("--json", PATH=str(tmp_path))

    assert (done.returncode, done.stderr) == (1, "")
    told = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
    assert {name for name, each in told.items() if each["state"] == "fail"} == {"node", "npm", "terraform"}
    assert {name for name, each in told.items() if each["state"] == "warn"} >= {"image builder", "kubectl", "git"}
    assert told["python"]["state"] == "ok"


def test_an_environment_that_there_is_not_is_a_mistake_of_the_call() -> None:
    done = doctor("gke-def")

    assert done.returncode == 2
    assert "'gke-def' is none of aks-dev, gke-dev, local, prod" in done.stderr.replace("\n", " ")


def test_the_page_lists_every_check_as_it_is() -> None:
    written = re.findall(r"^\| ([a-z ]+) \| ([^|]+\.) \|$", (ROOT / "docs" / "doctor.md").read_text(), re.MULTILINE)
    known = {(each.name, each.about) for name in (None, "gke-dev", "aks-dev", "local") for each in checks(name)}

    assert set(written) == known
