import datetime
import json
import socket
from pathlib import Path

import pytest

from commands.state_unlock import evidence
from stacks.gke.settings import GkeSettings
from stacks.settings import ProtectionLifted
from terraform_cli.locks import Lock
from tests.command_line import refusal
from tests.conftest import Stacks, Synthesise, resource


def test_the_bucket_is_versioned_private_and_expires_old_versions(stacks: Stacks) -> None:
    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")

    assert bucket["versioning"] == {"enabled": True}
    assert bucket["uniform_bucket_level_access"] is True
    assert bucket["public_access_prevention"] == "enforced"
    (rule,) = bucket["lifecycle_rule"]
    assert rule["action"] == {"type": "Delete"}
    # Of versions that are no longer the current one, and only of those.
    assert rule["condition"] == {"days_since_noncurrent_time": 90, "with_state": "ARCHIVED"}


def test_without_a_record_bucket_and_cluster_are_not_destroyed(settings: GkeSettings, synthesise: Synthesise) -> None:
    stacks = synthesise(settings.model_copy(update={"protection_lifted": None}), only=())

    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")
    assert bucket["lifecycle"] == {"prevent_destroy": True}
    assert bucket["force_destroy"] is False
    assert resource(stacks["gke-dev-cluster"], "google_container_cluster")["deletion_protection"] is True


def test_a_record_lifts_the_protection(settings: GkeSettings, synthesise: Synthesise) -> None:
    record = ProtectionLifted(on=datetime.date(2026, 11, 20), by="ada", reason="it goes")
    stacks = synthesise(settings.model_copy(update={"protection_lifted": record}), only=())

    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")
    assert bucket["lifecycle"] == {"prevent_destroy": False}
    assert bucket["force_destroy"] is True
    assert resource(stacks["gke-dev-cluster"], "google_container_cluster")["deletion_protection"] is False


def test_every_stack_but_the_buckets_own_keeps_its_state_in_the_bucket(stacks: Stacks) -> None:
    backends = {id_: stack["terraform"]["backend"] for id_, stack in stacks.items()}

    own = backends.pop("gke-dev-state")
    assert own == {"local": {"path": "../../../terraform.gke-dev-state.tfstate"}}
    bucket = resource(stacks["gke-dev-state"], "google_storage_bucket")["name"]
    assert backends == {id_: {"gcs": {"bucket": bucket, "prefix": id_}} for id_ in backends}


def test_after_the_move_the_bucket_keeps_its_own_state(settings: GkeSettings, synthesise: Synthesise) -> None:
    moved = settings.model_copy(update={"state": settings.state.model_copy(update={"own_state": "remote"})})

    stack = synthesise(moved, only=())["gke-dev-state"]

    bucket = resource(stack, "google_storage_bucket")["name"]
    assert stack["terraform"]["backend"] == {"gcs": {"bucket": bucket, "prefix": "gke-dev-state"}}


@pytest.mark.slow
def test_two_environments_share_no_stack_and_no_bucket(settings: GkeSettings, synthesise: Synthesise) -> None:
    ours, others = synthesise(settings), synthesise(settings.model_copy(update={"name": "gke-two"}))

    assert not set(ours) & set(others)
    assert settings.state_bucket not in str(others)


REFUSED = """
Error: Error acquiring the state lock

Error message: writing "gs://modelyard/gke-dev-cluster/default.tflock" failed:
googleapi: Error 412: Precondition failed, conditionNotMet
Lock Info:
  ID:        1795240812001196
  Path:      gs://modelyard/gke-dev-cluster/default.tflock
  Operation: OperationTypeApply
  Who:       ada lovelace@build-7
  Version:   1.11.4
  Created:   2026-11-21 06:00:11.99742227 +0000 UTC
  Info:      


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.
"""  # noqa: W291 - as Terraform prints it


def test_a_lock_is_read_from_terraforms_own_words() -> None:
    since = datetime.datetime(2026, 11, 21, 6, 0, 11, tzinfo=datetime.UTC)
    assert Lock.told_by(REFUSED) == Lock("1795240812001196", "OperationTypeApply", "ada lovelace@build-7", since)
    assert Lock.told_by("Error: Failed to get existing workspaces: querying Cloud Storage failed") is None


@pytest.mark.parametrize(
    ("host", "said"), [("build-7", "can be seen on build-7 only"), (socket.gethostname(), "container")]
)
def test_what_cannot_be_known_of_a_locks_holder_is_said(host: str, said: str) -> None:
    assert said in evidence(Lock("1", "OperationTypeApply", f"ada@{host}", datetime.datetime.now(datetime.UTC)))


@pytest.mark.parametrize(
    ("stack", "content", "said"),
    [
        ("gke-dev-cluster", "no state", "old.tfstate\n  is no state of Terraform"),
        ("gke-dev-cluster", json.dumps({"version": 4, "serial": 1}), "old.tfstate\n  is no state of Terraform"),
        ("gke-dev-clutser", json.dumps({"version": 4, "serial": 1, "lineage": "a", "resources": []}), "cluster?"),
    ],
)
def test_what_is_no_state_or_no_stack_is_refused(stack: str, content: str, said: str, tmp_path: Path) -> None:
    (file := tmp_path / "old.tfstate").write_text(content)
    assert said in refusal("state", "restore", "gke-dev", stack, str(file))
