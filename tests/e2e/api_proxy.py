"""A way to an API server that a test can cut, or silence."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml


class ApiProxy:
    """Passes bytes on to an API server until it is cut; connections that are made later are closed at once.

    Attributes:
        port: On this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._sockets: list[socket.socket] = []
        self._cut = threading.Event()
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends every connection."""
        self._cut.set()
        for each in self._sockets:
            _close(each)
        self._sockets.clear()

    def silence(self) -> None:
        """Keeps every connection, and passes nothing on any more."""
        self._flows.clear()

    def mend(self) -> None:
        """Lets new connections through, and what was kept back."""
        self._cut.clear()
        self._flows.set()

    def close(self) -> None:
        """Ends for good."""
        self.cut()
        self._flows.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                caller, _ = self._listener.accept()
                if self._cut.is_set():
                    caller.close()
                    continue
                server = socket.create_connection(self._target)
                self._sockets += [caller, server]
                for source, sink in ((caller, server), (server, caller)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        _close(sink)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def api_proxy(kubeconfig: str, copy: Path) -> Iterator[ApiProxy]:
    """A proxy before the cluster of a kubeconfig, and a copy of the kubeconfig that goes through it."""
    content = yaml.safe_load(Path(kubeconfig).read_text())
    (cluster,) = content["clusters"]
    address = cluster["cluster"]["server"].removeprefix("https://")
    host, _, port = address.partition(":")
    proxy = ApiProxy(host, int(port or 443))
    cluster["cluster"] |= {"server": f"https://127.0.0.1:{proxy.port}", "tls-server-name": host}
    copy.write_text(yaml.safe_dump(content))
    yield proxy
    proxy.close()
