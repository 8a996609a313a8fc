"""Rehearsals that check and plan with the real provider plugins."""

import json
import os
import re
import signal
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from simulator import SimulatedProviders
from simulator.fallbacks import fallbacks
from simulator.plugin_binaries import RECORDED_VERSIONS, find_binary, system
from stacks.clouds import own_provider
from stacks.environments import load_settings
from terraform_cli.plugins import folder_with_all, plugin_folders
from tests.conftest import Command, replace_in
from tests.e2e.conftest import Proof
from tests.e2e.credentials import CREDENTIAL, with_credentials, written
from tests.e2e.instance_template import add_instance_template
from tests.plugin_mirror import only_from, place_of_archive
from tests.simulator.azure_estate import AZURERM
from tests.simulator.azure_estate import cluster as azure_cluster
from tests.simulator.estate import Config, Terraform, changed, cluster, deployment, environment_with

NODE_POOL = Path("constructs/modelyard/gcp/node_pool.py")


@pytest.mark.parametrize("environment", ["gke-dev", "aks-dev"])
def test_a_rehearsal_with_the_real_plugins_is_green_and_says_whose_plans_these_are(
    environment: str, checkout: Path, modelyard_command: Command, plugins: Path, proof: Proof
) -> None:
    done = modelyard_command("rehearse", environment, TF_PLUGIN_CACHE_DIR=str(plugins))

    assert done.returncode == 0, done.stderr
    first, *_ = done.stdout.splitlines()
    own = own_provider(load_settings(environment).cloud)
    assert own
    assert f"the plans are those of the real {own} {RECORDED_VERSIONS[own]} and kubernetes 2.38.0" in first
    assert "the simulator's own for helm (which would fetch its charts)" in first
    assert "the plans were the simulator's own for" not in done.stdout
    assert re.search(r"planned again: no change in \d+ stacks", done.stdout)
    assert "destroyed: 0 left" in done.stdout
    # The backups of the states are still there.
    assert [path for path in written(checkout) if path.name.endswith(".tfstate.backup")]
    assert with_credentials(checkout) == []
    assert not CREDENTIAL.search(done.stdout + done.stderr)
    proof(
        f"{environment} rehearsed with the real plugins: no credential in the {len(written(checkout))} files it wrote"
    )


def test_what_only_the_real_provider_refuses_fails_in_a_rehearsal(
    checkout: Path, modelyard_command: Command, plugins: Path
) -> None:
    given = 'account_id=dns_label(f"{name}-nodes", what="the node account\'s id", longest=_LONGEST_ACCOUNT_ID)'
    replace_in(checkout / NODE_POOL, given, 'account_id="n" * 40')

    nowhere = {"TF_PLUGIN_CACHE_DIR": "", "TF_CLI_CONFIG_FILE": os.devnull}
    assert modelyard_command("rehearse", "--only", "gke-dev-cluster", **nowhere).returncode == 0
    done = modelyard_command("rehearse", "--only", "gke-dev-cluster", TF_PLUGIN_CACHE_DIR=str(plugins))

    assert done.returncode == 1
    assert "deploy of gke-dev-cluster failed. Terraform says:" in done.stderr
    assert '"account_id"' in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_gets_what_is_missing_and_a_rehearsal_finds_it(
    checkout: Path, modelyard_command: Command, plugins: Path, tmp_path: Path, proof: Proof
) -> None:
    """From a mirror that holds google as the registry has it, packed, and the others as a plugin cache has them."""
    nowhere = {"TF_PLUGIN_CACHE_DIR": "", "TF_CLI_CONFIG_FILE": os.devnull}
    hashicorp = tmp_path / "mirror" / "registry.terraform.io" / "hashicorp"
    for name in ("azurerm", "kubernetes"):
        unpacked = hashicorp / name / RECORDED_VERSIONS[name] / system()
        unpacked.parent.mkdir(parents=True)
        unpacked.symlink_to(find_binary(plugins, name).parent)
    binary = find_binary(plugins, "google")
    with zipfile.ZipFile(place_of_archive(tmp_path / "mirror", "google"), "w") as file:
        # With the right to run it.
        file.write(binary, binary.name)
    settings = only_from(tmp_path / "mirror", tmp_path / "terraform.rc")

    got = modelyard_command("plugins", TF_PLUGIN_CACHE_DIR="", TF_CLI_CONFIG_FILE=str(settings))
    again = modelyard_command("plugins", TF_PLUGIN_CACHE_DIR="", TF_CLI_CONFIG_FILE=str(settings))
    done = modelyard_command("rehearse", "--only", "gke-dev-state", **nowhere)

    assert (got.returncode, again.returncode, done.returncode) == (0, 0, 0), got.stderr + again.stderr + done.stderr
    assert re.search(r"google 6\.50\.0 +\d{3} MB", got.stdout)
    assert f"new in {checkout}/.plugins" in got.stdout
    assert f"already in {checkout}/.plugins" in again.stdout
    first, *_ = done.stdout.splitlines()
    assert "the plans are those of the real google 6.50.0 and kubernetes 2.38.0" in first
    proof("`modelyard plugins`: Terraform installs what is missing, and a rehearsal plans with it")


def test_what_terraform_installed_for_a_deploy_of_this_checkout_is_at_hand(
    tmp_path: Path, plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    (stacks := tmp_path / "cdktf.out" / "stacks").mkdir(parents=True)
    (stacks / "gke-dev-cluster").symlink_to(plugins.parent.parent)

    assert folder_with_all(plugin_folders(tmp_path)) == stacks / "gke-dev-cluster" / ".terraform" / "providers"


def test_without_a_registry_the_command_says_so_in_terraforms_words(
    checkout: Path, modelyard_command: Command, tmp_path: Path
) -> None:
    settings = only_from(tmp_path, tmp_path / "terraform.rc")

    done = modelyard_command("plugins", TF_PLUGIN_CACHE_DIR="", TF_CLI_CONFIG_FILE=str(settings))

    assert done.returncode == 1
    assert done.stderr.startswith("error: Terraform could not get the plugins:\n\nError: ")
    assert "mend: mend the network" in done.stderr
    assert "Traceback" not in done.stderr


TEMPLATE = {
    "name": "web",
    "machine_type": "e2-small",
    "disk": {"source_image": "debian-cloud/debian-12"},
    "network_interface": {"network": "default"},
}


def test_a_plan_for_which_the_plugin_asks_its_cloud_is_the_simulators_and_says_so(
    tmp_path: Path, plugins: Path
) -> None:
    world = tmp_path / "world"
    with SimulatedProviders(world, [plugins]) as providers:
        stack = Terraform(tmp_path / "stack", environment_with(providers))
        stack.write({"google_compute_instance_template": {"web": TEMPLATE}})
        made = stack.apply()
        assert ("Warning" in made, fallbacks(world)) == (False, {})

        stack.write(
            {
                "google_compute_instance_template": {
                    "web": TEMPLATE | {"disk": {"source_image": "debian-cloud/debian-11"}}
                }
            }
        )
        planned = " ".join(stack.run("plan", "-no-color").stdout.replace("│", " ").split())

    # The real one would replace it.
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in planned
    assert "Warning: This plan is the simulator's own, not that of the real google" in planned
    assert "with google_compute_instance_template.web" in planned
    assert "The real plugin asks its cloud for it, which a rehearsal never reaches: Error checking if image" in planned
    assert fallbacks(world) == {"google_compute_instance_template": "google"}


def test_a_rehearsal_says_which_plans_were_the_simulators_although_the_plugin_is_there(
    checkout: Path, modelyard_command: Command, plugins: Path
) -> None:
    # By the second, which differs in each plan: the second plan must not come within the same one.
    add_instance_template(checkout, image='debian-cloud/debian-${formatdate("hhmmss", plantimestamp())}')
    late = checkout / "late.toml"
    late.write_text('[[faults]]\naction = "create"\ntype = "google_storage_bucket"\nwhat = "late"\nseconds = 1.1\n')
    options = ("--only", "gke-dev-state", "--faults", str(late))

    done = modelyard_command("rehearse", *options, TF_PLUGIN_CACHE_DIR=str(plugins))

    assert "error: the second plan is not empty" in done.stderr
    said = "the plans were the simulator's own for google_compute_instance_template (for which google asks its cloud)"
    assert said in done.stdout


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
