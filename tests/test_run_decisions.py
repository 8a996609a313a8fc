"""What a run decides: which errors pass, which locks are its own, what a journal tells."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.adoption import conflicting
from runs.diagnostics import Diagnostic, errors
from runs.errored_state import why_unfit
from runs.import_ids import TYPES, import_id
from runs.journal import Call, Journal, OtherRunError, me
from runs.look import Found
from runs.stale_locks import why_not_ours
from runs.transient import is_transient, lost_an_answer
from stacks.environments import load_cloud_settings
from stacks.settings import GithubSettings
from terraform_cli.locks import Lock
from tests.conftest import CLOUD_ENVIRONMENTS, Synthesise

PRINTED = """data.x: Reading...

Error: googleapi: Error 409: Your previous request to create the named bucket
succeeded and you already own it., conflict

  with google_storage_bucket.state,
  on cdk.tf.json line 12, in resource.google_storage_bucket.state:
  12:       }


Error: Error creating Network: Post "https://compute.googleapis.com": read: connection
reset by peer

  with google_compute_network.net[0],
  on cdk.tf.json line 49, in resource.google_compute_network.net:

Warning: something else
"""
PASSING = [
    'Error: Post "https://x.azmk8s.io/api": net/http: TLS handshake timeout',
    "Error: dial tcp 10.0.0.1:443: i/o timeout",
    "Error: googleapi: Error 503: The service is currently unavailable., backendError",
    "Error: googleapi: Error 429: Quota exceeded, rateLimitExceeded",
    "Error: unexpected status 429 (429 Too Many Requests) with error: TooManyRequests",
    "Error: performing CreateOrUpdate: unexpected status 409 (409 Conflict) with error: AnotherOperationInProgress: x",
    "Error: etcdserver: leader changed",
    "Error: googleapi: Error 400: Cluster is running incompatible operation operation-17., failedPrecondition",
    "Error: RetryableError: A retryable error occurred.",
]
LASTING = [
    "Error: googleapi: Error 403: Permission denied., forbidden",
    "Error: googleapi: Error 400: Invalid value for field 'size': '500'., invalid",
    "Error: another operation (install/upgrade/rollback) is in progress",
    "Error: Insufficient regional quota to satisfy request: resource CPUS, limit 500",
    "Error: timed out waiting for the condition",
]


@pytest.mark.parametrize("text", PASSING)
def test_what_passes_by_itself_is_tried_again(text: str) -> None:
    assert is_transient([Diagnostic(text, "")])


def test_what_is_refused_for_a_while_has_made_nothing() -> None:
    going = 'configmaps "a" is forbidden: unable to create new content in namespace b because it is being terminated'

    assert is_transient([Diagnostic(f"Error: {going}", "")])
    assert not lost_an_answer([Diagnostic(f"Error: {going}", "")])
    assert lost_an_answer([Diagnostic(PASSING[0], "")])


@pytest.mark.parametrize("text", LASTING)
def test_what_a_person_must_mend_is_not(text: str) -> None:
    assert not is_transient([Diagnostic(text, ""), Diagnostic(PASSING[0], "")])


def test_errors_are_told_apart_and_have_the_resources_address() -> None:
    bucket, network = errors(PRINTED)

    assert (bucket.address, network.address) == ("google_storage_bucket.state", "google_compute_network.net[0]")
    assert set(conflicting([bucket, network])) == {"google_storage_bucket.state"}
    assert is_transient([network])
    assert "something else" not in network.text
    assert bucket.gist.startswith("Error: googleapi: Error 409: Your previous request to create the named bucket")
    assert bucket.gist.endswith("you already own it., conflict")


@given(st.text())
def test_whatever_terraform_prints_is_read_without_an_error(printed: str) -> None:
    assert all(error.text.startswith("Error: ") for error in errors(printed))


@pytest.fixture
def sleeper() -> Iterator[psutil.Popen]:
    """A process that does nothing."""
    process = psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def journal_of(place: Path, process: psutil.Process) -> Journal:
    """Of a run that was killed while that process was at work."""
    journal = Journal(place)
    with suppress(KilledError), journal.run("apply"):
        journal.begun("stack", process, place / "log")
        raise KilledError
    return journal


class KilledError(Exception):
    """Stands for the end of the process: what would be written at the run's end is not."""


def lock_of(call: Call) -> Lock:
    return Lock("17", "OperationTypeApply", me(), datetime.fromtimestamp(call.started + 1, UTC))


GCS = {"gcs": {"bucket": "modelyard-none", "prefix": "stack"}}


def test_only_the_lock_of_a_dead_process_of_ours_is_freed(tmp_path: Path, sleeper: psutil.Popen) -> None:
    (call,) = journal_of(tmp_path, sleeper).calls("stack")
    lock = lock_of(call)

    assert "still at work" in why_not_ours(lock, GCS, [call])
    sleeper.kill()
    sleeper.wait()
    assert why_not_ours(lock, GCS, [call]) == ""
    assert "not " in why_not_ours(replace(lock, who="ada@elsewhere"), GCS, [call])
    assert "no run of this checkout" in why_not_ours(lock, GCS, [])
    long_ago = replace(lock, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert "no run of this checkout" in why_not_ours(long_ago, GCS, [call])
    assert "still runs" in why_not_ours(lock, {"local": {"path": "x"}}, [call])


def test_a_call_that_ended_by_itself_has_left_no_lock(tmp_path: Path, sleeper: psutil.Popen) -> None:
    journal = Journal(tmp_path)
    with journal.run("apply"):
        call = journal.begun("stack", sleeper, tmp_path / "log")
        sleeper.kill()
        sleeper.wait()
        journal.ended(call, is_good=False, is_cut=False)

    # It was taken while that one ran.
    lock = replace(lock_of(call), since=datetime.fromtimestamp(call.started, UTC))
    assert "no run of this checkout" in why_not_ours(lock, GCS, journal.calls("stack"))


def test_a_terraform_that_may_hold_the_lock_keeps_it(tmp_path: Path, sleeper: psutil.Popen) -> None:
    (call,) = journal_of(tmp_path, sleeper).calls("stack")
    sleeper.kill()
    sleeper.wait()
    # A process of Terraform's name, in a folder with this backend.
    (tmp_path / ".terraform").mkdir()
    noted = {"backend": {"type": "gcs", "config": {**GCS["gcs"], "credentials": None}}}
    (tmp_path / ".terraform" / "terraform.tfstate").write_text(json.dumps(noted))
    (tmp_path / "terraform").symlink_to("/bin/sleep")
    with subprocess.Popen([tmp_path / "terraform", "60"], cwd=tmp_path) as other:
        try:
            assert "at work on this state" in why_not_ours(lock_of(call), GCS, [call])
        finally:
            other.kill()


def test_a_journal_tells_what_was_cut_off_until_an_apply_is_good(tmp_path: Path, sleeper: psutil.Popen) -> None:
    journal = journal_of(tmp_path, sleeper)
    assert not journal.was_cut_off("stack"), "it is still at work"
    sleeper.kill()
    sleeper.wait()

    assert journal.was_cut_off("stack")
    assert not journal.was_cut_off("other")
    for is_whole_apply in (False, True):
        with journal.run("apply"):
            call = journal.begun("stack", psutil.Process(), tmp_path, is_whole_apply=is_whole_apply)
            journal.ended(call, is_good=True, is_cut=False)
        assert journal.was_cut_off("stack") is not is_whole_apply


def test_a_torn_line_of_a_journal_is_passed_over(tmp_path: Path, sleeper: psutil.Popen) -> None:
    journal = journal_of(tmp_path, sleeper)
    (file,) = tmp_path.glob("*/journal.jsonl")
    with file.open("a") as open_file:
        open_file.write('{"event": "call en')

    (run,) = journal.runs()

    assert [call.stack for call in run.under_way] == ["stack"]
    assert not run.has_ended


def test_two_runs_of_one_checkout_take_turns(tmp_path: Path, sleeper: psutil.Popen) -> None:
    journal_of(tmp_path, sleeper)
    told: list[str] = []
    program = (
        "import sys, time; from pathlib import Path; from runs.journal import Journal\n"
        "with Journal(Path(sys.argv[1])).alone(0, print): print('mine', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(OtherRunError, match=me()), Journal(tmp_path).alone(0, told.append):
            pass
        os.kill(other.pid, signal.SIGKILL)
        with Journal(tmp_path).alone(10, told.append):
            pass
    assert len(told) <= 1


def test_an_errored_state_replaces_only_what_it_continues(tmp_path: Path) -> None:
    file = tmp_path / "errored.tfstate"
    file.write_text(json.dumps({"lineage": "a", "serial": 5}))

    assert why_unfit(file, {}) == ""
    assert why_unfit(file, {"lineage": "a", "serial": 4}) == ""
    assert "serial" in why_unfit(file, {"lineage": "a", "serial": 5})
    assert "lineage" in why_unfit(file, {"lineage": "b", "serial": 1})
    file.write_text('{"lineage": ')
    assert "torn" in why_unfit(file, {})


def test_ids_to_import_are_made_of_planned_values() -> None:
    azure = {"subscription_id": "sub"}
    assert import_id("azurerm_resource_group", {"name": "one"}, azure) == "/subscriptions/sub/resourceGroups/one"
    pool = {"project": "p", "location": "l", "cluster": "projects/p/locations/l/clusters/c", "name": "n"}
    assert import_id("google_container_node_pool", pool, {}) == "projects/p/locations/l/clusters/c/nodePools/n"
    assert import_id("google_compute_network", {"name": "n"}, {"project": "p"}) == "projects/p/global/networks/n"
    grant = {"project": "p", "role": "r", "member": "m", "condition": [{"title": "t"}]}
    assert import_id("google_project_iam_member", grant, {}) == "p r m t"
    assert import_id("google_project_iam_member", grant | {"member": None}, {}) is None
    claim = {"metadata": [{"namespace": "a", "name": "b"}]}
    assert import_id("kubernetes_persistent_volume_claim_v1", claim, {}) == "a/b"
    role = {"scope": "/subscriptions/s", "role_definition_id": "guid", "name": "role"}
    named = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/guid|/subscriptions/s"
    assert import_id("azurerm_role_definition", role, {}) == named
    assert import_id("azurerm_role_definition", role | {"role_definition_id": None}, {}) is None
    assert import_id("random_pet", {"name": "x"}, {}) is None


@pytest.mark.parametrize("environment", CLOUD_ENVIRONMENTS)
def test_every_type_of_our_stacks_can_be_taken_over(environment: str, synthesise: Synthesise) -> None:
    settings = load_cloud_settings(environment)
    github = GithubSettings(repository="acme/models", repository_id=1, repository_owner_id=2)
    bound = synthesise(settings.model_copy(update={"github": github}))

    types = {type_ for stack in bound.values() for type_ in stack.get("resource", {})}

    assert {type_ for type_ in types if not type_.startswith("kubernetes_")} <= TYPES


def found(type_: str, before: dict[str, object], after: dict[str, object]) -> Found:
    return Found(f"{type_}.x", type_, "x", {"before": before, "after": after, "actions": ["update"]})


def test_whose_a_thing_is_is_told_by_its_labels() -> None:
    ours, other = {"environment": "a", "managed-by": "modelyard"}, {"environment": "b", "managed-by": "modelyard"}
    bucket = "google_storage_bucket"
    assert found(bucket, {"effective_labels": ours | {"more": "x"}}, {"effective_labels": ours}).is_marked_as_ours
    assert found(bucket, {"effective_labels": other}, {"effective_labels": ours}).is_marked_as_ours is False
    assert found(bucket, {"effective_labels": {}}, {"effective_labels": ours}).is_marked_as_ours is False
    assert found("azurerm_resource_group", {"tags": None}, {"tags": ours}).is_marked_as_ours is False
    assert found("google_compute_network", {"name": "a"}, {"name": "a"}).is_marked_as_ours is None
    leased = ours | {"expires-at": "2026-11-22t10-00z"}
    assert found(bucket, {"effective_labels": ours}, {"effective_labels": leased}).is_marked_as_ours
    namespace = "kubernetes_namespace_v1"
    named = {f"app.kubernetes.io/{key}": "x" for key in ("name", "part-of", "managed-by")}
    # The provider imports a namespace without its Pod Security labels.
    guarded = named | {"pod-security.kubernetes.io/enforce": "restricted"}
    assert found(namespace, {"metadata": [{"labels": named}]}, {"metadata": [{"labels": guarded}]}).is_marked_as_ours
    assert (
        found(namespace, {"metadata": [{"labels": None}]}, {"metadata": [{"labels": named}]}).is_marked_as_ours is False
    )
