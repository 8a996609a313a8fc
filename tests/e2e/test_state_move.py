"""The state store's own state moves into the store and back, through Terraform's own backends.

On Google Cloud against fake-gcs-server. On Azure against Azurite, with a token of an Entra identity as in production;
see azure_storage.py for what that does not prove.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from stacks.environments import load_cloud_settings
from terraform_cli.environment import clean_environment
from tests.conftest import Command, Synthesise
from tests.e2e.conftest import Proof
from tests.e2e.state_stores import Store

STRANGER = "0b6f0d0e-0000-4000-8000-000000000000"


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
    assert store.kept(store.stack)["resources"] == resources
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
    assert store.kept(store.stack)["resources"] == []

    # And a second journey: the state's serial has to be ahead of what was left behind.
    second = modelyard_command("state", "move", store.environment, "--to", "remote", **store.variables)
    assert second.returncode == 0, second.stderr
    assert store.kept(store.stack)["resources"] == resources


def test_a_stranger_in_the_store_is_never_overwritten(
    checkout: Path, modelyard_command: Command, store: Store, proof: Proof
) -> None:
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
    assert store.kept(store.stack)["lineage"] == store.state["lineage"]
    proof(f"{store.environment}: a state moved into the store; a stranger's there is never overwritten")


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
    assert [resource["type"] for resource in store.kept(store.stack)["resources"]] == ["terraform_data"]
