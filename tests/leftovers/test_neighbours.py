"""Random worlds: swept, ours are gone, and nothing else; whenever the sweep is interrupted, too."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from leftovers.finder import Patience, delete, find
from stacks.environments import load_cloud_settings
from stacks.settings import CloudSettings
from tests.leftovers import azure_estate, google_estate
from tests.leftovers.conftest import Interruption
from tests.leftovers.fake_azure import AzureWorld
from tests.leftovers.fake_google import PROJECT, GoogleWorld

PATIENCE = Patience(deletion_seconds=5, use_seconds=1, pause_seconds=0.01)
pytestmark = pytest.mark.slow
many = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
interruptions = st.none() | st.tuples(st.integers(0, 260), st.booleans())


def names(own: str) -> st.SearchStrategy[str]:
    """Those that a careless comparison takes for ours, and others; never ours."""
    first = own.partition("-")[0]
    near = [own[:-1], first, f"{own}2", f"{own}-old", f"{own}-default", f"{own}-0f1e2d3c", f"x{own}", "prod"]
    return st.sampled_from(near) | st.from_regex(rf"{own}-[a-z0-9]{{1,8}}", fullmatch=True)


# Parts that need the network of the cluster to be known, and parts that do not.
IN_NETWORK = [google_estate.plant_nodes, google_estate.plant_service, google_estate.plant_ingress]


@st.composite
def google_neighbours(draw: st.DrawFn) -> list[google_estate.Remains]:
    return [
        google_estate.Remains(
            name=name,
            project=draw(st.sampled_from([PROJECT, "another-project"])),
            region=draw(st.sampled_from(["us-central1", "us-central2", "europe-west1"])),
            environment=draw(st.sampled_from([None, name, "somebody"])),
            uid=f"{number:08d}",
            service="a" + f"{number:x}" * 31,
        )
        for number, name in enumerate(draw(st.lists(names("gke-dev"), max_size=3, unique=True)), start=1)
    ]


@st.composite
def namesakes(draw: st.DrawFn) -> list[google_estate.Remains]:
    """Clusters of our name that are not ours: elsewhere, or in a zone."""
    elsewhere: list[dict[str, str]] = [
        {"project": "another-project", "environment": "gke-dev"},
        {"region": "us-central2"},
        {"location": "us-central1-a"},
        {"environment": "somebody"},
    ]
    found = draw(st.lists(st.sampled_from(range(len(elsewhere))), unique=True))
    return [google_estate.Remains("gke-dev", uid=f"1000000{number}", **elsewhere[number]) for number in found]


@many
@given(
    has_network=st.booleans(),
    parts=st.sets(st.sampled_from(IN_NETWORK)),
    neighbours=google_neighbours(),
    others=namesakes(),
    living=st.booleans(),
    interrupted=interruptions,
)
def test_on_google(
    google_world: GoogleWorld,
    interruption: Interruption,
    *,
    has_network: bool,
    parts: set[Callable[..., set[str]]],
    neighbours: list[google_estate.Remains],
    others: list[google_estate.Remains],
    living: bool,
    interrupted: tuple[int, bool] | None,
) -> None:
    google_world.empty()
    for each in neighbours:
        google_estate.plant_all(google_world, each)
        if living:
            google_world.plant_cluster(each.name, each.region, network=each.name, project=each.project)
    for each in others:
        google_estate.plant_volumes(google_world, each)
    ours = google_estate.Remains("gke-dev", environment="gke-dev")
    planted = google_estate.plant_volumes(google_world, ours)
    if has_network:
        planted |= google_estate.plant_network(google_world, ours)
        for plant in parts:
            planted |= plant(google_world, ours)
    else:
        planted |= google_estate.plant_service(google_world, ours, firewall=False)

    _sweep_twice(load_cloud_settings("gke-dev"), interruption, interrupted, google_world, planted)


@st.composite
def azure_neighbours(draw: st.DrawFn) -> list[azure_estate.Remains]:
    return [
        azure_estate.Remains(
            name=name,
            environment=draw(st.sampled_from([None, name, "somebody"])),
            nodes=draw(st.sampled_from([None, f"MC_{name}-cluster_{name}_westeurope"])),
        )
        for name in draw(st.lists(names("aks-dev"), max_size=3, unique=True))
    ]


@many
@given(
    nodes=st.sampled_from([None, "MC_aks-dev-cluster_aks-dev_westeurope"]),
    is_tagged=st.booleans(),
    neighbours=azure_neighbours(),
    interrupted=interruptions,
)
def test_on_azure(
    azure_world: AzureWorld,
    interruption: Interruption,
    *,
    nodes: str | None,
    is_tagged: bool,
    neighbours: list[azure_estate.Remains],
    interrupted: tuple[int, bool] | None,
) -> None:
    azure_world.empty()
    for each in neighbours:
        azure_estate.plant_all(azure_world, each)
    ours = azure_estate.Remains("aks-dev", environment="aks-dev", nodes=nodes)
    planted = azure_estate.plant_groups(azure_world, ours)
    # What AKS has not tagged is known by the group that it is in.
    bare = azure_estate.Remains("aks-dev", nodes=nodes)
    planted |= azure_estate.plant_nodes(azure_world, ours if is_tagged else bare)
    planted |= azure_estate.plant_logs(azure_world, ours)

    _sweep_twice(load_cloud_settings("aks-dev"), interruption, interrupted, azure_world, planted)


def _sweep_twice(
    settings: CloudSettings,
    interruption: Interruption,
    interrupted: tuple[int, bool] | None,
    world: GoogleWorld | AzureWorld,
    planted: set[str],
) -> None:
    before = _ids(world)
    ours = {each.lower() for each in planted}
    assert {each.id.lower() for each in find(settings)} == ours
    if interrupted:
        interruption.at, interruption.is_after = interrupted
        try:
            delete(settings, find(settings), lambda _: None, patience=PATIENCE)
        except KeyboardInterrupt:
            pass
        finally:
            interruption.at = None
        # In the cloud, what was begun goes on.
        world.finish()

    failures = delete(settings, find(settings), lambda _: None, patience=PATIENCE)

    assert failures == []
    assert _ids(world) == before - ours
    requests = len(world.requests)
    assert find(settings) == []
    assert delete(settings, [], lambda _: None) == []
    assert all("delete" not in str(each[0]).lower() for each in world.requests[requests:])


def _ids(world: GoogleWorld | AzureWorld) -> set[str]:
    groups = world.groups.keys() if isinstance(world, AzureWorld) else set()
    return {each.lower() for each in (*world.things, *groups)}
