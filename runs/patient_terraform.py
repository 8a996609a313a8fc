"""Terraform in one stack's folder, asked again where its state is locked, and after what passes by itself."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from estate.stacks import Stack
from runs.diagnostics import errors
from runs.journal import Journal
from runs.results import Limits
from runs.stale_locks import why_not_ours
from runs.supervisor import Call, Ended, Supervisor
from runs.transient import is_transient, lost_an_answer
from terraform_cli.environment import clean_environment
from terraform_cli.locks import Lock

_FIRST_BACKOFF_SECONDS = 2.0
_LOCK_LOOK_SECONDS = 5.0
_LAST_LINES = 20
# Which calls can change something.
_CHANGING = ("apply", "destroy", "import")
# Options of an apply that leave some of the stack as it is.
_IN_PART = ("-target", "-refresh-only")
# How Terraform says that the folder is not prepared, or for other plugins or another backend.
_WANTS_INIT = ("terraform init", "Backend initialization required", "Required plugins are not installed")
_WANTS_UPGRADE = "init -upgrade"
# A user's cache of plugins is not made for two that write into it.
_one_init = threading.Lock()


class StackFailedError(Exception):
    """What a person has to know of a stack that failed."""


@dataclass
class PatientTerraform:
    """Terraform for one stack in one run.

    Attributes:
        stack: Where it works.
        limits: How patient it is.
        supervisor: Runs it.
        journal: Takes what is begun and ended.
        variables: What it is run with, beyond this process's environment.
        log: Takes what it prints.
        tell: Called with what a person should know.
        progress: Called with each line that it prints.
        attempts: How often it was asked to apply or destroy.
        has_lost_an_answer: Whether a change failed so that its work may be done all the same.
    """

    stack: Stack
    limits: Limits
    supervisor: Supervisor
    journal: Journal
    variables: Mapping[str, str]
    log: Path
    tell: Callable[[str], None]
    progress: Callable[[str], None]
    attempts: int = 0
    has_lost_an_answer: bool = False

    def good(self, *arguments: str, is_captured: bool = False) -> Ended:
        """One call that has to succeed; with `is_captured` its output stays out of the log.

        Raises:
            StackFailedError: It failed, as of `call`.
        """
        ended = self.call(*arguments, is_captured=is_captured)
        if not ended.is_good:
            raise StackFailedError(said(ended, self.limits))
        return ended

    def call(self, *arguments: str, is_captured: bool = False) -> Ended:
        """One call, which may fail.

        Raises:
            StackFailedError: Somebody else holds the lock for too long, or the run was interrupted before.
        """
        left, has_inited = self.limits.retries, arguments[0] == "init"
        waiting: _Waiting | None = None
        while True:
            if self.supervisor.interrupts:
                raise StackFailedError("interrupted")
            ended = self._once(arguments, is_captured=is_captured)
            if not ended.is_good and (lock := Lock.told_by(ended.printed)):
                waiting = waiting or _Waiting(time.monotonic() + self.limits.lock_wait_seconds)
                self._wait_for(lock, waiting)
                continue
            self.attempts += arguments[0] in ("apply", "destroy")
            if ended.is_good or ended.cut:
                return ended
            if not has_inited and any(text in ended.printed for text in _WANTS_INIT):
                has_inited = True
                if not (prepared := self.init()).is_good:
                    return prepared
                continue
            if not left or not is_transient(found := errors(ended.printed)):
                return ended
            wait = _FIRST_BACKOFF_SECONDS * 4 ** (self.limits.retries - left)
            left -= 1
            self.tell(f"tries again in {wait:.0f} s: {found[0].gist[:240]}")
            self.supervisor.pause(wait)

    def prepare(self) -> None:
        """Prepares the folder where nobody has done so.

        Raises:
            StackFailedError: Terraform cannot.
        """
        if not self.is_prepared and not (ended := self.init()).is_good:
            raise StackFailedError(said(ended, self.limits))

    @property
    def is_prepared(self) -> bool:
        """Whether the folder was prepared once; for what, Terraform checks at each call."""
        return (self.stack.folder / ".terraform" / "terraform.tfstate").exists()

    def init(self) -> Ended:
        """Prepares the folder; the plugins' versions are those of the configuration, also where they have changed."""
        with _one_init:
            ended = self.call("init", "-input=false")
            if not ended.is_good and _WANTS_UPGRADE in ended.printed:
                ended = self.call("init", "-input=false", "-upgrade")
        return ended

    def _once(self, arguments: tuple[str, ...], *, is_captured: bool) -> Ended:
        plain = {"TF_CLI_ARGS": "-no-color", "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        call = Call(
            self.stack.folder, arguments, clean_environment() | dict(self.variables) | plain, self.log, is_captured
        )
        if arguments[0] not in _CHANGING:
            return self.supervisor.call(call, begun=lambda _: None, progress=self.progress)
        is_whole = arguments[0] == "apply" and not any(each.startswith(_IN_PART) for each in arguments)
        noted = []

        def begun(process: psutil.Process) -> None:
            noted.append(self.journal.begun(self.stack.id, process, self.log, is_whole_apply=is_whole))

        ended = self.supervisor.call(call, begun=begun, progress=self.progress)
        is_lost = not ended.is_good and lost_an_answer(errors(ended.printed))
        self.has_lost_an_answer |= is_lost
        self.journal.ended(noted[0], is_good=ended.is_good, is_cut=bool(ended.cut) or is_lost)
        return ended

    def _wait_for(self, lock: Lock, waiting: "_Waiting") -> None:
        """A moment; or frees a lock that is our own dead Terraform's."""
        reason = why_not_ours(lock, self.stack.backend, self.journal.calls(self.stack.id))
        if not reason:
            self.tell(f"frees a lock that this checkout's own Terraform left when it was killed: {lock}")
            self._once(("force-unlock", "-force", lock.id), is_captured=False)
            return
        if time.monotonic() > waiting.until:
            raise StackFailedError(
                f"its state is locked by {lock}, longer than {self.limits.lock_wait_seconds:.0f} s. It stays: {reason}"
                f"\n  mend: wait for that run; if it was killed: modelyard state unlock ENV {self.stack.id}"
            )
        if lock.id != waiting.told:
            waiting.told = lock.id
            self.tell(f"waits, its state is locked by {lock}")
        self.supervisor.pause(min(_LOCK_LOOK_SECONDS, self.limits.lock_wait_seconds / 4 + 0.1))


@dataclass
class _Waiting:
    """Until when (by time.monotonic()) a lock is waited for, and of which one that was told."""

    until: float
    told: str = ""


def said(ended: Ended, limits: Limits) -> str:
    """What a person has to know of a call that failed: first how it was ended, then Terraform's errors."""
    found = "\n\n".join(error.text for error in errors(ended.printed))
    found = found or "\n".join(ended.printed.splitlines()[-_LAST_LINES:])
    if ended.cut == "interrupted":
        return "interrupted"
    if ended.cut == "timed out":
        return f"Terraform did not end within {limits.stack_seconds:.0f} s, and was told to stop\n\n{found}"
    if ended.cut == "killed":
        return f"Terraform was killed from outside (signal {-ended.code}); run it again, it continues\n\n{found}"
    return found
