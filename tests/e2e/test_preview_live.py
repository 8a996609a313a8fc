"""`modelyard preview --live`: against what is deployed, by reading only."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from commands.cdktf_cli import CDKTF
from simulator.real_provider import NO_NETWORK
from tests.conftest import command_environment, copy_of_the_repo, run_modelyard
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import Local, kubectl
from tests.e2e.state_stores import cloud_storage

_NOTES = '''"""A note in a namespace of its own: no image, no pods."""

from modelyard.namespace import add_namespace

from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1

from stacks.service import ServiceStack


class Notes(ServiceStack):
    """A note."""

    example = ""

    def declare(self) -> None:
        """A ConfigMap."""
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        ConfigMapV1(self, "note", metadata={"name": "note", "namespace": namespace}, data={"text": "first"})
'''
_STACK = "local-notes"


@dataclass(frozen=True)
class _Notes:
    """The environment `local` with nothing but the note.

    Attributes:
        local: On the cluster.
        written: Where previews are written.
    """

    local: Local
    written: Path

    @property
    def kubeconfig(self) -> str:
        return self.local.variables["KUBECONFIG"]

    @property
    def service(self) -> Path:
        return self.local.checkout / "services" / "notes" / "service.py"

    def preview(self) -> dict[str, Any]:
        """What a live preview finds."""
        done = self.local.modelyard("preview", "--live", "--env", "local", "--output", str(self.written))
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads((self.written / "report.json").read_text())
        return found

    def comment(self) -> str:
        return (self.written / "comment.md").read_text()

    def cdktf(self, verb: str) -> None:
        variables = command_environment(self.local.checkout) | self.local.variables | {"MODELYARD_ENV": "local"}
        subprocess.run(
            [str(CDKTF), verb, _STACK, "--auto-approve"],
            cwd=self.local.checkout,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )


@pytest.fixture
def notes(local_with: Callable[[str], Local], tmp_path: Path) -> Iterator[_Notes]:
    """Destroyed afterwards."""
    local = local_with("image_classifier")
    rmtree(local.checkout / "services" / "image_classifier")
    found = _Notes(local, tmp_path / "written")
    found.service.parent.mkdir()
    found.service.write_text(_NOTES)
    # A commit to name.
    for command in (
        ["init", "--quiet"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-mx"],
    ):
        subprocess.run(["git", *command], cwd=local.checkout, check=True)
    with (local.checkout / "environments" / "local.toml").open("a") as file:
        file.write("")
    yield found
    found.cdktf("destroy")


def test_what_is_deployed_is_read_and_nothing_is_written(notes: _Notes, proof: Proof) -> None:
    new = notes.preview()
    assert [each["action"] for each in new["changes"]] == ["create", "create"]
    assert new["environments"]["local"]["stacks"][_STACK]["is_new"] is False

    notes.cdktf("deploy")
    state = notes.local.checkout / f"terraform.{_STACK}.tfstate"
    before = state.read_bytes()
    assert notes.preview()["changes"] == []
    assert "## Preview: nothing changes" in notes.comment()

    # Somebody holds the lock.
    lock = state.with_name(f".{state.name}.lock.info")
    lock.write_text(json.dumps({"ID": "1", "Operation": "OperationTypeApply", "Who": "somebody"}))
    notes.service.write_text(_NOTES.replace("first", "second"))
    (change,) = notes.preview()["changes"]
    assert change["action"] == "update"
    assert change["values"] == [{"path": "data.text", "before": "first", "after": "second", "replaces": False}]
    lock.unlink()

    # Somebody changed it by hand.
    notes.service.write_text(_NOTES)
    patch = json.dumps({"data": {"text": "by hand"}})
    kubectl(notes.kubeconfig, "--namespace", "notes", "patch", "configmap", "note", "--patch", patch)
    drifted = notes.preview()
    (drift,) = drifted["environments"]["local"]["stacks"][_STACK]["drift"]
    assert drift["values"] == [{"path": "data.text", "before": "first", "after": "by hand", "replaces": False}]
    assert "1 drifted resource" in notes.comment()

    assert state.read_bytes() == before
    proof("a live preview: new, unchanged, changed under a lock, and drift; the state's bytes stay")


@pytest.fixture
def empty_store(
    fake_gcs_server: Path, real_providers: dict[str, str], tmp_path: Path
) -> Iterator[tuple[Path, dict[str, str]]]:
    """A clone and the variables under which its state bucket is there, and no state in it."""
    (folder := tmp_path / "clone").mkdir()
    checkout = copy_of_the_repo(folder)
    for command in (
        ["init", "--quiet"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-mx"],
    ):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    with cloud_storage(fake_gcs_server, real_providers) as store:
        # Nobody answers for Google: who is asked fails at once.
        yield checkout, store.variables | NO_NETWORK | {"GOOGLE_OAUTH_ACCESS_TOKEN": "fake"}
    rmtree(folder)


def test_what_stands_on_nothing_is_not_plannable_yet(empty_store: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    checkout, variables = empty_store

    live = ("preview", "--live", "--env", "gke-dev", "--output", str(tmp_path / "out"))
    done = run_modelyard(checkout, *live, **variables)

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    stacks = report["environments"]["gke-dev"]["stacks"]
    planned = {id_ for id_, stack in stacks.items() if stack["status"] == "planned"}
    assert planned == {"gke-dev-registry", "gke-dev-artifacts", "gke-dev-cluster"}
    assert {stack["status"] for stack in stacks.values()} == {"planned", "not plannable yet"}
    assert "its state is a file on the machine of whoever deployed it" in stacks["gke-dev-state"]["says"]
    assert stacks["gke-dev-image-classifier"]["says"] == (
        "it is planned when gke-dev-cluster, gke-dev-monitoring are deployed"
    )
