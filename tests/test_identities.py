"""Who GitHub's workflows are in the clouds, and what they may do there."""

import fnmatch
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from leftovers import azure_kinds, google_kinds
from stacks.app import build_app
from stacks.environments import load_settings
from stacks.paths import ROOT
from stacks.settings import CloudSettings, GithubSettings
from tests.conftest import Stacks, Synthesise, resource

GITHUB = GithubSettings(repository="acme/models", repository_id=821093847, repository_owner_id=5544123)
ISSUER = "https://token.actions.githubusercontent.com"
CLOUDS = ["gke", "aks"]
# Of what a cluster leaves, as Google lists the role: https://cloud.google.com/iam/docs/roles-permissions/compute
DELETED_BY_NETWORK_ADMIN = {
    "addresses",
    "backendServices",
    "forwardingRules",
    "healthChecks",
    "httpHealthChecks",
    "networks",
    "routers",
    "routes",
    "subnetworks",
    "targetHttpProxies",
    "targetHttpsProxies",
    "targetPools",
    "urlMaps",
}
# What makes credentials that somebody could carry away.
KEY_TYPES = re.compile(r"service_account_key|application_password|client_secret|access_key|storage_hmac|_sas$|token$")
WRITING = re.compile(
    r"admin|owner|editor|writer|contributor|push|user|creator|write|create|delete|update|set", re.IGNORECASE
)


def with_github(cloud: str) -> CloudSettings:
    settings = load_settings(f"{cloud}-dev")
    assert isinstance(settings, CloudSettings)
    return settings.model_copy(update={"github": GITHUB})


@pytest.fixture(scope="module")
def trusted(synthesise: Synthesise) -> dict[str, Stacks]:
    """Both clouds' stacks, without services, by cloud."""
    return {cloud: synthesise(with_github(cloud), only=()) for cloud in CLOUDS}


@pytest.fixture(scope="module")
def gke(trusted: dict[str, Stacks]) -> dict[str, Any]:
    return trusted["gke"]["gke-dev-identities"]


@pytest.fixture(scope="module")
def aks(trusted: dict[str, Stacks]) -> dict[str, Any]:
    return trusted["aks"]["aks-dev-identities"]


def all_of(stack: dict[str, Any], *types: str) -> list[dict[str, Any]]:
    return [each for type_name in types for each in stack["resource"][type_name].values()]


def address(stack: dict[str, Any], type_name: str, **values: object) -> str:
    """Of the one resource with these values."""
    (found,) = [
        name
        for name, each in stack["resource"][type_name].items()
        if all(each.get(key) == value for key, value in values.items())
    ]
    return f"{type_name}.{found}"


def google_grants(stack: dict[str, Any], duty: str) -> list[dict[str, Any]]:
    """Everything that the duty's account was granted."""
    account = address(stack, "google_service_account", account_id=f"gke-dev-{duty}")
    types = [name for name in stack["resource"] if name.endswith("_iam_member")]
    return [each for each in all_of(stack, *types) if each["member"] == f"${{{account}.member}}"]


def azure_grants(stack: dict[str, Any], duty: str) -> list[dict[str, Any]]:
    identity = address(stack, "azurerm_user_assigned_identity", name=f"aks-dev-{duty}")
    assignments = all_of(stack, "azurerm_role_assignment")
    return [each for each in assignments if each["principal_id"] == f"${{{identity}.principal_id}}"]


def google_permissions(stack: dict[str, Any], duty: str) -> set[str]:
    """Of the role that the duty has of its own."""
    return set(stack["resource"]["google_project_iam_custom_role"][f"role_{duty}"]["permissions"])


def azure_permissions(stack: dict[str, Any], name: str) -> dict[str, list[str]]:
    """Of a role of our own: what it allows, and what it leaves out."""
    (of_role,) = stack["resource"]["azurerm_role_definition"][f"role_{name}"]["permissions"]
    return dict(of_role)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_a_repository_there_is_no_such_stack(cloud: str, synthesise: Synthesise) -> None:
    assert f"{cloud}-dev-identities" not in synthesise(load_settings(f"{cloud}-dev"), only=())


def test_google_trusts_numbers_environments_and_main_of_github_and_nothing_else(gke: dict[str, Any]) -> None:
    provider = resource(gke, "google_iam_workload_identity_pool_provider")

    assert provider["oidc"] == {"issuer_uri": ISSUER}
    assert provider["attribute_condition"].split(" && ") == [
        'assertion.repository_id == "821093847"',
        'assertion.repository_owner_id == "5544123"',
        'assertion.ref == "refs/heads/main"',
        'assertion.environment in ["gke-dev-plan", "gke-dev-images", "gke-dev"]',
    ]
    # A name can be given up, and be registered by somebody else.
    assert GITHUB.repository not in json.dumps(provider)
    # Else the condition's claims could be right and the grant another environment's.
    assert provider["attribute_mapping"]["attribute.environment"] == "assertion.environment"


@pytest.mark.parametrize(
    ("duty", "environment"), [("plan", "gke-dev-plan"), ("images", "gke-dev-images"), ("apply", "gke-dev")]
)
def test_each_google_account_is_one_github_environments(gke: dict[str, Any], duty: str, environment: str) -> None:
    account = address(gke, "google_service_account", account_id=f"gke-dev-{duty}")
    pool = next(iter(gke["resource"]["google_iam_workload_identity_pool"]))
    (trust,) = [
        each
        for each in all_of(gke, "google_service_account_iam_member")
        if each["service_account_id"] == f"${{{account}.name}}"
    ]

    assert trust["role"] == "roles/iam.workloadIdentityUser"
    attribute = f"${{google_iam_workload_identity_pool.{pool}.name}}/attribute.environment/{environment}"
    assert trust["member"] == f"principalSet://iam.googleapis.com/{attribute}"


@pytest.mark.parametrize(
    ("duty", "environment"), [("plan", "aks-dev-plan"), ("images", "aks-dev-images"), ("apply", "aks-dev")]
)
def test_each_azure_identity_trusts_one_subject_with_the_numbers_in_it(
    aks: dict[str, Any], duty: str, environment: str
) -> None:
    identity = address(aks, "azurerm_user_assigned_identity", name=f"aks-dev-{duty}")
    (trust,) = [
        each
        for each in all_of(aks, "azurerm_federated_identity_credential")
        if each["parent_id"] == f"${{{identity}.id}}"
    ]

    assert trust["issuer"] == ISSUER
    assert trust["subject"] == f"repo:acme@5544123/models@821093847:environment:{environment}"
    assert trust["audience"] == ["api://AzureADTokenExchange"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_key_is_made(trusted: dict[str, Stacks], cloud: str) -> None:
    types = {type_name for stack in trusted[cloud].values() for type_name in stack["resource"]}

    assert not [type_name for type_name in types if KEY_TYPES.search(type_name)]


def test_who_plans_on_google_only_reads(gke: dict[str, Any]) -> None:
    grants = google_grants(gke, "plan")

    roles = {each["role"] for each in grants if not each["role"].startswith("${")}
    assert len(roles) == len(grants) - 1 >= 7
    assert not [role for role in roles if WRITING.search(role)]
    # Basic roles read the content of buckets, too.
    assert not roles & {"roles/viewer", "roles/browser"}
    assert google_permissions(gke, "plan") == {"container.secrets.get", "container.secrets.list"}
    # States, and no other bucket's objects.
    (state,) = [each for each in grants if "bucket" in each]
    assert (state["bucket"], state["role"]) == ("modelyard-dev-gke-dev-state", "roles/storage.objectViewer")


def test_who_plans_on_azure_only_reads(aks: dict[str, Any]) -> None:
    grants = azure_grants(aks, "plan")

    roles = {each["role_definition_name"] for each in grants if "role_definition_name" in each}
    assert roles == {"Reader", "Azure Kubernetes Service RBAC Reader", "Storage Blob Data Reader"}
    assert azure_permissions(aks, "plan") == {
        "actions": ["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
        "data_actions": ["Microsoft.ContainerService/managedClusters/secrets/read"],
    }
    (state,) = [each for each in grants if each.get("role_definition_name") == "Storage Blob Data Reader"]
    assert state["scope"].endswith("/blobServices/default/containers/tfstate")
    assert "/resourceGroups/aks-dev-state/" in state["scope"]


def test_who_builds_images_pushes_them_and_nothing_else(
    gke: dict[str, Any], aks: dict[str, Any], trusted: dict[str, Stacks]
) -> None:
    (google,) = google_grants(gke, "images")
    (azure,) = azure_grants(aks, "images")

    assert (google["repository"], google["role"]) == ("gke-dev", "roles/artifactregistry.writer")
    registry = resource(trusted["aks"]["aks-dev-registry"], "azurerm_container_registry")
    assert azure["role_definition_name"] == "AcrPush"
    assert azure["scope"].endswith(f"/registries/{registry['name']}")


def test_who_applies_on_google_gives_the_project_no_role_but_the_nodes(gke: dict[str, Any]) -> None:
    grants = google_grants(gke, "apply")

    assert not {"roles/owner", "roles/editor"} & {each["role"] for each in grants}
    (giving,) = [each for each in grants if each["role"] == "roles/resourcemanager.projectIamAdmin"]
    granted = "roles/container.defaultNodeServiceAccount"
    assert giving["condition"]["expression"].endswith(f".hasOnly(['{granted}'])")
    # Else it could make itself a token of any account, or let somebody else in.
    forbidden = {"getAccessToken", "getOpenIdToken", "signBlob", "signJwt", "setIamPolicy", "implicitDelegation"}
    assert not {each.rpartition(".")[2] for each in google_permissions(gke, "apply")} & forbidden
    # Not the trust: what it may do, it may not give to another repository.
    of_iam = {each["role"].removeprefix("roles/iam.") for each in grants if each["role"].startswith("roles/iam.")}
    assert of_iam == {"roleViewer", "securityReviewer", "serviceAccountViewer", "workloadIdentityPoolViewer"}


def test_the_only_role_that_a_deploy_gives_is_the_one_that_the_nodes_need(
    gke: dict[str, Any], trusted: dict[str, Stacks]
) -> None:
    (needed,) = all_of(trusted["gke"]["gke-dev-cluster"], "google_project_iam_member")
    (giving,) = [each for each in google_grants(gke, "apply") if "condition" in each]

    assert f"['{needed['role']}']" in giving["condition"]["expression"]


def test_azures_roles_of_our_own_have_ids_that_a_deploy_which_was_cut_off_finds_again(aks: dict[str, Any]) -> None:
    roles = all_of(aks, "azurerm_role_definition")

    ids = {each["name"]: each["role_definition_id"] for each in roles}
    assert len(set(ids.values())) == len(ids) == 3
    for each in roles:
        assert uuid.UUID(each["role_definition_id"]) == uuid.uuid5(
            uuid.NAMESPACE_URL, f"{each['scope']}/{each['name']}"
        )


def test_who_applies_on_azure_administers_groups_and_of_the_subscription_the_cluster_only(aks: dict[str, Any]) -> None:
    grants = azure_grants(aks, "apply")
    wide = [each for each in grants if re.fullmatch(r"/subscriptions/[^/]+", each["scope"])]

    assert {each.get("role_definition_name", "its own") for each in wide} == {
        "Reader",
        "Azure Kubernetes Service RBAC Cluster Admin",
        "its own",
    }
    own = azure_permissions(aks, "apply-cluster")["actions"]
    assert not [each for each in own if each == "*" or "Authorization" in each]
    # Who may make or change one lets whom they like act as it.
    assert {each.rpartition("/")[2] for each in own if "ManagedIdentity" in each} == {"delete"}
    stores = address(aks, "azurerm_role_definition", name=f"aks-dev apply-stores {wide[0]['scope'].rpartition('/')[2]}")
    groups = {
        each["scope"].rpartition("/")[2]
        for each in grants
        if each.get("role_definition_id") == f"${{{stores}.role_definition_resource_id}}"
    }
    # Not that of the identities themselves: who may change them trusts whom they like.
    assert groups == {"aks-dev-state", "aks-dev-registry", "aks-dev-artifacts"}


def test_who_applies_on_google_deletes_every_kind_that_a_cluster_leaves(gke: dict[str, Any]) -> None:
    roles = {each["role"] for each in google_grants(gke, "apply")}
    assert {"roles/compute.viewer", "roles/compute.networkAdmin", "roles/container.admin"} <= roles

    own = google_permissions(gke, "apply")
    assert {f"compute.{each.collection}.delete" for each in google_kinds.KINDS} - own == {
        f"compute.{collection}.delete" for collection in DELETED_BY_NETWORK_ADMIN
    }
    # Snapshots of disks, with labels that say whose they are; they are waited for as roles/compute.viewer may.
    assert {each for each in own if each.startswith("compute.") and not each.endswith(".delete")} == {
        "compute.disks.createSnapshot",
        "compute.snapshots.create",
        "compute.snapshots.setLabels",
    }


def test_who_applies_on_azure_deletes_every_kind_that_a_cluster_leaves(aks: dict[str, Any]) -> None:
    own = azure_permissions(aks, "apply-cluster")["actions"]
    groups = "Microsoft.Resources/subscriptions/resourceGroups"
    kinds = {each.type for each in (*azure_kinds.LISTED, azure_kinds.DELETED_WORKSPACE)} | {groups}
    kept = {f"{azure_kinds.DISK.type}/beginGetAccess/action", f"{azure_kinds.SNAPSHOT.type}/write", f"{groups}/write"}

    for needed in {f"{kind}/delete" for kind in kinds} | kept:
        assert [action for action in own if fnmatch.fnmatchcase(needed, action)], needed
    # Of what only AKS makes, nothing is made or changed here.
    of_aks = [each for each in own if each.startswith(("Microsoft.Compute/", "Microsoft.Network/"))]
    assert {each for each in of_aks if not each.endswith("/delete")} == kept - {f"{groups}/write"}


def test_nobody_reads_keys_on_azure(aks: dict[str, Any]) -> None:
    stores = azure_permissions(aks, "apply-stores")
    own = [azure_permissions(aks, name) for name in ("plan", "apply-cluster")]

    assert {"listKeys", "ListAccountSas", "ListServiceSas", "listCredentials"} <= {
        each.split("/")[-2] for each in stores["not_actions"]
    }
    # These roles have keys, too.
    roles = {each.get("role_definition_name") for each in all_of(aks, "azurerm_role_assignment")}
    assert not roles & {"Owner", "Contributor", "Storage Account Contributor", "Log Analytics Contributor"}
    assert not [action for each in own for action in each["actions"] if "Storage" in action or "Registry" in action]


def test_what_who_applies_on_azure_may_not_register_is_registered(trusted: dict[str, Stacks]) -> None:
    registered = {
        part: set(trusted["aks"][f"aks-dev-{part}"]["provider"]["azurerm"][0]["resource_providers_to_register"])
        for part in ("state", "registry", "artifacts", "cluster", "identities")
    }

    by_workflows = registered.pop("cluster")
    assert by_workflows <= set().union(*registered.values())
    own = azure_permissions(trusted["aks"]["aks-dev-identities"], "apply-cluster")["actions"]
    assert not [action for action in own if "register" in action]


def test_who_applies_on_azure_gives_programs_the_roles_that_the_estate_needs(aks: dict[str, Any]) -> None:
    giving = [
        each
        for each in azure_grants(aks, "apply")
        if each.get("role_definition_name") == "Role Based Access Control Administrator"
    ]

    by_group = {each["scope"].rpartition("/")[2]: each for each in giving}
    assert by_group.keys() == {"aks-dev-registry", "aks-dev-artifacts"}
    for each in giving:
        assert each["condition_version"] == "2.0"
        # Both to give and to take; of either, role and kind of principal.
        assert [each["condition"].count(source) for source in ("@Request[", "@Resource[")] == [2, 2]
        assert each["condition"].count("{'ServicePrincipal'}") == 2
    uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    pull = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    assert set(re.findall(uuid, by_group["aks-dev-registry"]["condition"])) == {pull}
    assert len(set(re.findall(uuid, by_group["aks-dev-artifacts"]["condition"]))) == 2


@pytest.mark.parametrize("cloud", CLOUDS)
def test_identities_come_after_what_they_have_roles_on_and_nothing_waits_for_them(cloud: str, tmp_path: Path) -> None:
    settings = with_github(cloud).model_copy(update={"services": {}})
    build_app(settings, services=tmp_path, outdir=str(tmp_path / "out")).synth()
    stacks = json.loads((tmp_path / "out" / "manifest.json").read_text())["stacks"]

    assert stacks[f"{cloud}-dev-identities"]["dependencies"] == [f"{cloud}-dev-artifacts"]
    assert not [name for name, each in stacks.items() if f"{cloud}-dev-identities" in each["dependencies"]]


def test_the_docs_import_what_there_is(gke: dict[str, Any]) -> None:
    named = re.findall(r"terraform import (\w+)\.(\w+)", (ROOT / "docs" / "identities.md").read_text())

    assert len(named) == 2
    assert all(name in gke["resource"][type_name] for type_name, name in named)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_github_environment_gets_the_variables_of_its_own_identity(trusted: dict[str, Stacks], cloud: str) -> None:
    value = trusted[cloud][f"{cloud}-dev-identities"]["output"]["github_variables"]["value"]

    assert value.keys() == {f"{cloud}-dev-plan", f"{cloud}-dev-images", f"{cloud}-dev"}
    names = {
        "gke": {"GOOGLE_WORKLOAD_IDENTITY_PROVIDER", "GOOGLE_SERVICE_ACCOUNT"},
        "aks": {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"},
    }[cloud]
    assert all(each.keys() == names for each in value.values())
    own = {"gke": "GOOGLE_SERVICE_ACCOUNT", "aks": "AZURE_CLIENT_ID"}[cloud]
    assert len({each[own] for each in value.values()}) == 3
