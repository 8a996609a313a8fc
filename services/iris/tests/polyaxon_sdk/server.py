"""Polyaxon's own server, from the environment that `make test-polyaxon` makes; needs none of it to be imported."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = "default/iris"
_CREATE = "from polyaxon.client import ProjectClient as P; P(owner='default', project='iris').create({'name': 'iris'})"


def settings(home: Path) -> dict[str, str]:
    """Variables for the SDK: its own files in a folder of their own, and nothing sent to its makers."""
    return {
        "POLYAXON_HOME": str(home),
        "POLYAXON_DISABLE_ERRORS_REPORTING": "true",
        "POLYAXON_INTERVALS_COMPATIBILITY_CHECK": "-1",
    }


@contextmanager
def running_server(programs: Path, folder: Path, *, host: str = "127.0.0.1") -> Iterator[str]:
    """Polyaxon's own API in a process, with PROJECT in it.

    Args:
        programs: The folder with `haupt` and `python`.
        folder: For what it keeps.
        host: The address of this machine that it listens on.

    Yields:
        Its URL.
    """
    with socket.create_server((host, 0)) as free:
        url = f"http://{host}:{free.getsockname()[1]}"
    command = [str(programs / "haupt"), "sandbox", "start", "--host", host, "--port", url.rpartition(":")[2]]
    variables = {**os.environ, **settings(folder / "home")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--workers", "1", "--path", str(folder / "root")],
            env=variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(f"{url}/healthz/", process, folder / "log")
        subprocess.run([programs / "python", "-c", _CREATE], env={**variables, "POLYAXON_HOST": url}, check=True)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - http, of this machine
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
