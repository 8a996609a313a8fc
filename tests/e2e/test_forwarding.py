"""Rehearsals that check and plan with the real provider plugins."""

import json
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from commands.rehearsal import Rehearsal
from simulator import SimulatedProviders
from simulator.identity_endpoint import azurerm_without_access
from tests.conftest import Command
from tests.e2e.plans import actions, different, leaves
from tests.e2e.terraform import terraform
from tests.simulator.azure_estate import AZURERM
from tests.simulator.azure_estate import cluster as azure_cluster
from tests.simulator.estate import Config, Terraform, changed, cluster, deployment, environment_with

# Tokens of no worth: google and azurerm ask nobody when they plan.
REAL = {
    "GOOGLE_OAUTH_ACCESS_TOKEN": "fake",
    "ARM_USE_MSI": "true",
    "ARM_MSI_ENDPOINT": azurerm_without_access()["msi_endpoint"],
    "ARM_USE_CLI": "false",
    "ARM_PROVIDER_ENHANCED_VALIDATION": "false",
}
NODE_POOL = Path("constructs/modelyard/gcp/node_pool.py")
# What is written over one argument of a deployed stack, and the actions that follow.
CHANGES: list[tuple[str, str, tuple[str | int, ...], Any]] = [
    ("gke-dev-state", "google_storage_bucket", ("location",), "EU"),
    ("gke-dev-state", "google_storage_bucket", ("labels", "team"), "vision"),
    ("gke-dev-registry", "google_artifact_registry_repository", ("format",), "MAVEN"),
    ("gke-dev-cluster", "google_service_account", ("account_id",), "other-nodes"),
    ("gke-dev-cluster", "google_compute_subnetwork", ("ip_cidr_range",), "10.0.0.0/24"),
    ("gke-dev-cluster", "google_container_cluster", ("location",), "europe-west1"),
    ("gke-dev-cluster", "google_container_cluster", ("release_channel", "channel"), "STABLE"),
    ("gke-dev-cluster", "google_container_node_pool", ("node_config", "machine_type"), "n1-standard-2"),
    ("gke-dev-cluster", "google_container_node_pool", ("node_config", "preemptible"), False),
    ("aks-dev-state", "azurerm_storage_account", ("account_replication_type",), "GRS"),
    ("aks-dev-state", "azurerm_storage_account", ("blob_properties", "delete_retention_policy", "days"), 7),
    ("aks-dev-state", "azurerm_storage_container", ("name",), "other"),
    ("aks-dev-state", "azurerm_role_assignment", ("principal_id",), "22222222-3333-4444-5555-666666666666"),
    ("aks-dev-registry", "azurerm_container_registry", ("sku",), "Standard"),
    ("aks-dev-registry", "azurerm_resource_group", ("location",), "northeurope"),
    ("aks-dev-cluster", "azurerm_kubernetes_cluster", ("sku_tier",), "Standard"),
    ("aks-dev-cluster", "azurerm_kubernetes_cluster", ("node_resource_group",), "other"),
    ("aks-dev-cluster", "azurerm_kubernetes_cluster", ("default_node_pool", "vm_size"), "Standard_D4s_v5"),
    ("aks-dev-cluster", "azurerm_kubernetes_cluster", ("default_node_pool", "max_count"), 5),
    ("aks-dev-cluster", "azurerm_log_analytics_workspace", ("retention_in_days",), 90),
    ("aks-dev-cluster", "azurerm_monitor_data_collection_rule", ("kind",), "Windows"),
    ("gke-dev-image-classifier", "kubernetes_namespace_v1", ("metadata", "name"), "renamed"),
    ("gke-dev-image-classifier", "kubernetes_deployment_v1", ("spec", "replicas"), "2"),
    ("gke-dev-image-classifier", "kubernetes_deployment_v1", ("spec", "selector", "match_labels"), {"app": "other"}),
    ("gke-dev-image-classifier", "kubernetes_service_v1", ("spec", "type"), "ClusterIP"),
    ("gke-dev-image-classifier", "kubernetes_network_policy_v1", ("spec", "policy_types"), ["Ingress"]),
]


def test_a_rehearsal_with_the_real_plugins_is_green_and_says_whose_plans_these_are(
    checkout: Path, modelyard_command: Command, plugins: Path
) -> None:
    done = modelyard_command("rehearse", TF_PLUGIN_CACHE_DIR=str(plugins))

    assert done.returncode == 0, done.stderr
    first, *_ = done.stdout.splitlines()
    assert "the plans are those of the real google 6.50.0 and kubernetes 2.38.0" in first
    assert "the simulator's own for helm (which would fetch its charts)" in first
    assert "planned again: no change in 4 stacks" in done.stdout
    assert "destroyed: 0 left" in done.stdout
    written = [path for path in (checkout / ".rehearsal").rglob("*") if path.is_file()]
    assert [path for path in written if b"access_token" in path.read_bytes()] == []


def test_what_only_the_real_provider_refuses_fails_in_a_rehearsal(
    checkout: Path, modelyard_command: Command, plugins: Path
) -> None:
    text = (checkout / NODE_POOL).read_text()
    given = 'account_id=dns_label(f"{name}-nodes", what="the node account\'s id", longest=_LONGEST_ACCOUNT_ID)'
    assert given in text
    (checkout / NODE_POOL).write_text(text.replace(given, 'account_id="n" * 40'))

    nowhere = {"TF_PLUGIN_CACHE_DIR": "", "TF_CLI_CONFIG_FILE": os.devnull}
    assert modelyard_command("rehearse", "--only", "gke-dev-cluster", **nowhere).returncode == 0
    done = modelyard_command("rehearse", "--only", "gke-dev-cluster", TF_PLUGIN_CACHE_DIR=str(plugins))

    assert done.returncode == 1
    assert "deploy of gke-dev-cluster failed. Terraform says:" in done.stderr
    assert '"account_id"' in done.stderr
    assert "Traceback" not in done.stderr


BUCKET = {"name": "acme-models", "location": "US"}
CLUSTER = cluster("main")["google_container_cluster"]["cluster"]
RANGE = "10.0.0.0/14"
AKS = azure_cluster("main")["azurerm_kubernetes_cluster"]["cluster"] | {"resource_group_name": "main"}
# Type, arguments, and the provider's words.
REFUSED: dict[str, tuple[str, Config, str]] = {
    "a name": ("google_compute_network", {"name": "Main"}, "doesn't match regexp"),
    "a range": (
        "google_compute_subnetwork",
        {"name": "main", "network": "main", "ip_cidr_range": "10.0.0.0/33"},
        "not a valid IP CIDR range",
    ),
    "a label": ("google_storage_bucket", BUCKET | {"labels": {"Team": "Vision"}}, "label"),
    "arguments in conflict": (
        "google_container_cluster",
        CLUSTER | {"cluster_ipv4_cidr": RANGE, "ip_allocation_policy": {"cluster_ipv4_cidr_block": RANGE}},
        "conflicts with",
    ),
    "a name in Azure": (
        "azurerm_container_registry",
        {"name": "acme-models", "resource_group_name": "models", "location": "westeurope", "sku": "Basic"},
        "alpha numeric characters only are allowed",
    ),
    "an argument that another one needs": (
        "azurerm_kubernetes_cluster",
        changed(AKS, "azure_active_directory_role_based_access_control", {"azure_rbac_enabled": True}),
        "must be specified",
    ),
    "a port": (
        "kubernetes_service_v1",
        {"metadata": {"name": "web"}, "spec": {"port": [{"port": 99999}]}},
        "valid port number",
    ),
    "an enumeration": (
        "kubernetes_deployment_v1",
        changed(deployment("web", "default"), "spec.strategy", {"type": "BlueGreen"}),
        "expected spec.0.strategy.0.type to be one of",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_single_values_are_checked_by_the_real_provider(what: str, tmp_path: Path, plugins: Path) -> None:
    type_name, arguments, said = REFUSED[what]
    codes = []
    for folders in ([], [plugins]):
        with SimulatedProviders(tmp_path / "world", folders) as providers:
            stack = Terraform(tmp_path / "stack", environment_with(providers))
            provider = {"kubernetes": {"host": "https://192.0.2.1"}, "azurerm": AZURERM}
            stack.write({type_name: {"wrong": arguments}}, provider=provider)
            done = stack.run("plan", "-no-color")
            codes.append(done.returncode)
    assert codes == [0, 1]
    assert said in done.stderr


@pytest.fixture(params=["gke-dev", "aks-dev"])
def rehearsal(request: pytest.FixtureRequest, checkout: Path, modelyard_command: Command, plugins: Path) -> Rehearsal:
    """An environment of each cloud, deployed on simulated providers."""
    environment: str = request.param
    assert modelyard_command("rehearse", environment, "--keep", TF_PLUGIN_CACHE_DIR=str(plugins)).returncode == 0
    return Rehearsal(environment, checkout / ".rehearsal" / environment)


def test_plans_are_those_of_terraform_on_the_real_providers_leaf_by_leaf(
    rehearsal: Rehearsal, plugins: Path, real_providers: dict[str, str], tmp_path: Path
) -> None:

    with SimulatedProviders(rehearsal.world, [plugins]) as providers:
        for stack in rehearsal.stacks():
            planner = _Planner(rehearsal, stack, tmp_path / stack, providers.environment, real_providers)
            new = planner.both(planner.configuration, deployed=False)
            assert len(new) > 20
            assert actions(new) <= {"create", "read"}
            unchanged = planner.both(planner.configuration)
            assert actions(unchanged) == {"no-op"}
            for _, type_name, path, value in [change for change in CHANGES if change[0] == stack]:
                after = planner.both(planner.changed(type_name, path, value))
                assert actions(after) - {"no-op"}


class _Planner:
    """Plans one rehearsed stack twice: forwarded, and with nothing but real providers that plan."""

    def __init__(
        self, rehearsal: Rehearsal, stack: str, folder: Path, simulated: dict[str, str], real: dict[str, str]
    ) -> None:
        self._state = rehearsal.states / f"{stack}.tfstate"
        self._folder = folder
        self.configuration = json.loads((rehearsal.output / "stacks" / stack / "cdk.tf.json").read_text())
        reattach = json.loads(simulated["TF_REATTACH_PROVIDERS"])
        if "data" in self.configuration:
            # Only a world can answer what a service asks of its cloud: the cloud is simulated on both sides.
            cloud = {name: one for name, one in reattach.items() if name.endswith(("/google", "/azurerm"))}
            real = real | {"TF_REATTACH_PROVIDERS": json.dumps(cloud)}
        for azurerm in self.configuration["provider"].get("azurerm", []):
            # To register them the real one asks Azure.
            azurerm.pop("resource_providers_to_register", None)
        self._sides = {"forwarded": simulated, "real": real | REAL}
        for side, variables in self._sides.items():
            (folder / side).mkdir(parents=True)
            self._write(self.configuration, side)
            terraform(folder / side, variables, "init", "-input=false")

    def changed(self, type_name: str, path: tuple[str | int, ...], value: Any) -> Config:  # noqa: ANN401 - any value
        """The configuration with another value for one argument of its first resource of a type."""
        configuration: Config = json.loads(json.dumps(self.configuration))
        block = next(iter(configuration["resource"][type_name].values()))
        for step in path[:-1]:
            block = block[step]
        block[path[-1]] = value
        return configuration

    def both(self, configuration: Config, *, deployed: bool = True) -> dict[str, Any]:
        """What both sides plan alike; a difference fails the test."""
        with ThreadPoolExecutor() as pool:
            plans = pool.map(lambda side: self._plan(configuration, side, deployed=deployed), self._sides)
        forwarded, real = plans
        assert different(real, forwarded) == {}
        return real

    def _plan(self, configuration: Config, side: str, *, deployed: bool) -> dict[str, Any]:
        folder, variables = self._folder / side, self._sides[side]
        self._write(configuration, side)
        (folder / "terraform.tfstate").unlink(missing_ok=True)
        if deployed:
            shutil.copy(self._state, folder / "terraform.tfstate")
        terraform(folder, variables, "plan", "-input=false", "-refresh=false", "-out=tfplan")
        return leaves(json.loads(terraform(folder, variables, "show", "-json", "tfplan")))

    def _write(self, configuration: Config, side: str) -> None:
        local = configuration | {"terraform": configuration["terraform"] | {"backend": {"local": {}}}}
        (self._folder / side / "cdk.tf.json").write_text(json.dumps(local))


def test_terraform_processes_that_plan_at_once_have_their_own_provider_configuration(
    tmp_path: Path, plugins: Path
) -> None:
    with SimulatedProviders(tmp_path / "world", [plugins]) as providers:

        def owners(owner: str) -> set[str]:
            stack = Terraform(tmp_path / owner, environment_with(providers))
            google = {"project": "acme", "region": "us-central1", "default_labels": {"owner": owner}}
            buckets = {f"bucket{i}": BUCKET | {"name": f"{owner}-{i}"} for i in range(20)}
            stack.write({"google_storage_bucket": buckets}, provider={"google": google})
            assert stack.run("plan", "-out=tfplan").returncode == 0
            plan = json.loads(stack.run("show", "-json", "tfplan").stdout)
            planned = plan["planned_values"]["root_module"]["resources"]
            return {one["values"]["effective_labels"]["owner"] for one in planned}

        with ThreadPoolExecutor() as pool:
            assert list(pool.map(owners, ["vision", "speech"])) == [{"vision"}, {"speech"}]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_plugin_that_dies_is_replaced_and_all_end_with_the_simulator(
    number: signal.Signals, tmp_path: Path, plugins: Path
) -> None:
    with SimulatedProviders(tmp_path / "world", [plugins]) as providers:
        stack = Terraform(tmp_path / "stack", environment_with(providers))
        stack.write({"google_storage_bucket": {"bucket": BUCKET}})
        assert stack.changes() == {"google_storage_bucket.bucket": "create"}
        (plugin,) = _plugins(providers)
        plugin.kill()
        assert stack.changes() == {"google_storage_bucket.bucket": "create"}
        (plugin,) = _plugins(providers)
        providers.process.send_signal(number)
        plugin.wait(timeout=10)


def _plugins(providers: SimulatedProviders) -> list[psutil.Process]:
    children = psutil.Process(providers.process.pid).children(recursive=True)
    return [one for one in children if one.name().startswith("terraform-provi")]
