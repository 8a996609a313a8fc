"""Runs over small estates with real Terraform: its own `terraform_data` needs no provider.

The whole program, a simulated cloud and the command line are in tests/test_up.py.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from estate.stacks import Estate, read
from runs.estate_run import run
from runs.results import Limits, StackResult, Verb
from stacks.paths import ROOT

pytestmark = pytest.mark.slow

# What a stack's resource runs when it is made; other stacks can see when.
STAMP = "echo {name} >> $ORDER"
PROGRAM = """
import sys
from pathlib import Path
from estate.stacks import read
from runs.estate_run import run
from runs.results import Limits
estate = read(Path(sys.argv[2]))
limits = Limits(lock_wait_seconds=float(sys.argv[3]), grace_seconds=20)
results = run(sys.argv[1], estate, list(estate), limits=limits, variables={}, place=Path(sys.argv[2]) / "runs",
              tell=lambda stack, line: print(f"{stack}: {line}", flush=True))
for result in results.values():
    print(result.stack, result.outcome, result.error.replace(chr(10), " "), flush=True)
"""


@dataclass
class Estates:
    """An estate whose stacks hold one resource each.

    Attributes:
        folder: Where it is written, as CDKTF would.
        told: What a person was told.
    """

    folder: Path
    told: list[str]

    @property
    def order(self) -> list[str]:
        """The stacks in the order in which they were made."""
        file = self.folder / "order"
        return file.read_text().split() if file.exists() else []

    def write(self, **stacks: tuple[str, str]) -> Estate:
        """Stacks by name: what they stand on (blanks between), and the script that makes the resource."""
        manifest = {}
        for name, (below, script) in stacks.items():
            folder = self.folder / "stacks" / name
            folder.mkdir(parents=True, exist_ok=True)
            manifest[name] = {"workingDirectory": f"stacks/{name}", "dependencies": below.split()}
            provisioner = {"local-exec": {"command": script.replace("{name}", name)}}
            state = {"local": {"path": str(self.folder / "states" / f"{name}.tfstate")}}
            content = {
                "terraform": {"backend": state, "required_providers": {}},
                "resource": {"terraform_data": {"made": {"input": name, "provisioner": [provisioner]}}},
            }
            (folder / "cdk.tf.json").write_text(json.dumps(content))
        (self.folder / "manifest.json").write_text(json.dumps({"stacks": manifest}))
        return read(self.folder)

    def run(self, verb: Verb, estate: Estate, limits: Limits | None = None) -> dict[str, StackResult]:
        return run(
            verb,
            estate,
            list(estate),
            limits=limits or Limits(),
            variables={},
            place=self.folder / "runs",
            tell=lambda stack, line: self.told.append(f"{stack}: {line}"),
        )

    @contextmanager
    def elsewhere(self, verb: Verb, *, wait: float = 60) -> Iterator[subprocess.Popen[str]]:
        """The same in a process of its own."""
        environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'constructs'}"}
        command = [sys.executable, "-c", PROGRAM, verb, str(self.folder), str(wait)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture
def estates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Estates:
    monkeypatch.setenv("ORDER", str(tmp_path / "order"))
    monkeypatch.setenv("GO_ON", str(tmp_path / "go_on"))
    return Estates(tmp_path, [])


# Until somebody lets it go on; it has noted its shell's parent, which is Terraform.
WAITS = "echo $PPID >> $ORDER.pids; until [ -e $GO_ON ]; do sleep 0.05; done; echo {name} >> $ORDER"


def wait_until(holds: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def its_terraform(estates: Estates) -> psutil.Process:
    pids = estates.folder / "order.pids"
    wait_until(lambda: pids.exists() and pids.read_text().split())
    return psutil.Process(int(pids.read_text().split()[-1]))


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def outcomes(results: dict[str, StackResult]) -> dict[str, str]:
    return {id_: result.outcome for id_, result in results.items()}


def test_stacks_go_in_order_side_by_side_and_away_in_reverse(estates: Estates) -> None:
    # Each of the two in the middle waits for the other to have begun.
    meet = "touch $ORDER.{name}; until [ -e $ORDER.left ] && [ -e $ORDER.right ]; do sleep 0.05; done; " + STAMP
    estate = estates.write(base=("", STAMP), left=("base", meet), right=("base", meet), top=("left right", STAMP))

    done = estates.run("apply", estate)

    assert set(outcomes(done).values()) == {"done"}
    assert [done["base"].attempts, done["top"].attempts] == [1, 1]
    assert (estates.order[0], estates.order[3]) == ("base", "top")
    assert set(outcomes(estates.run("destroy", estate)).values()) == {"done"}
    assert set(outcomes(estates.run("destroy", estate)).values()) == {"nothing"}
    assert estates.told == []


def test_a_failure_stops_what_stands_on_it_and_nothing_else(estates: Estates) -> None:
    estate = estates.write(
        base=("", STAMP), bad=("base", "echo no >&2; exit 3"), top=("bad", STAMP), good=("base", STAMP)
    )

    done = estates.run("apply", estate)

    assert outcomes(done) == {"base": "done", "good": "done", "bad": "failed", "top": "not begun"}
    assert done["top"].blocked_by == ("bad",)
    assert "exit status 3" in done["bad"].error
    assert done["bad"].attempts == 1
    # Half deployed: what is there goes, in one go, and the rest is nothing to do.
    gone = estates.run("destroy", estate)
    assert outcomes(gone) == {"top": "nothing", "bad": "done", "good": "done", "base": "done"}


def test_what_passes_by_itself_is_tried_again_within_limits(estates: Estates) -> None:
    flaky = "echo x >> $ORDER.tries; [ $(wc -l < $ORDER.tries) -gt 1 ] || { echo connection reset by peer; exit 1; }"
    estate = estates.write(flaky=("", flaky), never=("", "echo i/o timeout; exit 1"))

    done = estates.run("apply", estate, Limits(retries=1))

    assert outcomes(done) == {"flaky": "done", "never": "failed"}
    assert (done["flaky"].attempts, done["never"].attempts) == (2, 2)
    assert any("tries again in 2 s" in line for line in estates.told)


def test_what_takes_too_long_is_told_to_stop_and_then_killed(estates: Estates) -> None:
    # A Terraform that hangs: it hears nothing, until it is killed.
    estate = estates.write(slow=("", "kill -STOP $PPID; sleep 60"), top=("slow", STAMP))
    begun = time.monotonic()

    done = estates.run("apply", estate, Limits(stack_seconds=3, grace_seconds=1))

    assert time.monotonic() - begun < 20
    assert outcomes(done) == {"slow": "failed", "top": "not begun"}
    assert "did not end within 3 s" in done["slow"].error


def test_terraform_outlives_a_killed_run_and_the_next_one_waits_for_it(estates: Estates) -> None:
    estates.write(base=("", WAITS), top=("base", STAMP))
    with estates.elsewhere("apply") as killed:
        terraform = its_terraform(estates)
        killed.kill()
        killed.communicate()
    assert terraform.is_running()
    with estates.elsewhere("apply") as again:
        assert again.stdout
        said = [again.stdout.readline() for _ in range(4)]
        (estates.folder / "go_on").touch()
        rest = again.communicate()[0]

    assert "found an interrupted run: apply by" in said[0]
    assert "under way were base" in said[0]
    assert "still works on base" in said[1]
    assert "waits for an interrupted run's Terraform" in said[3]
    assert "base done" in rest
    assert "top done" in rest
    # Made once: the killed run's Terraform has saved its state.
    assert estates.order == ["base", "top"]


def test_what_a_killed_run_has_left_hanging_is_told_and_ended_when_its_time_is_over(estates: Estates) -> None:
    # Once: then there is a file, and nothing hangs.
    hangs = "[ -e $ORDER.pids ] || { echo $PPID >> $ORDER.pids; kill -STOP $PPID; sleep 60; }; echo {name} >> $ORDER"
    estate = estates.write(base=("", hangs), top=("base", STAMP))
    with estates.elsewhere("apply") as killed:
        terraform = its_terraform(estates)
        wait_until(lambda: terraform.status() == psutil.STATUS_STOPPED)
        killed.kill()
        killed.communicate()

    waited = estates.run("apply", estate, Limits(lock_wait_seconds=0.1))
    assert outcomes(waited) == {"base": "failed", "top": "not begun"}
    assert f"kill -INT {terraform.pid}" in waited["base"].error
    assert terraform.is_running()

    limit = 6
    time.sleep(max(0, terraform.create_time() + limit - time.time()))
    done = estates.run("apply", estate, Limits(stack_seconds=limit, grace_seconds=1))

    assert has_ended(terraform)
    assert any(f"ends an interrupted run's Terraform, process {terraform.pid}" in line for line in estates.told)
    assert set(outcomes(done).values()) == {"done"}
    assert estates.order == ["base", "top"]


def test_a_killed_terraform_is_told_and_the_next_run_continues(estates: Estates) -> None:
    estate = estates.write(base=("", WAITS), top=("base", STAMP))
    with estates.elsewhere("apply") as running:
        terraform = its_terraform(estates)
        (started,) = terraform.children()
        terraform.kill()
        printed = running.communicate()[0]
    assert has_ended(started), "it would go on beside the next run"
    (estates.folder / "go_on").touch()

    assert "base failed Terraform was killed from outside (signal 9)" in printed
    assert "top not begun" in printed
    assert set(outcomes(estates.run("apply", estate)).values()) == {"done"}


def test_what_a_killed_terraform_had_started_is_ended_by_the_next_run(estates: Estates) -> None:
    """As its plugins: they do not notice."""
    estate = estates.write(base=("", WAITS))
    with estates.elsewhere("apply") as killed:
        terraform = its_terraform(estates)
        (left,) = terraform.children()
        killed.kill()
        killed.communicate()
    terraform.kill()
    wait_until(lambda: has_ended(terraform))
    assert left.is_running()
    (estates.folder / "go_on").touch()
    left.suspend()

    done = estates.run("apply", estate)

    assert has_ended(left)
    (told,) = [line for line in estates.told if "what a killed Terraform had left at work" in line]
    assert str(left.pid) in told
    assert outcomes(done) == {"base": "done"}


def test_ctrl_c_lets_terraform_end_what_it_is_at(estates: Estates) -> None:
    estate = estates.write(base=("", WAITS), top=("base", STAMP))
    with estates.elsewhere("apply") as running:
        its_terraform(estates)
        running.send_signal(signal.SIGINT)
        assert running.stdout
        assert "interrupted: Terraform ends what it is at" in running.stdout.readline()
        (estates.folder / "go_on").touch()
        running.communicate()

    assert running.returncode not in (0, -signal.SIGKILL)
    assert "top" not in estates.order
    assert set(outcomes(estates.run("apply", estate)).values()) == {"done"}
    assert not any("interrupted run" in line for line in estates.told), "it came to its end"


def test_of_two_runs_in_other_checkouts_the_second_waits_or_says_who(estates: Estates) -> None:
    estate = estates.write(base=("", WAITS))
    with estates.elsewhere("apply") as first:
        its_terraform(estates)
        # Another checkout has a journal of its own.
        (estates.folder / "runs").rename(estates.folder / "runs-of-the-first")
        refused = estates.run("apply", estate, Limits(lock_wait_seconds=1))
        (estates.folder / "go_on").touch()
        assert "base done" in first.communicate()[0]

    assert outcomes(refused) == {"base": "failed"}
    assert "its state is locked by" in refused["base"].error
    assert "for apply" in refused["base"].error
    assert "modelyard state unlock" in refused["base"].error


def test_a_state_that_could_not_be_saved_is_pushed_first(estates: Estates) -> None:
    estate = estates.write(base=("", STAMP))
    estates.run("apply", estate)
    kept = estates.folder / "states" / "base.tfstate"
    state = json.loads(kept.read_text())
    kept.write_text(json.dumps(state | {"resources": []}))
    (estate["base"].folder / "errored.tfstate").write_text(json.dumps(state | {"serial": state["serial"] + 1}))

    assert outcomes(estates.run("apply", estate)) == {"base": "done"}

    assert estates.order == ["base"], "it was not made again"
    assert any("could not save its state" in line for line in estates.told)
    assert not (estate["base"].folder / "errored.tfstate").exists()
