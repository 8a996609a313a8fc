"""The state bucket's own state moves into the bucket and back, through Terraform's own gcs backend."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.conftest import Command

BUCKET = "modelyard-dev-gke-dev-state"
STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 3,
    "lineage": "4e1d0f0a-6f0c-4f7f-8a44-2f7f6d3c1c11",
    "outputs": {},
    "resources": [
        {
            "mode": "managed",
            "type": "google_storage_bucket",
            "name": "state_bucket_803B4E61",
            "provider": 'provider["registry.terraform.io/hashicorp/google"]',
            "instances": [{"schema_version": 3, "attributes": {"name": BUCKET}, "sensitive_attributes": []}],
        }
    ],
    "check_results": None,
}


@pytest.fixture
def cloud_storage(fake_gcs_server: Path, real_providers: dict[str, str]) -> Iterator[dict[str, str]]:
    """Variables that lead Terraform to a Cloud Storage with nothing but the state bucket in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    with subprocess.Popen(
        [fake_gcs_server, *options, "-public-host", "127.0.0.1"], stderr=subprocess.DEVNULL
    ) as server:
        pool = urllib3.PoolManager(retries=urllib3.Retry(20, backoff_factor=0.05))
        made = pool.request("POST", f"http://{address}/storage/v1/b", json={"name": BUCKET})
        assert made.status == 200
        yield real_providers | {"STORAGE_EMULATOR_HOST": address}
        server.send_signal(signal.SIGTERM)


def kept(cloud_storage: dict[str, str]) -> dict[str, Any]:
    url = f"http://{cloud_storage['STORAGE_EMULATOR_HOST']}/storage/v1/b/{BUCKET}/o/gke-dev-state%2Fdefault.tfstate?alt=media"
    return dict(urllib3.request("GET", url).json())


def test_the_state_moves_into_the_bucket_and_home_again(
    checkout: Path, modelyard_command: Command, cloud_storage: dict[str, str]
) -> None:
    local = checkout / "terraform.gke-dev-state.tfstate"
    settings = checkout / "environments" / "gke-dev.toml"
    local.write_text(json.dumps(STATE))

    moved = modelyard_command("state", "move", "gke-dev", "--to", "remote", **cloud_storage)

    assert moved.returncode == 0, moved.stderr
    assert kept(cloud_storage)["resources"] == STATE["resources"]
    assert 'own_state = "remote"' in settings.read_text()
    assert not local.exists()

    # Interrupted after the push, before the record: the same command again.
    settings.write_text(settings.read_text().replace('own_state = "remote"', 'own_state = "local"'))
    local.write_text(json.dumps(STATE))
    again = modelyard_command("state", "move", "gke-dev", "--to", "remote", **cloud_storage)
    assert again.returncode == 0, again.stderr

    home = modelyard_command("state", "move", "gke-dev", "--to", "local", **cloud_storage)
    assert home.returncode == 0, home.stderr
    assert json.loads(local.read_text())["resources"] == STATE["resources"]
    assert 'own_state = "local"' in settings.read_text()
    # Interrupted after the bucket was emptied: the same command again.
    settings.write_text(settings.read_text().replace('own_state = "local"', 'own_state = "remote"'))
    assert modelyard_command("state", "move", "gke-dev", "--to", "local", **cloud_storage).returncode == 0
    assert json.loads(local.read_text())["resources"] == STATE["resources"]
    # What is left in the bucket must not be taken for the living state.
    assert kept(cloud_storage)["resources"] == []

    # And a second journey: the state's serial has to be ahead of what was left behind.
    second = modelyard_command("state", "move", "gke-dev", "--to", "remote", **cloud_storage)
    assert second.returncode == 0, second.stderr
    assert kept(cloud_storage)["resources"] == STATE["resources"]


def test_a_stranger_in_the_bucket_is_never_overwritten(
    checkout: Path, modelyard_command: Command, cloud_storage: dict[str, str]
) -> None:
    local = checkout / "terraform.gke-dev-state.tfstate"
    local.write_text(json.dumps(STATE))
    assert modelyard_command("state", "move", "gke-dev", "--to", "remote", **cloud_storage).returncode == 0
    settings = checkout / "environments" / "gke-dev.toml"
    settings.write_text(settings.read_text().replace('own_state = "remote"', 'own_state = "local"'))
    stranger = STATE | {"lineage": "0b6f0d0e-0000-4000-8000-000000000000", "serial": 9}
    local.write_text(json.dumps(stranger))

    refused = modelyard_command("state", "move", "gke-dev", "--to", "remote", **cloud_storage)

    assert refused.returncode == 1
    assert "lineage" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert json.loads(local.read_text()) == stranger
    assert kept(cloud_storage)["lineage"] == STATE["lineage"]
