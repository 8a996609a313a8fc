from decimal import Decimal

from modelyard.errors import ConfigurationError

import pytest

from costs.charges import NOTHING, Range
from leftovers import azure_kinds as kinds
from leftovers.finder import Patience, delete, find, is_living
from stacks.aks.settings import AksSettings
from stacks.environments import load_settings
from tests.leftovers.azure_estate import Remains, plant_all, plant_bin, plant_groups, plant_logs, plant_nodes
from tests.leftovers.fake_azure import SUBSCRIPTION, AzureWorld
from tests.leftovers.http_server import Answer

pytestmark = pytest.mark.slow

OURS = Remains("aks-dev", environment="aks-dev")
PATIENCE = Patience(deletion_seconds=5, use_seconds=0.5, pause_seconds=0.05)
ALL = (*kinds.LISTED, kinds.NODE_GROUP, kinds.CLUSTER_GROUP)


@pytest.fixture(scope="module")
def settings() -> AksSettings:
    loaded = load_settings("aks-dev")
    assert isinstance(loaded, AksSettings)
    return loaded


def ids(world: AzureWorld) -> set[str]:
    return {body["id"] for body in (*world.things.values(), *world.groups.values())}


def sweep(settings: AksSettings) -> list[str]:
    told: list[str] = []
    assert delete(settings, find(settings), told.append, patience=PATIENCE) == []
    return told


def test_one_of_each_kind_is_found_priced_and_swept(azure_world: AzureWorld, settings: AksSettings) -> None:
    ours = plant_all(azure_world, OURS)

    left = find(settings)

    assert {each.id for each in left} == ours
    assert {each.kind for each in left} == {kind.name for kind in ALL}
    assert all(each.why_ours for each in left)
    sweep(settings)
    assert ids(azure_world) == set()
    # Deleted by force, the workspace does not wait in the bin.
    assert azure_world.bin == {}
    assert find(settings) == []


def test_wherever_a_sweep_stops_what_is_left_is_provably_ours_still(
    azure_world: AzureWorld, settings: AksSettings
) -> None:
    plant_all(azure_world, OURS)
    left = find(settings)

    for step in sorted({each.step for each in left}):
        assert delete(settings, [each for each in left if each.step == step], lambda _: None, patience=PATIENCE) == []
        assert {each.id for each in find(settings)} == ids(azure_world)


def test_prices_are_those_of_the_book(azure_world: AzureWorld, settings: AksSettings) -> None:
    plant_all(azure_world, OURS)

    prices = {each.kind: each.monthly for each in find(settings)}

    seven_rules = (Decimal("0.025") + 2 * Decimal("0.01")) * 730  # of which five have one price
    assert prices["load balancer"] == Range.exactly(seven_rules)
    assert prices["snapshot"] == Range(Decimal(0), Decimal("0.50"))  # of 10 GB, at most
    assert prices["log workspace"] is None
    assert prices["network security group"] == NOTHING
    machine, disk = prices["virtual machine"], prices["disk"]
    assert machine
    assert prices["scale set"] == machine * 2
    assert disk
    assert disk.low > 0


def test_what_a_living_cluster_uses_is_no_leftover(azure_world: AzureWorld, settings: AksSettings) -> None:
    ours = plant_all(azure_world, OURS)
    azure_world.plant(OURS.group, kinds.CLUSTER.type, "aks-dev", tags=OURS.tags)

    assert is_living(settings)
    assert find(settings) == []
    assert {each.id for each in find(settings, include_living=True)} == ours


def test_a_deleted_workspace_that_holds_its_name_is_released(azure_world: AzureWorld, settings: AksSettings) -> None:
    plant_groups(azure_world, OURS)
    id_ = plant_bin(azure_world, OURS)
    other = plant_bin(azure_world, Remains("aks-dev2"))

    assert id_ in {each.id for each in find(settings)}
    sweep(settings)

    assert list(azure_world.bin) == [other.lower()]


NEIGHBOURS = [
    Remains("aks-dev2", environment="aks-dev2"),
    Remains("aks-dev-old", environment="aks-dev-old"),
    Remains("aks", environment="aks"),
    Remains("aks-dev-nodes"),
    Remains("by-hand", environment="somebody"),
]


@pytest.mark.parametrize("neighbour", NEIGHBOURS, ids=lambda each: str(each.name))
def test_neighbours_stay(azure_world: AzureWorld, settings: AksSettings, neighbour: Remains) -> None:
    plant_all(azure_world, OURS)
    foreign = plant_all(azure_world, neighbour)

    sweep(settings)

    assert ids(azure_world) == foreign


def test_a_group_that_only_has_the_name_is_not_ours(azure_world: AzureWorld, settings: AksSettings) -> None:
    same_name = Remains("aks-dev", managed_by=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/x")
    foreign = plant_all(azure_world, same_name)

    assert find(settings) == []
    assert ids(azure_world) == foreign


def test_a_group_that_aks_named_is_known_by_who_manages_it(azure_world: AzureWorld, settings: AksSettings) -> None:
    named = Remains("aks-dev", environment="aks-dev", nodes="MC_aks-dev-cluster_aks-dev_westeurope")
    ours = plant_groups(azure_world, named) | plant_nodes(azure_world, named)

    assert {each.id for each in find(settings)} == ours


def test_a_group_with_something_of_others_stays(azure_world: AzureWorld, settings: AksSettings) -> None:
    plant_all(azure_world, OURS)
    other = azure_world.plant(OURS.group, "Microsoft.Compute/disks", "by-hand", tags={"environment": "somebody"})

    (failure,) = delete(settings, find(settings), lambda _: None, patience=PATIENCE)

    assert failure.leftover.kind == kinds.CLUSTER_GROUP.name
    assert "by-hand" in failure.why
    assert ids(azure_world) == {other, failure.leftover.id}


def test_what_is_kept_is_listed_and_stays(azure_world: AzureWorld, settings: AksSettings) -> None:
    azure_world.plant_group("aks-dev-kept", tags=settings.labels)
    kept = azure_world.plant(
        "aks-dev-kept",
        kinds.SNAPSHOT.type,
        "notebook",
        tags={**settings.labels, "modelyard-kept": "true"},
        sku={"name": "Standard_LRS"},
        properties={"diskSizeGB": 4},
    )

    (found,) = find(settings)

    assert (found.id, found.is_kept, found.monthly and found.monthly.high) == (kept, True, Decimal("0.20"))
    assert sweep(settings) == []
    assert kept.lower() in azure_world.things


def test_what_is_locked_or_refused_is_told_and_the_rest_goes(azure_world: AzureWorld, settings: AksSettings) -> None:
    logs = plant_logs(azure_world, OURS)
    azure_world.plant_group(OURS.group, tags=OURS.tags)
    workspace = next(each.lower() for each in logs if each.endswith("/workspaces/aks-dev"))
    locked = Answer({"error": {"code": "ScopeLocked", "message": "locked: keep"}}, 409)
    azure_world.faults = {("DELETE", workspace): [locked]}

    failures = delete(settings, find(settings), lambda _: None, patience=PATIENCE)

    assert [each.why for each in failures][:1] == ["locked: keep"]
    assert set(azure_world.things) == {workspace}


def test_too_many_requests_are_asked_again(azure_world: AzureWorld, settings: AksSettings) -> None:
    plant_groups(azure_world, OURS)
    busy = Answer({"error": {"code": "TooManyRequests", "message": "busy"}}, 429, headers={"retry-after-ms": "1"})
    node_group = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/aks-dev-nodes"
    azure_world.faults = {("DELETE", node_group): [busy], ("GET", f"/subscriptions/{SUBSCRIPTION}/resources"): [busy]}

    sweep(settings)

    assert ids(azure_world) == set()


def test_what_went_by_itself_is_no_failure(azure_world: AzureWorld, settings: AksSettings) -> None:
    plant_all(azure_world, OURS)
    left = find(settings)
    azure_world.things.clear()
    azure_world.groups.clear()

    assert delete(settings, left, lambda _: None, patience=PATIENCE) == []


def test_who_may_not_look_is_told_what_to_mend(azure_world: AzureWorld, settings: AksSettings) -> None:
    forbidden = Answer({"error": {"code": "AuthorizationFailed", "message": "no"}}, 403)
    azure_world.faults = {("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups"): [forbidden]}

    with pytest.raises(ConfigurationError, match="Reader"):
        find(settings)


def test_who_is_not_logged_in_is_told_how(settings: AksSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")

    with pytest.raises(ConfigurationError, match="az login"):
        find(settings)
