import copy
import datetime
import re

from modelyard.azure.machine_types import node_capacity
from modelyard.azure.names import global_name
from modelyard.exposure import Exposure

import pytest

from stacks.aks.settings import AksSettings
from stacks.environments import load_settings
from stacks.settings import ProtectionLifted
from tests.conftest import Stacks, Synthesise, resource


@pytest.fixture(scope="session")
def aks_settings() -> AksSettings:
    loaded = load_settings("aks-dev")
    assert isinstance(loaded, AksSettings)
    return loaded


@pytest.fixture(scope="session")
def aks_stacks(aks_settings: AksSettings, synthesise: Synthesise) -> Stacks:
    """The environment aks-dev as it is committed."""
    return synthesise(aks_settings)


def test_states_are_versioned_private_and_opened_without_keys(aks_stacks: Stacks) -> None:
    stack = aks_stacks["aks-dev-state"]
    account = resource(stack, "azurerm_storage_account")

    assert account["shared_access_key_enabled"] is False
    assert account["allow_nested_items_to_be_public"] is False
    assert account["blob_properties"] == {
        "versioning_enabled": True,
        "delete_retention_policy": {"days": 90},
        "container_delete_retention_policy": {"days": 90},
    }
    assert resource(stack, "azurerm_storage_container")["container_access_type"] == "private"
    (rule,) = resource(stack, "azurerm_storage_management_policy")["rule"]
    # Replaced versions, never the current one.
    assert rule["actions"] == {"version": {"delete_after_days_since_creation": 90}}


def test_every_stack_but_the_accounts_own_keeps_its_state_in_the_account(aks_stacks: Stacks) -> None:
    backends = {id_: stack["terraform"]["backend"] for id_, stack in aks_stacks.items()}

    assert backends.pop("aks-dev-state") == {"local": {"path": "../../../terraform.aks-dev-state.tfstate"}}
    account = resource(aks_stacks["aks-dev-state"], "azurerm_storage_account")["name"]
    for id_, backend in backends.items():
        assert backend["azurerm"]["storage_account_name"] == account
        assert backend["azurerm"]["key"] == f"{id_}.tfstate"
        assert backend["azurerm"]["use_azuread_auth"] is True
        assert "access_key" not in backend["azurerm"]


def test_nobody_enters_the_cluster_without_entra(aks_stacks: Stacks, aks_settings: AksSettings) -> None:
    cluster = resource(aks_stacks["aks-dev-cluster"], "azurerm_kubernetes_cluster")

    assert cluster["local_account_disabled"] is True
    entra = cluster["azure_active_directory_role_based_access_control"]
    assert entra == {"azure_rbac_enabled": True, "admin_group_object_ids": [aks_settings.operators_group_id]}
    assert cluster["api_server_access_profile"] == {"authorized_ip_ranges": ["203.0.113.0/24"]}
    assert (cluster["oidc_issuer_enabled"], cluster["workload_identity_enabled"]) == (True, True)
    assert cluster["network_profile"]["network_policy"] == "cilium"


def test_nodes_are_upgraded_by_themselves_and_never_replaced_for_what_was_left_out(aks_stacks: Stacks) -> None:
    cluster = resource(aks_stacks["aks-dev-cluster"], "azurerm_kubernetes_cluster")
    pool = cluster["default_node_pool"]

    assert (pool["min_count"], pool["max_count"]) == (1, 1)
    assert pool["max_pods"] >= 50
    assert pool["upgrade_settings"].keys() == {
        "max_surge",
        "drain_timeout_in_minutes",
        "node_soak_duration_in_minutes",
    }
    assert cluster["automatic_upgrade_channel"] == "stable"
    assert cluster["node_os_upgrade_channel"] == "NodeImage"


def test_logs_go_to_a_workspace_through_a_rule_that_leaves_aks_own_pods_out(aks_stacks: Stacks) -> None:
    stack = aks_stacks["aks-dev-cluster"]
    cluster = resource(stack, "azurerm_kubernetes_cluster")

    assert cluster["oms_agent"]["msi_auth_for_monitoring_enabled"] is True
    workspace = resource(stack, "azurerm_log_analytics_workspace")
    assert (workspace["daily_quota_gb"], workspace["local_authentication_enabled"]) == (1, False)
    # Without this association the add-on runs and sends nothing.
    association = resource(stack, "azurerm_monitor_data_collection_rule_association")
    assert association["target_resource_id"].startswith("${azurerm_kubernetes_cluster.")
    extension = resource(stack, "azurerm_monitor_data_collection_rule")["data_sources"]["extension"][0]
    assert '"namespaces": ["kube-system"]' in extension["extension_json"]


def test_the_nodes_may_pull_and_nothing_else(aks_stacks: Stacks) -> None:
    stack = aks_stacks["aks-dev-cluster"]

    assignment = resource(stack, "azurerm_role_assignment")
    assert assignment["role_definition_name"] == "AcrPull"
    registry = resource(aks_stacks["aks-dev-registry"], "azurerm_container_registry")
    assert assignment["scope"].endswith(f"/registries/{registry['name']}")
    assert ".kubelet_identity[0].object_id" in assignment["principal_id"]
    assert (registry["admin_enabled"], registry["anonymous_pull_enabled"]) == (False, False)


def test_the_same_service_is_deployed_on_both_clouds(aks_stacks: Stacks, stacks: Stacks) -> None:
    gke, aks = copy.deepcopy((stacks["gke-dev-image-classifier"], aks_stacks["aks-dev-image-classifier"]))

    def what_a_cloud_gives(text: str) -> str:
        # Where the logs are.
        text = re.sub(r"\]\(https://[^)]*\)", "](LOGS)", text)
        text = re.sub(r'"[^"]*/image-classifier:(\w+)"', r'"REGISTRY/image-classifier:\1"', text)
        return re.sub(r"'[^']*/image-classifier:(\w+)'", r"'REGISTRY/image-classifier:\1'", text)

    assert gke["resource"].keys() == aks["resource"].keys()
    for each in (gke, aks):
        # The dashboard, which links to the cloud's own logs.
        del each["resource"]["kubernetes_config_map_v1"]
    ours = what_a_cloud_gives(str(gke["resource"])).replace("gke-dev", "ENV")
    assert ours == what_a_cloud_gives(str(aks["resource"])).replace("aks-dev", "ENV")


def test_services_reach_the_cluster_with_kubelogin_and_no_credential_of_azures(aks_stacks: Stacks) -> None:
    (kubernetes,) = aks_stacks["aks-dev-image-classifier"]["provider"]["kubernetes"]

    assert kubernetes.keys() == {"host", "cluster_ca_certificate", "exec"}
    (exec_,) = kubernetes["exec"]
    assert exec_["command"] == "kubelogin"


@pytest.mark.parametrize("protected", [True, False])
def test_protection_keeps_account_and_cluster(
    aks_settings: AksSettings, synthesise: Synthesise, protected: bool
) -> None:
    record = ProtectionLifted(on=datetime.date(2026, 11, 20), by="ada", reason="it goes")
    stacks = synthesise(aks_settings.model_copy(update={"protection_lifted": None if protected else record}), only=())

    state, cluster = stacks["aks-dev-state"], stacks["aks-dev-cluster"]
    kept = [resource(state, f"azurerm_{kind}") for kind in ("resource_group", "storage_account", "storage_container")]
    kept.append(resource(cluster, "azurerm_kubernetes_cluster"))
    assert [each["lifecycle"]["prevent_destroy"] for each in kept] == [protected] * 4
    (azure,) = cluster["provider"]["azurerm"]
    (features,) = azure["features"]
    assert features["resource_group"] == [{"prevent_deletion_if_contains_resources": protected}]


def test_a_world_wide_control_plane_has_no_list_of_networks(aks_settings: AksSettings, synthesise: Synthesise) -> None:
    cluster = aks_settings.cluster.model_copy(update={"control_plane_ranges": Exposure.world()})
    stacks = synthesise(aks_settings.model_copy(update={"cluster": cluster}), only=())

    assert "api_server_access_profile" not in resource(stacks["aks-dev-cluster"], "azurerm_kubernetes_cluster")


def test_an_internal_service_gets_an_address_of_the_virtual_network(
    aks_settings: AksSettings, synthesise: Synthesise
) -> None:
    internal = aks_settings.model_copy(update={"source_ranges": Exposure.internal()})
    stacks = synthesise(internal, only=("image_classifier",))

    service = resource(stacks["aks-dev-image-classifier"], "kubernetes_service_v1")
    assert service["metadata"]["annotations"] == {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}


def test_two_environments_share_no_stack_and_no_name(aks_settings: AksSettings, synthesise: Synthesise) -> None:
    synthesised = str(synthesise(aks_settings.model_copy(update={"name": "aks-two"})))

    assert "aks-dev" not in synthesised
    assert aks_settings.state_account not in synthesised
    assert aks_settings.registry_name not in synthesised


@pytest.mark.parametrize("environment", ["aks-dev", "a", "a-very-long-environments"])
def test_global_names_are_short_letters_and_digits_and_differ(environment: str) -> None:
    first, second = (str(number) * 8 for number in (1, 2))

    names = {global_name(environment, subscription, "state", longest=24) for subscription in (first, second)}
    assert len(names) == 2
    assert all(re.fullmatch("[a-z0-9]{3,24}", name) for name in names)


@pytest.mark.parametrize(
    ("machine_type", "millicores", "mebibytes"),
    [
        # The reservation's table and formula on the page that machine_types.py names, by hand.
        ("Standard_B2s", 2000 - 100, 4096 - 1024 - 100),
        ("Standard_D2s_v5", 2000 - 100, 8192 - 2048 - 100),
        ("Standard_D4as_v5", 4000 - 140, 16384 - 2250 - 100),
        ("Standard_E16ds_v5", 16000 - 260, 131072 - 2250 - 100),
        ("Standard_F64s_v2", 64000 - 740, 131072 - 2250 - 100),
    ],
)
def test_a_node_offers_what_aks_leaves(machine_type: str, millicores: int, mebibytes: int) -> None:
    capacity = node_capacity(machine_type)

    assert (capacity.cpu_millicores, capacity.memory_mebibytes) == (millicores, mebibytes)
