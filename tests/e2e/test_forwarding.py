"""Rehearsals that check and plan with the real provider plugins."""

import json
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from simulator import SimulatedProviders
from tests.conftest import Command
from tests.e2e.conftest import Proof
from tests.simulator.azure_estate import AZURERM
from tests.simulator.azure_estate import cluster as azure_cluster
from tests.simulator.estate import Config, Terraform, changed, cluster, deployment, environment_with

NODE_POOL = Path("constructs/modelyard/gcp/node_pool.py")


def test_a_rehearsal_with_the_real_plugins_is_green_and_says_whose_plans_these_are(
    checkout: Path, modelyard_command: Command, plugins: Path, proof: Proof
) -> None:
    done = modelyard_command("rehearse", TF_PLUGIN_CACHE_DIR=str(plugins))

    assert done.returncode == 0, done.stderr
    first, *_ = done.stdout.splitlines()
    assert "the plans are those of the real google 6.50.0 and kubernetes 2.38.0" in first
    assert "the simulator's own for helm (which would fetch its charts)" in first
    assert re.search(r"planned again: no change in \d+ stacks", done.stdout)
    assert "destroyed: 0 left" in done.stdout
    written = [path for path in (checkout / ".rehearsal").rglob("*") if path.is_file()]
    assert [path for path in written if b"access_token" in path.read_bytes()] == []
    proof(f"a rehearsal with the real plugins: green; no token in any of the {len(written)} files it wrote")


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
