"""Two deploys at once, a killed one, and an older version of the state, in both kinds of stores.

All is real but the stores: the CDKTF CLI, Terraform, the backend blocks of production. What is deployed needs no
provider: Terraform's own `terraform_data`, of which `slow` takes until it is told to end.
"""

import functools
import getpass
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from terraform_cli.call import TerraformError, terraform
from terraform_cli.environment import clean_environment
from tests.conftest import Command, command_environment
from tests.e2e.conftest import Proof
from tests.e2e.local_cluster import wait_until
from tests.e2e.state_stores import Store

APP = """
import os
import sys

import modelyard
from cdktf import App, DataResource, LocalExecProvisioner, TerraformStack

from stacks.environments import load_settings
from stacks.platform import state_store_of

settings = load_settings(sys.argv[1])
app = App()
stack = TerraformStack(app, settings.stack_id("cluster"))
state_store_of(settings).keep(stack)
made = [DataResource(stack, name) for name in sys.argv[2:]]
wait = "echo begun >> $RUNS; echo lock held; until [ -e $RUNS.end ]; do sleep 0.1; done"
DataResource(stack, "slow", depends_on=made, provisioners=[LocalExecProvisioner(type="local-exec", command=wait)])
app.synth()
"""


@dataclass
class Deploys:
    """Deploys of one stack in one store, each by a colleague with an output folder of her own.

    Attributes:
        store: Where the state is kept.
        checkout: A copy of the repo.
        folder: Takes the colleagues' folders.
    """

    store: Store
    checkout: Path
    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def stack(self) -> str:
        return f"{self.store.environment}-cluster"

    @property
    def runs(self) -> Path:
        """One line for each time that `slow` was begun."""
        return self.folder / "runs"

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment() | self.store.variables | {"RUNS": str(self.runs), "TF_CLI_ARGS": "-no-color"}

    def end(self) -> None:
        """Lets `slow` end."""
        (self.folder / "runs.end").touch()

    def synthesise(self, colleague: str, *made: str) -> None:
        """The stack with these resources, `slow` besides."""
        subprocess.run(
            [sys.executable, self.folder / "app.py", self.store.environment, *made],
            cwd=self.checkout,
            env=command_environment(self.checkout) | {"CDKTF_OUTDIR": str(self.folder / colleague)},
            stderr=subprocess.DEVNULL,
            check=True,
        )

    def begin(self, colleague: str, **variables: str) -> subprocess.Popen[str]:
        """`cdktf deploy` of the stack."""
        plain = {"CDKTF_SKIP_PROVIDER_LOCK": "true", "CHECKPOINT_DISABLE": "1", "CI": "true", "FORCE_COLOR": "0"}
        app = {
            "PYTHONPATH": command_environment(self.checkout)["PYTHONPATH"],
            "CDKTF_APP": f".venv/bin/python {self.folder}/app.py {self.store.environment} first",
            "CDKTF_OUTPUT": str(self.folder / colleague),
        }
        process = subprocess.Popen(
            ["node_modules/.bin/cdktf", "deploy", self.stack, "--auto-approve"],
            cwd=self.checkout,
            env=self.environment | plain | app | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def begin_terraform(self, colleague: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Terraform, called by hand in the colleague's folder of the stack."""
        process = subprocess.Popen(
            ["terraform", *arguments],
            cwd=self.folder / colleague / "stacks" / self.stack,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def terraform(self, colleague: str, *arguments: str) -> str:
        """The same, to its end."""
        return terraform(self.folder / colleague / "stacks" / self.stack, self.environment, *arguments)

    def state(self) -> dict[str, Any]:
        return self.store.kept(self.stack)


@pytest.fixture
def deploys(store: Store, checkout: Path, tmp_path: Path) -> Iterator[Deploys]:
    (tmp_path / "app.py").write_text(APP)
    made = Deploys(store, checkout, tmp_path)
    yield made
    made.end()
    for process in made.started:
        process.communicate(timeout=60)


ME = f"{getpass.getuser()}@{socket.gethostname()}"


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    """What it prints up to a line with the text."""
    printed = ""
    assert process.stdout
    for line in process.stdout:
        printed += line
        if text in line:
            return printed
    raise AssertionError(f"ended without {text!r}:\n{printed}")


def its_terraform(process: subprocess.Popen[str]) -> psutil.Process:
    (found,) = (each for each in psutil.Process(process.pid).children(recursive=True) if each.name() == "terraform")
    return found


def ids(state: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["instances"][0]["attributes"]["id"] for each in state["resources"]}


def test_of_two_deploys_at_once_the_second_is_refused_or_waits(
    deploys: Deploys, modelyard_command: Command, tmp_path: Path, proof: Proof
) -> None:
    (older := tmp_path / "older.tfstate").write_text(json.dumps(deploys.store.state))
    ada = deploys.begin("ada")
    wait_for(ada, "(local-exec): lock held")
    bob = deploys.begin("bob")
    # Nor is an older version pushed under a run.
    pushed = modelyard_command(
        "state", "restore", deploys.store.environment, deploys.stack, str(older), **deploys.store.variables
    )
    refused = bob.communicate(timeout=120)[0]
    patient = deploys.begin_terraform("bob", "apply", "-auto-approve", TF_CLI_ARGS_apply="-lock-timeout=2m")
    wait_for(patient, "Acquiring state lock")
    deploys.end()
    finished = ada.communicate(timeout=120)[0]
    after_ada = deploys.state()
    waited = patient.communicate(timeout=120)[0]

    assert bob.returncode != 0
    for text in (refused, pushed.stderr):
        assert "Error acquiring the state lock" in text
        assert f"Who:       {ME}" in text
        assert "Operation: OperationTypeApply" in text
    assert pushed.returncode == 1
    assert ada.returncode == 0, finished
    # What the first has made is all there, and the one that waited found nothing to do.
    assert patient.returncode == 0, waited
    assert "Apply complete! Resources: 0 added, 0 changed, 0 destroyed." in waited
    assert set(ids(after_ada)) == {"first", "slow"}
    last = deploys.state()
    assert (last["lineage"], last["serial"], ids(last)) == (after_ada["lineage"], after_ada["serial"], ids(after_ada))
    assert deploys.runs.read_text().splitlines() == ["begun"]
    proof(
        f"{deploys.store.backend}: of two cdktf deploys at once the second is told who holds the lock ({ME}), with "
        f"-lock-timeout it waits; the state is whole: serial {last['serial']}, {len(ids(last))} resources"
    )


def test_a_killed_deploys_lock_is_released_by_its_id_only(
    deploys: Deploys, modelyard_command: Command, proof: Proof
) -> None:
    unlock = ("state", "unlock", deploys.store.environment, deploys.stack)
    call = functools.partial(modelyard_command, *unlock, **deploys.store.variables)
    ada = deploys.begin("ada")
    printed = wait_for(ada, "(local-exec): lock held")
    process = its_terraform(ada)
    alive = call()
    process.kill()
    ada.communicate(timeout=120)

    # While it lives it is not to be robbed; dead, it is still in the way.
    assert alive.returncode == 1
    assert f"process {process.pid}\n" in alive.stderr
    with pytest.raises(TerraformError, match="Error acquiring the state lock") as refused:
        deploys.terraform("ada", "plan")
    shown = call()
    (lock,) = re.findall(r"^  id     (\S+)$", shown.stdout, re.MULTILINE)
    assert shown.returncode == 1
    assert f"  by     {ME}\n  for    OperationTypeApply\n  since  20" in shown.stdout
    assert "nothing was released: no Terraform is at work on this state here" in shown.stderr
    assert f"{' '.join(unlock)} --id {lock}" in shown.stderr
    assert f"ID:        {lock}\n" in refused.value.said

    other = call("--id", "1700000000000000")
    assert other.returncode == 1
    assert "Traceback" not in other.stderr

    released = call("--id", lock)
    assert released.returncode == 0, released.stderr

    # Terraform sends the state to a store every 20 s at most: what was made in a shorter run is known to nobody.
    (made,) = re.findall(r"first\): Creation complete after \S+ \[id=(\S+)\]", printed)
    known = ids(deploys.state())
    assert known in ({}, {"first": made})
    if not known:
        deploys.terraform("ada", "import", "terraform_data.first", made)
    deploys.end()
    again = deploys.begin("ada")
    finished = again.communicate(timeout=120)[0]
    assert again.returncode == 0, finished
    assert ids(deploys.state())["first"] == made
    assert set(ids(deploys.state())) == {"first", "slow"}
    proof(
        f"{deploys.store.backend}: the lock of a terraform killed with -9 is shown with its holder, kept for another "
        "id, released by its own; what the state had lost is imported and the next deploy ends well"
    )


RUN = """
import sys
from pathlib import Path
from estate.stacks import read
from runs.estate_run import run
from runs.results import Limits
estate = read(Path(sys.argv[1]))
limits = Limits(lock_wait_seconds=float(sys.argv[3]), grace_seconds=20)
for result in run("apply", estate, list(estate), limits=limits, variables={}, place=Path(sys.argv[2]),
                  tell=lambda stack, line: print(f"{stack}: {line}", flush=True)).values():
    print(result.outcome, result.error)
"""


def own_run(deploys: Deploys, colleague: str, *, wait: float) -> subprocess.Popen[str]:
    """A run of our own; a colleague's folder is a checkout, with a journal of its own."""
    folder = deploys.folder / colleague
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), str(folder / "runs"), str(wait)],
        env=deploys.environment | {"PYTHONPATH": command_environment(deploys.checkout)["PYTHONPATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deploys.started.append(process)
    return process


def test_a_run_frees_the_lock_of_its_own_dead_terraform_only(deploys: Deploys, proof: Proof) -> None:
    for colleague in ("ada", "bob"):
        deploys.synthesise(colleague, "first")
    ada = own_run(deploys, "ada", wait=60)
    wait_until("it is at work", deploys.runs.exists)
    process = its_terraform(ada)
    ada.kill()
    ada.wait()
    alive = own_run(deploys, "bob", wait=1).communicate(timeout=120)[0]
    process.kill()
    strangers = own_run(deploys, "bob", wait=1).communicate(timeout=120)[0]
    deploys.end()
    again = own_run(deploys, "ada", wait=60).communicate(timeout=120)[0]

    for text in (alive, strangers):
        assert f"waits, its state is locked by {ME}, since 20" in text
        assert f"failed its state is locked by {ME}" in text
        assert f"modelyard state unlock ENV {deploys.stack}" in text
    assert "no run of this checkout has taken it" in strangers
    assert f"found an interrupted run: apply by {ME}" in again
    assert f"frees a lock that this checkout's own Terraform left when it was killed: {ME}" in again
    assert "done" in again.splitlines()[-1]
    assert set(ids(deploys.state())) == {"first", "slow"}
    proof(
        f"{deploys.store.backend}: a lock left by kill -9 is freed by the next run of the same checkout; another "
        "checkout's run waits, says who holds it, and frees nothing"
    )


def test_an_older_version_is_brought_back(
    deploys: Deploys, modelyard_command: Command, tmp_path: Path, proof: Proof
) -> None:
    deploys.end()
    deploys.synthesise("ada", "first")
    deploys.terraform("ada", "init")
    deploys.terraform("ada", "apply", "-auto-approve")
    kept = deploys.store.ask("GET", deploys.stack).data
    deploys.synthesise("ada", "first", "second")
    deploys.terraform("ada", "apply", "-auto-approve")
    newest = deploys.state()
    (file := tmp_path / "older.tfstate").write_bytes(kept)
    versions = deploys.store.versions(deploys.stack) if deploys.store.versions else []
    if versions:
        (older,) = [version for version in versions if set(ids(json.loads(version))) == {"first", "slow"}]
        file.write_bytes(older)
    restore = ("state", "restore", deploys.store.environment, deploys.stack)
    call = functools.partial(modelyard_command, *restore, **deploys.store.variables)

    (stranger := tmp_path / "stranger.tfstate").write_text(json.dumps(deploys.store.state))
    refused = call(str(stranger))
    assert refused.returncode == 1
    assert "lineage" in refused.stderr
    assert deploys.state() == newest

    restored = call(str(file))
    assert restored.returncode == 0, restored.stderr
    assert "forgotten: terraform_data.second;" in restored.stdout
    state = deploys.state()
    assert state["resources"] == json.loads(kept)["resources"]
    assert state["lineage"] == newest["lineage"]
    assert state["serial"] > newest["serial"]
    plan = deploys.terraform("ada", "plan")
    assert "# terraform_data.second will be created" in plan
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in plan
    deploys.terraform("ada", "import", "terraform_data.second", ids(newest)["second"])
    assert "No changes." in deploys.terraform("ada", "plan")

    # Deleted altogether.
    deleted = deploys.store.ask("DELETE", deploys.stack)
    assert deleted.status in (200, 202)
    back = call(str(file))
    assert back.returncode == 0, back.stderr
    assert ids(deploys.state()) == ids(json.loads(kept))
    source = f"one of {len(versions)} that the bucket kept" if versions else "a copy, for Azurite keeps none"
    proof(
        f"{deploys.store.backend}: an older version ({source}) is the newest again, serial {newest['serial']} -> "
        f"{state['serial']}; another lineage is refused; the next plan makes what it forgot, 1 to add; a deleted state "
        "comes back too"
    )


def test_a_files_lock_goes_with_its_terraform(
    checkout: Path, modelyard_command: Command, tmp_path: Path, proof: Proof
) -> None:
    stack, environment = "local-image-classifier", clean_environment() | {"TF_CLI_ARGS": "-no-color"}
    (folder := checkout / "cdktf.out" / "stacks" / stack).mkdir(parents=True)
    ending = tmp_path / "end"
    waits = {"local-exec": {"command": f"echo lock held; until [ -e {ending} ]; do sleep 0.1; done"}}
    made = {"first": {}, "slow": {"depends_on": ["terraform_data.first"], "provisioner": [waits]}}
    backend = {"local": {"path": f"../../../terraform.{stack}.tfstate"}}
    (folder / "cdk.tf.json").write_text(
        json.dumps({"terraform": {"backend": backend}, "resource": {"terraform_data": made}})
    )
    terraform(folder, {}, "init")
    with subprocess.Popen(
        ["terraform", "apply", "-auto-approve"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as killed:
        try:
            wait_for(killed, "(local-exec): lock held")
            alive = modelyard_command("state", "unlock", "local", stack)
        finally:
            killed.kill()
            ending.touch()
    dead = modelyard_command("state", "unlock", "local", stack)

    assert alive.returncode == 1
    assert f"  by     {ME}\n  for    OperationTypeApply\n" in alive.stdout
    assert "so that one still runs" in alive.stderr
    assert dead.returncode == 0, dead.stderr
    assert dead.stdout == f"not locked: the state of {stack}\n"
    # A file is written after each resource.
    assert terraform(folder, {}, "state", "list").split() == ["terraform_data.first"]
    assert "Plan: 1 to add" in terraform(folder, {}, "plan")
    proof("local: a terraform killed with -9 leaves no lock on the file, and every finished resource in it")
