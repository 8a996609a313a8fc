"""A web server on loopback that answers as a test tells it to, in a thread."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import unquote


class Handler(BaseHTTPRequestHandler):
    """One request; a test's answer writes to `wfile`."""

    def do_GET(self) -> None:
        host = cast("ImageHost", self.server)
        path, _, query = self.path.partition("?")
        host.requests.append((self.headers["Host"], self.path))
        self.close_connection = True
        try:
            if path == "/redirect":
                self.reply(b"", status=302, location=unquote(query))
            else:
                host.answers[path](self)
        except OSError:
            pass  # the client went away: some tests are about that

    def reply(self, body: bytes, *, status: int = 200, length: int | None = None, location: str | None = None) -> None:
        """Sends a whole answer; `length` is announced instead of the true one."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, head: bytes, seconds: float = 0.05) -> None:
        """Sends `head`, then one byte now and again until the test is over."""
        self.wfile.write(head)
        while not cast("ImageHost", self.server).over.wait(seconds):
            self.wfile.write(b"x")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        pass


class ImageHost(ThreadingHTTPServer):
    """Answers by path; `/redirect?URL` redirects to the URL."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Callable[[Handler], None]] = {}
        self.requests: list[tuple[str, str]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def image_host(tls: ssl.SSLContext | None = None) -> Iterator[ImageHost]:
    """Runs a host as long as the block lasts."""
    host = ImageHost()
    if tls:
        host.socket = tls.wrap_socket(host.socket, server_side=True)
    thread = threading.Thread(target=host.serve_forever, args=[0.02])
    thread.start()
    try:
        yield host
    finally:
        host.over.set()
        host.shutdown()
        host.server_close()
        thread.join()
