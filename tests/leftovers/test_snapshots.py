from modelyard.errors import ConfigurationError

import pytest

from leftovers.finder import Patience, find
from leftovers.snapshots import Disk, snapshot
from stacks.aks.settings import AksSettings
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from tests.leftovers import azure_estate, google_estate
from tests.leftovers.fake_azure import AzureWorld
from tests.leftovers.fake_google import PROJECT, GoogleWorld

pytestmark = pytest.mark.slow

OURS = google_estate.Remains("gke-dev", environment="gke-dev")
PATIENCE = Patience(deletion_seconds=2, use_seconds=0.5, pause_seconds=0.01)


@pytest.fixture(scope="module")
def aks() -> AksSettings:
    loaded = load_settings("aks-dev")
    assert isinstance(loaded, AksSettings)
    return loaded


def test_on_google_it_is_ready_labelled_and_kept(google_world: GoogleWorld, settings: GkeSettings) -> None:
    google_estate.plant_volumes(google_world, OURS)
    disk = Disk(f"{OURS.regional}/disks/pvc-{OURS.uid}-1", "iris", "notebook.data")
    told: list[str] = []

    id_ = snapshot(settings, disk, "notebook-1", told.append, patience=PATIENCE)

    assert google_world.things[id_]["status"] == "READY"
    assert google_world.things[id_]["labels"] == {
        "environment": "gke-dev",
        "managed-by": "modelyard",
        "modelyard-kept": "true",
        "claim-namespace": "iris",
        "claim-name": "notebook_data",
    }
    assert told == ["kept: snapshot notebook-1 of iris/notebook.data"]
    assert [(each.id, each.claim) for each in find(settings) if each.is_kept] == [(id_, "iris/notebook_data")]


def test_on_google_once_more_is_the_same_and_another_disk_is_refused(
    google_world: GoogleWorld, settings: GkeSettings
) -> None:
    google_estate.plant_volumes(google_world, OURS)
    places = enumerate((OURS.zone, OURS.regional))
    disks = [Disk(f"{place}/disks/pvc-{OURS.uid}-{number}", "iris", "notebook") for number, place in places]

    first = snapshot(settings, disks[0], "notebook-1", print, patience=PATIENCE)
    assert snapshot(settings, disks[0], "notebook-1", print, patience=PATIENCE) == first
    assert [call for call, _ in google_world.requests].count("compute.snapshots.insert") == 1
    with pytest.raises(ConfigurationError, match="is of another disk"):
        snapshot(settings, disks[1], "notebook-1", print, patience=PATIENCE)


def test_a_disk_that_is_gone_is_told(google_world: GoogleWorld, settings: GkeSettings) -> None:
    disk = Disk(f"projects/{PROJECT}/zones/us-central1-a/disks/x", "iris", "notebook")

    with pytest.raises(ConfigurationError, match=r"no snapshot notebook-1 of iris/notebook: .*was not found"):
        snapshot(settings, disk, "notebook-1", print)
    assert google_world.things == {}


def test_on_azure_it_outlives_the_groups(azure_world: AzureWorld, aks: AksSettings) -> None:
    ours = azure_estate.Remains("aks-dev", environment="aks-dev")
    azure_estate.plant_groups(azure_world, ours)
    ids = azure_estate.plant_nodes(azure_world, ours)
    disk = Disk(next(each for each in ids if "/disks/" in each), "iris", "notebook")

    id_ = snapshot(aks, disk, "notebook-1", print, patience=PATIENCE)
    assert snapshot(aks, disk, "notebook-1", print, patience=PATIENCE) == id_

    made = azure_world.things[id_.lower()]
    assert made["tags"] == {
        "environment": "aks-dev",
        "managed-by": "modelyard",
        "modelyard-kept": "true",
        "claim-namespace": "iris",
        "claim-name": "notebook",
    }
    assert made["properties"]["incremental"] is True
    puts = [path for method, path, _ in azure_world.requests if method == "PUT" and "/snapshots/" in path]
    assert len(puts) == 1
    found = {each.id: each for each in find(aks)}
    assert found[id_].is_kept
    # The group that it is in is nobody's to sweep.
    assert "aks-dev-kept" not in {each.name for each in found.values()}
    with pytest.raises(ConfigurationError, match="is of another disk"):
        snapshot(aks, Disk(disk.id + "2", "iris", "other"), "notebook-1", print, patience=PATIENCE)
