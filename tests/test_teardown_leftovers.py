"""The last steps of a teardown: what Terraform never knew, in clouds that their own libraries describe."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import copy_of_the_repo, keep_only
from tests.leftovers.azure_estate import Remains as AzureRemains
from tests.leftovers.azure_estate import plant_all as plant_all_on_azure
from tests.leftovers.fake_azure import AzureWorld, azure
from tests.leftovers.fake_google import GoogleWorld, google
from tests.leftovers.google_estate import Remains, plant_all, plant_volumes
from tests.leftovers.http_server import Answer
from tests.rehearsals import Rehearsing, rehearsing

pytestmark = pytest.mark.slow
ALL = ("--yes", "--volumes", "delete", "--artifacts")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copied repo with one service."""
    checkout = copy_of_the_repo(tmp_path_factory.mktemp("leftovers") / "checkout")
    keep_only(checkout, "image_classifier")
    return checkout


@pytest.fixture
def gke(checkout: Path) -> Iterator[Rehearsing]:
    with rehearsing(checkout, "gke-dev") as estate:
        yield estate


def test_what_the_cluster_has_left_on_google_is_swept(gke: Rehearsing, tmp_path: Path) -> None:
    cloud = GoogleWorld()
    others = {
        *plant_all(cloud, Remains("gke-dev2", environment="gke-dev2", uid="5e6f7a8b", service="b" * 32)),
        *plant_all(cloud, Remains("gke-dev", environment="gke-dev", project="somebody-else")),
    }
    ours = plant_all(cloud, Remains("gke-dev", environment="gke-dev"))
    assert gke.modelyard("up", "gke-dev", "--yes").returncode == 0

    with google(cloud, tmp_path) as variables:
        done = gke.modelyard("teardown", "gke-dev", *ALL, **variables)

    assert done.returncode == 0, done.stderr
    assert set(cloud.things) == others
    # What goes with something else of it is gone when its turn comes.
    assert done.stdout.count("  deleted: ") + done.stdout.count("  gone: ") == len(ours)
    assert done.stdout.endswith("gone: gke-dev\n")
    assert gke.left() == []


def test_what_stays_is_named_with_its_price(gke: Rehearsing, tmp_path: Path) -> None:
    cloud = GoogleWorld()
    plant_volumes(cloud, Remains("gke-dev", environment="gke-dev"))
    refusal = {"error": {"code": 403, "message": "no right to delete", "errors": [{"reason": "forbidden"}]}}
    cloud.faults = {"compute.disks.delete": [Answer(refusal, status=403)] * 9}

    with google(cloud, tmp_path) as variables:
        refused = gke.modelyard("teardown", "gke-dev", *ALL, **variables)
        cloud.faults = {}
        again = gke.modelyard("teardown", "gke-dev", *ALL, **variables)

    assert refused.returncode == 1
    assert "nothing of gke-dev is deployed" in refused.stdout
    still = refused.stdout.partition("still in the cloud")[2]
    assert "pvc-1a2b3c4d-0" in still
    assert "1 left, $1.00 a month" in still
    assert again.returncode == 0, again.stderr
    assert cloud.things == {}


def test_what_the_cluster_has_left_on_azure_is_swept(checkout: Path, tmp_path: Path) -> None:
    cloud = AzureWorld()
    with azure(cloud, tmp_path) as variables, rehearsing(checkout, "aks-dev") as aks:
        others = plant_all_on_azure(cloud, AzureRemains("aks-dev2", environment="aks-dev2"))
        ours = plant_all_on_azure(cloud, AzureRemains("aks-dev", environment="aks-dev"))
        assert ours
        assert aks.modelyard("up", "aks-dev", "--yes").returncode == 0

        done = aks.modelyard("teardown", "aks-dev", *ALL, **variables)

        assert done.returncode == 0, done.stderr + done.stdout
        assert {id_.lower() for id_ in cloud.things} == {id_.lower() for id_ in others} - set(cloud.groups)
        assert aks.left() == []
