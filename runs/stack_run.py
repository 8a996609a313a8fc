"""One stack's part of a run: Terraform is asked until it is done, or until it says what only a person can mend."""

import json
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from modelyard.errors import ConfigurationError

from estate.torn_state import mend
from runs.adoption import conflicting, take_over
from runs.diagnostics import errors
from runs.errored_state import why_unfit
from runs.helm_records import forget_cut_off, refused
from runs.journal import Call
from runs.look import IMPORTS, AdoptionError, planned
from runs.orphans import end_orphans
from runs.patient_terraform import PatientTerraform, StackFailedError, said
from runs.results import Limits, StackResult, Verb

if TYPE_CHECKING:
    from modelyard.serving.cluster import Cluster

_OPTIONS = ("-auto-approve", "-input=false")
# How the backends say that there is no store any more: a destroyed environment's states went with it.
_NO_STORE = ("storage: bucket doesn't exist", "ContainerNotFound", "The specified container does not exist")


@dataclass
class StackRun:
    """One stack in one run.

    Attributes:
        verb: What is done with it.
        terraform: In the stack's folder.
        extra: More arguments for apply or destroy.
        cluster: Gives the cluster of the stack's Helm releases; None where it has none.
    """

    verb: Verb
    terraform: PatientTerraform
    extra: tuple[str, ...] = ()
    cluster: Callable[[], "Cluster"] | None = None

    def result(self) -> StackResult:
        """Does it; what Terraform, the cloud or another run refuses is in the result."""
        clock = time.monotonic()
        outcome: Literal["done", "nothing", "failed"]
        try:
            outcome, error = "done" if self._run() else "nothing", ""
        except StackFailedError as failure:
            outcome, error = "failed", str(failure)
        seconds = time.monotonic() - clock
        return StackResult(self.terraform.stack.id, outcome, error, seconds, self.terraform.attempts)

    def _run(self) -> bool:
        """Gives whether there was something to do."""
        self._wait_for_survivor()
        if mend(self.terraform.stack, was_cut_off=self._is_cut_off):
            self.terraform.tell("its state was being written when a run was killed: it is again as before that run")
        (self.terraform.stack.folder / IMPORTS).unlink(missing_ok=True)
        if not self._prepare():
            return False
        self._push_errored_state()
        if self.verb == "destroy":
            self._take_over_before_destroy()
            if not self._holds_something():
                return False
        self._act()
        return True

    def _wait_for_survivor(self) -> None:
        """Of an interrupted run Terraform may be left: what still works is waited for, what hangs is ended.

        So are the plugins of one that is dead: nobody would note what they make.
        """
        terraform, limits = self.terraform, self.terraform.limits
        until = time.monotonic() + limits.lock_wait_seconds
        told = False
        while alive := [call for call in terraform.journal.calls(terraform.stack.id) if call.is_alive]:
            survivor = alive[0]
            # Nobody else counts its time any more.
            if time.time() - survivor.started > limits.stack_seconds:
                terraform.tell(
                    f"ends an interrupted run's Terraform, process {survivor.pid}, "
                    f"which did not end within {limits.stack_seconds:.0f} s"
                )
                terraform.supervisor.end(survivor)
                continue
            if time.monotonic() > until or terraform.supervisor.interrupts:
                raise StackFailedError(_still_at_work(survivor, limits))
            if not told:
                terraform.tell(f"waits for an interrupted run's Terraform, process {survivor.pid}")
                told = True
            terraform.supervisor.pause(0.5)
        if ended := end_orphans(terraform.stack.folder, terraform.journal.calls(terraform.stack.id)):
            terraform.tell(f"ended what a killed Terraform had left at work: {_processes(ended)}")

    def _prepare(self) -> bool:
        """Gives False where the states' store does not exist, which only a destroy takes."""
        if self.terraform.is_prepared:
            return True
        ended = self.terraform.init()
        if ended.is_good:
            return True
        if self.verb == "destroy" and any(text in ended.printed for text in _NO_STORE):
            self.terraform.tell("the store of its state does not exist any more")
            return False
        raise StackFailedError(said(ended, self.terraform.limits))

    def _push_errored_state(self) -> None:
        """What an earlier run could not save goes into the store first."""
        file = self.terraform.stack.folder / "errored.tfstate"
        if not file.exists():
            return
        if why := why_unfit(file, self._state()):
            self.terraform.tell(f"{file} is a state that an earlier run could not save; it is left there: {why}")
            return
        self.terraform.good("state", "push", file.name)
        file.rename(file.with_suffix(".tfstate.pushed"))
        self.terraform.tell(f"an earlier run could not save its state: it was in {file.name}, and is in its place now")

    def _state(self) -> dict[str, Any]:
        pulled = self.terraform.good("state", "pull", is_captured=True).output
        return dict(json.loads(pulled)) if pulled.strip() else {}

    def _holds_something(self) -> bool:
        return any(each["mode"] == "managed" and each["instances"] for each in self._state().get("resources", []))

    def _act(self) -> None:
        """Apply or destroy, again after each time that something could be taken over."""
        while True:
            ended = self.terraform.call(self.verb, *_OPTIONS, *self.extra)
            if ended.is_good:
                return
            failures = errors(ended.printed) if self.verb == "apply" and not ended.cut else []
            try:
                if self._forget_cut_off(refused(failures)):
                    continue
                if found := conflicting(failures):
                    self._note(take_over(self.terraform, found, is_cut_off=self._is_cut_off))
                    continue
            except (AdoptionError, ConfigurationError) as error:
                raise StackFailedError(f"{said(ended, self.terraform.limits)}\n\n{error}") from error
            raise StackFailedError(said(ended, self.terraform.limits))

    def _forget_cut_off(self, releases: Collection[str]) -> bool:
        """Gives whether Helm has forgotten something of these, so that it may be asked again."""
        if not (releases and self.cluster and self._is_cut_off):
            return False
        cluster, forgotten = self.cluster(), False
        calls = self.terraform.journal.calls(self.terraform.stack.id)
        for change in planned(self.terraform):
            if change["address"] not in releases:
                continue
            namespace, name = (change["change"]["after"][key] for key in ("namespace", "name"))
            is_known = change["change"]["actions"] != ["create"]
            for status in forget_cut_off(cluster, namespace, name, is_known=is_known, calls=calls):
                forgotten = True
                self.terraform.tell(f"was cut off, and is begun again: the Helm release {namespace}/{name}, {status}")
        return forgotten

    @property
    def _is_cut_off(self) -> bool:
        terraform = self.terraform
        return terraform.has_lost_an_answer or terraform.journal.was_cut_off(terraform.stack.id)

    def _take_over_before_destroy(self) -> None:
        """What a run that was cut off has made would stay for ever: the state does not know of it."""
        if not self._is_cut_off:
            return
        try:
            self._note(take_over(self.terraform, None, is_cut_off=True))
        except AdoptionError as error:
            self.terraform.tell(f"what a run that was cut off may have left could not be taken over: {error}")

    def _note(self, taken: list[str]) -> None:
        for address in taken:
            self.terraform.tell(f"was there already, and is ours: taken over, {address}")


def _processes(pids: Sequence[int]) -> str:
    return f"process{'es' if len(pids) > 1 else ''} {', '.join(map(str, pids))}"


def _still_at_work(survivor: Call, limits: Limits) -> str:
    ends = datetime.fromtimestamp(survivor.started + limits.stack_seconds, UTC)
    return (
        f"an interrupted run's Terraform is still at work, process {survivor.pid}; it tells what it does in "
        f"{survivor.log}\n  mend: wait for it; if it hangs: kill -INT {survivor.pid} lets it save its state; "
        f"a run after {ends:%H:%M} UTC does so by itself"
    )
