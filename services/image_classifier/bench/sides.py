"""The two servers of the bench: how each is started, what is installed for it, what its processes use."""

import contextlib
import http.client
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

BENCH = Path(__file__).parent
RUNTIME = BENCH.parent / "runtime"


@dataclass(frozen=True)
class Side:
    """A server on gunicorn.

    Attributes:
        name: for people.
        python: the interpreter of its environment.
        gunicorn: gunicorn's arguments.
        folder: where it runs.
        environment: its variables.
        model: the file of its weights.
        packages: what it needs installed.
    """

    name: str
    python: Path
    gunicorn: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    model: Path
    packages: tuple[str, ...]

    def installed_bytes(self) -> int:
        """Packages with all they need, without bytecode, and the model: what its image has besides Python itself."""
        [site_packages] = self.python.parents[1].glob("lib/python3*/site-packages")
        found = {canonicalize_name(each.name): each for each in distributions(path=[str(site_packages)])}
        wanted, seen = [canonicalize_name(name) for name in self.packages], set[NormalizedName]()
        while wanted:
            name = wanted.pop()
            if name not in seen:
                seen.add(name)
                needs = [Requirement(line) for line in found[name].requires or []]
                wanted += [
                    canonicalize_name(each.name)
                    for each in needs
                    if each.marker is None or each.marker.evaluate({"extra": ""})
                ]
        files = [file for name in seen for file in found[name].files or []]
        return sum(file.size or 0 for file in files) + self.model.stat().st_size


def ours(model: Path) -> Side:
    """The service, in the Dockerfile's settings."""
    requirements = [Requirement(line) for line in _lines(RUNTIME / "requirements.in")]
    return Side(
        name="this service",
        python=Path(sys.executable),
        gunicorn=("--config", "python:classifier.gunicorn_config"),
        folder=RUNTIME,
        environment={
            "MALLOC_MMAP_THRESHOLD_": "1048576",
            "PROMETHEUS_DISABLE_CREATED_SERIES": "true",
            "MODEL_PATH": str(model),
        },
        model=model,
        packages=tuple(each.name for each in requirements),
    )


def flask_and_torch(python: Path, weights: Path) -> Side:
    """torch_app.py; of 1, 2 and 8 threads in one worker and 1 and 4 in two, this was the fastest on one core."""
    return Side(
        name="Flask and PyTorch",
        python=python,
        gunicorn=("--workers", "1", "--threads", "2", "torch_app:app"),
        folder=BENCH,
        environment={"WEIGHTS": str(weights)},
        model=weights,
        packages=("flask", "flask-restful", "gunicorn", "torch", "torchvision"),
    )


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


class Server:
    """A side that runs on one core from `with` on, ready to answer, until the end of the block.

    Attributes:
        port: on 127.0.0.1.
        start_seconds: from the start of the process until it was ready.

    Raises:
        SystemExit: it ended by itself; with its log.
    """

    def __init__(self, side: Side, core: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._side = side
        self._core = core

    def __enter__(self) -> "Server":
        command = [str(self._side.python), "-m", "gunicorn", *self._side.gunicorn, "--bind", f"127.0.0.1:{self.port}"]
        environment = {**os.environ, **self._side.environment}
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(tempfile.TemporaryFile())
            began = time.perf_counter()
            with _pinned(self._core):
                self._process = psutil.Popen(command, cwd=self._side.folder, env=environment, stdout=log, stderr=log)
            stack.callback(self._end)
            while not self._is_ready():
                if self._process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(f"error: {self._side.name} does not start:\n{log.read().decode()}")
                time.sleep(0.01)
            self.start_seconds = time.perf_counter() - began
            self._ending = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def cpu_seconds(self) -> float:
        """User and system time of its processes so far."""
        times = [each.cpu_times() for each in self._processes()]
        return sum(each.user + each.system for each in times)

    def peak_bytes(self) -> int:
        """The most that each of its processes had in memory since its start, added up."""
        status = "".join(Path(f"/proc/{each.pid}/status").read_text() for each in self._processes())
        return sum(int(kilobytes) * 1024 for kilobytes in re.findall(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE))

    def _processes(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        return False

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@contextlib.contextmanager
def _pinned(core: int) -> Iterator[None]:
    """A process that is started meanwhile runs on this core only, with all its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
