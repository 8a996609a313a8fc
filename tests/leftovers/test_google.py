import json
from decimal import Decimal

from modelyard.errors import ConfigurationError

import pytest

from costs.prices import load
from leftovers.finder import Patience, delete, find, is_living
from leftovers.google_kinds import KINDS
from stacks.gke.settings import GkeSettings
from tests.leftovers.fake_google import PROJECT, GoogleWorld
from tests.leftovers.google_estate import Remains, plant_all, plant_network, plant_service, plant_volumes
from tests.leftovers.http_server import Answer

pytestmark = pytest.mark.slow

OURS = Remains("gke-dev", environment="gke-dev")
PATIENCE = Patience(deletion_seconds=5, use_seconds=0.5, pause_seconds=0.05)


def sweep(settings: GkeSettings) -> list[str]:
    told: list[str] = []
    assert delete(settings, find(settings), told.append, patience=PATIENCE) == []
    return told


def test_one_of_each_kind_is_found_priced_and_swept(google_world: GoogleWorld, settings: GkeSettings) -> None:
    ours = plant_all(google_world, OURS)

    left = find(settings)

    assert {each.id for each in left} == ours
    assert {each.kind for each in left} == {kind.name for kind in KINDS}
    assert all(each.why_ours for each in left)
    sweep(settings)
    assert google_world.things == {}
    assert find(settings) == []


def test_wherever_a_sweep_stops_what_is_left_is_provably_ours_still(
    google_world: GoogleWorld, settings: GkeSettings
) -> None:
    plant_all(google_world, OURS)
    left = find(settings)

    for step in sorted({each.step for each in left}):
        assert delete(settings, [each for each in left if each.step == step], lambda _: None, patience=PATIENCE) == []
        google_world.finish()
        assert {each.id for each in find(settings)} == set(google_world.things)


def test_prices_are_those_of_the_book(google_world: GoogleWorld, settings: GkeSettings) -> None:
    plant_all(google_world, OURS)

    prices = {(each.kind, each.name): each.monthly for each in find(settings)}

    def price(kind: str, name: str) -> Decimal | None:
        found = prices[kind, name]
        return found.high if found else None

    assert price("disk", "pvc-1a2b3c4d-0") == Decimal("1.0")  # 10 GB of pd-balanced at 0.10
    assert price("disk", "pvc-1a2b3c4d-1") == Decimal("2.0")  # in two zones
    assert price("snapshot", "snapshot-1a2b3c4d") == Decimal("0.05")  # holds 1 GB
    spot, listed = (load().find("google", "us-central1", f"machine/n1-standard-1{end}") for end in ("/spot", ""))
    assert spot
    assert listed
    assert price("instance", OURS.node) == spot.monthly < listed.monthly
    rules = sorted(each.high for (kind, _), each in prices.items() if kind == "forwarding rule" and each)
    assert rules == [0, 0, Decimal("18.250")]  # five at 0.025 an hour together
    assert price("network", "gke-dev") == 0


def test_what_a_living_cluster_uses_is_no_leftover(google_world: GoogleWorld, settings: GkeSettings) -> None:
    ours = plant_all(google_world, OURS)
    kept = google_world.plant(
        f"{OURS.everywhere}/snapshots/notebook", labels={**settings.labels, "modelyard-kept": "true"}, storageBytes="0"
    )
    google_world.plant_cluster("gke-dev", "us-central1", network="gke-dev")

    assert is_living(settings)
    assert [each.id for each in find(settings)] == [kept]
    assert {each.id for each in find(settings, include_living=True)} == {*ours, kept}


def test_what_is_kept_is_listed_and_stays(google_world: GoogleWorld, settings: GkeSettings) -> None:
    kept = google_world.plant(
        f"{OURS.everywhere}/snapshots/notebook", labels={**settings.labels, "modelyard-kept": "true"}, diskSizeGb="10"
    )

    (found,) = find(settings)

    assert (found.is_kept, found.monthly and found.monthly.high) == (True, Decimal("0.50"))
    assert sweep(settings) == []
    assert list(google_world.things) == [kept]


NEIGHBOURS = [
    Remains("gke-dev2", environment="gke-dev2", uid="00000001", service="a" + "1" * 31),
    Remains("gke-dev-old", environment="gke-dev-old", uid="00000002", service="a" + "2" * 31),
    Remains("gke", environment="gke", uid="00000003", service="a" + "3" * 31),
    Remains("gke-dev-default", uid="00000004", service="a" + "4" * 31),
    Remains("gke-dev", project="another-project", environment="gke-dev", uid="00000005", service="a" + "5" * 31),
    Remains("shared", environment="somebody", uid="00000006", service="a" + "6" * 31),
]


@pytest.mark.parametrize("neighbour", NEIGHBOURS, ids=lambda each: f"{each.project}/{each.name}")
def test_neighbours_stay(google_world: GoogleWorld, settings: GkeSettings, neighbour: Remains) -> None:
    plant_all(google_world, OURS)
    foreign = plant_all(google_world, neighbour)

    sweep(settings)

    # What goes with a node of ours by itself is not planted by a neighbour.
    assert google_world.things.keys() == foreign


def test_a_cluster_of_the_same_name_in_a_zone_or_another_region_stays(
    google_world: GoogleWorld, settings: GkeSettings
) -> None:
    elsewhere = Remains("gke-dev", region="europe-west1", uid="00000007", service="a" + "7" * 31)
    zonal = Remains("gke-dev", location="us-central1-a", uid="00000008", service="a" + "8" * 31)
    foreign = plant_volumes(google_world, elsewhere) | plant_volumes(google_world, zonal) | plant_service(
        google_world, zonal, firewall=False
    )  # fmt: skip
    google_world.plant_cluster("gke-dev", "us-central1-a", network="default")
    before = set(google_world.things)

    sweep(settings)

    assert foreign <= google_world.things.keys() == before


def test_in_a_network_that_another_cluster_shares_only_what_names_our_nodes_is_ours(
    google_world: GoogleWorld, settings: GkeSettings
) -> None:
    plant_all(google_world, OURS)
    other = Remains("gke-dev-batch", network="gke-dev", uid="00000009", service="a" + "9" * 31)
    google_world.plant_cluster("gke-dev-batch", "us-central1", network="gke-dev")
    foreign = {
        google_world.plant(f"{other.everywhere}/firewalls/gke-batch-x", targetTags=[other.tag], **other.in_network),
        google_world.plant(
            f"{other.zone}/networkEndpointGroups/k8s1-{other.uid}-batch-batch-80-abc",
            description=json.dumps({"cluster-uid": other.uid}),
            **other.in_network,
        ),
    }

    failures = delete(settings, find(settings), lambda _: None, patience=PATIENCE)

    assert foreign <= google_world.things.keys()
    # The network is in use: it is said, and not forced.
    assert "network" in {each.leftover.kind for each in failures}


def test_a_load_balancer_is_known_by_its_nodes_when_network_and_firewall_are_gone(
    google_world: GoogleWorld, settings: GkeSettings
) -> None:
    ours = plant_service(google_world, OURS, firewall=False)

    assert {each.id for each in find(settings)} == ours


def test_a_network_of_this_name_and_another_form_is_not_ours(google_world: GoogleWorld, settings: GkeSettings) -> None:
    network = google_world.plant(f"{OURS.everywhere}/networks/gke-dev", autoCreateSubnetworks=True)
    google_world.plant(f"{OURS.everywhere}/firewalls/allow", targetTags=[OURS.tag], **OURS.in_network)

    sweep(settings)

    assert network in google_world.things
    assert len(google_world.things) == 2


def test_a_rule_that_somebody_added_stops_the_network_and_nothing_else(
    google_world: GoogleWorld, settings: GkeSettings
) -> None:
    plant_network(google_world, OURS)
    rule = google_world.plant(f"{OURS.everywhere}/firewalls/bastion", targetTags=["bastion"], **OURS.in_network)

    (failure,) = delete(settings, find(settings), lambda _: None, patience=PATIENCE)

    assert failure.leftover.kind == "network"
    assert "bastion" in failure.why
    assert set(google_world.things) == {rule, f"{OURS.everywhere}/networks/gke-dev"}


def _error(status: int, reason: str) -> Answer:
    return Answer({"error": {"code": status, "message": reason, "errors": [{"reason": reason}]}}, status)


def test_too_many_requests_are_asked_again(google_world: GoogleWorld, settings: GkeSettings) -> None:
    plant_volumes(google_world, OURS)
    google_world.faults = {
        "compute.disks.aggregatedList": [_error(429, "rateLimitExceeded")],
        "compute.disks.delete": [_error(503, "backendError")],
    }

    sweep(settings)

    assert google_world.things == {}


def test_what_went_by_itself_is_no_failure(google_world: GoogleWorld, settings: GkeSettings) -> None:
    plant_volumes(google_world, OURS)
    left = find(settings)
    google_world.things.clear()

    told: list[str] = []
    assert delete(settings, left, told.append, patience=PATIENCE) == []
    assert [each.split(":")[0] for each in told] == ["gone"] * len(left)


def test_a_deletion_that_is_refused_is_told_and_the_rest_goes(google_world: GoogleWorld, settings: GkeSettings) -> None:
    plant_volumes(google_world, OURS)
    google_world.faults = {"compute.snapshots.delete": [_error(403, "forbidden")]}

    (failure,) = delete(settings, find(settings), lambda _: None, patience=PATIENCE)

    assert (failure.leftover.kind, failure.why) == ("snapshot", "forbidden")
    assert len(google_world.things) == 1


def test_who_may_not_look_is_told_what_to_mend(google_world: GoogleWorld, settings: GkeSettings) -> None:
    google_world.faults = {"compute.firewalls.list": [_error(403, "forbidden")]}

    with pytest.raises(ConfigurationError, match=r"roles/compute\.viewer"):
        find(settings)


def test_who_is_not_logged_in_is_told_how(settings: GkeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")

    with pytest.raises(ConfigurationError, match="gcloud auth application-default login"):
        find(settings)


def test_leftovers_of_another_project_are_never_asked_for(google_world: GoogleWorld, settings: GkeSettings) -> None:
    plant_all(google_world, OURS)

    sweep(settings)

    assert all(f"projects/{PROJECT}/" in path for _, path in google_world.requests)
