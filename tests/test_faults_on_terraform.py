"""Each kind of fault as Terraform meets it: a configuration of two buckets, the real Terraform."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faults.cases import write_scenario
from simulator import SimulatedProviders, World
from simulator.fault_counts import struck
from terraform_cli.environment import clean_environment

pytestmark = pytest.mark.slow

BUCKETS = {
    "provider": {"google": {"project": "faulty", "region": "us-central1"}},
    "resource": {
        "google_storage_bucket": {
            "one": {"name": "bucket-one", "location": "US"},
            "two": {"name": "bucket-two", "location": "US", "depends_on": ["google_storage_bucket.one"]},
        }
    },
}


class Faulty:
    """Terraform in a folder, and the world that it works on."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.world = World(folder / "world")

    def apply(self, *prefix: str) -> subprocess.CompletedProcess[str]:
        with self.under_way(*prefix) as process:
            said, _ = process.communicate(timeout=60)
        return subprocess.CompletedProcess([], process.returncode, said)

    def under_way(self, *prefix: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*prefix, "terraform", "apply", "-auto-approve", "-input=false", "-no-color"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def there(self) -> list[str]:
        return [key for _, key in self.world.contents()]

    @property
    def known(self) -> list[str]:
        file = self.folder / "terraform.tfstate"
        # Terraform makes it empty when it takes the lock.
        written = file.read_text() if file.exists() else ""
        resources = json.loads(written)["resources"] if written else []
        return [instance["attributes"]["name"] for each in resources for instance in each["instances"]]


Broken = Callable[..., Any]


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """Terraform on a world with one fault."""

    @contextmanager
    def running(**fault: object) -> Iterator[Faulty]:
        (tmp_path / "main.tf.json").write_text(json.dumps(BUCKETS))
        write_scenario([{"action": "create"} | fault], tmp_path / "scenario.toml")
        with SimulatedProviders(tmp_path / "world", faults=tmp_path / "scenario.toml") as providers:
            environment = clean_environment() | providers.environment | {"CHECKPOINT_DISABLE": "1"}
            subprocess.run(
                ["terraform", "init", "-input=false"], cwd=tmp_path, env=environment, check=True, capture_output=True
            )
            yield Faulty(tmp_path, environment)
        assert all(struck(tmp_path / "world"))

    return running


def test_an_error_before_leaves_nothing(broken: Broken) -> None:
    with broken(what="error", summary="Error 403: not you", detail="Ask somebody.") as faulty:
        refused = faulty.apply()
        assert refused.returncode == 1
        assert "Error: Error 403: not you" in refused.stdout
        assert "Ask somebody." in refused.stdout
        assert (faulty.there, faulty.known) == ([], [])

        assert faulty.apply().returncode == 0
        assert faulty.there == faulty.known == ["bucket-one", "bucket-two"]


def test_a_lost_answer_leaves_what_no_state_knows(broken: Broken) -> None:
    with broken(what="error", when="after") as faulty:
        assert "Error 503" in faulty.apply().stdout
        assert (faulty.there, faulty.known) == (["bucket-one"], [])

        assert "you already own it" in faulty.apply().stdout


def test_an_error_that_keeps_the_state_leaves_it_tainted(broken: Broken) -> None:
    with broken(what="error", when="after", keeps_state=True) as faulty:
        assert faulty.apply().returncode == 1
        assert faulty.there == faulty.known == ["bucket-one"]

        again = faulty.apply()
        assert "is tainted, so must be replaced" in again.stdout
        assert again.returncode == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delete_that_fails_is_known_until_the_next_run(when: str, broken: Broken) -> None:
    with broken(action="delete", what="error", when=when) as faulty:
        assert faulty.apply().returncode == 0
        (faulty.folder / "main.tf.json").write_text(json.dumps({"provider": BUCKETS["provider"]}))

        assert faulty.apply().returncode == 1
        assert faulty.there == (["bucket-one"] if when == "after" else ["bucket-one", "bucket-two"])
        assert faulty.known == ["bucket-one", "bucket-two"]

        assert faulty.apply().returncode == 0
        assert faulty.there == faulty.known == []


def test_a_hanging_operation_ends_by_its_own_time_out(broken: Broken) -> None:
    with broken(what="hang", seconds=1.5) as faulty:
        begun = time.monotonic()
        assert "timeout while waiting for the operation to complete (timeout: 1.5s)" in faulty.apply().stdout
        assert time.monotonic() - begun > 1.5
        assert faulty.there == []


def test_an_interrupt_cancels_a_hanging_operation(broken: Broken) -> None:
    with broken(what="hang", when="after", keeps_state=True) as faulty, faulty.under_way() as process:
        until = time.monotonic() + 30
        while not any(struck(faulty.world.folder)) and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)

        assert "context canceled" in said
        assert process.returncode == 1
        assert faulty.there == faulty.known == ["bucket-one"]


def test_a_late_answer_is_an_answer(broken: Broken) -> None:
    with broken(what="late", seconds=1.5) as faulty:
        begun = time.monotonic()
        assert faulty.apply().returncode == 0
        assert time.monotonic() - begun > 1.5
        assert faulty.there == faulty.known == ["bucket-one", "bucket-two"]


@pytest.mark.parametrize("action", ["create", "plan", "configure"])
def test_a_dropped_connection_is_told_and_the_next_run_has_another(action: str, broken: Broken) -> None:
    with broken(action=action, what="drop") as faulty:
        dropped = faulty.apply()
        assert dropped.returncode == 1
        assert "Plugin did not respond" in dropped.stdout

        assert faulty.apply().returncode == 0
        assert faulty.there == faulty.known == ["bucket-one", "bucket-two"]


def test_terraform_is_killed(broken: Broken) -> None:
    with broken(what="kill", who="terraform", when="after") as faulty:
        assert faulty.apply().returncode == -signal.SIGKILL
        assert (faulty.there, faulty.known) == (["bucket-one"], [])
        assert "you already own it" in faulty.apply().stdout


def test_the_command_above_terraform_is_killed(broken: Broken, tmp_path: Path) -> None:
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "__init__.py").touch()
    (commands / "__main__.py").write_text(
        "import subprocess, sys\nsys.exit(subprocess.run(sys.argv[1:], check=False).returncode)\n"
    )
    with broken(what="kill", who="cli", when="after") as faulty:
        faulty.environment["PYTHONPATH"] = str(tmp_path)

        killed = faulty.apply(sys.executable, "-m", "commands")

        assert killed.returncode == -signal.SIGKILL
        # Terraform outlives it, and ends its work.
        until = time.monotonic() + 30
        while faulty.known != ["bucket-one", "bucket-two"] and time.monotonic() < until:
            time.sleep(0.2)
        assert faulty.there == faulty.known == ["bucket-one", "bucket-two"]


def test_who_does_not_descend_from_the_run_is_not_killed(broken: Broken) -> None:
    with broken(what="kill", who="cli") as faulty:
        # Between this test, which has started the providers, and Terraform there is no command.
        refused = faulty.apply()

        assert refused.returncode == 1
        assert "found no command above Terraform to kill" in refused.stdout


@pytest.mark.parametrize(
    ("change", "done"),
    [({"merge": {"labels": {"team": "theirs"}}}, "0 added, 1 changed"), ({"delete": True}, "1 added, 0 changed")],
)
def test_somebody_else_changes_the_world(change: dict[str, Any], done: str, broken: Broken) -> None:
    with broken(what="change", thing="google/google_storage_bucket/*-one", nth=2, when="after", **change) as faulty:
        assert faulty.apply().returncode == 0

        assert done in faulty.apply().stdout
        assert faulty.there == faulty.known == ["bucket-one", "bucket-two"]


def test_a_change_of_what_is_not_there_is_told(broken: Broken) -> None:
    with broken(what="change", thing="google/google_storage_bucket/three", delete=True) as faulty:
        assert "three is none" in " ".join(faulty.apply().stdout.split())


def test_a_wrong_scenario_stops_the_simulator(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("[[faults]]\nwhat = 'late'\n")

    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--world", tmp_path / "world", "--faults", tmp_path / "scenario.toml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "faults[0].action: Field required" in done.stderr
    assert "Traceback" not in done.stderr
