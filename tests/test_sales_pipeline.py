"""What the pipeline of sales, and Argo Workflows for it, declare in each environment."""

import json
from collections.abc import Mapping
from typing import Any

from modelyard import ConfigurationError

import pytest
from pydantic import ValidationError

from services.sales_pipeline.settings import SalesPipelineSettings
from stacks.environments import load_settings
from tests.conftest import Stacks, Synthesise, resource, with_services
from tests.releases import Manifest, plain
from tests.releases import manifests as release_manifests


@pytest.fixture(scope="module")
def estates(synthesise: Synthesise) -> Mapping[str, Stacks]:
    """Every kind of environment, with a schedule."""
    tables = {"sales-pipeline": {"schedule": "0 3 * * 1"}}
    names = ("gke-dev", "aks-dev", "local")
    return {name: synthesise(with_services(load_settings(name), tables), only=("sales_pipeline",)) for name in names}


def manifests(stack: dict[str, Any], release: str = "workflow") -> dict[str, Manifest]:
    return release_manifests(stack, release)


def artifacts(template: Manifest) -> dict[str, Manifest]:
    """Those with a name of their own in the store."""
    steps = [each for each in template["spec"]["templates"] if "container" in each]
    declared = [each for step in steps for kind in ("inputs", "outputs") for each in step[kind]["artifacts"]]
    return {each["name"]: each for each in declared if each.keys() & {"gcs", "azure", "s3"}}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("gke-dev", {"gcs": {"key": "sales-pipeline/model.zip"}}),
        ("aks-dev", {"azure": {"blob": "sales-pipeline/model.zip", "endpoint": "", "container": ""}}),
        ("local", {"s3": {"key": "sales-pipeline/model.zip"}}),
    ],
)
def test_the_model_goes_into_the_environments_own_kind_of_store(
    environment: str, expected: Manifest, estates: Mapping[str, Stacks]
) -> None:
    template = manifests(estates[environment][f"{environment}-sales-pipeline"])["WorkflowTemplate"]

    found = artifacts(template)
    assert found.keys() == {"sales", "model"}
    assert expected.items() <= found["model"].items()


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_the_steps_use_the_clouds_store_as_themselves_and_without_keys(
    environment: str, estates: Mapping[str, Stacks]
) -> None:
    stack = estates[environment][f"{environment}-sales-pipeline"]
    found = manifests(stack)

    assert "Secret" not in json.dumps(found["WorkflowTemplate"])
    role = "google_storage_bucket_iam_member" if environment == "gke-dev" else "azurerm_role_assignment"
    (grant,) = stack["resource"][role]
    (release,) = stack["resource"]["helm_release"].values()
    assert f"{role}.{grant}" in release["depends_on"]
    if environment == "aks-dev":
        assert found["WorkflowTemplate"]["spec"]["podMetadata"]["labels"] == {"azure.workload.identity/use": "true"}
        assert "azure.workload.identity/client-id" in found["ServiceAccount"]["metadata"]["annotations"]


def test_the_steps_may_tell_their_results_and_nothing_else(estates: Mapping[str, Stacks]) -> None:
    found = manifests(estates["gke-dev"]["gke-dev-sales-pipeline"])

    (rule,) = found["Role"]["rules"]
    assert (rule["resources"], rule["verbs"]) == (["workflowtaskresults"], ["create", "patch"])
    policy = found["NetworkPolicy"]["spec"]
    assert (policy["podSelector"], policy["policyTypes"], policy.get("ingress")) == ({}, ["Ingress", "Egress"], None)
    networks = [to["ipBlock"]["cidr"] for rule in policy["egress"] for to in rule.get("to", []) if "ipBlock" in to]
    assert networks == ["0.0.0.0/0", "169.254.169.254/32"]


def test_a_cluster_of_ones_own_gets_a_store_in_the_namespace(estates: Mapping[str, Stacks]) -> None:
    stack = estates["local"]["local-sales-pipeline"]
    store = manifests(stack, "store")

    assert store.keys() == {"Deployment", "Service", "NetworkPolicy"}
    assert resource(stack, "kubernetes_persistent_volume_claim_v1")["spec"]["resources"]["requests"] == {
        "storage": "10Gi"
    }
    (environment,) = [each["env"] for each in store["Deployment"]["spec"]["template"]["spec"]["containers"]]
    assert all("value" not in each for each in environment)
    found = manifests(stack)["ConfigMap"]
    repository = json.loads(
        found["data"][found["metadata"]["annotations"]["workflows.argoproj.io/default-artifact-repository"]]
    )
    assert repository["s3"]["endpoint"] == "artifacts.sales-pipeline:7070"


def test_it_runs_by_the_clock_where_the_environment_says_so(
    estates: Mapping[str, Stacks], synthesise: Synthesise
) -> None:
    cron = manifests(estates["gke-dev"]["gke-dev-sales-pipeline"])["CronWorkflow"]["spec"]
    bare = with_services(load_settings("gke-dev"), {})

    assert (cron["schedules"], cron["concurrencyPolicy"]) == (["0 3 * * 1"], "Forbid")
    assert "CronWorkflow" not in manifests(synthesise(bare, only=("sales_pipeline",))["gke-dev-sales-pipeline"])


@pytest.mark.parametrize("schedule", ["0 3 * *", "@daily", "0 3 * * MON", "a b c d e", ""])
def test_a_schedule_that_is_none_is_refused(schedule: str) -> None:
    with pytest.raises((ValidationError, ConfigurationError)):
        SalesPipelineSettings(schedule=schedule)


def values(stack: dict[str, Any]) -> dict[str, Any]:
    """Of Argo's chart."""
    (release,) = [each for each in stack["resource"]["helm_release"].values() if "repository" in each]
    assert release["version"] == "0.47.5"
    return dict(json.loads(plain(release["values"][0])))


def test_argo_keeps_artifacts_where_the_environment_does(estates: Mapping[str, Stacks]) -> None:
    gke, aks = (estates[name] for name in ("gke-dev", "aks-dev"))
    bucket = resource(gke["gke-dev-artifacts"], "google_storage_bucket")
    account = resource(aks["aks-dev-artifacts"], "azurerm_storage_account")

    gcs = values(gke["gke-dev-argo-workflows"])["customArtifactRepository"]["gcs"]
    azure = values(aks["aks-dev-argo-workflows"])["customArtifactRepository"]["azure"]

    assert (gcs["bucket"], set(gcs)) == (bucket["name"], {"bucket", "keyFormat"})
    assert azure["endpoint"] == f"https://{account['name']}.blob.core.windows.net"
    assert (azure["container"], azure["useSDKCreds"]) == ("artifacts", True)
    assert values(estates["local"]["local-argo-workflows"])["customArtifactRepository"] == {}


def test_what_steps_hand_on_expires_and_the_model_does_not(estates: Mapping[str, Stacks]) -> None:
    gke, aks = (estates[name] for name in ("gke-dev", "aks-dev"))
    key = values(gke["gke-dev-argo-workflows"])["customArtifactRepository"]["gcs"]["keyFormat"]

    rules = resource(gke["gke-dev-artifacts"], "google_storage_bucket")["lifecycle_rule"]
    (expiring,) = [each["condition"] for each in rules if each["condition"].get("matches_prefix")]
    ((prefix,), days) = expiring["matches_prefix"], expiring["age"]
    blobs = resource(aks["aks-dev-artifacts"], "azurerm_storage_management_policy")["rule"]
    (filters,) = [each["filters"]["prefix_match"] for each in blobs if each["filters"].get("prefix_match")]

    assert (key.startswith(prefix), days, filters) == (True, 30, [f"artifacts/{prefix}"])
    assert not "sales-pipeline/model.zip".startswith(prefix)
