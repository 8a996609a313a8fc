"""Models that KServe serves: what Terraform is given for them. tests/e2e serves some on a real cluster."""

import json
from collections.abc import Mapping
from typing import Any

from modelyard import ConfigurationError, Exposure, InferenceService, ModelNamespace, Resources

import pytest
from cdktf import App

from stacks.environments import load_settings
from stacks.local.artifacts import NoArtifacts
from tests.conftest import Stacks, Synthesise, resource, with_services
from tests.test_manifests import scope
from tests.test_sales_pipeline import manifests

PLACE = "models/fashion-mnist/clothes/0123456789ab"
SMALL = Resources(cpu="100m", memory="512Mi")


@pytest.fixture(scope="module")
def estates(synthesise: Synthesise) -> Mapping[str, Stacks]:
    """Every kind of environment, with a model of the store."""
    tables = {"fashion-mnist": {"model": PLACE, "replicas": 2}}
    names = ("gke-dev", "aks-dev", "local")
    return {name: synthesise(with_services(load_settings(name), tables), only=("fashion_mnist",)) for name in names}


def stack(estates: Mapping[str, Stacks], environment: str) -> dict[str, Any]:
    return dict(estates[environment][f"{environment}-fashion-mnist"])


@pytest.mark.parametrize(
    ("environment", "location"),
    [
        ("gke-dev", "gs://modelyard-dev-gke-dev-artifacts/"),
        ("aks-dev", "https://{account}.blob.core.windows.net/artifacts/"),
        ("local", "s3://artifacts/"),
    ],
)
def test_kserve_and_serve_find_the_same_place(environment: str, location: str, estates: Mapping[str, Stacks]) -> None:
    place = manifests(stack(estates, environment), "serving")["ConfigMap"]["data"]
    model = manifests(stack(estates, environment), "fashion-mnist")["InferenceService"]["spec"]["predictor"]["model"]

    account = place["models"].partition("@")[2].partition(".")[0]
    assert place["storage"] == location.format(account=account) + "models/fashion-mnist"
    assert model["storageUri"] == place["storage"].removesuffix("models/fashion-mnist") + PLACE
    assert ("s3" in place) == (environment == "local")
    assert place["dashboard"] == "http://localhost:3000/d/fashion-mnist?var-model={name}"


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_models_read_the_clouds_store_as_themselves(environment: str, estates: Mapping[str, Stacks]) -> None:
    found = manifests(stack(estates, environment), "serving")
    declared = manifests(stack(estates, environment), "fashion-mnist")["InferenceService"]

    role = "google_storage_bucket_iam_member" if environment == "gke-dev" else "azurerm_role_assignment"
    (grant,) = stack(estates, environment)["resource"][role]
    releases = stack(estates, environment)["resource"]["helm_release"].values()
    assert any(f"{role}.{grant}" in each.get("depends_on", []) for each in releases)
    assert found["ServiceAccount"]["secrets"] == []
    assert declared["spec"]["predictor"]["serviceAccountName"] == found["ServiceAccount"]["metadata"]["name"]
    if environment == "aks-dev":
        assert declared["spec"]["predictor"]["labels"]["azure.workload.identity/use"] == "true"
        assert "azure.workload.identity/client-id" in found["ServiceAccount"]["metadata"]["annotations"]


def test_only_the_environments_pods_ask_models_and_models_reach_their_store_only(
    estates: Mapping[str, Stacks],
) -> None:
    policy = manifests(stack(estates, "gke-dev"), "serving")["NetworkPolicy"]["spec"]

    (source,) = policy["ingress"][0]["from"]
    assert source == {"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "gke-dev"}}}
    networks = [to["ipBlock"]["cidr"] for rule in policy["egress"] for to in rule.get("to", []) if "ipBlock" in to]
    assert networks == ["0.0.0.0/0", "169.254.169.254/32"]


def test_the_load_balancer_answers_those_that_the_environment_names(estates: Mapping[str, Stacks]) -> None:
    service = resource(stack(estates, "gke-dev"), "kubernetes_service_v1")["spec"]
    policy = resource(stack(estates, "gke-dev"), "kubernetes_network_policy_v1")["spec"]

    assert service["load_balancer_source_ranges"] == ["203.0.113.0/24"]
    assert service["selector"] == policy["pod_selector"]["match_labels"]
    assert [each["ip_block"]["cidr"] for each in policy["ingress"][0]["from"]] == ["203.0.113.0/24"]
    assert resource(stack(estates, "gke-dev"), "kubernetes_pod_disruption_budget_v1")["spec"]["max_unavailable"] == "1"


def declared(**arguments: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - of InferenceService
    service = scope(App())
    models = ModelNamespace(service, "models", artifacts=NoArtifacts("local"))
    given: dict[str, Any] = {"model_format": "onnx", "resources": SMALL, "exposure": Exposure.internal()}
    InferenceService(service, "model", models=models, **given | arguments)
    return manifests(service.to_terraform(), "echo")


def test_a_deploy_waits_for_pods_of_its_own_revision() -> None:
    first, other = declared(image="localhost/model:1"), declared(image="localhost/model:2")

    revision = first["InferenceService"]["spec"]["predictor"]["labels"]["modelyard/revision"]
    command = first["Job"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert f"--selector=serving.kserve.io/inferenceservice=echo,modelyard/revision={revision}" in command
    assert first == declared(image="localhost/model:1")
    assert revision not in json.dumps(other)
    # A Job cannot be changed.
    assert first["Job"]["metadata"]["name"] != other["Job"]["metadata"]["name"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "no model to serve"),
        ({"image": "a:1", "model": "b"}, "a model in the store and one in an image"),
        ({"image": "a:1", "replicas": 0}, "replicas = 0"),
        ({"image": "a:1", "name": "Shirts"}, "Shirts"),
        ({"image": "a:1", "resources": Resources(cpu="2", memory="512Mi")}, "cpu = 2 is more than any node offers"),
    ],
)
def test_what_could_not_be_served_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        declared(**arguments)
