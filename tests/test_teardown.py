"""Teardowns of an environment on simulated providers: real Terraform, the real command."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomlkit

from simulator.world import World
from tests.conftest import copy_of_the_repo, keep_only
from tests.rehearsals import Rehearsing, rehearsing

pytestmark = pytest.mark.slow
ALL = ("--yes", "--volumes", "delete", "--artifacts")
# Of the stores.
STORES = {
    "google_artifact_registry_repository",
    "google_artifact_registry_repository_iam_member",
    "google_storage_bucket",
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copied repo with one service, and its environment gke-dev rehearsed and kept."""
    checkout = copy_of_the_repo(tmp_path_factory.mktemp("teardown") / "checkout")
    keep_only(checkout, "iris")
    with rehearsing(checkout, "gke-dev") as estate:
        up = estate.modelyard("up", "gke-dev", "--yes")
        assert up.returncode == 0, up.stderr
        shutil.copytree(estate.rehearsal.folder, checkout / "deployed")
    return checkout


@pytest.fixture
def estate(deployed: Path) -> Iterator[Rehearsing]:
    """As it was deployed, whatever other tests have done to it."""
    with rehearsing(deployed, "gke-dev") as estate:
        for part in ("world", "states", "backups"):
            shutil.rmtree(estate.rehearsal.folder / part, ignore_errors=True)
        for part in ("world", "states"):
            shutil.copytree(deployed / "deployed" / part, estate.rehearsal.folder / part)
        file = deployed / "environments" / "gke-dev.toml"
        before = file.read_text()
        yield estate
        file.write_text(before)


def protect(checkout: Path) -> None:
    file = checkout / "environments" / "gke-dev.toml"
    document = tomlkit.parse(file.read_text())
    del document["protection_lifted"]
    file.write_text(tomlkit.dumps(document))


def held(world: World) -> dict[str, object]:
    """What lets the things of the world not be deleted."""
    clusters = world.google.all("google_container_cluster").values()
    buckets = world.google.all("google_storage_bucket").items()
    return {each["name"]: each["deletion_protection"] for each in clusters} | {
        name: each["force_destroy"] for name, each in buckets
    }


def test_all_of_it_goes_and_is_counted(estate: Rehearsing) -> None:
    done = estate.modelyard("teardown", "gke-dev", *ALL)

    assert done.returncode == 0, done.stderr
    assert estate.left() == []
    saved = re.search(r"saves \$(\d+)-(\d+) a month, of \$\1-\2\n", done.stdout)
    assert saved
    assert int(saved[1]) > 80
    again = estate.modelyard("teardown", "gke-dev", *ALL)
    assert (again.returncode, "nothing of gke-dev is deployed" in again.stdout) == (0, True), again.stderr


def test_copies_of_all_states_are_kept_where_only_their_owner_reads_them(estate: Rehearsing) -> None:
    before = {file.name: json.loads(file.read_text()) for file in estate.rehearsal.states.glob("*.tfstate")}

    assert estate.modelyard("teardown", "gke-dev", *ALL).returncode == 0

    (place,) = (estate.rehearsal.folder / "backups").iterdir()
    assert {file.name: json.loads(file.read_text()) for file in place.iterdir()} == before
    assert place.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "add --yes"),
        (["--yes"], r"deletes what people saved on .*, iris/iris-notebook \(10Gi\)"),
        (["--yes", "--volumes", "delete"], "deletes all models and artifacts in gke-dev-artifacts"),
    ],
)
def test_nothing_is_touched_before_everything_was_said(estate: Rehearsing, arguments: list[str], said: str) -> None:
    before = estate.left()

    refused = estate.modelyard("teardown", "gke-dev", *arguments)

    assert refused.returncode == 1
    assert re.search(said, refused.stderr)
    assert estate.left() == before
    assert not (estate.rehearsal.folder / "backups").exists()


def test_what_is_protected_goes_for_a_reason_only(estate: Rehearsing, deployed: Path) -> None:
    protect(deployed)
    up = estate.modelyard("up", "gke-dev", "--yes")
    assert up.returncode == 0, up.stderr
    assert held(estate.world) == {
        "gke-dev": True,
        "modelyard-dev-gke-dev-state": False,
        "modelyard-dev-gke-dev-artifacts": False,
    }

    refused = estate.modelyard("teardown", "gke-dev", *ALL)
    assert refused.returncode == 1
    assert "gke-dev is protected, nothing was touched" in refused.stderr
    assert "--reason" in refused.stderr
    assert held(estate.world)["gke-dev"] is True

    done = estate.modelyard("teardown", "gke-dev", *ALL, "--reason", "it is moved to another project")
    assert done.returncode == 0, done.stderr
    assert "no longer protected: gke-dev-cluster" in done.stdout
    assert estate.left() == []


def test_the_stores_can_stay(estate: Rehearsing) -> None:
    done = estate.modelyard("teardown", "gke-dev", "--yes", "--volumes", "snapshot", "--keep-stores")

    assert done.returncode == 0, done.stderr
    assert estate.types() == {"google_artifact_registry_repository", "google_storage_bucket"}
    up = estate.modelyard("up", "gke-dev", "--yes")
    assert up.returncode == 0, up.stderr
    assert "google_container_cluster" in estate.types()


def test_artifacts_go_with_their_bucket_once_that_was_said(estate: Rehearsing) -> None:
    bucket = "modelyard-dev-gke-dev-artifacts"
    estate.world.google.put(
        "google_storage_bucket_object", f"{bucket}-model", {"id": "model", "bucket": bucket, "name": "model"}
    )

    done = estate.modelyard("teardown", "gke-dev", *ALL)

    assert done.returncode == 0, done.stderr
    assert estate.types() == {"google_storage_bucket_object"}


def test_a_cluster_that_somebody_has_deleted_holds_nothing_up(estate: Rehearsing) -> None:
    for gone in ("google_container_cluster", "google_container_node_pool"):
        shutil.rmtree(estate.rehearsal.world / "google" / gone)
    shutil.rmtree(estate.rehearsal.world / "clusters")

    done = estate.modelyard("teardown", "gke-dev", *ALL)

    assert done.returncode == 0, done.stderr
    assert "the cluster is not there any more" in done.stdout
    assert estate.left() == []


def test_what_is_half_deployed_goes_too(estate: Rehearsing) -> None:
    """Services without cluster cannot be; a cluster without services can, and stores without a cluster."""
    for stack in ("iris", "polyaxon", "monitoring"):
        (estate.rehearsal.states / f"gke-dev-{stack}.tfstate").unlink()
    shutil.rmtree(estate.rehearsal.world / "clusters")

    done = estate.modelyard("teardown", "gke-dev", *ALL)

    assert done.returncode == 0, done.stderr
    assert not {type_name for type_name in estate.types() if "storage" not in type_name}


def test_a_state_that_is_none_stops_before_anything_is_touched(estate: Rehearsing) -> None:
    before = estate.left()
    state = estate.rehearsal.states / "gke-dev-cluster.tfstate"
    state.write_text(state.read_text()[:-100])

    refused = estate.modelyard("teardown", "gke-dev", *ALL)

    assert refused.returncode == 1
    assert str(state) in refused.stderr
    assert "docs/state.md" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert estate.left() == before
