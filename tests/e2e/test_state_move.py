"""The state store's own state moves into the store and back, through Terraform's own backends.

On Google Cloud against fake-gcs-server. On Azure against Azurite, with a token of an Entra identity as in production;
see azure_storage.py for what that does not prove.
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from commands.rehearsal import clean_environment
from stacks.aks.settings import AksSettings
from stacks.environments import load_cloud_settings
from tests.conftest import Command, Synthesise
from tests.e2e.azure_storage import blob_account

BUCKET = "modelyard-dev-gke-dev-state"
STRANGER = "0b6f0d0e-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Store:
    """A running state store with no states in it.

    Attributes:
        environment: Whose it is.
        variables: Under which Terraform reaches it.
        state: What the state stack is to have in its local file.
        kept: Reads the state stack's state from the store, not by way of Terraform.
    """

    environment: str
    variables: dict[str, str]
    state: dict[str, Any]
    kept: Callable[[], dict[str, Any]]

    @property
    def stack(self) -> str:
        return f"{self.environment}-state"

    def in_checkout(self, checkout: Path) -> tuple[Path, Path]:
        """The local state, written anew, and the environment's file."""
        local = checkout / f"terraform.{self.stack}.tfstate"
        local.write_text(json.dumps(self.state))
        return local, checkout / "environments" / f"{self.environment}.toml"


def state_of(provider: str, type_name: str, name: str) -> dict[str, Any]:
    made = {
        "mode": "managed",
        "type": type_name,
        "name": "state_803B4E61",
        "provider": f'provider["registry.terraform.io/hashicorp/{provider}"]',
        "instances": [{"schema_version": 3, "attributes": {"name": name}, "sensitive_attributes": []}],
    }
    return {
        "version": 4,
        "terraform_version": "1.7.5",
        "serial": 3,
        "lineage": "4e1d0f0a-6f0c-4f7f-8a44-2f7f6d3c1c11",
        "outputs": {},
        "resources": [made],
        "check_results": None,
    }


@pytest.fixture
def cloud_storage(fake_gcs_server: Path, real_providers: dict[str, str]) -> Iterator[Store]:
    """A Cloud Storage with nothing but the state bucket in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    pool = urllib3.PoolManager(retries=urllib3.Retry(20, backoff_factor=0.05))

    def kept() -> dict[str, Any]:
        objects = f"http://{address}/storage/v1/b/{BUCKET}/o"
        return dict(pool.request("GET", f"{objects}/gke-dev-state%2Fdefault.tfstate?alt=media").json())

    with subprocess.Popen(
        [fake_gcs_server, *options, "-public-host", "127.0.0.1"], stderr=subprocess.DEVNULL
    ) as server:
        made = pool.request("POST", f"http://{address}/storage/v1/b", json={"name": BUCKET})
        assert made.status == 200
        variables = real_providers | {"STORAGE_EMULATOR_HOST": address}
        yield Store("gke-dev", variables, state_of("google", "google_storage_bucket", BUCKET), kept)
        server.send_signal(signal.SIGTERM)


@pytest.fixture
def blob_storage(
    azurite: Path, real_providers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A storage account with nothing but the state container in it."""
    # A key or another identity of whoever runs the tests.
    for name in [name for name in os.environ if name.startswith("ARM_")]:
        monkeypatch.delenv(name)
    (folder := tmp_path / "blob_storage").mkdir()
    settings = load_cloud_settings("aks-dev")
    assert isinstance(settings, AksSettings)
    with blob_account(azurite, folder, settings.state_account) as account:
        made = account.request("PUT", "tfstate?restype=container")
        assert made.status == 201

        def kept() -> dict[str, Any]:
            return dict(account.request("GET", "tfstate/aks-dev-state.tfstate").json())

        state = state_of("azurerm", "azurerm_storage_account", account.name)
        yield Store("aks-dev", real_providers | account.variables, state, kept)
        # Nothing of Azure but the account is needed, not even its management.
        assert account.strangers == []


@pytest.fixture(params=["cloud_storage", "blob_storage"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found


def terraform_folder(
    store: Store, synthesise: Synthesise, folder: Path, **more: dict[str, Any]
) -> tuple[Path, dict[str, str]]:
    """A folder whose backend is the state stack's once its state is in the store, and the variables to run in."""
    settings = load_cloud_settings(store.environment)
    moved = settings.model_copy(update={"state": settings.state.model_copy(update={"own_state": "remote"})})
    backend = synthesise(moved)[store.stack]["terraform"]["backend"]
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps({"terraform": {"backend": backend}} | more))
    variables = clean_environment() | store.variables
    done = subprocess.run(
        ["terraform", "init", "-no-color"], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder, variables


def test_the_state_moves_into_the_store_and_home_again(
    checkout: Path, modelyard_command: Command, store: Store, synthesise: Synthesise, tmp_path: Path
) -> None:
    local, settings = store.in_checkout(checkout)
    resources = store.state["resources"]

    moved = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)

    assert moved.returncode == 0, moved.stderr
    assert store.kept()["resources"] == resources
    assert 'own_state = "remote"' in settings.read_text()
    assert not local.exists()
    # The stack as it is synthesised from now on finds it.
    folder, variables = terraform_folder(store, synthesise, tmp_path / "found")
    found = subprocess.run(
        ["terraform", "state", "list"], cwd=folder, env=variables, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [f"{resources[0]['type']}.{resources[0]['name']}"]

    # Interrupted after the push, before the record: the same command again.
    settings.write_text(settings.read_text().replace('own_state = "remote"', 'own_state = "local"'))
    store.in_checkout(checkout)
    again = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)
    assert again.returncode == 0, again.stderr

    home = modelyard_command("state", "move", store.environment, "--to", "local", **store.variables)
    assert home.returncode == 0, home.stderr
    assert json.loads(local.read_text())["resources"] == resources
    assert 'own_state = "local"' in settings.read_text()
    # Interrupted after the store was emptied: the same command again.
    settings.write_text(settings.read_text().replace('own_state = "local"', 'own_state = "remote"'))
    home_again = modelyard_command("state", "move", store.environment, "--to", "local", **store.variables)
    assert home_again.returncode == 0, home_again.stderr
    assert json.loads(local.read_text())["resources"] == resources
    # What is left in the store must not be taken for the living state.
    assert store.kept()["resources"] == []

    # And a second journey: the state's serial has to be ahead of what was left behind.
    second = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)
    assert second.returncode == 0, second.stderr
    assert store.kept()["resources"] == resources


def test_a_stranger_in_the_store_is_never_overwritten(checkout: Path, modelyard_command: Command, store: Store) -> None:
    local, settings = store.in_checkout(checkout)
    moved = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)
    assert moved.returncode == 0, moved.stderr
    settings.write_text(settings.read_text().replace('own_state = "remote"', 'own_state = "local"'))
    stranger = store.state | {"lineage": STRANGER, "serial": 9}
    local.write_text(json.dumps(stranger))

    refused = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)

    assert refused.returncode == 1
    assert "lineage" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert json.loads(local.read_text()) == stranger
    assert store.kept()["lineage"] == store.state["lineage"]


def test_nothing_moves_while_another_terraform_holds_the_lock(
    checkout: Path, modelyard_command: Command, store: Store, synthesise: Synthesise, tmp_path: Path
) -> None:
    local, settings = store.in_checkout(checkout)
    waiting = {"local-exec": {"command": "echo lock held; until [ -e released ]; do sleep 0.1; done"}}
    slow = {"terraform_data": {"slow": {"provisioner": [waiting]}}}
    folder, variables = terraform_folder(store, synthesise, tmp_path / "colleague", resource=slow)
    with subprocess.Popen(
        ["terraform", "apply", "-auto-approve", "-no-color"],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
    ) as colleague:
        assert colleague.stdout
        try:
            assert any(line.endswith("(local-exec): lock held\n") for line in colleague.stdout)
            second = subprocess.run(
                ["terraform", "apply", "-auto-approve", "-no-color"],
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
            )
            refused = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)
        finally:
            (folder / "released").touch()
        colleague.communicate()

    for late in (second, refused):
        assert late.returncode == 1
        assert "Error acquiring the state lock" in late.stderr
        # Who has it, and what for.
        assert "Operation: OperationTypeApply" in late.stderr
    assert "Traceback" not in refused.stderr
    assert json.loads(local.read_text()) == store.state
    assert 'own_state = "local"' in settings.read_text()
    # Once released, the colleague's own work is there.
    assert colleague.returncode == 0
    assert [resource["type"] for resource in store.kept()["resources"]] == ["terraform_data"]
