"""Azure in every condition, over HTTP: what it answers is of its client libraries' models, under their versions."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from hypothesis import given
from hypothesis import strategies as st

from doctor.azure import PROVIDERS, Azure
from doctor.azure_api import Login
from doctor.azure_permissions import actions, missing, unknown
from doctor.azure_quotas import SKUS, USAGES
from doctor.check import Finding
from doctor.declared import Declared
from leftovers import azure_kinds as kinds
from stacks.aks.settings import AksSettings
from stacks.environments import environment_names, load_settings
from tests.conftest import Synthesise
from tests.doctor.azure_world import ADDRESSES, CORES, GROUP, PERSON, AzureSubscription, plant_cluster, token
from tests.doctor.kube import api_server, put_login_program
from tests.doctor.looking import findings, synthesised
from tests.leftovers.fake_azure import SUBSCRIPTION, azure, refusal
from tests.leftovers.http_server import Answer

pytestmark = pytest.mark.slow

ROOT = f"/subscriptions/{SUBSCRIPTION}"
Served = tuple[AzureSubscription, dict[str, str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    world = AzureSubscription()
    with azure(world, tmp_path_factory.mktemp("azure")) as variables:
        yield world, variables


@pytest.fixture
def world(server: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AzureSubscription:
    """A subscription in which all is well; a login program that knows a token."""
    world, variables = server
    world.empty()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("doctor.azure_api.GRAPH", world.url)
    put_login_program(tmp_path / "programs", "kubelogin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    return world


@pytest.fixture(scope="module")
def declared() -> Declared:
    """What aks-dev declares, synthesised once."""
    return synthesised("aks-dev")


def settings_of(declared: Declared) -> AksSettings:
    settings = declared.settings
    assert isinstance(settings, AksSettings)
    return settings


def look(name: str, declared: Declared, settings: AksSettings | None = None) -> Finding:
    """What one check finds."""
    return findings(Azure(settings or settings_of(declared), declared).checks(), name)[name]


def examine(declared: Declared) -> dict[str, Finding]:
    """What all checks find."""
    return findings(Azure(settings_of(declared), declared).checks())


def test_a_subscription_in_which_all_is_well(world: AzureSubscription, declared: Declared) -> None:
    results = examine(declared)

    states = {name: each.state for name, each in results.items()}
    # No cluster is made yet, and no registry of Azure's is reached from a test.
    assert {name for name, state in states.items() if state != "ok"} == {"cluster", "registry login"}, results
    login = results["azure login"].found
    assert login.startswith("ada@example.com, tenant 22222222-2222-2222-2222-222222222222, token until ")
    assert results["subscription"].found == f"Machine learning, {SUBSCRIPTION}"
    assert results["resource providers"].found.startswith("ContainerRegistry, ContainerService, Insights, ")
    assert results["operators"].found == "a member of operators"
    assert results["quotas"].found.splitlines() == [
        "PublicIPAddresses in westeurope: 6 needed, limit 20, 0 in use",
        "StandardSkuPublicIpAddresses in westeurope: 6 needed, limit 20, 0 in use",
        "cores in westeurope: 4 needed, limit 10, 0 in use",
        "standardDSv5Family in westeurope: 4 needed, limit 10, 0 in use",
    ]


def test_nobody_is_logged_in(
    world: AzureSubscription, declared: Declared, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    results = examine(declared)

    login = results.pop("azure login")
    assert login.state == "fail"
    assert login.found.startswith("nobody is logged in to Azure: ")
    assert login.mend == "az login; in a workflow, azure/login"
    asking = [each.state for name, each in results.items() if name not in ("stacks", "login program")]
    assert set(asking) == {"skipped"}
    assert capfd.readouterr().err == ""
    assert world.requests == []


@pytest.mark.usefixtures("world")
def test_variables_that_are_wrong(declared: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "anything")

    login = look("azure login", declared)

    assert (login.state, login.mend) == ("fail", "look at those that begin with AZURE_")
    assert "AZURE_TOKEN_CREDENTIALS" in login.found


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"appid": "app"}, "app, token until "),
        ({"unique_name": "live.com#ada@example.com", "tid": "t"}, "live.com#ada@example.com, tenant t, token until "),
        ({}, "a login that does not tell its name, token until "),
    ],
)
def test_who_is_logged_in(world: AzureSubscription, declared: Declared, claims: dict[str, str], said: str) -> None:
    world.token = token(**claims)

    assert look("azure login", declared).found.startswith(said)
    assert look("operators", declared) == Finding("skipped", "operators; whose login this is, it does not tell")


@given(st.text(max_size=40))
def test_a_token_of_any_form_names_nobody(text: str) -> None:
    assert "token until" in str(Login(text, 0))
    assert "token until" in str(Login(f"a.{base64.urlsafe_b64encode(text.encode()).decode()}.b", 0))


@pytest.mark.parametrize(
    ("state", "found", "mend"),
    [
        (None, "SubscriptionNotFound: The subscription", "subscription_id into environments/aks-dev.toml"),
        ("Disabled", "Machine learning is Disabled", "https://portal.azure.com"),
        ("Warned", "Machine learning is Warned", "https://portal.azure.com"),
    ],
)
def test_a_subscription_that_is_not_there(
    world: AzureSubscription, declared: Declared, state: str | None, found: str, mend: str
) -> None:
    world.state = state

    finding = look("subscription", declared)

    assert finding.state == "fail"
    assert found in finding.found
    assert mend in finding.mend


def test_resource_providers_that_are_not_registered(world: AzureSubscription, declared: Declared) -> None:
    world.unregistered = {"Microsoft.ContainerService", "Microsoft.Insights"}

    finding = look("resource providers", declared)

    assert finding.state == "warn"
    assert finding.found == "not registered yet: Microsoft.ContainerService, Microsoft.Insights"
    assert f"az provider register --namespace Microsoft.Insights --subscription {SUBSCRIPTION}" in finding.mend


def test_a_contributor_may_grant_no_roles(world: AzureSubscription, declared: Declared) -> None:
    forbidden = ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"]
    world.roles = [{"actions": ["*"], "notActions": forbidden}]
    finding = look("permissions", declared)
    assert (finding.state, finding.found) == ("fail", "missing: Microsoft.Authorization/roleAssignments/write")
    assert finding.mend == "be Owner of the subscription, or Contributor and Role Based Access Control Administrator"

    # What one role takes away, another gives.
    world.roles.append({"actions": ["microsoft.authorization/roleassignments/*"], "notActions": []})
    assert look("permissions", declared).state == "ok"
    world.roles = []
    assert len(look("permissions", declared).found.split(",")) == len(actions(declared.types))


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("pattern", ["*", "Microsoft.Compute/*", "Microsoft.Compute/disks/write", "*/write"])
def test_a_role_gives_what_its_patterns_match_unless_it_takes_it(pattern: str, *, taken: bool) -> None:
    role = {"actions": [pattern], "notActions": ["*/disks/*"] if taken else []}

    assert missing(["microsoft.compute/disks/write"], [role]) == (["microsoft.compute/disks/write"] if taken else [])
    assert missing(["Microsoft.Compute/disks/write"], [role], on_data=True) != []


def test_every_type_that_is_declared_anywhere_has_its_action(synthesise: Synthesise) -> None:
    types = {
        type_
        for name in environment_names()
        for stack in synthesise(load_settings(name)).values()
        for type_ in stack.get("resource", {})
    }

    assert unknown(types) == []
    assert unknown([*types, "azurerm_mssql_server"]) == ["azurerm_mssql_server"]


def test_the_group_of_operators(world: AzureSubscription, declared: Declared) -> None:
    world.members = []
    finding = look("operators", declared)
    assert finding.state == "fail"
    assert finding.found.startswith("whoever is logged in is no member of operators")
    assert finding.mend == f"az ad group member add --group {GROUP} --member-id {PERSON}"

    world.members = None
    finding = look("operators", declared)
    assert (finding.state, finding.found) == ("fail", f"Entra has no group {GROUP}")
    assert "environments/aks-dev.toml: operators_group_id" in finding.mend

    world.faults["GET", f"/v1.0/groups/{GROUP}"] = [refusal(403, "Authorization_RequestDenied", "no")]
    finding = look("operators", declared)
    assert (finding.state, finding.found) == ("warn", "Entra does not tell (403)")


@pytest.mark.parametrize(("name", "needed"), [("cores", 4), ("standardDSv5Family", 4), ("PublicIPAddresses", 6)])
def test_a_quota_that_is_short_by_one(world: AzureSubscription, declared: Declared, name: str, needed: int) -> None:
    world.set_quotas(**{name: needed})
    assert look("quotas", declared).state == "ok"
    world.set_quotas(**{name: needed - 1})
    finding = look("quotas", declared)

    assert finding.state == "fail"
    assert finding.found == f"{name} in westeurope: {needed} needed, limit {needed - 1}, 0 in use: 1 short"
    assert finding.mend.startswith("ask for more: https://portal.azure.com/#view/Microsoft_Azure_Capacity/")
    assert finding.mend.endswith("environments/aks-dev.toml: cluster.node_pool.max_nodes")


def test_what_a_living_cluster_has_need_not_be_had_twice(world: AzureSubscription, declared: Declared) -> None:
    world.set_quotas(used=4, cores=4, standardDSv5Family=4)
    assert look("quotas", declared).state == "fail"

    plant_cluster(world, settings_of(declared))
    finding = look("quotas", declared)

    assert finding.state == "ok"
    assert "cores in westeurope: 4 needed, limit 4, 4 in use, 4 by this environment" in finding.found


def test_a_machine_that_is_not_to_be_had(
    world: AzureSubscription, declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.restrictions = [{"type": "Location", "reasonCode": "NotAvailableForSubscription", "values": ["westeurope"]}]
    finding = look("quotas", declared)
    assert finding.state == "fail"
    assert finding.found == "Standard_D4s_v5 in westeurope: NotAvailableForSubscription"
    assert "environments/aks-dev.toml: cluster.node_pool.machine_type" in finding.mend
    assert "az vm list-skus --location westeurope" in finding.mend

    world.restrictions = [{"type": "Zone", "reasonCode": "NotAvailableForSubscription"}]
    assert look("quotas", declared).state == "ok"
    monkeypatch.setattr("doctor.azure_quotas._sizes", lambda *_: {})
    assert look("quotas", declared).found == "westeurope has no machines of size Standard_D4s_v5"


def test_the_stores(world: AzureSubscription, declared: Declared) -> None:
    settings = settings_of(declared)
    world.roles = [{"actions": ["*/read"], "notActions": []}]
    finding = look("image registry", declared)
    assert (finding.state, finding.found) == ("fail", f"whoever is logged in may not push in {settings.registry_name}")
    assert finding.mend.startswith("az role assignment create --role AcrPush --assignee YOU --scope /subscriptions/")
    finding = look("state store", declared)
    assert (finding.state, "may not read and write its blobs" in finding.found) == ("fail", True)
    assert f"az ad group member add --group {GROUP}" in finding.mend

    world.has_stores = False
    assert look("image registry", declared) == Finding(
        "skipped", "not made yet: modelyard up aks-dev --only aks-dev-registry"
    )
    assert look("state store", declared).state == "skipped"
    moved = settings.model_copy(update={"state": settings.state.model_copy(update={"own_state": "remote"})})
    assert look("state store", declared, moved).mend.startswith('write own_state = "local" there')


def test_the_login_program(world: AzureSubscription, declared: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    finding = look("login program", declared)

    assert finding == Finding(
        "fail", "kubelogin is missing", "install it: https://azure.github.io/kubelogin/install.html"
    )


def test_the_cluster(world: AzureSubscription, declared: Declared) -> None:
    assert look("cluster", declared) == Finding("skipped", "not made yet: modelyard up aks-dev --only aks-dev-cluster")
    plant_cluster(world, settings_of(declared), powerState={"code": "Stopped"})
    assert look("cluster", declared) == Finding("skipped", "it is stopped: modelyard resume aks-dev")

    plant_cluster(world, settings_of(declared))
    ready = {"metadata": {"name": "one"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    with api_server(Answer({"items": [ready]})) as (address, certificate):
        cluster = {"server": f"https://{address}", "certificate-authority-data": base64.b64encode(certificate).decode()}
        world.kubeconfig = yaml.safe_dump({"clusters": [{"name": "it", "cluster": cluster}]})
        finding = look("cluster", declared)

    assert finding == Finding("ok", "it answers: 1 of 1 nodes are ready")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{ROOT}/providers/microsoft.storage", "resource providers"),
        (f"{ROOT}/providers/microsoft.authorization/permissions", "permissions"),
        (f"{ROOT}/providers/microsoft.compute/skus", "quotas"),
    ],
)
def test_a_refusal_is_told_with_its_mend(world: AzureSubscription, declared: Declared, path: str, name: str) -> None:
    world.faults["GET", path] = [refusal(403, "AuthorizationFailed", "The client may not do that")]

    finding = look(name, declared)

    assert (finding.state, finding.found) == ("fail", "AuthorizationFailed: The client may not do that")
    assert finding.mend.endswith("for a role that may see that, such as Reader")


def test_what_is_asked_is_what_the_typed_libraries_ask(world: AzureSubscription, declared: Declared) -> None:
    plant_cluster(world, settings_of(declared))

    def client(library: Any) -> Any:  # noqa: ANN401 - of whichever library
        scopes = ["https://management.azure.com/.default"]
        return library(DefaultAzureCredential(), SUBSCRIPTION, world.url, credential_scopes=scopes)

    assert {each.name.value for each in client(ComputeManagementClient).usage.list("westeurope")} == CORES.keys()
    assert {each.name.value for each in client(NetworkManagementClient).usages.list("westeurope")} == ADDRESSES.keys()
    skus = list(client(ComputeManagementClient).resource_skus.list(filter="location eq 'westeurope'"))
    assert [each.family for each in skus if each.name == "Standard_D4s_v5"] == ["standardDSv5Family"]
    assert client(ResourceManagementClient).providers.get("Microsoft.Storage").registration_state == "Registered"
    clusters = client(ContainerServiceClient).managed_clusters
    assert clusters.list_cluster_user_credentials("aks-dev-cluster", "aks-dev").kubeconfigs

    assert {version for _, path, version in world.requests if path.endswith("/usages")} == set(USAGES.values())
    assert {version for _, path, version in world.requests if path.endswith("/skus")} == {SKUS}
    assert (ROOT + "/providers/Microsoft.Storage", PROVIDERS) in {
        (path, version) for _, path, version in world.requests
    }
    assert ("POST", kinds.CLUSTER.api_version) in {(method, version) for method, _, version in world.requests}
