"""The model server as the image runs it, in a process of its own, spoken to over HTTP."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.serving.formats.content import Foreign

RUNTIME = Path(__file__).parents[2] / "stacks/add_ons/kserve/runtime"
# TensorFlow and PyTorch beside it make imports slow here.
_START_SECONDS = 90
_JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: Any


class Server(NamedTuple):
    """Serves one model under the name `it`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = _JSON) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            text = response.read().decode()
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return Answer(response.status, response.headers, json.loads(text) if is_json else text)

    def predict(self, body: Foreign, headers: Mapping[str, str] = _JSON) -> Answer:
        """By version 1."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/v1/models/it:predict", content, headers)

    def infer(self, body: Foreign) -> Answer:
        """By version 2."""
        return self.ask("POST", "/v2/models/it/infer", json.dumps(body).encode())

    def metric(self, sample: str) -> float | None:
        """Of a sample's name and labels, as Prometheus's text has them."""
        lines = self.ask("GET", "/metrics").body.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == sample), None)


def free_port() -> int:
    """One that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(folder: Path, log: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Without waiting for it."""
    port = free_port()
    arguments = ["--model_name=it", f"--model_dir={folder}", f"--http_port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "model_server", *arguments],
            cwd=RUNTIME,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return process, port


@contextlib.contextmanager
def running(folder: Path, log: Path) -> Iterator[Server]:
    """A server that is ready."""
    process, port = start(folder, log)
    server = Server(process, port, log)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if server.ask("GET", "/v1/models/it").status == 200:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError(f"the server did not start:\n{log.read_text()}")
        yield server
    finally:
        process.terminate()
        process.wait(30)
