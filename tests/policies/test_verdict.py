"""Checkov itself, on one small plan."""

import datetime
import json
import subprocess
import sys
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from policies.checkov_run import checkov_findings
from policies.plan import resources_of
from policies.verdict import PlannedEnvironment, StackPlan, judge_plans
from stacks.environments import load_settings
from tests.conftest import Command
from tests.policies.recorded import Planned

TODAY = datetime.date(2026, 11, 22)


def stack_plan(planned: Planned) -> StackPlan:
    return StackPlan(planned.plan, planned.configuration)


def test_without_plans_there_is_nothing_to_find() -> None:
    (verdict,) = judge_plans([PlannedEnvironment(load_settings("prod"), {})], TODAY)

    assert not verdict.is_failure
    assert verdict.passed == 0


@pytest.mark.slow
def test_checkov_and_the_own_checks_are_in_one_verdict() -> None:
    planned = Planned("prod-state")
    values = planned.values("google_storage_bucket")
    values.update(force_destroy=True, versioning=[])

    plans = {"prod-state": stack_plan(planned)}
    (verdict,) = judge_plans([PlannedEnvironment(load_settings("prod"), plans)], TODAY)

    assert [(each.check, each.stack) for each in verdict.failed] == [
        ("CKV_GCP_78", "prod-state"),
        ("MDY_11", "prod-state"),
    ]
    assert {finding.check for finding, _ in verdict.accepted} == {"CKV_GCP_62", "CKV_GCP_63"}
    assert verdict.unused == []
    assert verdict.passed >= 3
    assert verdict.is_failure


@pytest.mark.slow
def test_the_findings_are_those_of_checkovs_command_line(tmp_path: Path) -> None:
    planned = Planned("gke-dev-rnn-forecaster")
    file = tmp_path / "gke-dev-rnn-forecaster.json"
    file.write_text(json.dumps(planned.plan))
    command = [str(Path(sys.executable).with_name("checkov")), "--framework", "terraform_plan", "--skip-download"]
    done = subprocess.run(
        [*command, "--output", "json", "--file", str(file)], capture_output=True, text=True, check=False, timeout=120
    )
    report = json.loads(done.stdout)

    findings, passed = checkov_findings({"gke-dev-rnn-forecaster": planned.plan})

    said = {(each["check_id"], each["check_name"], each["resource"]) for each in report["results"]["failed_checks"]}
    broken = {(each.check, each.resource) for each in findings if each.name == "checkov's check broke"}
    found = {(each.check, each.name, each.resource) for each in findings if (each.check, each.resource) not in broken}
    assert found == said
    assert found
    assert {check for check, _ in broken} == {"CKV_K8S_159"}
    assert sum(passed.values()) == report["summary"]["passed"]
    assert {each.stack for each in findings} == {"gke-dev-rnn-forecaster"}


@pytest.mark.slow
def test_signs_that_yaml_has_not_hide_nothing() -> None:
    planned = Planned("prod-state")
    planned.values("google_storage_bucket").update(versioning=[], labels={"a": "💡", "b": "\x7f", "c": "\ud800"})

    findings, _ = checkov_findings({"prod-state": planned.plan})

    assert "CKV_GCP_78" in {each.check for each in findings}


@pytest.mark.slow
def test_what_checkov_passes_over_is_not_taken_for_good() -> None:
    planned = Planned("prod-state")
    planned.plan["planned_values"]["root_module"]["resources"][0]["address"] += '["\x7f"]'

    with pytest.raises(ConfigurationError, match=r"passed over 1 resources, the first is prod-state\.json:google_proj"):
        checkov_findings({"prod-state": planned.plan})


@pytest.mark.slow
def test_what_a_first_plan_does_not_know_yet_is_not_taken_for_missing() -> None:
    planned = Planned("aks-dev-cluster")
    (agent,) = planned.values("azurerm_kubernetes_cluster")["oms_agent"]
    agent.pop("log_analytics_workspace_id")
    address = next(each.address for each in resources_of(stack_plan(planned)) if "kubernetes_cluster" in each.type)
    unknown = {"oms_agent": [{"log_analytics_workspace_id": True}]}
    change = {"actions": ["create"], "before": None, "after": None, "after_unknown": unknown}

    missing, _ = checkov_findings({"aks-dev-cluster": planned.plan})
    planned.plan["resource_changes"] = [{"address": address, "change": change}]
    later, _ = checkov_findings({"aks-dev-cluster": planned.plan})

    assert {each.check for each in missing} - {each.check for each in later} == {"CKV_AZURE_4"}


@pytest.mark.slow
def test_the_command_says_what_is_denied_warned_of_expired_and_unused(
    checkout: Path, modelyard_command: Command
) -> None:
    planned = Planned("gke-dev-polyaxon")
    planned.values("kubernetes_namespace_v1")["metadata"][0]["labels"].pop("pod-security.kubernetes.io/enforce")
    for folder, content in (("plans", planned.plan), ("configurations", planned.configuration)):
        file = checkout / ".rehearsal" / "gke-dev" / folder / "gke-dev-polyaxon.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(content))
    exceptions = checkout / "policies" / "exceptions.toml"
    first, second = '[[exception]]\ncheck = "MDY_7"', '[[exception]]\ncheck = "MDY_9"'
    assert first in exceptions.read_text()
    kept = exceptions.read_text().partition(first)[0]
    expired = f'{second}\nresource = "helm_release.*"\nreason = "until digests come"\nexpires = 2026-01-01\n'
    exceptions.write_text(kept + expired)

    done = modelyard_command("policies", "gke-dev")

    assert done.returncode == 1
    lines = [line.split("│") for line in done.stdout.splitlines()]
    rows = {cells[1].strip(): [cell.strip() for cell in cells[2:5]] for cells in lines if len(cells) == 6}
    database = next(place for _, place, _ in rows.values() if place.endswith("StatefulSet/polyaxon-postgresql"))
    assert rows["MDY_1"][2].endswith("the label pod-security.kubernetes.io/enforce is missing")
    assert rows["MDY_7"][:2] == ["gke-dev-polyaxon", database]
    assert rows["MDY_7"][2].startswith("no single replica on preemptible nodes: one replica on preemptible nodes")
    assert rows["MDY_9"][2] == "the exception expired on 2026-01-01"
    assert "unused: the exception CKV_GCP_25 for google_container_cluster.gke_cluster_*" in done.stdout
    assert "2 failed, 1 warned" in done.stdout
    assert "Traceback" not in done.stderr
