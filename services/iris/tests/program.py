"""The program as its images run it."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

RUNTIME = Path(__file__).parents[1] / "runtime"


def start(module: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`python -m MODULE ARGUMENTS` in a process of its own, its output in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=RUNTIME,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code of `python -m iris ARGUMENTS` and what it says, within a minute."""
    with start("iris", *arguments, **environment) as process:
        said, _ = process.communicate(timeout=60)
    return process.returncode, said


@contextlib.contextmanager
def serving(port: int, model: Path) -> Iterator[None]:
    """The app in a process, from its first answer on; ended as Kubernetes does."""
    with start("iris.server", PORT=str(port), MODEL=str(model), HOME=str(model.parent)) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=15)


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    while True:
        with contextlib.suppress(OSError):
            get(port, "/_stcore/health")
            return
        if process.poll() is not None:
            raise AssertionError(f"the app ended:\n{process.communicate()[0]}")
        time.sleep(0.05)


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
