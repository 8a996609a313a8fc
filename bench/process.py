"""One process, measured from its start to its exit, with all that it starts."""

import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

_SAMPLE_SECONDS = 0.1
_TAIL = 3000


@dataclass(frozen=True)
class Run:
    """What a process and its children took.

    Attributes:
        seconds: By the clock.
        cpu_seconds: User and system time.
        megabytes: The peak of the summed resident sets, looked at ten times a second; what several processes share
            counts for each. 0 if nobody looked.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float


def measured(
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    folder: Path,
    accepted: tuple[int, ...] = (0,),
    memory: bool = False,
) -> Run:
    """Runs a command to its end; ends the program with what it said if its exit code is none of the accepted.

    Args:
        command: Program and arguments.
        variables: All of its environment.
        folder: Where it runs.
        accepted: Exit codes that are no failure.
        memory: Whether to look at its memory, which takes some per cent of a core.
    """
    with TemporaryFile("w+", errors="replace") as said:  # a file, not a pipe: nobody reads it meanwhile
        began, cpu_before = time.perf_counter(), _children_cpu_seconds()
        process = subprocess.Popen(
            command, cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        with _watched(process.pid) if memory else nullcontext([0]) as seen:
            process.wait()
            seconds = time.perf_counter() - began
        if process.returncode not in accepted:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{said.read()[-_TAIL:]}")
    return Run(seconds, _children_cpu_seconds() - cpu_before, max(seen) / 1e6)


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """What a process and its children have in memory, each time that it is looked at, until the block ends."""
    seen, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            with suppress(psutil.NoSuchProcess):  # one ended meanwhile: an earlier look had it
                family = psutil.Process(pid)
                seen.append(sum(each.memory_info().rss for each in [family, *family.children(recursive=True)]))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield seen
        finally:
            ended.set()
    looking.result()
