"""What holds for all own checks."""

import re

import pytest

from policies.own import CHECKS, own_findings
from policies.plan import StackPlan, resources_of
from stacks.environments import load_settings
from stacks.paths import ROOT
from tests.policies import test_platform_checks, test_secret_checks, test_workload_checks
from tests.policies.recorded import STACKS, Planned, environment_of

TESTS = (test_platform_checks, test_secret_checks, test_workload_checks)
DATABASE = "helm_release.database_release/StatefulSet/polyaxon-postgresql"
# Each has an exception.
FOUND = {"gke-dev-polyaxon": {("MDY_7", DATABASE), ("MDY_9", DATABASE)}}


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_else_is_found_in_the_plans_as_they_are(stack: str) -> None:
    assert Planned(stack).found() == FOUND.get(stack, set())


@pytest.mark.parametrize("stack", STACKS)
def test_something_is_looked_at_in_each(stack: str) -> None:
    planned = Planned(stack)

    assert own_findings(stack, StackPlan(planned.plan), load_settings(environment_of(stack)))[1] > 0


def test_each_check_has_an_id_of_its_own_and_a_row_in_the_docs() -> None:
    rows = re.findall(
        r"^\| (MDY_\d+) \| (\w+) \| ([^|]+) \|", (ROOT / "docs" / "policies.md").read_text(), re.MULTILINE
    )

    assert rows == [(each.id, each.severity, each.name) for each in CHECKS]
    assert len({each.id for each in CHECKS}) == len(CHECKS)


def test_each_check_finds_something_in_some_test() -> None:
    tried = {case[0] for module in TESTS for case in module.MISTAKES}

    assert tried == {each.id for each in CHECKS}


def test_what_a_plan_destroys_or_reads_is_not_judged() -> None:
    planned = Planned("prod-state")
    data = {"address": "data.x.y", "mode": "data", "type": "google_storage_bucket", "name": "y", "values": {}}
    planned.plan["planned_values"]["root_module"]["resources"].append(data)

    assert [each.type for each in resources_of(StackPlan(planned.plan))] == [
        "google_project_service",
        "google_storage_bucket",
    ]


def test_what_is_forgotten_is_not_judged() -> None:
    planned = Planned("prod-state")
    (*_, bucket) = planned.plan["planned_values"]["root_module"]["resources"]
    bucket.pop("values")
    planned.plan["resource_changes"] = [{"address": bucket["address"], "change": {"actions": ["forget"]}}]

    assert [each.type for each in resources_of(StackPlan(planned.plan))] == ["google_project_service"]


@pytest.mark.parametrize(
    ("stack", "start", "known", "unknown"),
    [
        (
            "gke-dev-rnn-forecaster",
            "kubernetes_service_v1.models_a",
            {"metadata": [{}], "spec": [{"type": "LoadBalancer"}]},
            {"spec": [{"load_balancer_source_ranges": True}]},
        ),
        ("prod-state", "google_storage_bucket", {"labels": None}, {"labels": True}),
        (
            "aks-dev-state",
            "azurerm_storage_account",
            {"tags": {"environment": "aks-dev", "managed-by": "modelyard"}, "blob_properties": [{}]},
            {"blob_properties": [{"versioning_enabled": True}]},
        ),
    ],
)
def test_what_is_known_after_apply_only_is_not_judged(
    stack: str, start: str, known: dict[str, object], unknown: dict[str, object]
) -> None:
    planned = Planned(stack)
    values = planned.values(start)
    values.clear()
    values.update(known)
    address = next(each.address for each in resources_of(StackPlan(planned.plan)) if each.address.startswith(start))
    assert planned.findings()

    planned.plan["resource_changes"] = [
        {"address": address, "change": {"actions": ["create"], "after_unknown": unknown}}
    ]

    assert planned.found() == set()


def test_resources_of_modules_are_judged_too() -> None:
    planned = Planned("prod-state")
    root = planned.plan["planned_values"]["root_module"]
    root["child_modules"] = [{"resources": root.pop("resources")}]

    assert len(resources_of(StackPlan(planned.plan))) == 2


def test_an_empty_plan_has_nothing_to_find() -> None:
    assert own_findings("prod-x", StackPlan({}), load_settings("prod")) == ([], 0)
