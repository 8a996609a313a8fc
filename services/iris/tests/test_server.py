import contextlib
import http.client
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.iris.runtime.iris.errors import IrisError
from services.iris.runtime.iris.model_file import sha256
from services.iris.runtime.iris.server import serve
from services.iris.tests.program import start


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serving(port: int, model: Path) -> Iterator[None]:
    """The app in a process, once it answers; ends it as Kubernetes does."""
    with start("iris.server", PORT=str(port), MODEL=str(model), HOME=str(model.parent)) as process:
        try:
            while True:
                with contextlib.suppress(OSError):
                    get(port, "/_stcore/health")
                    break
                assert process.poll() is None, process.stdout and process.stdout.read()
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=15)


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


def test_the_app_is_ready_as_soon_as_its_model_is_there(port: int, packed: bytes, tmp_path: Path) -> None:
    model = tmp_path / "iris-model.zip"
    with serving(port, model):
        assert get(port, "/_stcore/health")[0] == 200
        assert get(port, "/readyz") == (503, f"{model} is not there\n")

        model.write_bytes(b"something else")
        status, said = get(port, "/readyz")
        assert (status, said.startswith(f"{model}: not a model of this program")) == (503, True)

        model.write_bytes(packed)
        assert get(port, "/readyz") == (200, f"{sha256(packed)}\n")
        assert get(port, "/")[0] == 200


@pytest.mark.parametrize("wrong", ["80", "70000", "http"])
def test_a_wrong_port_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PORT", wrong)

    with pytest.raises(IrisError, match=f"PORT = {wrong}: give a whole number from 1024 to 65535"):
        serve()
