"""What the runs of one environment from this checkout did, written down as it happens, so that the next one knows.

One file for each run, one JSON object a line. A line is on the disk before the next step begins; the last one may be
torn where the machine lost its power, and is passed over.
"""

import fcntl
import getpass
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psutil

_KEPT_RUNS = 20
# The start of a process is known to a hundredth of a second, by a clock that may be set in between.
_SAME_START_SECONDS = 2
_LOOK_SECONDS = 0.5
# Locks and Helm's records are dated in whole seconds, and a process is a moment older than the first that it takes.
_DATED_SECONDS = 1.5


@dataclass
class Call:
    """One call of Terraform that could change something.

    Attributes:
        stack: The stack's id.
        pid: Of the process.
        started: When the process began, seconds since 1970.
        log: The file that takes what it prints.
        is_whole_apply: Whether it makes all of the stack; else a destroy, an import, some resources.
        ended: When it had ended; None as far as is known.
        is_cut: Whether it may have made what its state does not know: it was killed, or an answer was lost.
        is_good: Whether it did what it was asked for.
    """

    stack: str
    pid: int
    started: float
    log: str
    is_whole_apply: bool = False
    ended: float | None = None
    is_cut: bool = False
    is_good: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        start = start_of(self.pid)
        return start is not None and abs(start - self.started) < _SAME_START_SECONDS

    def may_have_left(self, since: float) -> bool:
        """Whether something that says since when it is there (seconds since 1970) may be left of it.

        It ran at that time, and did not see to its end that all it had begun was completed.
        """
        ran = self.started - _DATED_SECONDS <= since <= (self.ended or since)
        return ran and (self.ended is None or self.is_cut)


@dataclass
class Run:
    """One run, as far as it was written down.

    Attributes:
        id: Its name: when it began, and its process.
        verb: `apply` or `destroy`.
        who: `user@host`.
        began: When.
        calls: In order of their beginning.
        has_ended: Whether it came to its end, whatever that was, or another run has taken note of it.
    """

    id: str
    verb: str
    who: str
    began: datetime
    calls: list[Call] = field(default_factory=list)
    has_ended: bool = False

    @property
    def under_way(self) -> list[Call]:
        """The calls that were not seen to end."""
        return [call for call in self.calls if call.ended is None]


class OtherRunError(Exception):
    """Another run of this environment from this checkout goes on; the message says who."""


def me() -> str:
    """`user@host`, as Terraform notes it in locks."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Journal:
    """The journal of one environment; `folder` also takes the logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None
        self.id = ""

    def runs(self) -> list[Run]:
        """All that are kept, the oldest first."""
        return [run for file in sorted(self._folder.glob("*/journal.jsonl")) if (run := _read(file))]

    @contextmanager
    def alone(self, wait_seconds: float, tell: Callable[[str], None]) -> Iterator[None]:
        """Keeps other runs of this environment from this checkout away: they would write into the same folders.

        Raises:
            OtherRunError: Another one took longer than `wait_seconds`; the message says who.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as file:
            until, told = time.monotonic() + wait_seconds, False
            while not _take(file):
                other = self._other()
                if time.monotonic() > until:
                    raise OtherRunError(f"another run from this checkout has not ended: {other}")
                if not told:
                    tell(f"waits for another run from this checkout: {other}")
                    told = True
                time.sleep(_LOOK_SECONDS)
            yield

    def is_held(self) -> bool:
        """Whether a run from this checkout goes on."""
        if not (self._folder / "lock").is_file():
            return False
        with (self._folder / "lock").open("a") as file:
            return not _take(file)

    def _other(self) -> str:
        begun = [run for run in self.runs() if not run.has_ended]
        if not begun:
            return "it has just begun"
        return f"{begun[-1].verb} by {begun[-1].who}, since {begun[-1].began:%Y-%m-%d %H:%M:%S} UTC"

    @contextmanager
    def run(self, verb: str) -> Iterator[Path]:
        """Notes the run as long as the block lasts; gives the folder for its logs."""
        now = datetime.now(UTC)
        self.id = f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        folder = self._folder / self.id
        folder.mkdir(parents=True, mode=0o700)
        for old in sorted(self._folder.glob("*/journal.jsonl"))[: -_KEPT_RUNS + 1]:
            shutil.rmtree(old.parent)
        with (folder / "journal.jsonl").open("a") as self._file:
            self._note("begun", id=self.id, verb=verb, who=me(), began=now.isoformat())
            yield folder
            self._note("ended")

    def begun(self, stack: str, process: psutil.Process, log: Path, *, is_whole_apply: bool = False) -> Call:
        """Notes a call that can change something."""
        # One that has ended already has no start any more, and nothing is asked of it.
        started = time.time()
        with suppress(psutil.Error):
            started = process.create_time()
        call = Call(stack, process.pid, started, str(log), is_whole_apply)
        self._note("call", stack=stack, pid=call.pid, started=call.started, log=call.log, is_whole_apply=is_whole_apply)
        return call

    def ended(self, call: Call, *, is_good: bool, is_cut: bool) -> None:
        """Notes how it ended."""
        self._note("call ended", pid=call.pid, started=call.started, at=time.time(), is_good=is_good, is_cut=is_cut)

    def take_note_of(self, run: Run) -> None:
        """Of an interrupted run: it is not told of again."""
        with (self._folder / run.id / "journal.jsonl").open("a") as file:
            file.write(json.dumps({"event": "ended", "noted_by": self.id}) + "\n")

    def _note(self, event: str, **values: Any) -> None:  # noqa: ANN401 - JSON
        assert self._file is not None  # noqa: S101 - called within `run`
        # One line in one call: threads write here side by side.
        self._file.write(json.dumps({"event": event, **values}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def calls(self, stack: str) -> list[Call]:
        """All calls on a stack, the oldest first."""
        return [call for run in self.runs() for call in run.calls if call.stack == stack]

    def cut_off(self) -> frozenset[str]:
        """The stacks on which a call may have made what the state does not know, since they were last applied well.

        A good destroy or import in between changes nothing about it: what the state does not know stays.
        """
        found: set[str] = set()
        for call in (call for run in self.runs() for call in run.calls):
            if call.is_good and call.is_whole_apply:
                found.discard(call.stack)
            elif not call.is_good and (call.is_cut or (call.ended is None and not call.is_alive)):
                found.add(call.stack)
        return frozenset(found)

    def was_cut_off(self, stack: str) -> bool:
        """Whether it is one of those."""
        return stack in self.cut_off()


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def start_of(pid: int) -> float | None:
    """When the process of that number began, seconds since 1970; None if there is none that still runs."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _read(file: Path) -> Run | None:
    run: Run | None = None
    for line in file.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry["event"] == "begun":
            run = Run(entry["id"], entry["verb"], entry["who"], datetime.fromisoformat(entry["began"]))
        elif run and entry["event"] == "call":
            # An older journal does not tell the last.
            told = (entry["stack"], entry["pid"], entry["started"], entry["log"], entry.get("is_whole_apply", False))
            run.calls.append(Call(*told))
        elif run and entry["event"] == "call ended":
            for call in run.calls:
                if (call.pid, call.started) == (entry["pid"], entry["started"]):
                    call.ended, call.is_good, call.is_cut = entry["at"], entry["is_good"], entry["is_cut"]
        elif run:
            run.has_ended = True
    return run
