import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commands.app import app
from estate.rehearsal import Rehearsal
from leftovers.google_cloud import GoogleCloud
from stacks.paths import ROOT
from tests.command_line import refusal
from tests.leftovers import azure_estate, google_estate
from tests.leftovers.fake_azure import AzureWorld
from tests.leftovers.fake_google import GoogleWorld
from tests.leftovers.http_server import Answer

pytestmark = pytest.mark.slow

OURS = google_estate.Remains("gke-dev", environment="gke-dev")


@pytest.fixture
def gke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    return rehearse("gke-dev", tmp_path, monkeypatch)


def rehearse(environment: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """Terraform's states are files here, of which there are none yet."""
    rehearsal = Rehearsal(environment, folder / "rehearsal")
    for name, value in rehearsal.variables().items():
        monkeypatch.setenv(name, value)
    rehearsal.states.mkdir()
    return rehearsal


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["sweep", *arguments], input=answer)


def test_it_shows_what_is_left_and_deletes_nothing(google_world: GoogleWorld) -> None:
    google_estate.plant_service(google_world, OURS, firewall=False)
    before = dict(google_world.things)

    shown = run("gke-dev")

    assert shown.exit_code == 1
    assert "2 left, $18.25 a month" in shown.output
    assert "balances" in shown.output  # why it is ours, in a narrow column
    assert google_world.things == before


def test_nothing_left_ends_with_0(google_world: GoogleWorld) -> None:
    shown = run("gke-dev")

    assert google_world.requests
    assert (shown.exit_code, shown.output) == (0, "gke-dev: nothing is left\n")


@pytest.mark.usefixtures("gke")
def test_it_deletes_after_a_question(google_world: GoogleWorld) -> None:
    google_estate.plant_network(google_world, OURS)

    assert run("gke-dev", "--delete", answer="n\n").exit_code == 1
    assert len(google_world.things) == 3
    done = run("gke-dev", "--delete", answer="y\n")

    assert done.exit_code == 0, done.output
    assert google_world.things == {}


def test_what_terraform_still_knows_is_not_swept(google_world: GoogleWorld, gke: Rehearsal) -> None:
    google_estate.plant_network(google_world, OURS)
    before = dict(google_world.things)
    network = {"mode": "managed", "type": "google_compute_network", "name": "network", "instances": [{}]}
    state = {"version": 4, "serial": 1, "lineage": "half a deploy", "resources": [network]}
    (gke.states / "gke-dev-cluster.tfstate").write_text(json.dumps(state))

    refused = refusal("sweep", "gke-dev", "--delete", "--yes")

    assert "gke-dev-cluster is deployed in part: its state still holds 1 of what a sweep could delete" in refused
    assert "mend: modelyard teardown gke-dev" in refused
    assert google_world.things == before
    # To look is always allowed.
    assert "3 left" in run("gke-dev").output


def test_a_rehearsal_says_nothing_about_the_real_cloud(
    google_world: GoogleWorld, gke: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    google_estate.plant_network(google_world, OURS)
    monkeypatch.delenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT")

    assert f"{gke.environment} is rehearsed in this shell" in refusal("sweep", "gke-dev", "--delete", "--yes")
    assert len(google_world.things) == 3


@pytest.mark.usefixtures("gke")
def test_volumes_go_only_by_a_word_of_their_own(google_world: GoogleWorld) -> None:
    google_estate.plant_volumes(google_world, OURS)

    assert "deletes what people saved on iris/notebook" in refusal("sweep", "gke-dev", "--delete", "--yes")
    assert len(google_world.things) == 3
    done = run("gke-dev", "--delete", "--yes", "--volumes")

    assert done.exit_code == 0, done.output
    assert google_world.things == {}


def test_what_could_not_be_deleted_ends_with_1(
    azure_world: AzureWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse("aks-dev", tmp_path, monkeypatch)
    azure_estate.plant_groups(azure_world, azure_estate.Remains("aks-dev", environment="aks-dev"))
    locked = Answer({"error": {"code": "ScopeLocked", "message": "locked [for good]"}}, 409)
    (group,) = (each for each in azure_world.groups if each.endswith("-nodes"))
    azure_world.faults = {("DELETE", group): [locked]}

    done = run("aks-dev", "--delete", "--yes")

    assert done.exit_code == 1
    assert "locked [for good]" in done.output
    assert "1 left" in done.output
    assert list(azure_world.groups) == [group]


@pytest.mark.slow
def test_the_program_itself_sweeps_both_clouds(
    google_server: tuple[GoogleWorld, dict[str, str], GoogleCloud],
    azure_server: tuple[AzureWorld, dict[str, str], object],
    tmp_path: Path,
) -> None:
    (google_world, google_variables, _), (azure_world, azure_variables, _) = google_server, azure_server
    google_world.empty()
    azure_world.empty()
    google_estate.plant_all(google_world, OURS)
    azure_estate.plant_all(azure_world, azure_estate.Remains("aks-dev", environment="aks-dev"))

    for name in ("gke-dev", "aks-dev"):
        rehearsal = Rehearsal(name, tmp_path / name)
        variables = os.environ | google_variables | azure_variables | rehearsal.variables()
        command = [sys.executable, "-m", "commands", "sweep", name, "--delete", "--yes", "--volumes"]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert google_world.things == {}
    assert azure_world.things == azure_world.groups == {}


def test_an_environment_on_a_cluster_of_ones_own_has_nothing_to_sweep() -> None:
    assert "cloud" in refusal("sweep", "local")
