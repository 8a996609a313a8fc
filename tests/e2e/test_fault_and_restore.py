"""A teardown that was cut off, and its state brought back from the bucket: nothing is lost by either.

The state is in Cloud Storage's emulator, through Terraform's own backend; the things are in the simulated world.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from estate.stacks import Estate, read
from runs.estate_run import Limits, StackResult, run
from simulator.process import SimulatedProviders
from simulator.world import World
from stacks.app import build_app
from stacks.environments import load_settings
from tests.conftest import Command
from tests.e2e.conftest import Proof
from tests.e2e.state_stores import Store, cloud_storage

CLUSTER = "gke-dev-cluster"
FOUNDATION = ("gke-dev-registry", "gke-dev-artifacts", CLUSTER)
KILLED = """
[[faults]]
type = "google_container_node_pool"
action = "delete"
when = "after"
what = "kill"
who = "terraform"
"""


@pytest.fixture
def bucket(fake_gcs_server: Path, real_providers: dict[str, str]) -> Iterator[Store]:
    """A state bucket that keeps versions."""
    with cloud_storage(fake_gcs_server, real_providers) as store:
        yield store


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    build_app(load_settings("gke-dev"), outdir=str(tmp_path / "cdktf.out")).synth()
    return read(tmp_path / "cdktf.out")


def test_a_state_of_before_a_cut_off_destroy_leads_back_to_what_there_was(
    bucket: Store, estate: Estate, modelyard_command: Command, tmp_path: Path, proof: Proof
) -> None:
    world = World(tmp_path / "world")
    (scenario := tmp_path / "killed.toml").write_text(KILLED)
    told: list[str] = []

    def do(verb: str, *stacks: str) -> dict[str, StackResult]:
        return run(
            "apply" if verb == "apply" else "destroy",
            estate,
            stacks,
            limits=Limits(lock_wait_seconds=10),
            variables=bucket.variables | providers.environment,
            place=tmp_path / "runs",
            tell=lambda _, line: told.append(line),
        )

    with SimulatedProviders(world.folder, faults=scenario) as providers:
        assert {result.outcome for result in do("apply", *FOUNDATION).values()} == {"done"}
        everything = sorted(world.contents())
        assert bucket.versions
        of_all = bucket.versions(CLUSTER)[-1]

        cut_off = do("destroy", CLUSTER)[CLUSTER]
        assert cut_off.outcome == "failed", cut_off
        assert len(world.contents()) < len(everything)
        # The lock of the Terraform that was killed is in the bucket, and our own: the next run frees it.
        assert do("destroy", CLUSTER)[CLUSTER].outcome == "done"
        assert any("lock" in line for line in told), told
        gone = sorted(set(everything) - set(world.contents()))
        assert ("google_container_cluster" in dict(gone), bucket.kept(CLUSTER)["resources"]) == (True, [])

        # Somebody wants it back as it was: the version of before, from the bucket, by the documented command.
        (file := tmp_path / "older.tfstate").write_bytes(of_all)
        restored = modelyard_command("state", "restore", "gke-dev", CLUSTER, str(file), **bucket.variables)
        assert restored.returncode == 0, restored.stderr
        assert bucket.kept(CLUSTER)["resources"] == json.loads(of_all)["resources"]
        assert do("apply", CLUSTER)[CLUSTER].outcome == "done"
        assert sorted(world.contents()) == everything
        known = {each["type"] for each in bucket.kept(CLUSTER)["resources"] if each["mode"] == "managed"}
        assert {type_name for type_name, _ in gone} <= known

        assert {result.outcome for result in do("destroy", *FOUNDATION).values()} == {"done"}
        assert world.contents() == []
    proof(
        f"a destroy killed with -9, continued past its own lock; a state of {len(json.loads(of_all)['resources'])} "
        f"resources restored from one of the bucket's versions: {len(gone)} things are back, 0 lost, 0 doubled"
    )
