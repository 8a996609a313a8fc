"""The two kinds of state stores on loopback: fake-gcs-server with versions, Azurite without."""

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from stacks.aks.settings import AksSettings
from stacks.environments import load_cloud_settings
from tests.e2e.azure_storage import blob_account

BUCKET = "modelyard-dev-gke-dev-state"


@dataclass(frozen=True)
class Store:
    """A running state store with no states in it.

    Attributes:
        environment: Whose it is.
        backend: Terraform's word for its kind.
        variables: Under which Terraform reaches it.
        state: What the state stack is to have in its local file.
        ask: Sends a method to a stack's state in the store, not by way of Terraform.
        versions: All versions of a stack's state, oldest first; None where the store keeps none.
    """

    environment: str
    backend: str
    variables: dict[str, str]
    state: dict[str, Any]
    ask: Callable[[str, str], urllib3.BaseHTTPResponse]
    versions: Callable[[str], list[bytes]] | None = None

    @property
    def stack(self) -> str:
        """The stack that makes the store."""
        return f"{self.environment}-state"

    def kept(self, stack: str) -> dict[str, Any]:
        """What the store has of a stack."""
        return dict(self.ask("GET", stack).json())

    def in_checkout(self, checkout: Path) -> tuple[Path, Path]:
        """The state stack's local state, written anew, and the environment's file."""
        local = checkout / f"terraform.{self.stack}.tfstate"
        local.write_text(json.dumps(self.state))
        return local, checkout / "environments" / f"{self.environment}.toml"


def _state_of(provider: str, type_name: str, name: str) -> dict[str, Any]:
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


@contextmanager
def cloud_storage(fake_gcs_server: Path, real_providers: dict[str, str]) -> Iterator[Store]:
    """A Cloud Storage with nothing but the state bucket in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    pool = urllib3.PoolManager(retries=urllib3.Retry(20, backoff_factor=0.05))
    objects = f"http://{address}/storage/v1/b/{BUCKET}/o"

    def ask(method: str, stack: str, more: str = "") -> urllib3.BaseHTTPResponse:
        return pool.request(method, f"{objects}/{stack}%2Fdefault.tfstate?alt=media{more}")

    def versions(stack: str) -> list[bytes]:
        listed = pool.request("GET", f"{objects}?versions=true&prefix={stack}/default.tfstate").json()["items"]
        generations = sorted(int(each["generation"]) for each in listed)
        return [ask("GET", stack, f"&generation={each}").data for each in generations]

    with subprocess.Popen(
        [fake_gcs_server, *options, "-public-host", "127.0.0.1"], stderr=subprocess.DEVNULL
    ) as server:
        try:
            bucket = {"name": BUCKET, "versioning": {"enabled": True}}
            made = pool.request("POST", f"http://{address}/storage/v1/b", json=bucket)
            assert made.status == 200
            variables = real_providers | {"STORAGE_EMULATOR_HOST": address}
            state = _state_of("google", "google_storage_bucket", BUCKET)
            yield Store("gke-dev", "gcs", variables, state, ask, versions)
        finally:
            server.send_signal(signal.SIGTERM)


@contextmanager
def blob_storage(azurite: Path, real_providers: dict[str, str], folder: Path) -> Iterator[Store]:
    """A storage account with nothing but the state container in it."""
    settings = load_cloud_settings("aks-dev")
    assert isinstance(settings, AksSettings)
    with blob_account(azurite, folder, settings.state_account) as account:
        made = account.request("PUT", "tfstate?restype=container")
        assert made.status == 201

        def ask(method: str, stack: str) -> urllib3.BaseHTTPResponse:
            return account.request(method, f"tfstate/{stack}.tfstate")

        state = _state_of("azurerm", "azurerm_storage_account", account.name)
        yield Store("aks-dev", "azurerm", real_providers | account.variables, state, ask)
        # Nothing of Azure but the account is needed, not even its management.
        assert account.strangers == []
