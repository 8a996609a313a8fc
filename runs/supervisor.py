"""The Terraform processes of a run: started so that they outlive it, told to stop once, killed when they do not.

What Terraform prints goes into a file. A pipe would break when this process is killed, and Terraform with it, before it
has saved its state. For the same reason each is in a session of its own: Ctrl-C in a terminal reaches a whole group,
and a Terraform that gets it twice (once from there, once passed on) ends without saving.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Literal, Protocol

import psutil

#: How a call ended that did not end by itself.
Cut = Literal["", "timed out", "interrupted", "killed"]
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Ended:
    """One call of Terraform that has ended.

    Attributes:
        code: Its exit code, or minus the signal that ended it.
        printed: What it printed into the log.
        output: What it printed to standard output, where that was captured.
        cut: Whether it was ended from outside, and how.
        seconds: How long it took.
    """

    code: int
    printed: str
    output: str
    cut: Cut
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether Terraform did what it was asked for."""
        return self.code == 0


@dataclass(frozen=True)
class Call:
    """One call of Terraform.

    Attributes:
        folder: The stack's.
        arguments: What stands after `terraform`.
        environment: All variables of the process.
        log: The file that takes what it prints.
        is_captured: Standard output is kept out of the log, and given back: it may hold secrets.
    """

    folder: Path
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    is_captured: bool = False


class Left(Protocol):
    """What another run's supervisor has started, which leads a group of its own."""

    @property
    def pid(self) -> int:
        """Of the process."""

    @property
    def is_alive(self) -> bool:
        """Whether it is still that process."""


class Supervisor:
    """Starts Terraforms and sees to it that they end; any thread may call.

    Attributes:
        interrupts: How often the run was told to stop. The second time, whatever still runs is killed.
    """

    def __init__(self, *, stack_seconds: float, grace_seconds: float) -> None:
        self.interrupts = 0
        self._stack_seconds = stack_seconds
        self._grace_seconds = grace_seconds

    @contextmanager
    def listening(self, told: Callable[[int], None]) -> Iterator[None]:
        """Ctrl-C and SIGTERM interrupt the run for as long as the block lasts; `told` gets how often.

        Signals reach Python's main thread only: in another one nothing is changed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(_number: int, _frame: FrameType | None) -> None:
            self.interrupts += 1
            told(self.interrupts)

        former = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def pause(self, seconds: float) -> None:
        """Waits, at most until the run is interrupted."""
        until = time.monotonic() + seconds
        while not self.interrupts and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))

    def call(self, call: Call, *, begun: Callable[[psutil.Process], None], progress: Callable[[str], None]) -> Ended:
        """Runs Terraform to its end.

        Args:
            call: What to run.
            begun: Called with the process as soon as it runs.
            progress: Called with each line that it prints.
        """
        call.log.parent.mkdir(parents=True, exist_ok=True)
        with call.log.open("ab") as log, tempfile.TemporaryFile() as captured:
            log.write(f"$ terraform {' '.join(call.arguments)}\n".encode())
            log.flush()
            begins = call.log.stat().st_size
            clock = time.monotonic()
            with psutil.Popen(
                ["terraform", *call.arguments],
                cwd=call.folder,
                env=dict(call.environment),
                stdin=subprocess.DEVNULL,
                stdout=captured if call.is_captured else log,
                stderr=log,
                start_new_session=True,
            ) as process:
                begun(process)
                with call.log.open("rb") as tail:
                    tail.seek(begins)
                    asked = self._watch(
                        process.pid,
                        lambda: process.poll() is None,
                        look=lambda: _tell(tail, progress),
                        seconds=self._stack_seconds,
                    )
                    _tell(tail, progress)
                    tail.seek(begins)
                    printed = tail.read().decode(errors="replace")
            captured.seek(0)
            output = captured.read().decode(errors="replace")
            cut = asked or ("killed" if process.returncode < 0 else "")
            if cut == "killed":
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            return Ended(process.returncode, printed, output, cut, time.monotonic() - clock)

    def end(self, left: Left) -> None:
        """Ends a Terraform that an interrupted run has left, as one of its own whose time is over."""
        # It may end by itself in the moment before it is told to.
        with suppress(ProcessLookupError):
            self._watch(left.pid, lambda: left.is_alive, look=lambda: None, seconds=0)

    def _watch(self, pid: int, is_alive: Callable[[], bool], *, look: Callable[[], None], seconds: float) -> Cut:
        """Until a process has ended: asked to when its time is over or the run interrupted, killed after the grace."""
        asked: Cut = ""
        limit = time.monotonic() + seconds
        while is_alive():
            look()
            now = time.monotonic()
            if asked and (now > limit or self.interrupts > 1):
                # With its plugins, which would not notice (runs/orphans.py): the process leads a group of its own.
                os.killpg(pid, signal.SIGKILL)
            elif not asked and (self.interrupts or now > limit):
                asked = "interrupted" if self.interrupts else "timed out"
                # Terraform lets the operations under way end, and saves its state.
                os.kill(pid, signal.SIGINT)
                limit = now + self._grace_seconds
            time.sleep(_LOOK_SECONDS)
        return asked


def _tell(tail: IO[bytes], progress: Callable[[str], None]) -> None:
    while line := tail.readline():
        if not line.endswith(b"\n"):
            tail.seek(-len(line), os.SEEK_CUR)
            return
        if text := line.decode(errors="replace").strip():
            progress(text)
