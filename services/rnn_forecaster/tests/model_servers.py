"""Model servers on loopback that answer as TensorFlow Serving does, with forecasters whose quality is known."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import numpy as np
import numpy.typing as npt

Windows = npt.NDArray[np.float64]
#: From windows, [count, 100], to forecasts, [count].
Forecaster = Callable[[Windows], Windows]
MODEL = "/v1/models/rnn-forecaster"


def last_value(windows: Windows) -> Windows:
    """What is best for a random walk."""
    return windows[:, -1]


def noisy(seed: int, size: float = 0.5) -> Forecaster:
    """The last value and noise: its mean squared error is `size` squared above the best."""
    noise = np.random.default_rng(seed)
    return lambda windows: windows[:, -1] + noise.normal(scale=size, size=len(windows))


def drift(windows: Windows) -> Windows:
    """Goes on as the last 25 days went on average: its mean squared error is 1 / 25 above the best."""
    return windows[:, -1] + (windows[:, -1] - windows[:, -26]) / 25


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self._counted()
        if self.path != server.path:
            self.answer(404, {"error": f"Could not find any versions of model {self.path.rpartition('/')[2]}"})
            return
        version = server.versions.pop(0) if len(server.versions) > 1 else server.versions[0]
        status = {"error_code": "OK", "error_message": ""}
        self.answer(200, {"model_version_status": [{"version": version, "state": "AVAILABLE", "status": status}]})

    def do_POST(self) -> None:
        server = self._counted()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if server.misbehave and server.misbehave.pop(0)(self):
            return
        if self.path != f"{server.path}:predict":
            self.answer(404, {"error": "Servable not found for request: Latest(rnn-forecaster)"})
            return
        windows = np.asarray(body["inputs"]["series"])
        assert windows.shape[1] == 100
        server.received.append(windows)
        self.answer(200, {"outputs": [[float(each)] for each in server.forecaster(windows)]})

    def answer(self, status: int, body: object) -> None:
        """Sends JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _counted(self) -> "ModelServer":
        server = cast("ModelServer", self.server)
        server.requests += 1
        return server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


class ModelServer(ThreadingHTTPServer):
    """Has one model.

    Attributes:
        versions: What status requests are told, one after the other; the last one stays.
        misbehave: What happens to predictions instead, one after the other, where it gives True.
        received: The windows of each request.
        requests: Their number.
        over: When the test is.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, forecaster: Forecaster) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.forecaster = forecaster
        self.path = MODEL
        self.versions = ["1"]
        self.misbehave: list[Callable[[Handler], Any]] = []
        self.received: list[Windows] = []
        self.requests = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{self.path}"


@contextmanager
def model_server(forecaster: Forecaster) -> Iterator[ModelServer]:
    """Runs a server as long as the block lasts."""
    server = ModelServer(forecaster)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
