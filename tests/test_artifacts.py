"""Where models and artifacts are kept, and how a service gets at them."""

import re
from collections.abc import Mapping
from typing import Any

from modelyard.errors import ConfigurationError

import pytest

from stacks.environments import load_settings
from stacks.settings import Settings
from tests.conftest import Stacks, Synthesise, resource, with_services

PATH = "iris/iris-model.zip"
CLOUDS = ("gke-dev", "aks-dev")


def with_model(environment: str) -> Settings:
    """An environment whose iris serves a model of the artifact store, and nothing besides."""
    return with_services(load_settings(environment), {"iris": {"model": PATH, "notebook": False}})


@pytest.fixture(scope="module")
def estates(synthesise: Synthesise) -> Mapping[str, Stacks]:
    """Both clouds with a model in the store."""
    return {environment: synthesise(with_model(environment), only=("iris",)) for environment in CLOUDS}


@pytest.fixture(scope="module")
def committed(synthesise: Synthesise) -> Mapping[str, Stacks]:
    """Both clouds as they are committed, with protection lifted, but for the notebook of iris."""
    page = {"iris": {"notebook": False}}
    only = ("iris", "image_classifier")
    return {name: synthesise(with_services(load_settings(name), page), only=only) for name in CLOUDS}


def container(stack: dict[str, Any]) -> dict[str, Any]:
    return dict(resource(stack, "kubernetes_deployment_v1")["spec"]["template"]["spec"]["container"][0])


def egress(stack: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Networks and ports, but for DNS."""
    rules = resource(stack, "kubernetes_network_policy_v1")["spec"]["egress"][1:]
    return [(rule["to"][0]["ip_block"]["cidr"], [port["port"] for port in rule["ports"]]) for rule in rules]


def test_iris_reads_its_model_from_the_bucket_as_itself(estates: Mapping[str, Stacks]) -> None:
    stack = estates["gke-dev"]["gke-dev-iris"]
    bucket = resource(estates["gke-dev"]["gke-dev-artifacts"], "google_storage_bucket")["name"]

    assert container(stack)["env"] == [{"name": "MODEL", "value": f"gs://{bucket}/{PATH}"}]
    grant = resource(stack, "google_storage_bucket_iam_member")
    assert (grant["bucket"], grant["role"]) == (bucket, "roles/storage.objectViewer")
    assert re.fullmatch(
        r"principal://iam\.googleapis\.com/projects/\$\{data\.google_project\.\w+\.number\}/locations/global/"
        r"workloadIdentityPools/modelyard-dev\.svc\.id\.goog/subject/ns/iris/sa/iris",
        grant["member"],
    )
    assert egress(stack) == [("0.0.0.0/0", ["443"]), ("169.254.169.254/32", ["80"])]


def test_iris_reads_its_model_from_the_container_as_an_identity_that_trusts_its_pods(
    estates: Mapping[str, Stacks],
) -> None:
    stack, artifacts = estates["aks-dev"]["aks-dev-iris"], estates["aks-dev"]["aks-dev-artifacts"]
    account = resource(artifacts, "azurerm_storage_account")["name"]

    assert container(stack)["env"] == [
        {"name": "MODEL", "value": f"abfs://artifacts@{account}.dfs.core.windows.net/{PATH}"}
    ]
    role = resource(stack, "azurerm_role_assignment")
    assert role["role_definition_name"] == "Storage Blob Data Reader"
    # The container, and nothing else in the account.
    assert role["scope"].endswith(f"/storageAccounts/{account}/blobServices/default/containers/artifacts")
    trust = resource(stack, "azurerm_federated_identity_credential")
    assert trust["issuer"] == "${data.azurerm_kubernetes_cluster.cluster.oidc_issuer_url}"
    assert trust["subject"] == "system:serviceaccount:iris:iris"
    group = resource(artifacts, "azurerm_resource_group")["name"]
    assert resource(stack, "azurerm_user_assigned_identity")["resource_group_name"] == group
    annotations = resource(stack, "kubernetes_service_account_v1")["metadata"]["annotations"]
    assert re.fullmatch(
        r"\$\{azurerm_user_assigned_identity\.\w+\.client_id\}", annotations.pop("azure.workload.identity/client-id")
    )
    assert annotations == {}
    pods = resource(stack, "kubernetes_deployment_v1")["spec"]
    assert pods["template"]["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    # A Deployment's selector can't be changed: what is granted must not be in it.
    assert "azure.workload.identity/use" not in pods["selector"]["match_labels"]
    assert egress(stack) == [("0.0.0.0/0", ["443"])]


@pytest.mark.parametrize("environment", CLOUDS)
def test_pods_wait_for_what_they_were_granted(estates: Mapping[str, Stacks], environment: str) -> None:
    stack = estates[environment][f"{environment}-iris"]

    waits = str(resource(stack, "kubernetes_deployment_v1")["depends_on"])
    grants = {"google_storage_bucket_iam_member", "azurerm_role_assignment", "azurerm_federated_identity_credential"}
    assert all(type_name in waits for type_name in grants & stack["resource"].keys())


@pytest.mark.parametrize("environment", CLOUDS)
def test_a_service_that_asks_for_nothing_is_granted_nothing(committed: Mapping[str, Stacks], environment: str) -> None:
    stacks = committed[environment]

    for stack in (stacks[f"{environment}-iris"], stacks[f"{environment}-image-classifier"]):
        assert not [type_name for type_name in stack["resource"] if not type_name.startswith("kubernetes_")]
    assert egress(stacks[f"{environment}-iris"]) == []


def test_where_nothing_is_kept_a_service_that_needs_it_is_refused(synthesise: Synthesise) -> None:
    with pytest.raises(ConfigurationError) as error:
        synthesise(with_model("local"), only=("iris",))

    assert str(error.value).splitlines() == [
        "services/iris/service.py",
        f"  wants {PATH} in the artifact store, and the environment local has none",
        "  mend: remove the setting that asks for it from environments/local.toml, or deploy to a cloud",
    ]


def protected(environment: str, synthesise: Synthesise) -> dict[str, Any]:
    """The stack of the artifacts, in the environment without the record that lifts its protection."""
    stacks = synthesise(load_settings(environment).model_copy(update={"protection_lifted": None}), only=())
    return stacks[f"{environment}-artifacts"]


def test_protection_keeps_the_bucket_and_what_it_holds_keeps_it_afterwards(
    committed: Mapping[str, Stacks], synthesise: Synthesise
) -> None:
    kept = resource(protected("gke-dev", synthesise), "google_storage_bucket")
    lifted = resource(committed["gke-dev"]["gke-dev-artifacts"], "google_storage_bucket")

    assert (kept["lifecycle"], lifted["lifecycle"]) == ({"prevent_destroy": True}, {"prevent_destroy": False})
    assert (kept["force_destroy"], lifted["force_destroy"]) == (False, False)


def test_protection_keeps_the_account(committed: Mapping[str, Stacks], synthesise: Synthesise) -> None:
    kept, lifted = protected("aks-dev", synthesise), committed["aks-dev"]["aks-dev-artifacts"]

    for kind in ("resource_group", "storage_account", "storage_container"):
        assert resource(kept, f"azurerm_{kind}")["lifecycle"] == {"prevent_destroy": True}
        assert resource(lifted, f"azurerm_{kind}")["lifecycle"] == {"prevent_destroy": False}


@pytest.mark.parametrize("environment", CLOUDS)
def test_artifacts_and_states_are_in_different_places(estates: Mapping[str, Stacks], environment: str) -> None:
    type_name = {"gke-dev": "google_storage_bucket", "aks-dev": "azurerm_storage_account"}[environment]
    stacks = estates[environment]

    names = [resource(stacks[f"{environment}-{part}"], type_name)["name"] for part in ("state", "artifacts")]
    assert len(set(names)) == 2
