"""`modelyard up`, `teardown`, `adopt` on simulated providers: real Terraform, real commands, killed in earnest."""

import fcntl
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from estate.stacks import read
from runs.import_ids import REPEATABLE
from runs.journal import Journal
from simulator.world import Scope
from terraform_cli.call import terraform
from tests.conftest import command_environment, copy_of_the_repo, keep_only
from tests.rehearsals import Rehearsing, rehearsing

pytestmark = pytest.mark.slow
ENVIRONMENTS = ["gke-dev", "aks-dev"]


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copied repo with one service, and an environment of it that is up."""
    environment: str = request.param
    checkout = copy_of_the_repo(tmp_path_factory.mktemp("up") / "checkout")
    keep_only(checkout, "image_classifier")
    with rehearsing(checkout, environment) as estate:
        up = estate.modelyard("up", environment, "--yes")
        assert up.returncode == 0, up.stderr
        assert f"✓ {environment}-image-classifier" in up.stdout
        assert f"{environment}-image-classifier answers at http://" in up.stdout
    shutil.copytree(estate.rehearsal.folder, checkout / "deployed")
    return checkout


@pytest.fixture
def estate(deployed: Path) -> Iterator[Rehearsing]:
    """As it was deployed, whatever other tests have done to it."""
    (environment,) = (folder.name for folder in (deployed / ".rehearsal").iterdir())
    shutil.rmtree(deployed / ".rehearsal")
    shutil.copytree(deployed / "deployed", deployed / ".rehearsal" / environment)
    with rehearsing(deployed, environment) as estate:
        yield estate


def up(estate: Rehearsing) -> subprocess.CompletedProcess[str]:
    return estate.modelyard("up", estate.rehearsal.environment, "--yes")


def down(estate: Rehearsing) -> subprocess.CompletedProcess[str]:
    return estate.modelyard("teardown", estate.rehearsal.environment, "--yes", "--volumes", "delete", "--artifacts")


def state_of(estate: Rehearsing, stack: str) -> Path:
    return estate.rehearsal.states / f"{estate.rehearsal.environment}-{stack}.tfstate"


def forget(estate: Rehearsing, stack: str, type_: str) -> str:
    """Takes a resource out of the state, as if a run had been killed before it was noted; gives its address."""
    name = f"{estate.rehearsal.environment}-{stack}"
    folder = read(estate.rehearsal.output)[name].folder
    listed = terraform(folder, estate.variables, "state", "list").split()
    address = next(each for each in listed if each.startswith(f"{type_}."))
    terraform(folder, estate.variables, "state", "rm", address)
    return address


def cloud(estate: Rehearsing) -> Scope:
    is_google = estate.rehearsal.environment == "gke-dev"
    return estate.world.google if is_google else estate.world.azurerm


def managed(state: Path) -> set[str]:
    # One under way is there already, without an instance.
    listed = [each for each in json.loads(state.read_text())["resources"] if each["instances"]]
    return {f"{each['type']}.{each['name']}" for each in listed if each["mode"] == "managed"}


REGISTRY = {"gke-dev": "google_artifact_registry_repository", "aks-dev": "azurerm_container_registry"}
# On which nothing stands.
UNLABELLED = {"gke-dev": "google_container_node_pool", "aks-dev": "azurerm_storage_management_policy"}


def test_what_carries_our_labels_is_taken_over_by_itself(estate: Rehearsing) -> None:
    before = estate.left()
    registry = forget(estate, "registry", REGISTRY[estate.rehearsal.environment])
    deployment = forget(estate, "image-classifier", "kubernetes_deployment_v1")

    done = up(estate)

    assert done.returncode == 0, done.stderr
    for address in (registry, deployment):
        assert f"was there already, and is ours: taken over, {address}" in done.stdout
    assert estate.left() == before
    gone = down(estate)
    assert gone.returncode == 0, gone.stderr
    assert estate.left() == []


def test_what_is_somebody_elses_is_left_alone(estate: Rehearsing) -> None:
    kind = REGISTRY[estate.rehearsal.environment]
    forget(estate, "registry", kind)
    ((key, values),) = cloud(estate).all(kind).items()
    for name in {"labels", "effective_labels", "terraform_labels", "tags"} & values.keys():
        values[name] = (values[name] or {}) | {"environment": "other"}
    cloud(estate).put(kind, key, values)
    before = managed(state_of(estate, "registry"))

    refused = up(estate)
    not_adopted = estate.modelyard("adopt", estate.rehearsal.environment, "--yes")

    assert (refused.returncode, not_adopted.returncode) == (1, 1)
    for said in (refused.stderr, not_adopted.stderr):
        assert "is there already, with" in said
        assert "somebody else's" in said
        assert "Traceback" not in said
    assert managed(state_of(estate, "registry")) == before


def test_what_does_not_tell_whose_it_is_is_asked_about(estate: Rehearsing) -> None:
    kind = UNLABELLED[estate.rehearsal.environment]
    stack = "cluster" if estate.rehearsal.environment == "gke-dev" else "artifacts"
    address = forget(estate, stack, kind)

    refused = up(estate)
    assert refused.returncode == 1
    assert "does not tell whose it is" in refused.stderr
    assert f"`modelyard adopt {estate.rehearsal.environment}`" in refused.stderr
    assert address not in managed(state_of(estate, stack))

    adopted = estate.modelyard("adopt", estate.rehearsal.environment, "--yes")
    assert adopted.returncode == 0, adopted.stderr
    assert "✓ " + kind in adopted.stdout
    assert up(estate).returncode == 0
    nothing = estate.modelyard("adopt", estate.rehearsal.environment)
    assert (nothing.returncode, "is left over" in nothing.stdout) == (0, True), nothing.stderr


@contextmanager
def under_way(estate: Rehearsing, checkout: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "commands", *arguments]
    with subprocess.Popen(
        command, cwd=checkout, env=command_environment(checkout) | estate.variables, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def making(estate: Rehearsing, stack: str) -> psutil.Process | None:
    """The Terraform that waits for something new of a stack, which whoever asks twice for it is refused."""
    for run in Journal(estate.rehearsal.folder / "runs").runs():
        for call in run.under_way:
            if call.stack == stack and call.is_alive:
                log = Path(call.log).read_text()
                asked, made = (
                    set(re.findall(rf"^(\S+): {word}", log, re.MULTILINE)) for word in ("Creating", "Creation")
                )
                if any(address.partition(".")[0] not in REPEATABLE for address in asked - made):
                    return psutil.Process(call.pid)
    return None


@contextmanager
def held_up(estate: Rehearsing, stack: str) -> Iterator[psutil.Process]:
    """The Terraform that has asked for something new; the cloud makes it when the block has ended."""
    with (estate.world.folder / ".lock").open("w") as file:
        until = time.monotonic() + 60
        while True:
            fcntl.flock(file, fcntl.LOCK_EX)
            if terraform := making(estate, stack):
                break
            fcntl.flock(file, fcntl.LOCK_UN)
            assert time.monotonic() < until
            time.sleep(0.002)
        # Until its request has reached the cloud.
        time.sleep(1)
        yield terraform


def tear(estate: Rehearsing, stack: str) -> set[str]:
    """As if the killed run had been writing its first state: what it knows then, which is nothing."""
    file = state_of(estate, stack)
    whole = file.read_text()
    file.write_text(whole[: len(whole) // 2])
    file.with_name(f"{file.name}.backup").unlink(missing_ok=True)
    return set()


@pytest.mark.parametrize(
    ("next_command", "is_torn"), [("up", False), ("teardown", False), ("up", True), ("teardown", True)]
)
def test_what_a_killed_run_has_made_is_neither_lost_nor_left(
    estate: Rehearsing, deployed: Path, next_command: str, *, is_torn: bool
) -> None:
    environment = estate.rehearsal.environment
    before = sorted(estate.left())
    kept = estate.modelyard("teardown", environment, "--yes", "--volumes", "delete", "--keep-stores")
    assert kept.returncode == 0, kept.stderr
    with (
        under_way(estate, deployed, "up", environment, "--yes") as killed,
        held_up(estate, f"{environment}-cluster") as its_terraform,
    ):
        killed.kill()
        its_terraform.kill()
        known = managed(state_of(estate, "cluster"))
    if is_torn:
        known = tear(estate, "cluster")
    # The cloud does what it was asked for, though nobody waits for the answer any more.
    time.sleep(2)

    done = up(estate) if next_command == "up" else down(estate)

    assert done.returncode == 0, done.stderr
    assert "found an interrupted run: apply by" in done.stdout
    assert f"under way were {environment}-cluster" in done.stdout
    assert "taken over" in done.stdout, done.stdout
    (taken, *_) = re.findall(r"taken over, (\S+)", done.stdout)
    assert taken not in known
    if next_command == "up":
        assert sorted(estate.left()) == before
        assert down(estate).returncode == 0
    assert estate.left() == []


def test_one_stack_brings_what_it_depends_on_and_nothing_else(deployed: Path) -> None:
    (environment,) = (folder.name for folder in (deployed / ".rehearsal").iterdir())
    shutil.rmtree(deployed / ".rehearsal")

    with rehearsing(deployed, environment) as empty:
        unknown = empty.modelyard("up", environment, "--yes", "--only", f"{environment}-nothing")
        nothing = empty.left()
        done = empty.modelyard("up", environment, "--yes", "--only", f"{environment}-registry")

    assert unknown.returncode == 1
    assert f"there is no stack '{environment}-nothing'" in unknown.stderr
    assert nothing == []
    assert done.returncode == 0, done.stderr
    assert re.findall(r"✓ (\S+)", done.stdout) == [f"{environment}-state", f"{environment}-registry"]
    assert {file.stem for file in empty.rehearsal.states.glob("*.tfstate")} == {
        f"{environment}-state",
        f"{environment}-registry",
    }
