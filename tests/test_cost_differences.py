"""What a change costs."""

import json
from decimal import Decimal

from costs.charges import Range
from costs.difference import difference
from costs.estimate import SHARED, estimate
from costs.resources import declared
from tests.conftest import Stacks
from tests.test_costs import BELGIUM, IOWA, all_resources


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
