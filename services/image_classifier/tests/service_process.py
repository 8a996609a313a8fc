"""The service as the image runs it: gunicorn in a process of its own, spoken to over HTTP."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_RUNTIME = Path(__file__).parents[1] / "runtime"


class Answer(NamedTuple):
    """A response whose body is JSON."""

    status: int
    headers: http.client.HTTPMessage
    body: Any

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.body["error"]["code"])


class Service(NamedTuple):
    """A process of the service."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self, timeout: float = 10) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends a request; a body that is not JSON is given as text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            text = response.read().decode()
        is_json = response.getheader("Content-Type") == "application/json"
        return Answer(response.status, response.headers, json.loads(text) if is_json and text else text)

    def predict(self, body: bytes, kind: str = "image/jpeg") -> Answer:
        return self.raw("POST", "/predict", body, {"Content-Type": kind})

    def predict_url(self, url: str) -> Answer:
        return self.predict(json.dumps({"url": url}).encode(), "application/json")

    def is_ready(self, timeout: float = 0.5) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        return False

    def wait_until_ready(self) -> None:
        while not self.is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended:\n{self.log.read_text()}")
            time.sleep(0.05)


@contextlib.contextmanager
def running_service(model: Path, folder: Path, **settings: str) -> Iterator[Service]:
    """Starts the service; the caller waits until it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / f"service-{port}.log"
    command = [sys.executable, "-m", "gunicorn", "--config", "python:classifier.gunicorn_config"]
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}"],
            cwd=_RUNTIME,
            env={**environment, "MODEL_PATH": str(model), "HOME": str(folder), **settings},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Service(process, port, log)
        finally:
            process.send_signal(signal.SIGINT)  # gunicorn's quick end
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
