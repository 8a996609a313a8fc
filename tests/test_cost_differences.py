"""What a change costs, from configurations and from plans."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from costs.charges import Range
from costs.difference import difference
from costs.estimate import SHARED, estimate
from costs.place import place_of
from costs.resources import UNKNOWN, Resource, declared, planned
from stacks.environments import load_settings
from tests.conftest import Stacks, Synthesise
from tests.test_costs import BELGIUM, IOWA, all_resources

POOL = "google_container_node_pool"


def test_a_change_of_the_machine_type_is_the_clusters_alone(stacks: Stacks) -> None:
    before = estimate(all_resources(stacks), IOWA)
    changed = json.loads(json.dumps(stacks).replace('"n1-standard-1"', '"n1-standard-2"'))

    found = difference(before, estimate(all_resources(changed), IOWA))

    assert list(found.stacks) == ["gke-dev-cluster"]
    # By hand: 730 hours of 0.033505 less 0.0167525, of one node and of six, each end rounded to cents before.
    assert found.monthly == found.stacks["gke-dev-cluster"] == Range(Decimal("12.23"), Decimal("73.37"))
    assert found.after == found.before + found.monthly
    assert found.newly_unpriced == ()


def test_one_more_service_with_a_volume_is_its_own_and_the_sixth_rule_is_shared(stacks: Stacks) -> None:
    service = {"metadata": {"name": "new"}, "spec": {"type": "LoadBalancer"}}
    claim = {"metadata": {"name": "new"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}
    new = {"kubernetes_service_v1": {"it": service}, "kubernetes_persistent_volume_claim_v1": {"it": claim}}
    resources = all_resources(stacks)

    found = difference(
        estimate(resources, IOWA), estimate([*resources, *declared("gke-dev-new", {"resource": new})], IOWA)
    )

    assert found.stacks == {"gke-dev-new": Range.exactly(1), SHARED: Range.exactly(Decimal("7.30"))}


def test_nothing_changed_is_no_difference(stacks: Stacks) -> None:
    same = estimate(list(reversed(all_resources(stacks))), IOWA)

    found = difference(estimate(all_resources(stacks), IOWA), same)

    assert found.stacks == {}
    assert found.monthly == Range.exactly(0)


def test_a_move_to_another_region_names_what_has_no_price_there(stacks: Stacks) -> None:
    moved = json.loads(json.dumps(stacks).replace("us-central1", "europe-west1"))

    found = difference(estimate(all_resources(stacks), IOWA), estimate(all_resources(moved), BELGIUM))

    assert found.stacks["gke-dev-cluster"].low > 0
    assert {each.why for each in found.newly_unpriced} == {
        "no price of forwarding-rules/first-5 in europe-west1",
        "no price of load-balancer/data in europe-west1",
    }


POOLS = {"google_container_cluster", "google_container_node_pool"}


def hidden_in(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The value with one part unknown, for each part."""
    yield UNKNOWN
    if isinstance(value, dict):
        yield from ({**value, key: hidden} for key, part in value.items() for hidden in hidden_in(part))
    elif isinstance(value, list):
        yield from (
            [*value[:at], hidden, *value[at + 1 :]] for at, part in enumerate(value) for hidden in hidden_in(part)
        )


def plan(before: list[dict[str, Any]], after: list[dict[str, Any]], unknown: dict[str, Any]) -> dict[str, Any]:
    """As `terraform show -json` prints it."""
    found: dict[str, Any] = {
        "planned_values": {"root_module": {"resources": after}},
        "resource_changes": [
            {"address": address, "change": {"after_unknown": parts}} for address, parts in unknown.items()
        ],
    }
    return found | ({"prior_state": {"values": {"root_module": {"resources": before}}}} if before else {})


def in_plan(type_: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any argument
    return {"address": f"{type_}.it", "mode": "managed", "type": type_, "name": "it", "values": values}


def pool(machine_type: str | None) -> dict[str, Any]:
    config = {"disk_size_gb": 50, "disk_type": "pd-standard", "preemptible": True, "machine_type": machine_type}
    scaling = {"total_min_node_count": 1, "total_max_node_count": 2}
    return in_plan(POOL, location="us-central1", node_config=[config], autoscaling=[scaling])


CLUSTER = in_plan("google_container_cluster", location="us-central1", remove_default_node_pool=True, node_locations=[])
READ = {**in_plan("google_container_cluster"), "mode": "data"}


def test_a_plan_has_what_was_and_what_will_be() -> None:
    changed = plan([CLUSTER, pool("n1-standard-1"), READ], [CLUSTER, pool("n1-standard-4")], {})

    before, after = (estimate(planned("dev-cluster", changed, when), IOWA) for when in ("before", "after"))

    assert [each.price.item for each in before.lines if "nodes, " in each.what] == ["machine/n1-standard-1/spot"]
    assert [each.price.item for each in after.lines if "nodes, " in each.what] == ["machine/n1-standard-4/spot"]
    assert before.unpriced == after.unpriced == ()


def test_a_stack_that_is_not_there_yet_has_cost_nothing() -> None:
    assert planned("dev-cluster", plan([], [CLUSTER], {}), "before") == []


def test_values_that_are_known_after_the_apply_are_unpriced_and_named() -> None:
    known_later = {f"{POOL}.it": {"id": True, "node_config": [{"machine_type": True}], "autoscaling": [{}]}}
    changed = plan([CLUSTER, pool("n1-standard-1")], [CLUSTER, pool(None)], known_later)

    before, after = (estimate(planned("dev-cluster", changed, when), IOWA) for when in ("before", "after"))

    (unpriced,) = difference(before, after).newly_unpriced
    assert unpriced.what == f"{POOL} it"
    assert unpriced.why == "machine_type is not known before the apply"


def test_what_nobody_declared_and_google_will_say_changes_nothing(stacks: Stacks) -> None:
    """As the real provider plans a cluster that is not there yet."""
    filled = {
        "google_container_cluster": ["node_locations", "node_pool", "private_cluster_config", "subnetwork"],
        "google_container_node_pool": ["cluster", "network_config", "node_count", "node_locations"],
    }
    resources = declared("gke-dev-cluster", stacks["gke-dev-cluster"])
    later = []
    for each in resources:
        hidden = {**each.values, **dict.fromkeys(filled.get(each.type, []), UNKNOWN)}
        if each.type == POOL:
            config = {**each.values["node_config"], **dict.fromkeys(["guest_accelerator", "boot_disk"], UNKNOWN)}
            hidden["node_config"] = [config]
        later.append(Resource(each.address, each.type, hidden, each.stack))

    assert estimate(later, IOWA) == estimate(resources, IOWA)


def test_zones_that_google_has_not_chosen_yet_are_three() -> None:
    counted = in_plan(
        POOL, location="us-central1", node_count=1, node_config=pool("n1-standard-1")["values"]["node_config"]
    )
    new = plan([], [CLUSTER, counted], {"google_container_cluster.it": {"node_locations": True, "id": True}})

    found = estimate(planned("dev-cluster", new, "after"), IOWA)

    assert [each.quantity for each in found.lines if "nodes, " in each.what] == [Range.exactly(3)]


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_whatever_is_unknown_in_a_plan_nothing_breaks(environment: str, synthesise: Synthesise) -> None:
    """Each value of each resource is taken away, however deep, one at a time."""
    settings = load_settings(environment)
    service = {
        "kind": "Service",
        "metadata": {"name": "door"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
    }
    template = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "20Gi"}}}}
    stateful = {"kind": "StatefulSet", "metadata": {}, "spec": {"replicas": 3, "volumeClaimTemplates": [template]}}
    spec = {"replicas": 3, "volume_claim_template": [template]}
    more = [
        *(
            Resource("kubernetes_manifest.it", "kubernetes_manifest", {"manifest": each}, "it")
            for each in (service, stateful)
        ),
        Resource("kubernetes_stateful_set_v1.it", "kubernetes_stateful_set_v1", {"spec": [spec]}, "it"),
    ]
    resources = [*all_resources(synthesise(settings)), *more]

    for resource in resources:
        others = [each for each in resources if each.stack == resource.stack and each.type in POOLS]
        for key, value in resource.values.items():
            for hidden in hidden_in(value):
                values = {**resource.values, key: hidden}
                estimate(
                    [Resource(resource.address, resource.type, values, resource.stack), *others], place_of(settings)
                )


def test_releases_whose_values_are_not_known_yet_are_named() -> None:
    release = in_plan("helm_release", name="door", chart="assets/it/hash", values=[None])
    new = plan([], [release], {"helm_release.it": {"values": [True]}})

    found = estimate(planned("dev-door", new, "after"), IOWA)

    assert [(each.what, each.why) for each in found.unpriced] == [("release door", "not all of its values are known")]
