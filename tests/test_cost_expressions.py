"""What a price depends on may be an expression of Terraform's: then there is no price, and that is said."""

from collections.abc import Iterator
from typing import Any

import pytest

from costs.charges import Range
from costs.estimate import estimate
from costs.place import place_of
from costs.resources import Resource, declared
from stacks.environments import load_settings
from tests.conftest import Synthesise
from tests.test_costs import IOWA, NODE, POOL, all_resources, cluster, of

EXPRESSION = "${var.it}"
PRICED_TOGETHER = {"google_container_cluster", "google_container_node_pool"}
SERVICE = {
    "kind": "Service",
    "metadata": {"name": "door", "annotations": {"of": "it"}},
    "spec": {"type": "LoadBalancer"},
}
TEMPLATE = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "20Gi"}}}}
STATEFUL = {"kind": "StatefulSet", "metadata": {}, "spec": {"replicas": 3, "volumeClaimTemplates": [TEMPLATE]}}
CLAIM = {"storage_class_name": "premium-rwo", "resources": {"requests": {"storage": "10Gi"}}}
FURTHER = {
    "google_compute_router_nat": {"nat": {"nat_ips": ["one", "two"]}},
    "kubernetes_manifest": {"door": {"manifest": SERVICE}, "set": {"manifest": STATEFUL}},
    "kubernetes_persistent_volume_claim_v1": {"claim": {"metadata": {"name": "claim"}, "spec": CLAIM}},
    "kubernetes_stateful_set_v1": {"set": {"spec": {"replicas": 3, "volume_claim_template": [TEMPLATE]}}},
}


def with_an_expression(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The value with an expression in the place of one part, for each part."""
    yield EXPRESSION
    if isinstance(value, dict):
        yield from ({**value, key: other} for key, part in value.items() for other in with_an_expression(part))
    elif isinstance(value, list):
        yield from (
            [*value[:at], other, *value[at + 1 :]]
            for at, part in enumerate(value)
            for other in with_an_expression(part)
        )


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_an_expression_at_any_place_changes_no_sum_unless_it_is_named(environment: str, synthesise: Synthesise) -> None:
    place = place_of(load_settings(environment))
    resources = all_resources({**synthesise(load_settings(environment)), "further": {"resource": FURTHER}})

    for resource in resources:
        pools = [each for each in resources if each.type in PRICED_TOGETHER and each.stack == resource.stack]
        others = [each for each in pools if each is not resource]
        whole = estimate([resource, *others], place)
        # If the location is an expression, it is the environment's.
        parts = [(key, part) for key, part in resource.values.items() if key != "location"]
        for key, changed in ((key, changed) for key, part in parts for changed in with_an_expression(part)):
            values = {**resource.values, key: changed}
            found = estimate([Resource(resource.address, resource.type, values, resource.stack), *others], place)
            is_named = set(found.unpriced) - set(whole.unpriced)
            assert is_named or found.monthly == whole.monthly, (resource.address, key, changed)


def test_what_a_price_depends_on_is_named() -> None:
    machine = NODE | {"machine_type": EXPRESSION}

    found = of("google_container_node_pool", POOL | {"node_count": 1, "node_config": machine}, cluster())

    (unpriced,) = found.unpriced
    assert unpriced.what == "google_container_node_pool it"
    assert unpriced.why == "machine_type is not known before the apply"


def test_zones_that_are_an_expression_are_not_three() -> None:
    found = of("google_container_node_pool", POOL | {"node_count": 1, "node_locations": EXPRESSION}, cluster())

    assert [each.why for each in found.unpriced] == ["node_locations is not known before the apply"]


@pytest.mark.parametrize("many", [{"count": EXPRESSION}, {"for_each": EXPRESSION}, {"for_each": {"a": 1, "b": 2}}])
def test_those_that_nobody_can_count_are_named_and_so_is_what_depends_on_their_number(many: dict[str, Any]) -> None:
    pool = POOL | {"node_count": 1}
    stack = {"google_container_node_pool": {"many": pool | many}, "google_compute_router_nat": {"nat": {}}}

    found = estimate([*declared("dev-cluster", {"resource": stack}), cluster()], IOWA)

    assert [each.what for each in found.unpriced] == ["google_compute_router_nat nat", "google_container_node_pool"]
    assert [each.price.item for each in found.lines] == ["gke/cluster"]


def test_each_of_a_count_is_a_resource() -> None:
    bucket = {"location": "US"}

    def stored(**count: int) -> list[Range]:
        many = {"resource": {"google_storage_bucket": {"many": bucket | count}}}
        return [each.quantity for each in estimate(declared("dev-artifacts", many), IOWA).lines]

    assert stored(count=3) == stored() * 3
    assert stored(count=0) == []


def test_releases_whose_values_are_an_expression_are_named() -> None:
    found = of("helm_release", {"name": "door", "chart": "assets/it/hash", "values": [EXPRESSION]})

    assert [(each.what, each.why) for each in found.unpriced] == [("release door", "not all of its values are known")]
