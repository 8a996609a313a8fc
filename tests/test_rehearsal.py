import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from estate.rehearsal import Rehearsal
from stacks.paths import ROOT
from tests.conftest import Command, command_environment


def synthesised(command: list[str], folder: Path) -> dict[str, dict[str, Any]]:
    environment = command_environment(ROOT) | {"CDKTF_OUTDIR": str(folder), "MODELYARD_ENV": "gke-dev"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
    return {file.parent.name: json.loads(file.read_text()) for file in folder.glob("stacks/*/cdk.tf.json")}


@pytest.mark.slow
def test_a_rehearsal_changes_the_backend_block_and_nothing_else(tmp_path: Path) -> None:
    rehearsal = Rehearsal("gke-dev", tmp_path / "rehearsal")

    real = synthesised([sys.executable, "main.py"], tmp_path / "real")
    rehearsed = synthesised(rehearsal.app_command(), tmp_path / "rehearsed")

    assert real.keys() == rehearsed.keys()
    assert real.keys() > {"gke-dev-state", "gke-dev-registry", "gke-dev-artifacts", "gke-dev-cluster"}
    for id_, stack in real.items():
        assert rehearsed[id_]["terraform"].pop("backend") == {
            "local": {"path": str(rehearsal.states / f"{id_}.tfstate")}
        }
        assert stack["terraform"].pop("backend")
        assert rehearsed[id_] == stack


@pytest.mark.slow
def test_a_stack_is_rehearsed_with_all_that_it_depends_on(tmp_path: Path) -> None:
    rehearsal = Rehearsal("gke-dev", tmp_path / "rehearsal", only="gke-dev-cluster")
    rehearsal.folder.mkdir()

    synthesised(rehearsal.app_command(), rehearsal.output)

    assert rehearsal.stacks() == ["gke-dev-state", "gke-dev-registry", "gke-dev-artifacts", "gke-dev-cluster"]


@pytest.mark.slow
def test_what_is_wrong_stops_a_rehearsal_before_anything_runs(checkout: Path, modelyard_command: Command) -> None:
    service = checkout / "services" / "image_classifier" / "service.py"
    service.write_text(service.read_text().replace('"768Mi"', '"7680Mi"'))

    done = modelyard_command("rehearse")

    assert done.returncode == 1
    assert "services/image_classifier/service.py" in done.stderr
    assert "2780Mi allocatable on n1-standard-1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((checkout / ".rehearsal").rglob("*.tfstate"))


@pytest.mark.slow
def test_an_unknown_environment_or_stack_is_said_plainly(modelyard_command: Command) -> None:
    unknown = modelyard_command("rehearse", "gke-dve")
    assert (unknown.returncode, "did you mean gke-dev?" in unknown.stderr) == (1, True)

    stack = modelyard_command("rehearse", "--only", "gke-dev-klassifier")
    assert (stack.returncode, "gke-dev-image-classifier" in stack.stderr) == (1, True)


@pytest.mark.slow
def test_a_wrong_scenario_is_refused_before_anything_runs(checkout: Path, modelyard_command: Command) -> None:
    scenario = checkout / "scenario.toml"
    scenario.write_text('[[faults]]\naction = "create"\nwhat = "kill"\n')

    for shell in ([], ["--shell"]):
        done = modelyard_command("rehearse", "gke-dev", *shell, "--faults", str(scenario))

        assert done.returncode == 1
        assert "faults[0].who: Field required" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (checkout / ".rehearsal").exists()


@pytest.mark.slow
def test_a_rehearsal_with_faults_says_which_have_struck(checkout: Path, modelyard_command: Command) -> None:
    scenario = checkout / "scenario.toml"
    scenario.write_text(
        '[[faults]]\naction = "create"\ntype = "google_storage_bucket"\nwhat = "late"\nseconds = 0.1\n'
        '[[faults]]\naction = "create"\ntype = "google_container_cluster"\nwhat = "drop"\n'
    )

    done = modelyard_command("rehearse", "gke-dev", "--only", "gke-dev-state", "--faults", str(scenario))

    assert done.returncode == 0, done.stderr
    assert re.search(r"fault 1: \d{4}-\S+ create google_storage_bucket", done.stdout)
    assert "fault 2: has not struck" in done.stdout


def prerequisites(tools: Path) -> subprocess.CompletedProcess[str]:
    """What is said of a machine that has only the tools of a folder."""
    return subprocess.run(
        [sys.executable, ROOT / "doctor" / "prerequisites.py"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_tool_gets_one_line_and_no_stack_trace(tmp_path: Path) -> None:
    done = prerequisites(tmp_path)

    assert done.returncode == 1
    assert [line.split(",")[0] for line in done.stderr.splitlines()] == [
        "error: node is missing",
        "error: npm is missing",
        "error: terraform is missing",
    ]


def test_a_tool_that_is_too_old_is_told_from_one_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho v18.20.4\n")
    (tmp_path / "node").chmod(0o755)

    done = prerequisites(tmp_path)

    assert "error: node is 18.20, 20.0 or newer is needed" in done.stderr
