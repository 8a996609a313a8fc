import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from commands.app import app
from leftovers.google_cloud import GoogleCloud
from stacks.paths import ROOT
from tests.command_line import refusal
from tests.leftovers import azure_estate, google_estate
from tests.leftovers.fake_azure import AzureWorld
from tests.leftovers.fake_google import GoogleWorld
from tests.leftovers.http_server import Answer

OURS = google_estate.Remains("gke-dev", environment="gke-dev")


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


def test_it_deletes_after_a_question(google_world: GoogleWorld) -> None:
    google_estate.plant_network(google_world, OURS)

    assert run("gke-dev", "--delete", answer="n\n").exit_code == 1
    assert len(google_world.things) == 3
    done = run("gke-dev", "--delete", answer="y\n")

    assert done.exit_code == 0, done.output
    assert google_world.things == {}


def test_volumes_go_only_by_a_word_of_their_own(google_world: GoogleWorld) -> None:
    google_estate.plant_volumes(google_world, OURS)

    assert "deletes what people saved on iris/notebook" in refusal("sweep", "gke-dev", "--delete", "--yes")
    assert len(google_world.things) == 3
    done = run("gke-dev", "--delete", "--yes", "--volumes")

    assert done.exit_code == 0, done.output
    assert google_world.things == {}


def test_what_could_not_be_deleted_ends_with_1(azure_world: AzureWorld) -> None:
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
) -> None:
    (google_world, google_variables, _), (azure_world, azure_variables, _) = google_server, azure_server
    google_world.empty()
    azure_world.empty()
    google_estate.plant_all(google_world, OURS)
    azure_estate.plant_all(azure_world, azure_estate.Remains("aks-dev", environment="aks-dev"))
    variables = os.environ | google_variables | azure_variables

    for name in ("gke-dev", "aks-dev"):
        command = [sys.executable, "-m", "commands", "sweep", name, "--delete", "--yes", "--volumes"]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert google_world.things == {}
    assert azure_world.things == azure_world.groups == {}


def test_an_environment_on_a_cluster_of_ones_own_has_nothing_to_sweep() -> None:
    assert "cloud" in refusal("sweep", "local")
